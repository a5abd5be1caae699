import type { NodeAPI } from 'node-red';
import type { EndpointClient } from '../../src/endpoints/endpoint.js';
import type { TmfClient } from '../../src/endpoints/tmf/client.js';
import { SwitchboardError } from '../../src/errors.js';
import { type CompiledMapping, compile } from '../../src/mapping/compile.js';
import type { Mapping, Trace } from '../../src/mapping/mapping.js';
import { preset } from '../../src/mapping/presets/index.js';
import type { MappingNode } from '../mapping/mapping.js';

const presets = new Map<string, CompiledMapping>();

/** The mapping a node names, or the preset of the system, its version and the entity type. */
export function mappingFor(RED: NodeAPI, id: string, client: EndpointClient, entityType: string, where: string): CompiledMapping {
  if (id) {
    const node = RED.nodes.getNode(id) as MappingNode | null;
    if (!node?.compiled)
      throw new SwitchboardError('SWB_CONFIG', 'Its mapping is missing.', {
        where,
        field: 'mapping',
        hint: 'Choose a mapping, or none for the preset.',
      });
    const compiled = node.compiled();
    agree(compiled.mapping, client, entityType, where);
    return compiled;
  }
  const version = dialectOf(client);
  const key = `${client.system}|${entityType}|${version ?? ''}`;
  let compiled = presets.get(key);
  if (!compiled) {
    compiled = compile(preset(client.system, entityType, version));
    presets.set(key, compiled);
  }
  return compiled;
}

/** The version of a TM Forum API that a client speaks, or ServiceNow's dialect of it. */
export function dialectOf(client: EndpointClient): Mapping['version'] {
  const { version, profile } = client as Partial<Pick<TmfClient, 'version' | 'profile'>>;
  return profile === 'servicenow' ? 'servicenow' : version;
}

function agree(mapping: Mapping, client: EndpointClient, entityType: string, where: string): void {
  if (mapping.system === client.system && mapping.entityType === entityType) return;
  throw new SwitchboardError(
    'SWB_CONFIG',
    `The mapping «${mapping.name}» is for ${mapping.system} ${mapping.entityType}, but ${client.name} is ${client.system} ${entityType}.`,
    {
      where,
      field: 'mapping',
      hint: 'Choose a mapping of the same system and entity type.',
    },
  );
}

function top(path: string): string {
  const end = path.search(/[.[]/);
  return end < 0 ? path : path.slice(0, end);
}

/** From a trace per path, what each top-level target was made from: top-level names on both sides. */
export function sourcesOf(trace: Trace): Record<string, string[]> {
  const sources: Record<string, string[]> = {};
  for (const [target, { source }] of Object.entries(trace)) {
    const names = sources[top(target)] ?? [];
    sources[top(target)] = names;
    for (const path of source) {
      const name = top(path);
      if (!names.includes(name)) names.push(name);
    }
  }
  return sources;
}
