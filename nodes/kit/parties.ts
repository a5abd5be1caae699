import type { Node, NodeAPI } from 'node-red';
import type { Availability } from '../../src/delivery/availability.js';
import type { Broker } from '../../src/delivery/broker.js';
import type { EndpointClient } from '../../src/endpoints/endpoint.js';
import { SwitchboardError } from '../../src/errors.js';
import { say } from '../../src/text/say.js';

/** What an endpoint config node offers the nodes that use it. */
export interface EndpointNode<Client extends EndpointClient = EndpointClient> extends Node {
  label: string;
  client: Client;
  /** Id of the store config node. */
  storeId: string;
  /** The broker once it knows this endpoint; rejects while the store is not open. */
  readonly broker: Promise<Broker>;
  readonly availability: Availability;
  /**
   * Keeps the client's connections open until the promise settles: Node-RED closes all nodes at once, and some must unregister
   * first.
   */
  hold(promise: Promise<unknown>): void;
}

/** Returns the endpoint that a node uses; throws SWB_CONFIG if it is missing or has no client. */
export function requireEndpoint<Client extends EndpointClient>(RED: NodeAPI, id: string, where: string): EndpointNode<Client> {
  const node = RED.nodes.getNode(id) as EndpointNode<Client> | null;
  if (node?.client) return node;
  throw new SwitchboardError('SWB_CONFIG', node ? say`The endpoint’s settings are invalid.` : say`The node has no endpoint.`, {
    where,
    field: 'endpoint',
    hint: say`Choose an endpoint in the node’s settings, or enable it and correct its settings, then deploy.`,
  });
}
