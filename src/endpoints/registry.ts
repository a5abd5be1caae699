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

/* Access to the systems by id. The list in systems.ts is generated. */

export { SYSTEMS } from './systems.js';

/** The records that a mapping is for. */
export type MappingSubject = Pick<Mapping, 'system' | 'entityType' | 'version'>;

export function isSystem(id: string): boolean {
  return SYSTEMS.some((system) => system.id === id);
}

/** Throws SWB_CONFIG if there is no such system. */
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

/**
 * The system of an endpoint with these settings. Endpoints without a system setting belong to the first system of the config
 * node.
 */
export function systemOfSettings(node: string, settings: Settings): System {
  const systems = systemsOfNode(node);
  const [first] = systems;
  if (!first)
    throw new SwitchboardError('SWB_CONFIG', say`There is no endpoint type "${node}".`, { hint: say`Reload the editor.` });
  const setting = first.endpoint.systemSetting;
  return systems.find((system) => setting && system.id === settings[setting]) ?? first;
}

export function presets(): Mapping[] {
  return SYSTEMS.flatMap((system) => system.presets);
}

/** The preset for a system's record type and dialect. Throws SWB_CONFIG if there is none. */
export function preset(system: string, entityType: string, dialect?: string): Mapping {
  const found = presets().find((one) => sameSubject(one, { system, entityType, version: dialect }));
  if (found) return found;
  throw new SwitchboardError(
    'SWB_CONFIG',
    say`There is no preset for ${[system, entityType, dialect].filter(Boolean).join(' ')}.`,
    {
      hint: say`Create a mapping and select it in the node’s settings.`,
    },
  );
}

/** Whether both are for the same records. The version only matters if the system has dialects. */
export function sameSubject(one: MappingSubject, other: MappingSubject): boolean {
  if (one.system !== other.system || one.entityType !== other.entityType) return false;
  return !systemOf(one.system).dialects || one.version === other.version;
}

/** Compiles a mapping with its system's notation. Throws SWB_CONFIG. */
export function compileMapping(mapping: Mapping, options: { expressions?: Expressions } = {}): CompiledMapping {
  const { notation, carries } = systemOf(mapping.system);
  return compile(mapping, { ...options, notation: notation(mapping.version), carries });
}

/** The subject for a client's records. */
export function subjectOf(client: Pick<EndpointClient, 'system' | 'dialectId'>, entityType: string): MappingSubject {
  return { system: client.system, entityType, ...(client.dialectId && { version: client.dialectId }) };
}

/** The known fields of a subject's records. */
export function partnerCatalog({ system, entityType, version }: MappingSubject): Catalog {
  return systemOf(system).catalog(entityType, version);
}
