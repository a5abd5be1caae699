import type { EventHub } from '../endpoints/hub.js';
import type { Broker } from './broker.js';
import { type Registration, RegistrationStore } from './hub-registration.js';
import { type HubState, HubSubscription } from './hub-subscription.js';
import { unregister } from './hub-unregister.js';

/** What events are accepted with. `onEvent` is to be called for each one that comes with the current secret. */
export interface AcceptedRegistration {
  secret: string;
  /** Events with it are accepted too. */
  former?: string;
  /** The secret was renewed just now; else the in node has started. */
  isRenewed?: boolean;
  onEvent: () => void;
}

/** An in node that wants the events of the partner's hub. */
export interface Subscriber {
  /** Id of the in node. */
  node: string;
  hub: EventHub;
  /** Public URL of the node's path, without the secret; absent: not known. */
  callback?: string;
  /** Filter of the subscription; '' = all events. */
  query: string;
  /** Milliseconds. */
  renewInterval: number;
  /** Accept events at the node's path with these secrets from now on. */
  accept(registration: AcceptedRegistration): void;
  onRegistered(state: HubState): void;
  /** `isFirst`: it is the one in node that logs it. */
  onError(error: unknown, retryAt: number, isFirst: boolean): void;
  onNotice(text: string): void;
}

export interface SharedSubscriptionsOptions {
  /** Id of the partner's endpoint. */
  endpoint: string;
  /** Reads the changes since the watermark into the inbox. */
  catchUp: () => Promise<void>;
  onPollError: (error: unknown, retryAt: number) => void;
}

/** Milliseconds until the subscriptions are arranged again after a failure, for example of the store. */
const RETRY = 60_000;

/** A subscription, and the in node that holds it: the provider posts to its path. */
interface Active {
  holder: Subscriber;
  subscription: HubSubscription;
}

/**
 * The subscriptions that in nodes of one endpoint and entity type share: one for each filter, held by one of the in nodes. The
 * registrations that other in nodes have from before are removed; until then their events are accepted.
 */
export class SharedSubscriptions {
  private readonly subscribers = new Map<string, Subscriber>();
  private readonly active = new Map<string, Active>();
  /** In nodes that left with a registration: if they do not come back, it is removed. */
  private readonly absent = new Map<string, Subscriber>();
  private arranging: Promise<void> = Promise.resolve();

  constructor(
    private readonly broker: Broker,
    private readonly queue: string,
    private readonly options: SharedSubscriptionsOptions,
  ) {}

  /** `deployed`: all nodes have started, so that it is known who shares. */
  join(subscriber: Subscriber, deployed: Promise<void>): void {
    this.subscribers.set(subscriber.node, subscriber);
    this.absent.delete(subscriber.node);
    void deployed.then(() => this.arrangeSoon());
  }

  /** Ends the subscription that it held; where other in nodes remain, one of them holds it from then on. */
  async leave(subscriber: Subscriber, removed: boolean, deployed: () => Promise<void>): Promise<void> {
    const { node } = subscriber;
    if (this.subscribers.get(node) === subscriber) this.subscribers.delete(node);
    await this.arranging;
    for (const [query, { holder, subscription }] of this.active) {
      if (holder !== subscriber) continue;
      this.active.delete(query);
      await subscription.stop(removed);
      if (!removed && !this.subscribers.has(node)) this.absent.set(node, subscriber);
    }
    void deployed().then(() => this.arrangeSoon());
  }

  /** Gives each subscription a new secret; returns their number. Rejects as `HubSubscription.renewSecret`. */
  async renewSecrets(): Promise<number> {
    await this.arranging;
    const active = [...this.active.values()];
    for (const { subscription } of active) await subscription.renewSecret();
    return active.length;
  }

  private arrangeSoon(): void {
    this.arranging = this.arranging
      .then(() => this.arrange())
      .catch((error: unknown) => {
        const retryAt = this.broker.clock() + RETRY;
        for (const [index, one] of [...this.subscribers.values()].entries()) one.onError(error, retryAt, index === 0);
        setTimeout(() => this.arrangeSoon(), RETRY).unref();
      });
  }

  private async arrange(): Promise<void> {
    const all = [...this.subscribers.values()];
    if (all.length === 0) return;
    for (const query of new Set(all.map((one) => one.query))) {
      const sharing = all.filter((one) => one.query === query);
      if (!this.active.has(query)) await this.start(query, await this.holderOf(sharing));
    }
    const holders = new Set([...this.active.values()].map(({ holder }) => holder));
    for (const surplus of [...all, ...this.absent.values()]) if (!holders.has(surplus)) await this.end(surplus);
    this.absent.clear();
  }

  /** The in node whose registration exists already, else the first. */
  private async holderOf(sharing: Subscriber[]): Promise<Subscriber> {
    for (const subscriber of sharing) {
      const { callback, query = '' } = (await this.registrations(subscriber).peek(subscriber.hub.address)) ?? {};
      if (callback !== undefined && query === subscriber.query) return subscriber;
    }
    return sharing[0]!;
  }

  private async start(query: string, holder: Subscriber): Promise<void> {
    const { endpoint, catchUp, onPollError } = this.options;
    const sharing = () => [...this.subscribers.values()].filter((one) => one.query === query);
    const subscription = new HubSubscription({
      broker: this.broker,
      access: this.broker.access(endpoint),
      queue: this.queue,
      hub: holder.hub,
      node: holder.node,
      ...(holder.callback !== undefined && { callback: holder.callback }),
      query,
      renewInterval: holder.renewInterval,
      catchUp,
      onSecret: (secret, former, isRenewed) =>
        holder.accept({ secret, former, isRenewed, onEvent: () => subscription.eventReceived() }),
      onRegistered: (state) => {
        for (const one of sharing()) one.onRegistered(state);
      },
      onError: (error, retryAt, part) => {
        if (part === 'poll') onPollError(error, retryAt);
        else for (const [index, one] of sharing().entries()) one.onError(error, retryAt, index === 0);
      },
      onNotice: holder.onNotice,
    });
    this.active.set(query, { holder, subscription });
    await subscription.start();
  }

  /** Removes the registration of an in node that holds none any more. Its events are accepted for as long as it runs. */
  private async end(surplus: Subscriber): Promise<void> {
    const store = this.registrations(surplus);
    const registration = await store.peek(surplus.hub.address);
    if (!registration) return;
    const { secret, formerSecret: former } = registration;
    surplus.accept({ secret, former, onEvent: () => undefined });
    if (!isLive(registration)) return;
    const callback =
      surplus.callback === undefined ? (registration.callback ?? '') : `${surplus.callback}/${registration.secret}`;
    await unregister(registration, callback, surplus.hub, store, surplus.onNotice);
  }

  private registrations({ node }: Subscriber): RegistrationStore {
    return new RegistrationStore(this.broker, node);
  }
}

/** Whether the provider has, or may have, a registration of ours. */
function isLive({ callback, id, former }: Registration): boolean {
  return callback !== undefined || id !== undefined || former.length > 0;
}
