import { timingSafeEqual } from 'node:crypto';
import type { Node, NodeAPI, NodeDef } from 'node-red';
import { HubSubscription } from '../../src/delivery/hub-subscription.js';
import { Poller } from '../../src/delivery/poller.js';
import type { Tmf621Client } from '../../src/endpoints/tmf621/client.js';
import { readEvent } from '../../src/endpoints/tmf621/events.js';
import { SwitchboardError } from '../../src/errors.js';
import type { Json } from '../../src/model/message.js';
import type { Bodies, MessageRecord } from '../../src/store/store.js';
import { emitFrom } from '../kit/intake.js';
import { type EndpointNode, endpointNode } from '../kit/parties.js';
import { numberSetting } from '../kit/settings.js';
import { show } from '../kit/status.js';
import { type Incoming, jsonBody, listen, type Reply } from '../kit/webhooks.js';
import { type Tmf621InConfig, tmf621InDefaults } from './tmf621-in.config.js';

const ENTITY = 'troubleTicket';

export = (RED: NodeAPI) => {
  function Tmf621In(this: Node, config: NodeDef & Tmf621InConfig) {
    RED.nodes.createNode(this, config);
    const where = config.name || 'tmf621 in';
    const stops: ((removed: boolean) => Promise<void> | void)[] = [];
    let closed = false;
    this.on('close', (removed: boolean, done: () => void) => {
      closed = true;
      Promise.allSettled(stops.map(async (stop) => stop(removed))).then(() => done());
    });
    const number = (name: keyof Tmf621InConfig) =>
      numberSetting(config[name] as string, tmf621InDefaults[name] as string, name, where);
    const trouble = (what: string) => (error: unknown, retryAt: number) => {
      const text = error instanceof Error ? error.message : String(error);
      show(this, 'error', `retry in ${Math.max(1, Math.round((retryAt - Date.now()) / 1000))} s: ${text}`);
      this.error(`${what}: ${text}`, { topic: what } as never);
    };
    const start = async () => {
      const endpoint = endpointNode<Tmf621Client>(RED, config.endpoint, where);
      const { client } = endpoint;
      show(this, 'waiting', 'opening store');
      const broker = await endpoint.broker;
      if (closed) return;
      stops.push(emitFrom(RED, this, broker, (record, bodies) => readTicket(client, record, bodies)));
      if (config.hub) {
        const path = `switchboard/tmf621/${this.id}`;
        const subscription = new HubSubscription({
          broker,
          hub: client,
          node: this.id,
          callback: `${publicUrl(RED, config.publicUrl)}/${path}`,
          query: config.query,
          renewInterval: Math.max(1_000, number('renewInterval') * 60_000),
          onRegistered: () => show(this, 'ok', 'registered at the hub'),
          onTrouble: trouble('hub registration'),
        });
        let secret = '';
        const limit = number('eventLimit') * 1024;
        stops.push(listen(RED, path, limit, (request) => receive(this, request, secret, endpoint)));
        stops.push((removed) => {
          const stopping = subscription.stop(removed);
          endpoint.hold(stopping);
          return stopping;
        });
        secret = await subscription.start();
      }
      if (config.poll) {
        const poller = new Poller({
          broker,
          client,
          node: this.id,
          entityType: ENTITY,
          interval: Math.max(100, number('pollInterval') * 1000),
          onPolled: (found) => show(this, 'ok', found ? `${found} new` : 'polling'),
          onTrouble: trouble('poll'),
        });
        stops.push(() => poller.stop());
      }
    };
    start().catch((error) => {
      const text = error instanceof Error ? error.message : String(error);
      show(this, 'error', text);
      this.error(text);
    });
  }
  RED.nodes.registerType('switchboard-tmf621-in', Tmf621In as never);
};

/** Keeps an event and answers at once: what it is about is read back before it is emitted. */
async function receive(node: Node, request: Incoming, secret: string, endpoint: EndpointNode<Tmf621Client>): Promise<Reply> {
  try {
    const [given = '', ...rest] = request.rest.split('/');
    if (!secret || !sameText(given, secret)) {
      throw new SwitchboardError('SWB_UNAUTHORISED', 'The secret in the callback path is wrong.', {
        hint: 'Events come to the address registered at the hub.',
      });
    }
    const { hint } = readEvent(jsonBody(request), rest.join('/'));
    const broker = await endpoint.broker;
    const { id, number, key, payload } = hint;
    await broker.inbox.accept([
      { node: node.id, origin: 'event', endpoint: endpoint.id, entityType: ENTITY, entityId: id, number, key, payload },
    ]);
    // v4 clients answer 201 with a subscription, v5 ones 204 (TMF621 definitions, /listener): any 2xx is understood by all.
    return endpoint.client.version === 'v5'
      ? { status: 204 }
      : { status: 201, body: { id: node.id, callback: request.rest.slice(given.length + 1) } };
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    show(node, 'warning', `refused: ${text}`);
    node.warn(`An event was refused: ${text}`);
    throw error;
  }
}

/** The ticket an event or a poll is about; a deletion cannot be read back any more. */
async function readTicket(client: Tmf621Client, record: MessageRecord, bodies: Bodies): Promise<Json> {
  const received = bodies.received as Json;
  const event = record.origin === 'event' ? readEvent(received) : undefined;
  if (event?.deleted) return { ticket: { id: record.entityId }, event: received };
  const raw = await client.read(record.entityType, record.entityId);
  return { ...(raw as Record<string, Json>), ...(event && { event: received }) };
}

function sameText(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}

/** Where a provider on this machine reaches Node-RED, unless told otherwise. */
function publicUrl(RED: NodeAPI, given: string): string {
  const root = RED.settings.httpNodeRoot || '/';
  const base =
    given ||
    `http://${RED.settings.uiHost && RED.settings.uiHost !== '0.0.0.0' ? RED.settings.uiHost : '127.0.0.1'}:${RED.settings.uiPort ?? 1880}`;
  return `${base.replace(/\/+$/, '')}${root === '/' ? '' : `/${root.replace(/^\/+|\/+$/g, '')}`}`;
}
