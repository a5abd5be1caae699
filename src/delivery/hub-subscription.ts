import { backoff } from '../backoff.js';
import type { Hub, RegistrationResult } from '../endpoints/hub.js';
import { PartnerError, SwitchboardError } from '../errors.js';
import { say } from '../text/say.js';
import { type EndpointAccess, pausedFor } from './access.js';
import type { Broker } from './broker.js';
import { HubCheck } from './hub-check.js';
import {
  confirmed,
  doubtAfter,
  newSecret,
  noticeOf,
  type Registration,
  type RegistrationReason,
  RegistrationStore,
} from './hub-registration.js';
import { unregister } from './hub-unregister.js';
import { MissedEventDetector } from './missed-events.js';
import { MONOTONIC_CLOCK, type MonotonicClock } from './monotonic-clock.js';
import { DEFAULT_RETRY, waitAfter } from './retry.js';

/** Milliseconds between two checks of the registration. */
const CHECK_INTERVAL = 60_000;
/** The provider is polled after so many milliseconds without an event. */
const SILENCE = 180_000;
/** Milliseconds between polls while events arrive, so that a later catch-up stays small. */
const SAFETY_POLL_INTERVAL = 900_000;
/**
 * Polls are at least this many poll durations apart, up to SAFETY_POLL_INTERVAL, because some providers can only list everything.
 */
const POLL_DURATION_FACTOR = 60;
/** Longest wait before the next try where something other than the hub answers, milliseconds. */
const STRANGE_RETRY = 600_000;

/** Longest wait before the next try after a failure that paused the endpoint, milliseconds. */
const PAUSED_RETRY = 1_000;

/** State of a registration, to be shown. Times are epoch milliseconds. */
export interface HubState {
  /** False: it is not known whether the registration took effect. */
  certain: boolean;
  since?: number;
  lastEvent?: number;
  /** When the provider last confirmed it. */
  checked?: number;
}

export interface HubSubscriptionOptions {
  broker: Broker;
  /** Access to the provider's endpoint; absent: never paused. */
  access?: EndpointAccess;
  hub: Hub;
  /** The in node whose path the provider posts to. */
  node: string;
  /** The queue of the endpoint's changes (message-queue.ts). */
  queue: string;
  /**
   * Public URL of the node's path, without the secret: `https://broker/switchboard/tmf621/<node>`. Absent: not known, so that changes
   * are only polled.
   */
  callback?: string;
  query?: string;
  /** Milliseconds. */
  renewInterval: number;
  /** Reads the changes since the watermark into the inbox. */
  catchUp: () => Promise<void>;
  /** Events at the paths of these secrets are to be accepted from now on. `isRenewed`: because the secret was renewed just now. */
  onSecret?: (secret: string, former?: string, isRenewed?: boolean) => void;
  onRegistered: (state: HubState) => void;
  /** `part`: what failed, the registration or the catch-up. */
  onError: (error: unknown, retryAt: number, part: 'hub' | 'poll') => void;
  /** A notice to the user, with what to do, where nothing failed. */
  onNotice: (text: string) => void;
  time?: MonotonicClock;
}

/**
 * Maintains one subscription at a provider's hub. It is registered once; checked, where the provider shows registrations, or else
 * renewed; registered again when the provider has lost it or an address changes; and removed with its node. After a lost answer
 * it is looked up before it is registered again. Where the provider shows nothing, only a missed event is a reason to register
 * again, because the surplus one could never be removed. Durations are measured within one run only; wall-clock times are never
 * compared.
 */
export class HubSubscription {
  private registration: Registration = { secret: '', address: '', former: [] };
  private readonly store: RegistrationStore;
  private readonly check: HubCheck;
  private readonly events: MissedEventDetector;
  private readonly time: MonotonicClock;
  private readonly silence: number;
  private cancelRun: () => void = () => undefined;
  private running: Promise<void> = Promise.resolve();
  private stopped = false;
  private failures = 0;
  /** Changes may have been missed, and must be read. */
  private behind = true;
  private polledAt = 0;
  /** Duration of the last poll, milliseconds. */
  private pollDuration = 0;
  /** Former registrations that could not be removed, and were reported. */
  private readonly reported = new Set<string>();
  private lastEvent: number | undefined;
  private checked: number | undefined;

  constructor(private readonly options: HubSubscriptionOptions) {
    const { broker, node, queue, time = MONOTONIC_CLOCK, renewInterval } = options;
    this.time = time;
    this.silence = Math.min(SILENCE, renewInterval);
    this.check = new HubCheck(options.hub);
    this.store = new RegistrationStore(broker, node);
    this.events = new MissedEventDetector({ store: broker.store, queue, time, grace: Math.min(CHECK_INTERVAL, renewInterval) });
  }

  /** Resolves when the secret is stored; the registration continues in the background. */
  async start(): Promise<string> {
    this.registration = await this.store.load(this.options.hub.address);
    this.acceptSecrets();
    if (!this.stopped) this.run();
    return this.registration.secret;
  }

  /**
   * Registers anew at the path of another secret, then removes the registration at the path of the former one, whose events are
   * accepted until the next renewal. Throws SWB_CONFLICT while the last one is not registered yet.
   */
  async renewSecret(): Promise<void> {
    this.cancelRun();
    await this.running;
    this.cancelRun();
    const { secret, callback } = this.registration;
    const isRegistered = this.options.callback !== undefined && callback === this.callback;
    try {
      if (this.stopped || !isRegistered)
        throw new SwitchboardError('SWB_CONFLICT', say`The callback is not registered yet.`, {
          where: this.options.hub.address,
          hint: say`Renew its secret once it is.`,
        });
      await this.save({ ...this.registration, secret: newSecret(), formerSecret: secret });
      this.acceptSecrets(true);
      this.report();
    } finally {
      if (!this.stopped) this.run();
    }
  }

  private acceptSecrets(isRenewed = false): void {
    const { secret, formerSecret } = this.registration;
    this.options.onSecret?.(secret, formerSecret, isRenewed);
  }

  /** An event arrived at the callback. */
  eventReceived(): void {
    this.events.eventReceived();
    this.lastEvent = this.options.broker.clock();
    if (this.registration.callback && !this.registration.unsure && this.failures === 0) this.report();
  }

  async stop(removed: boolean): Promise<void> {
    this.stopped = true;
    this.cancelRun();
    this.events.stop();
    await this.running;
    if (!removed || !(this.registration.callback || this.registration.former.length > 0)) return;
    await unregister(this.registration, this.callback, this.options.hub, this.store, this.options.onNotice);
  }

  private get callback(): string {
    const { callback } = this.options;
    return callback === undefined ? (this.registration.callback ?? '') : `${callback}/${this.registration.secret}`;
  }

  private report(): void {
    const { at, unsure, callback } = this.registration;
    const { lastEvent, checked } = this;
    const certain = unsure === undefined && callback === this.callback;
    this.options.onRegistered({
      certain,
      ...(certain && at && { since: at }),
      ...(lastEvent && { lastEvent }),
      ...(checked && { checked }),
    });
  }

  private run(): void {
    const { broker, renewInterval, onError } = this.options;
    let part: 'hub' | 'poll' = 'hub';
    this.running = this.ensure()
      .then(() => {
        if (this.options.callback !== undefined) this.report();
        part = 'poll';
        return this.poll();
      })
      .then(() => {
        this.failures = 0;
        return Math.min(CHECK_INTERVAL, renewInterval);
      })
      .catch(async (error) => {
        this.behind = true;
        // Its operator is notified of the pause itself.
        if ((await this.options.access?.judge(error)) === 'endpoint') return pausedFor(error) || PAUSED_RETRY;
        const strange = this.registration.unsure === 'strange';
        const maxDelay = strange ? Math.max(CHECK_INTERVAL, Math.min(STRANGE_RETRY, renewInterval)) : CHECK_INTERVAL;
        const wait = waitAfter(error, backoff({ ...DEFAULT_RETRY, baseDelay: 1_000, maxDelay }, ++this.failures, Math.random));
        if (!this.stopped) onError(error, broker.clock() + wait, part);
        return wait;
      })
      .then((wait) => {
        if (!this.stopped) this.cancelRun = this.time.after(wait, () => this.run());
      });
  }

  /** Reads missed changes. Otherwise polls from time to time, to detect missed events. */
  private async poll(): Promise<void> {
    const now = this.time.elapsed();
    const silent = now - (this.events.lastEvent ?? 0) >= this.silence;
    const wait = this.registration.unsure ? 0 : silent ? this.silence : SAFETY_POLL_INTERVAL;
    if (
      !this.behind &&
      now - this.polledAt < Math.max(wait, Math.min(SAFETY_POLL_INTERVAL, this.pollDuration * POLL_DURATION_FACTOR))
    )
      return;
    this.polledAt = now;
    try {
      await this.options.catchUp();
    } catch (error) {
      // A provider that cannot be polled only gets its registration renewed.
      if (!(error instanceof PartnerError) || error.retry) throw error;
      if (this.behind) this.options.onNotice(say`Changes missed while not registered cannot be read: ${error.message}`);
    }
    this.pollDuration = this.time.elapsed() - now;
    this.behind = false;
  }

  /** Ensures that exactly one subscription, with the current address, exists at the provider. */
  private async ensure(): Promise<void> {
    if (this.options.callback === undefined) return;
    this.options.access?.assertOpen();
    const reason = await this.reason();
    if (reason) {
      await this.register(reason);
      await this.verify();
    }
    if (!this.registration.unsure) await this.removeFormer();
  }

  /** Why a registration is needed now; undefined: it exists, or is assumed to. */
  private async reason(): Promise<RegistrationReason | undefined> {
    const { time, options } = this;
    const { callback, query } = this.registration;
    if (callback !== this.callback || (query ?? '') !== (options.query ?? '')) return 'new';
    const exists = await this.verify();
    const { id, unsure, run, made = 0, former, lasting } = this.registration;
    if (exists === false) return unsure ? 'unsure' : 'gone';
    const missed = this.events.missed({ minWait: unsure ? 0 : this.silence, removable: id !== undefined && !lasting });
    if (exists) {
      if (missed) this.warnNoEvents();
      return undefined;
    }
    const lastEvent = this.events.lastEvent;
    if (unsure && lastEvent !== undefined && (run !== time.run || lastEvent >= made))
      await this.save({ ...confirmed(this.registration), leftover: true });
    if (missed) return 'missed';
    if (this.registration.unsure === 'strange') return 'unsure';
    if (this.registration.unsure || id === undefined || lasting || former.length > 0) return undefined;
    // A registration of another process is renewed once, because its age is not known.
    const isOld = run !== time.run || time.elapsed() - Math.max(made, lastEvent ?? 0) >= options.renewInterval;
    return isOld ? 'renewal' : undefined;
  }

  private warnNoEvents(): void {
    this.events.registered();
    this.options.onNotice(
      say`The provider shows our registration, but sends no events for changes: they are found by polling. Check that it can reach our address, and that the filter lets the events through.`,
    );
  }

  /** Whether the provider shows the registration; undefined: it does not tell. */
  private async verify(): Promise<boolean | undefined> {
    const { exists, registration } = await this.check.run(this.registration, this.callback);
    if (JSON.stringify(registration) !== JSON.stringify(this.registration)) await this.save(registration);
    this.checked = exists ? this.options.broker.clock() : exists === undefined ? this.checked : undefined;
    return exists;
  }

  /** Registers before the old registration is removed: an event between the two would be lost. */
  private async register(reason: RegistrationReason): Promise<void> {
    const { hub, query, broker, onNotice } = this.options;
    const before = this.registration;
    const { id: old, secret, formerSecret, address, lasting, tries = 0 } = before;
    const { callback, time } = this;
    const former = old !== undefined && reason !== 'gone' ? [...before.former, old] : before.former;
    const attempted: Registration = {
      ...before,
      callback,
      query,
      unsure: 'lost',
      tries: tries + 1,
      run: time.run,
      made: time.elapsed(),
      ...(reason === 'new' && { id: undefined, former, shown: undefined }),
    };
    // Stored first: if the process dies now, it is not known whether the registration took effect.
    await this.save(attempted);
    let answer: RegistrationResult;
    try {
      answer = await this.post(callback, reason, old);
    } catch (error) {
      const unsure = doubtAfter(error);
      await this.save(unsure ? { ...attempted, unsure } : before);
      throw error;
    }
    // A provider that already has the registration need not return its id again.
    const id = answer.id ?? (reason === 'renewal' || reason === 'unsure' ? old : undefined);
    const nameless = before.callback !== undefined && old === undefined && !before.unsure && reason !== 'gone';
    const leftover = before.leftover || before.unsure === 'lost' || (nameless && !answer.already);
    try {
      await this.save({
        ...{ secret, formerSecret, address, callback, query, id, former: former.filter((one) => one !== id) },
        ...{ at: broker.clock(), run: time.run, made: time.elapsed(), lasting, leftover },
      });
    } catch (error) {
      this.registration = before;
      if (id !== undefined) await hub.unregisterHub(id); // without a stored id it could never be removed
      throw error;
    }
    this.events.registered();
    this.check.reset();
    this.checked = undefined;
    this.behind = true;
    const notice = noticeOf(reason, answer);
    if (notice) onNotice(notice);
  }

  private async post(callback: string, reason: RegistrationReason, old: string | undefined): Promise<RegistrationResult> {
    const { hub, query } = this.options;
    const register = () => hub.registerHub(callback, query || undefined);
    const answer = await register();
    if (!answer.already || (reason !== 'missed' && reason !== 'new')) return answer;
    // Some providers accept one listener at a time (TMF630: 409), or one per address.
    const existing = answer.id ?? old;
    if (existing === undefined || (reason === 'new' && old === undefined)) return answer;
    await hub.unregisterHub(existing);
    return register();
  }

  /** Removes former registrations, with retries. Until then there are no renewals, which would leave more of them behind. */
  private async removeFormer(): Promise<void> {
    const { hub, onNotice } = this.options;
    for (const id of this.registration.former) {
      const removed = await hub.unregisterHub(id).catch((error: Error) => error);
      if (removed instanceof Error) {
        if (!this.reported.has(id))
          onNotice(say`The former registration ${id} could not be removed. The removal is retried. ${removed.message}`);
        this.reported.add(id);
        continue;
      }
      const former = this.registration.former.filter((other) => other !== id);
      await this.save({ ...this.registration, former, ...(!removed && { lasting: true, leftover: true }) });
    }
  }

  private async save(registration: Registration): Promise<void> {
    await this.store.save(registration);
    this.registration = registration;
  }
}
