import type { Node, NodeAPI, NodeDef } from 'node-red';
import type { IntakePart } from '../../src/delivery/intake-troubles.js';
import { Poller } from '../../src/delivery/poller.js';
import type { EndpointClient } from '../../src/endpoints/endpoint.js';
import { systemOf } from '../../src/endpoints/registry.js';
import type { System } from '../../src/endpoints/system.js';
import type { Json } from '../../src/model/message.js';
import type { Bodies, MessageRecord } from '../../src/store/store.js';
import { say } from '../../src/text/say.js';
import { demandSystem } from './entity-types.js';
import { type InConfig, type InCredentials, inCredentials, inDefaults } from './in.config.js';
import { emitFrom } from './intake.js';
import { IntakeStatus } from './intake-status.js';
import { migrated } from './migrate.js';
import { usedEndpoint } from './parties.js';
import { subscribe } from './receive-events.js';
import { serveWebhook } from './receive-webhook.js';
import { numberSetting, withEnvironment } from './settings.js';
import { show } from './status.js';

export type InNode = Node & { credentials?: InCredentials };

/** The in node of a system. */
export function inNode(RED: NodeAPI, id: string) {
  const system = systemOf(id);
  function In(this: InNode, given: NodeDef & InConfig) {
    RED.nodes.createNode(this, given);
    receive(RED, this, withEnvironment(RED, this, migrated(given, system.migrations?.in)), system);
  }
  return { node: In, options: { credentials: inCredentials(system.receive) } };
}

/** Takes what the partner sends (webhooks, or events of its hub), or polls, and emits what the changes are about, read back. */
function receive(RED: NodeAPI, node: InNode, config: NodeDef & InConfig, system: System): void {
  const where = config.name || `${system.id} in`;
  const usual = inDefaults(system);
  const entityType = config.entityType || (system.entityTypes[0] ?? '');
  const stops: ((removed: boolean) => Promise<void> | void)[] = [];
  let closed = false;
  node.on('close', (removed: boolean, done: () => void) => {
    closed = true;
    Promise.allSettled(stops.map(async (stop) => stop(removed))).then(() => done());
  });
  const number = (name: keyof InConfig) => numberSetting(config[name] as string, String(usual[name]), name, where);
  const start = async () => {
    const endpoint = usedEndpoint(RED, config.endpoint, where);
    const { client } = endpoint;
    demandSystem(client, system.id, where);
    const webhook = system.receive.webhook !== undefined && config.webhook === true;
    const hub = config.hub ? client.hub : undefined;
    const poll = config.poll === true;
    // Before the store is open: a sender is told to try again later, not that there is no such path.
    if (webhook) stops.push(serveWebhook(RED, node, config, endpoint, { where, entityType, limit: number('webhookLimit') }));
    show(node, 'waiting', say`opening the store`);
    const broker = await endpoint.broker;
    if (closed) return;
    const shown = new IntakeStatus(node, broker);
    const trouble = (part: IntakePart, what: string) => (error: unknown, retryAt: number) => {
      const text = error instanceof Error ? error.message : String(error);
      shown.trouble(part, text, retryAt);
      node.error(`${what}: ${text}`, { topic: what } as never);
    };
    stops.push(() => shown.stop());
    await shown.begin(endpoint.id, receivingText(webhook ? config.path : undefined, hub !== undefined, poll));
    if (closed) return;
    stops.push(emitFrom(RED, node, broker, (record, bodies) => readBack(client, record, bodies), shown));
    if (!hub && !poll) return;
    const poller = new Poller({
      broker,
      client,
      node: node.id,
      entityType,
      ...(poll && { interval: Math.max(100, number('pollInterval') * 1000) }),
      onPolled: () => shown.works('poll', hub || webhook ? undefined : say`polling`),
      onError: trouble('poll', 'poll'),
    });
    stops.push(() => poller.stop());
    if (hub) await subscribe(RED, node, config, endpoint, { hub, where, entityType, number, poller, shown, trouble, stops });
  };
  start().catch((error) => {
    const text = error instanceof Error ? error.message : String(error);
    show(node, 'error', text);
    node.error(text);
  });
}

/** How changes arrive, while nothing is wrong. */
function receivingText(path: string | undefined, hub: boolean, poll: boolean): string {
  if (path !== undefined) return say`listening on /${path}`;
  if (hub) return say`registering at the hub`;
  return poll ? say`polling` : say`not receiving changes`;
}

/** What an event, a webhook or a poll is about. */
async function readBack(client: EndpointClient, record: MessageRecord, bodies: Bodies): Promise<Json> {
  const { entityType, entityId, origin } = record;
  const raw =
    origin === 'event' && client.hub
      ? await client.hub.readForEvent(entityType, entityId, bodies.received as Json)
      : await client.read(entityType, entityId);
  return raw as Json;
}
