import type { EndpointClient } from '../../src/endpoints/endpoint.js';
import { systemOf } from '../../src/endpoints/registry.js';
import { SwitchboardError } from '../../src/errors.js';
import { say } from '../../src/text/say.js';
import type { Envelope } from './envelope.js';

/** The entity type a node works with at an endpoint: the system's only one, else the one that was chosen. */
export function entityTypeAt(client: EndpointClient, chosen: string): string {
  const { entityTypes } = systemOf(client.system);
  return (entityTypes.length === 1 && entityTypes[0]) || chosen;
}

/**
 * The entity type to write for a message: what is chosen in the node is what it creates; what the conversation has at the endpoint already
 * keeps its type, so that a problem is not answered with an incident beside it. Messages of the endpoint itself create something new.
 */
export function entityTypeToWrite(
  client: EndpointClient,
  chosen: string,
  { endpoint, leg = '', conversation }: Envelope,
): string {
  const only = entityTypeAt(client, chosen);
  if (only !== chosen || endpoint === client.id) return only;
  const there = (conversation?.entities ?? []).filter((e) => e.endpoint === client.id && e.leg === leg).map((e) => e.entityType);
  return there.includes(chosen) ? chosen : (there[0] ?? chosen);
}

/** Refuses an endpoint of another system than the node is for. */
export function demandSystem(client: EndpointClient, system: string, where: string): void {
  if (client.system === system) return;
  throw new SwitchboardError(
    'SWB_CONFIG',
    say`${client.name} is ${systemOf(client.system).label}, not ${systemOf(system).label}.`,
    {
      where,
      field: 'endpoint',
      hint: say`Choose an endpoint of the right system in the node’s dialog, or change the API in the endpoint’s.`,
    },
  );
}
