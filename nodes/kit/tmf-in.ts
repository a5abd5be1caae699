import { timingSafeEqual } from 'node:crypto';
import type { Node, NodeAPI, NodeDef } from 'node-red';
import { HubSubscription } from '../../src/delivery/hub-subscription.js';
import { Poller } from '../../src/delivery/poller.js';
import type { TmfClient } from '../../src/endpoints/tmf/client.js';
import { SwitchboardError } from '../../src/errors.js';
import type { Json } from '../../src/model/message.js';
import type { Bodies, MessageRecord } from '../../src/store/store.js';
import { demandEntityType } from './entity-types.js';
import { emitFrom } from './intake.js';
import { IntakeStatus } from './intake-status.js';
import { type EndpointNode, endpointNode } from './parties.js';
import { numberSetting, requiredSetting, withEnvironment } from './settings.js';
import { show } from './status.js';
import { type TmfInConfig, tmfInDefaults } from './tmf-in.config.js';
import { hubWords } from './tmf-in-words.js';
import { type Incoming, jsonBody, listen, type Reply } from './webhooks.js';

/**
 * What the in nodes of all TM Forum APIs do alike: subscribe at the provider's hub and take its events, or poll, and emit what they are
 * about, read back. `system`: the API's name, as it stands in the callback's path.
 */
export function receiveFromTmf(RED: NodeAPI, node: Node, given: NodeDef & TmfInConfig, system: string, entityType: string): void {
  const config = withEnvironment(RED, node, given);
  const where = config.name || `${system} in`;
  const stops: ((removed: boolean) => Promise<void> | void)[] = [];
  let closed = false;
  node.on('close', (removed: boolean, done: () => void) => {
    closed = true;
    Promise.allSettled(stops.map(async (stop) => stop(removed))).then(() => done());
  });
  const number = (name: keyof TmfInConfig) => numberSetting(config[name] as string, tmfInDefaults[name] as string, name, where);
  const start = async () => {
    const endpoint = endpointNode<TmfClient>(RED, config.endpoint, where);
    const { client } = endpoint;
    demandEntityType(client, entityType, where);
    show(node, 'waiting', 'opening store');
    const broker = await endpoint.broker;
    if (closed) return;
    const shown = new IntakeStatus(node, broker);
    const trouble = (part: 'hub' | 'poll', what: string) => (error: unknown, retryAt: number) => {
      const text = error instanceof Error ? error.message : String(error);
      shown.trouble(part, text, retryAt);
      node.error(`${what}: ${text}`, { topic: what } as never);
    };
    stops.push(() => shown.stop());
    await shown.begin(endpoint.id, config.hub ? 'registering at the hub' : config.poll ? 'polling' : 'idle');
    if (closed) return;
    stops.push(emitFrom(RED, node, broker, (record, bodies) => readBack(client, record, bodies), shown));
    if (!config.hub && !config.poll) return;
    const poller = new Poller({
      broker,
      client,
      node: node.id,
      entityType,
      ...(config.poll && { interval: Math.max(100, number('pollInterval') * 1000) }),
      onPolled: () => shown.works('poll', config.hub ? undefined : 'polling'),
      onTrouble: trouble('poll', 'poll'),
    });
    stops.push(() => poller.stop());
    if (!config.hub) return;
    const path = `switchboard/${system}/${node.id}`;
    const ours = config.publicUrl && requiredSetting(config.publicUrl, 'publicUrl', where);
    const subscription = new HubSubscription({
      broker,
      hub: client,
      node: node.id,
      callback: `${publicUrl(RED, ours)}/${path}`,
      query: config.query,
      renewInterval: Math.max(1_000, number('renewInterval') * 60_000),
      catchUp: async () => {
        await poller.ask();
        shown.works('poll');
      },
      onRegistered: (state) => shown.works('hub', hubWords(state, broker.clock()), state.certain),
      onTrouble: (error, retryAt, part) => trouble(part, part === 'hub' ? 'hub registration' : 'poll')(error, retryAt),
      onNotice: (text) => node.warn(`hub registration: ${text}`),
    });
    const callback: Callback = { secret: '', heard: () => subscription.heard() };
    const limit = number('eventLimit') * 1024;
    stops.push(listen(RED, path, limit, (request) => receive(node, entityType, request, callback, endpoint)));
    stops.push((removed) => {
      const stopping = subscription.stop(removed);
      endpoint.hold(stopping);
      return stopping;
    });
    callback.secret = await subscription.start();
  };
  start().catch((error) => {
    const text = error instanceof Error ? error.message : String(error);
    show(node, 'error', text);
    node.error(text);
  });
}

interface Callback {
  /** Empty until it is known. */
  secret: string;
  /** Called for each event of the provider. */
  heard: () => void;
}

/** Keeps an event and answers at once: what it is about is read back before it is emitted. */
async function receive(
  node: Node,
  entityType: string,
  request: Incoming,
  { secret, heard }: Callback,
  endpoint: EndpointNode<TmfClient>,
): Promise<Reply> {
  try {
    const [given = '', ...rest] = request.rest.split('/');
    if (!secret || !sameText(given, secret)) {
      throw new SwitchboardError('SWB_UNAUTHORISED', 'The secret in the callback path is wrong.', {
        hint: 'Events come to the address registered at the hub.',
      });
    }
    heard();
    const broker = await endpoint.broker;
    const { id, number, key, expects, payload } = await endpoint.client.hintOf(jsonBody(request), rest.join('/'));
    await broker.inbox.accept([
      { node: node.id, origin: 'event', endpoint: endpoint.id, entityType, entityId: id, number, key, expects, payload },
    ]);
    // v4 clients answer 201 with a subscription, v5 ones 204 (definitions, /listener): any 2xx is understood by all.
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

/** What an event or a poll is about. */
async function readBack(client: TmfClient, record: MessageRecord, bodies: Bodies): Promise<Json> {
  const { entityType, entityId, origin } = record;
  const raw =
    origin === 'event'
      ? await client.readForEvent(entityType, entityId, bodies.received as Json)
      : await client.read(entityType, entityId);
  return raw as Json;
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
