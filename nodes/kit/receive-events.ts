import { once } from 'node:events';
import { Server as TlsServer } from 'node:tls';
import type { Node, NodeAPI } from 'node-red';
import { receivedHint } from '../../src/delivery/received-item.js';
import type { AcceptedRegistration, Subscriber } from '../../src/delivery/shared-subscriptions.js';
import type { EventHub } from '../../src/endpoints/hub.js';
import { hintsOf, receivedEvents } from '../../src/endpoints/posted-events.js';
import { SwitchboardError } from '../../src/errors.js';
import { callbackAddress, type Listening } from '../../src/http/callback-address.js';
import type { Admission, Reply, RequestHead } from '../../src/http/receive-request.js';
import { equal } from '../../src/http/webhook-auth.js';
import { say } from '../../src/text/say.js';
import type { FormerSecret } from './former-secret.js';
import type { InConfig } from './in.config.js';
import { log } from './log.js';
import type { EndpointNode } from './parties.js';
import { refusedAt } from './refused.js';
import { optionalSetting } from './settings.js';
import { listen } from './webhooks.js';

/** What a subscription reports to an in node. */
interface Reports extends Pick<Subscriber, 'onRegistered' | 'onError'> {
  /** Events with these secrets are accepted from now on. */
  onAccepted(registration: AcceptedRegistration): void;
  /** It is not known at which address the partner reaches Node-RED. */
  onUnknownCallback(error: SwitchboardError): void;
}

/** An in node as a subscriber of the partner's hub. */
export async function subscriberOf(
  RED: NodeAPI,
  node: Node,
  config: InConfig,
  { hub, events, where, number }: { hub: EventHub; events: EventListener; where: string; number(name: keyof InConfig): number },
  { onUnknownCallback, onAccepted, ...reports }: Reports,
): Promise<Subscriber> {
  const publicUrl = optionalSetting(RED, config.publicUrl, 'publicUrl', where);
  const callback = await callbackOf(RED, { publicUrl, partner: hub.address, where }, onUnknownCallback);
  return {
    node: node.id,
    hub,
    ...(callback !== undefined && { callback: `${callback}/${events.path}` }),
    query: optionalSetting(RED, config.query, 'query', where),
    renewInterval: Math.max(1_000, number('renewInterval') * 60_000),
    accept: (registration) => {
      events.registration = registration;
      onAccepted(registration);
    },
    onNotice: (text) => log(node, 'warn', say`Hub registration: ${text}`),
    ...reports,
  };
}

/** Receives the events of a partner's hub. It listens also while the store is not open: the hub gets 503 and retries. */
export class EventListener {
  readonly path: string;
  /** Absent until the store is open, and its registration is known. */
  registration: AcceptedRegistration | undefined;
  readonly close: () => void;

  constructor(
    RED: NodeAPI,
    private readonly node: Node,
    private readonly endpoint: EndpointNode,
    private readonly options: { hub: EventHub; entityType: string; limit: number; former: FormerSecret },
  ) {
    this.path = `switchboard/${endpoint.client.system}/${node.id}`;
    this.close = listen(RED, this.path, {
      limit: options.limit,
      admit: (head) => this.admit(head),
      refused: refusedAt(
        node,
        this.path,
        (reason) => say`An event was rejected: ${reason}`,
        () => this.registration !== undefined,
      ),
    });
  }

  private admit({ headers, rest }: RequestHead): Admission {
    const { registration } = this;
    if (!registration)
      throw new SwitchboardError('SWB_CLOSED', say`The store is not open yet.`, { hint: say`Retry in a few seconds.` });
    const [given = '', ...below] = rest.split('/');
    const isFormer = registration.former !== undefined && equal(given, registration.former);
    if (!isFormer && !equal(given, registration.secret)) {
      throw new SwitchboardError('SWB_UNAUTHORISED', say`The secret in the callback path is wrong.`, {
        hint: say`Send events to the callback URL registered at the hub.`,
      });
    }
    return {
      isKnown: true,
      receive: (body) => {
        if (isFormer) this.options.former.used();
        else registration.onEvent();
        return this.accept({ headers, body }, below.join('/'));
      },
    };
  }

  /** Stores an event and acknowledges it at once; the entity is read later, before it is emitted. `path`: below the callback. */
  private async accept(request: Parameters<typeof receivedEvents>[0], path: string): Promise<Reply> {
    const { node, endpoint } = this;
    const { hub, entityType, limit } = this.options;
    const broker = await endpoint.broker;
    const events = await receivedEvents(request, limit, hub.resources);
    const hints = hintsOf(events, entityType, (event) => hub.hintOf(event, path));
    await broker.inbox.accept(hints.map((hint) => receivedHint(hint, { node: node.id, origin: 'event', endpoint: endpoint.id })));
    return hub.acknowledgement(node.id, path);
  }
}

/** The URL at which the partner reaches Node-RED; undefined, after a call of `unknown`, where it is not known. */
async function callbackOf(
  RED: NodeAPI,
  wanted: Parameters<typeof callbackAddress>[1],
  unknown: (error: SwitchboardError) => void,
): Promise<string | undefined> {
  try {
    return callbackAddress(await listening(RED), wanted);
  } catch (error) {
    if (!(error instanceof SwitchboardError)) throw error;
    unknown(error);
    return undefined;
  }
}

/** How Node-RED serves HTTP; waits until its server listens where only that shows its port. */
async function listening({ server, settings }: NodeAPI): Promise<Listening> {
  const {
    uiHost = '',
    uiPort,
    httpNodeRoot = '/',
  } = settings as {
    uiHost?: string;
    uiPort?: number | string;
    httpNodeRoot?: string | false;
  };
  const isFixed = uiPort !== undefined && Number(uiPort) !== 0;
  if (server && !server.listening && !isFixed) await once(server, 'listening');
  const bound = server?.address() ?? undefined;
  const https = server instanceof TlsServer;
  // Where Node-RED is a part of another program, its settings need not say how that listens.
  if (typeof bound === 'object') return { host: uiHost || bound.address, port: bound.port, https, root: httpNodeRoot };
  const port = bound ?? (Number(uiPort) || uiPort);
  return { host: uiHost, port, https, root: httpNodeRoot };
}
