import type { NodeAPI } from 'node-red';
import type { EndpointClient } from '../../src/endpoints/endpoint.js';
import { compileMapping, preset, subjectOf, systemOf } from '../../src/endpoints/registry.js';
import { SwitchboardError } from '../../src/errors.js';
import type { CompiledMapping } from '../../src/mapping/compile.js';
import type { Mapping } from '../../src/mapping/mapping.js';
import { say } from '../../src/text/say.js';
import type { MappingNode } from './mapping-node.js';

const presets = new Map<string, CompiledMapping>();

/** The mapping selected in a node, or the preset for the endpoint's system, version and entity type. */
export function mappingFor(RED: NodeAPI, id: string, client: EndpointClient, entityType: string, where: string): CompiledMapping {
  const chosen = requireMapping(RED, id, where);
  if (chosen) {
    checkMapping(chosen.mapping, client, entityType, where);
    return chosen;
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

/** The mapping selected in a node; undefined if it uses a preset. Throws SWB_CONFIG if it is missing or invalid. */
export function requireMapping(RED: NodeAPI, id: string, where: string): CompiledMapping | undefined {
  if (!id) return undefined;
  const node = RED.nodes.getNode(id) as MappingNode | null;
  if (node?.compiled) return node.compiled();
  throw new SwitchboardError('SWB_CONFIG', say`The node’s mapping does not exist, is disabled or is not deployed.`, {
    where,
    field: 'mapping',
    hint: say`Choose another mapping in the node’s settings, or none to use the preset.`,
  });
}

/** The name of an applied mapping for people, with its config node unless it is a preset. */
export function mappingReference({ mapping }: CompiledMapping, node: string): { mapping: string; node?: string } {
  return { mapping: mapping.name, ...(node && { node }) };
}

function checkMapping(mapping: Mapping, client: EndpointClient, entityType: string, where: string): void {
  if (mapping.system === client.system && mapping.entityType === entityType) return;
  throw new SwitchboardError(
    'SWB_CONFIG',
    say`The mapping "${mapping.name}" is for ${mapping.entityType} of ${systemOf(mapping.system).label}, but ${client.name} needs one for ${entityType} of ${systemOf(client.system).label}.`,
    {
      where,
      field: 'mapping',
      hint: say`Choose a mapping for the endpoint’s system and entity type.`,
    },
  );
}
