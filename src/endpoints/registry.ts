import { SwitchboardError } from '../errors.js';
import type { Catalog } from '../mapping/catalog/field.js';
import { type CompiledMapping, compile } from '../mapping/compile.js';
import type { Expressions } from '../mapping/expressions.js';
import type { Mapping } from '../mapping/mapping.js';
import { say } from '../text/say.js';
import type { EndpointClient } from './endpoint.js';
import type { Settings } from './form.js';
import type { System } from './system.js';
import { SYSTEMS } from './systems.js';

/* Whoever needs something of a system asks here, by its id; the systems themselves are listed in systems.ts, which is generated. */

export { SYSTEMS } from './systems.js';

/** Whose records: the parts of a mapping that say so. */
export type MappingSubject = Pick<Mapping, 'system' | 'entityType' | 'version'>;

export function isSystem(id: string): boolean {
  return SYSTEMS.some((system) => system.id === id);
}

/** Throws SWB_CONFIG where no such system is installed. */
export function systemOf(id: string): System {
  const found = SYSTEMS.find((system) => system.id === id);
  if (found) return found;
  throw new SwitchboardError('SWB_CONFIG', say`There is no system "${id}".`, {
    field: 'system',
    hint: say`Choose one of ${SYSTEMS.map((system) => system.id).join(', ')}.`,
  });
}

/** The systems whose endpoints are config nodes of this type. */
export function systemsOfNode(node: string): System[] {
  return SYSTEMS.filter((system) => system.endpoint.node === node);
}

/** The system that an endpoint with these settings stands for. Endpoints that were saved before there was a choice are the first of them. */
export function systemOfSettings(node: string, settings: Settings): System {
  const some = systemsOfNode(node);
  const [first] = some;
  if (!first)
    throw new SwitchboardError('SWB_CONFIG', say`There is no endpoint type "${node}".`, { hint: say`Reload the editor.` });
  const setting = first.endpoint.systemSetting;
  return some.find((system) => setting && system.id === settings[setting]) ?? first;
}

export function presets(): Mapping[] {
  return SYSTEMS.flatMap((system) => system.presets);
}

/** The preset for a system's record type, and its dialect where it has several. Throws SWB_CONFIG where there is none. */
export function preset(system: string, entityType: string, dialect?: string): Mapping {
  const found = presets().find((one) => sameSubject(one, { system, entityType, version: dialect }));
  if (found) return found;
  throw new SwitchboardError('SWB_CONFIG', say`There is no preset for ${system} ${entityType}${dialect ? ` ${dialect}` : ''}.`, {
    hint: say`Add a mapping and choose it in the node.`,
  });
}

/** Are both about the same records? Systems without dialects take any mapping of theirs. */
export function sameSubject(one: MappingSubject, other: MappingSubject): boolean {
  if (one.system !== other.system || one.entityType !== other.entityType) return false;
  return !systemOf(one.system).dialects || one.version === other.version;
}

/** Compiles a mapping for the system it is written for. Throws SWB_CONFIG. */
export function compileMapping(mapping: Mapping, options: { expressions?: Expressions } = {}): CompiledMapping {
  return compile(mapping, { ...options, notation: systemOf(mapping.system).notation(mapping.version) });
}

/** The subject of a client's records. */
export function subjectOf(client: Pick<EndpointClient, 'system' | 'dialectId'>, entityType: string): MappingSubject {
  return { system: client.system, entityType, ...(client.dialectId && { version: client.dialectId }) };
}

/** What is known of the fields of a subject's records. */
export function partnerCatalog({ system, entityType, version }: MappingSubject): Catalog {
  return systemOf(system).catalog(entityType, version);
}
