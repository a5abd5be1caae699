import type { NodeAPI, NodeDef } from 'node-red';
import type { IdentifiedEntity } from '../../src/delivery/dispatcher.js';
import type { IntakePart } from '../../src/delivery/intake-troubles.js';
import { Poller } from '../../src/delivery/poller.js';
import type { EndpointClient, RawEntity } from '../../src/endpoints/endpoint.js';
import type { PostedEvent } from '../../src/endpoints/posted-events.js';
import { systemOf } from '../../src/endpoints/registry.js';
import type { System } from '../../src/endpoints/system.js';
import { SwitchboardError } from '../../src/errors.js';
import type { Json } from '../../src/model/message.js';
import type { Bodies, MessageRecord } from '../../src/store/store.js';
import { say } from '../../src/text/say.js';
import { whenValid } from './configured.js';
import { requireSystem } from './entity-types.js';
import { type InConfig, inCredentials, inDefaults } from './in.config.js';
import { emitFrom } from './intake.js';
import { IntakeStatus } from './intake-status.js';
import { migrate } from './migrate.js';
import { requireEndpoint } from './parties.js';
import { EventListener, subscribe } from './receive-events.js';
import { type InNode, serveWebhook, webhookHint } from './receive-webhook.js';
import { flagSetting, numberSetting, withEnvironment } from './settings.js';
import { whileOpen } from './while-open.js';

/** The in node of a system. */
export function inNode(RED: NodeAPI, id: string) {
  const system = systemOf(id);
  function In(this: InNode, given: NodeDef & InConfig) {
    RED.nodes.createNode(this, given);
    receive(RED, this, withEnvironment(RED, this, migrate(given, system.migrations?.in)), system);
  }
  return { node: In, options: { credentials: inCredentials(system.receive) } };
}

/** Receives changes from the partner by webhook, hub event or polling, reads the changed entities and emits them. */
function receive(RED: NodeAPI, node: InNode, config: NodeDef & InConfig, system: System): void {
  const where = config.name || `${system.id} in`;
  const defaults = inDefaults(system);
  const entityType = config.entityType || (system.entityTypes[0] ?? '');
  const number = (name: keyof InConfig) => numberSetting(config[name] as string, String(defaults[name]), name, where);
  const flag = (name: 'webhook' | 'hub' | 'poll') => flagSetting(config[name], name, where);
  const start = () => {
    const endpoint = requireEndpoint(RED, config.endpoint, where);
    const { client } = endpoint;
    requireSystem(client, system.id, where);
    const webhook = system.receive.webhook !== undefined && flag('webhook');
    const hub = flag('hub') ? client.hub : undefined;
    const poll = flag('poll');
    // Also while the store is not open, so that senders get 503 and retry, instead of 404.
    if (webhook)
      node.on('close', serveWebhook(RED, node, config, endpoint, { where, entityType, limit: number('webhookLimit') }));
    const events = hub && new EventListener(RED, node, endpoint, { hub, entityType, limit: number('eventLimit') * 1024 });
    if (events) node.on('close', () => events.close());
    whileOpen(node, endpoint, async (session) => {
      const { broker } = session;
      const status = new IntakeStatus(node, broker);
      const trouble = (part: IntakePart, what: string) => (error: unknown, retryAt: number) => {
        const text = error instanceof Error ? error.message : String(error);
        const isNew = status.trouble(part, text, retryAt);
        if (isNew) node.error(`${what}: ${text}`, { topic: what } as never);
      };
      session.onEnd(() => status.stop());
      const worker = broker.worker(endpoint.id);
      const showPause = () => status.paused(worker?.status.paused?.nextCheck);
      if (worker) session.onEnd(worker.access.watch(showPause));
      const pollInterval = poll ? Math.max(100, number('pollInterval') * 1000) : undefined;
      const idleText = receivingText(webhook ? config.path : undefined, hub !== undefined, poll);
      await status.begin(endpoint.id, idleText, { pollInterval, hub: hub !== undefined });
      if (session.over) return;
      showPause();
      const entities = {
        read: (record: MessageRecord, bodies: Bodies, known?: Json) => readChanged(client, record, bodies, known),
        identify: (record: MessageRecord, received: Json) => identify(client, record, received),
      };
      session.onEnd(emitFrom(RED, node, broker, entities, status));
      if (!hub && !poll) return;
      const poller = new Poller({
        broker,
        client,
        node: node.id,
        entityType,
        interval: pollInterval,
        onPolled: () => status.works('poll', hub || webhook ? undefined : say`polling`),
        onError: trouble('poll', 'poll'),
      });
      session.onEnd(() => poller.stop());
      if (hub && events)
        await subscribe(RED, node, config, endpoint, { hub, events, where, number, poller, status, trouble, session });
    });
  };
  whenValid(node, start);
}

/** The status text for the way changes arrive, while everything works. */
function receivingText(path: string | undefined, hub: boolean, poll: boolean): string {
  if (path !== undefined) return say`listening on /${path}`;
  if (hub) return say`registering at the hub`;
  return poll ? say`polling` : say`not receiving changes`;
}

/** Reads the entity that an event, a webhook or a poll reported as changed. */
async function readChanged(client: EndpointClient, record: MessageRecord, bodies: Bodies, known?: Json): Promise<Json> {
  const { entityType, entityId, origin } = record;
  const raw =
    origin === 'event' && client.hub
      ? await client.hub.readForEvent(entityType, entityId, bodies.received as Json, known as RawEntity | undefined)
      : await client.read(entityType, entityId);
  return raw as Json;
}

/** Finds out which entity an event is about that was stored without one: by its content, by the number in it, or from the partner. */
async function identify(client: EndpointClient, record: MessageRecord, received: Json): Promise<IdentifiedEntity> {
  const hint =
    record.origin === 'event' && client.hub
      ? await client.hub.identify(received as PostedEvent)
      : webhookHint(client, received as PostedEvent, record.entityType);
  const { entityType, number, expects } = hint;
  if (hint.id !== '') return { entityType, entityId: hint.id, number, expects };
  const found = number === undefined ? undefined : await client.findByNumber?.(entityType, number);
  if (found) return { entityType, entityId: client.parse(found).source.id, number, expects };
  throw new SwitchboardError('SWB_PAYLOAD', say`The event names no ${entityType}.`, {
    where: client.name,
    hint: say`Send the id of the record in the event.`,
  });
}
