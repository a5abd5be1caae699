import { randomBytes, randomUUID } from 'node:crypto';
import { PartnerError, SwitchboardError } from '../errors.js';
import type { Json } from '../model/message.js';
import type { Broker } from './broker.js';
import { backoff, DEFAULT_RETRY } from './retry.js';

/** What a provider with a `/hub` offers (TMF630). */
export interface Hub {
  /** Where it is: subscriptions count there only. */
  readonly address: string;
  registerHub(callback: string, query?: string): Promise<string>;
  unregisterHub(id: string): Promise<void>;
  /** Undefined where the provider cannot tell. */
  hubExists(id: string): Promise<boolean | undefined>;
}

export interface HubSubscriptionOptions {
  broker: Broker;
  hub: Hub;
  /** The in node. */
  node: string;
  /** Where the provider reaches the node's path, without the secret: `https://broker/switchboard/tmf621/<node>`. */
  callback: string;
  query?: string;
  /** Milliseconds. */
  renewInterval: number;
  onRegistered: () => void;
  onTrouble: (error: unknown, retryAt: number) => void;
}

/** Only what this process made has a known age. */
const PROCESS = randomUUID();

interface Registration {
  /** Last part of the callback's path: the standard has no other way to tell a real event from a forged one. */
  secret: string;
  /** The hub's, where it was made. */
  address?: string;
  callback?: string;
  query?: string;
  id?: string;
  /** The one before, while it may still stand at the provider. */
  former?: string;
  /** The process that made it, and when by its monotonic clock, milliseconds. */
  process?: string;
  at?: number;
}

/**
 * Keeps one subscription at a provider's hub: made once, renewed, also by a new process where the provider cannot tell whether it stands, remade
 * when an address changes, ended on removal. Its id and secret live
 * in the store, because a hub cannot be asked which subscriptions there are: one that is forgotten would post for ever.
 */
export class HubSubscription {
  private registration: Registration | undefined;
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> = Promise.resolve();
  private stopped = false;
  private troubles = 0;

  constructor(private readonly options: HubSubscriptionOptions) {}

  /** Resolves when the secret is known and kept; registration goes on in the background. */
  async start(): Promise<string> {
    const { address } = this.options.hub;
    const kept = (await this.options.broker.store.setting(this.key)) as Registration | undefined;
    // Those from before addresses were kept are taken to be of this one.
    const registration = { secret: randomBytes(24).toString('base64url'), address, ...kept };
    const { secret } = registration;
    // At another address nothing is ended: the id may be somebody else's there.
    this.registration = registration.address === address ? registration : { secret, address };
    if (!kept?.address) await this.keep();
    this.run();
    return secret;
  }

  async stop(removed: boolean): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.running;
    if (!removed || !this.registration?.id) return;
    const { id, former } = this.registration;
    // Noted first, while the store is still open: should the node come back, it must not believe that the subscription stands.
    this.registration = { ...this.registration, process: undefined };
    await this.keep().catch(() => undefined);
    if (former) await this.options.hub.unregisterHub(former).catch(() => undefined);
    await this.options.hub.unregisterHub(id);
    // The store may be closing too; a leftover is put right when the node comes back.
    await this.options.broker.store.commit([{ kind: 'setting', key: this.key, value: undefined }]).catch(() => undefined);
  }

  private get key(): string {
    return `hub|${this.options.node}`;
  }

  private run(): void {
    this.running = this.ensure()
      .then(() => {
        this.troubles = 0;
        this.options.onRegistered();
        return this.options.renewInterval;
      })
      .catch((error) => {
        const wait = backoff({ ...DEFAULT_RETRY, base: 1_000, most: 60_000 }, ++this.troubles, Math.random);
        if (!this.stopped) this.options.onTrouble(error, this.options.broker.clock() + wait);
        return wait;
      })
      .then((wait) => {
        if (this.stopped) return;
        this.timer = setTimeout(() => this.run(), wait);
        this.timer.unref();
      });
  }

  /** Sees to it that exactly one subscription with today's address stands at the provider. */
  private async ensure(): Promise<void> {
    const { hub, callback: base, query } = this.options;
    const registration = this.registration;
    if (!registration) throw new SwitchboardError('SWB_STORE', 'The subscription was not started.');
    await this.endFormer();
    const callback = `${base}/${registration.secret}`;
    if (registration.id) {
      const same = registration.callback === callback && registration.query === query;
      const exists = same ? await hub.hubExists(registration.id) : false;
      // Where the provider cannot tell, one that this process made a short time ago is believed to stand: a deploy must not make a new one each time.
      const { process, at = 0 } = registration;
      const young = process === PROCESS && performance.now() - at < this.options.renewInterval;
      if (exists || (exists === undefined && young)) return;
    }
    const id = await this.register(callback, registration.id);
    const former = registration.id === id ? undefined : registration.id;
    this.registration = { ...registration, callback, query, id, former, process: PROCESS, at: performance.now() };
    try {
      await this.keep();
    } catch (error) {
      this.registration = registration;
      await hub.unregisterHub(id); // its id could not be kept: nobody would ever end it
      throw error;
    }
    await this.endFormer();
  }

  /** The new one comes before the old one goes: an event between the two would have nowhere to go, and nobody tells it again. */
  private async register(callback: string, former: string | undefined): Promise<string> {
    const { hub, query } = this.options;
    try {
      return await hub.registerHub(callback, query || undefined);
    } catch (error) {
      // Some providers take one listener at a time (TMF630: 409).
      if (!former || !(error instanceof PartnerError && error.status === 409)) throw error;
      await hub.unregisterHub(former);
      return hub.registerHub(callback, query || undefined);
    }
  }

  private async endFormer(): Promise<void> {
    if (!this.registration?.former) return;
    await this.options.hub.unregisterHub(this.registration.former);
    this.registration = { ...this.registration, former: undefined };
    await this.keep();
  }

  private async keep(): Promise<void> {
    await this.options.broker.store.commit([{ kind: 'setting', key: this.key, value: this.registration as unknown as Json }]);
  }
}
