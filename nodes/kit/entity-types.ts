import type { EndpointClient } from '../../src/endpoints/endpoint.js';
import { SwitchboardError } from '../../src/errors.js';
import type { System } from '../../src/model/message.js';
import type { Envelope } from './envelope.js';

/** The entity type of systems that have but one. */
const ONLY: Partial<Record<System, string>> = { tmf621: 'troubleTicket', tmf622: 'productOrder' };

/** The entity type a node works with at an endpoint: the system's only one, else the one that was chosen. */
export function entityTypeAt(client: EndpointClient, chosen: string): string {
  return ONLY[client.system] ?? chosen;
}

/**
 * The entity type to write for a message: what is chosen in the node is what it creates; what the conversation has at the endpoint already
 * keeps its type, so that a problem is not answered with an incident beside it. Messages of the endpoint itself make something new of them.
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

/** Refuses an endpoint of another API than the node is for. */
export function demandEntityType(client: EndpointClient, entityType: string, where: string): void {
  const has = entityTypeAt(client, entityType);
  if (has === entityType) return;
  throw new SwitchboardError('SWB_CONFIG', `${client.name} speaks ${client.system.toUpperCase()}, which has no ${entityType}.`, {
    where,
    field: 'endpoint',
    hint: 'Choose an endpoint of the right API in the node’s dialog, or change the API in the endpoint’s.',
  });
}
