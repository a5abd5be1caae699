import type { NodeAPI } from 'node-red';
import type { EndpointClient } from '../../src/endpoints/endpoint.js';
import { compileMapping, preset, subjectOf, systemOf } from '../../src/endpoints/registry.js';
import { SwitchboardError } from '../../src/errors.js';
import type { CompiledMapping } from '../../src/mapping/compile.js';
import type { Mapping } from '../../src/mapping/mapping.js';
import { say } from '../../src/text/say.js';
import type { MappingNode } from '../mapping/mapping.js';

const presets = new Map<string, CompiledMapping>();

/** The mapping a node names, or the preset of the system, its version and the entity type. */
export function mappingFor(RED: NodeAPI, id: string, client: EndpointClient, entityType: string, where: string): CompiledMapping {
  if (id) {
    const node = RED.nodes.getNode(id) as MappingNode | null;
    if (!node?.compiled)
      throw new SwitchboardError('SWB_CONFIG', say`Its mapping is missing.`, {
        where,
        field: 'mapping',
        hint: say`Choose a mapping, or none for the preset.`,
      });
    const compiled = node.compiled();
    agree(compiled.mapping, client, entityType, where);
    return compiled;
  }
  const { system, version } = subjectOf(client, entityType);
  const key = `${system}|${entityType}|${version ?? ''}`;
  let compiled = presets.get(key);
  if (!compiled) {
    compiled = compileMapping(preset(system, entityType, version));
    presets.set(key, compiled);
  }
  return compiled;
}

/** How an applied mapping is named to people: with the config node that holds it, where it is no preset. */
export function placeOf({ mapping }: CompiledMapping, node: string): { mapping: string; node?: string } {
  return { mapping: mapping.name, ...(node && { node }) };
}

function agree(mapping: Mapping, client: EndpointClient, entityType: string, where: string): void {
  if (mapping.system === client.system && mapping.entityType === entityType) return;
  throw new SwitchboardError(
    'SWB_CONFIG',
    say`The mapping "${mapping.name}" is for ${systemOf(mapping.system).label} ${mapping.entityType}, but ${client.name} is ${systemOf(client.system).label} ${entityType}.`,
    {
      where,
      field: 'mapping',
      hint: say`Choose a mapping of the same system and entity type.`,
    },
  );
}
