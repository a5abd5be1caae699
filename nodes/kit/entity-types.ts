import type { EndpointClient } from '../../src/endpoints/endpoint.js';
import { systemOf } from '../../src/endpoints/registry.js';
import { SwitchboardError } from '../../src/errors.js';
import { say } from '../../src/text/say.js';
import type { Envelope } from './envelope.js';

/** The entity type that a node uses at an endpoint: the system's only one, else the selected one. */
export function entityTypeAt(client: EndpointClient, chosen: string): string {
  const { entityTypes } = systemOf(client.system);
  return (entityTypes.length === 1 && entityTypes[0]) || chosen;
}

/**
 * The entity type to write for a message. New entities get the type selected in the node. An entity that the conversation already
 * has at the endpoint keeps its type, so that an update of a problem does not create an incident as well. Messages from the
 * endpoint itself always create a new entity.
 */
export function entityTypeToWrite(
  client: EndpointClient,
  chosen: string,
  { endpoint, leg = '', conversation }: Envelope,
): string {
  const only = entityTypeAt(client, chosen);
  if (only !== chosen || endpoint === client.id) return only;
  const linked = (conversation?.entities ?? []).filter((e) => e.endpoint === client.id && e.leg === leg).map((e) => e.entityType);
  return linked.includes(chosen) ? chosen : (linked[0] ?? chosen);
}

/** Throws SWB_CONFIG when the endpoint belongs to another system than the node. */
export function requireSystem(client: EndpointClient, system: string, where: string): void {
  if (client.system === system) return;
  throw new SwitchboardError(
    'SWB_CONFIG',
    say`${client.name} is a ${systemOf(client.system).label} endpoint, but this node needs ${systemOf(system).label}.`,
    {
      where,
      field: 'endpoint',
      hint: say`Choose an endpoint of that system in the node’s settings, or change the API in the endpoint’s settings.`,
    },
  );
}
