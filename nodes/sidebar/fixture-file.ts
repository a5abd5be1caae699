import type { NodeAPI } from 'node-red';
import type { Broker } from '../../src/delivery/broker.js';
import type { EndpointClient } from '../../src/endpoints/endpoint.js';
import { createFixture, type Fixture, type FixtureEndpoint } from '../../src/fixture/fixture.js';
import { maskFixture } from '../../src/fixture/mask.js';
import { type FlowNode, mappingInFlow, presetFor } from '../../src/fixture/rules.js';
import type { DeliveryRecord, MessageRecord } from '../../src/store/store.js';
import type { NameOf } from './broker-access.js';
import { notFound } from './requests.js';

const MAX_RECORDS = 10_000;

/** Exports a conversation as a test fixture, with the mappings of the current flows. */
export async function fixtureFile(RED: NodeAPI, broker: Broker, id: string, nameOf: NameOf, mask: boolean): Promise<Fixture> {
  const { store } = broker;
  const conversation = (await store.conversation(id)) ?? notFound('conversation');
  const kept = <R extends MessageRecord | DeliveryRecord>(kind: 'message' | 'delivery', records: R[]) =>
    Promise.all(records.map(async (record) => ({ record, bodies: await store.bodies(kind, record.id) })));
  const clients = broker.clients();
  const endpoints = Object.fromEntries(clients.map((client) => [client.id, endpointOf(client, nameOf)]));
  const nodes: FlowNode[] = [];
  RED.nodes.eachNode((node) => nodes.push(node as unknown as FlowNode));
  const fixture = createFixture({
    conversation,
    messages: await kept('message', await store.listMessages({ conversation: id, limit: MAX_RECORDS })),
    deliveries: await kept('delivery', await store.listDeliveries({ conversation: id, limit: MAX_RECORDS })),
    endpoints,
    mappingFor: (direction, endpoint, entityType) => {
      const own = mappingInFlow(nodes, { direction, endpoint, entityType });
      return own
        ? { preset: false, mapping: own }
        : { preset: true, mapping: presetFor(endpoints[endpoint] as FixtureEndpoint, entityType) };
    },
    now: new Date(broker.clock()).toISOString(),
  });
  return mask ? maskFixture(fixture) : fixture;
}

function endpointOf(client: EndpointClient, nameOf: NameOf): FixtureEndpoint {
  const { system, dialectId, integrationUser } = client;
  return {
    name: nameOf(client.id),
    system,
    ...(dialectId && { dialect: dialectId }),
    ...(integrationUser && { integrationUser }),
  };
}
