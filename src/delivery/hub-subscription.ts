import type { Hub, RegistrationResult } from '../endpoints/hub.js';
import { PartnerError } from '../errors.js';
import type { Broker } from './broker.js';
import { EventWatch } from './event-watch.js';
import { HubLook } from './hub-look.js';
import { certain, doubtOf, noticeOf, type Reason, type Registration, RegistrationBook } from './hub-registration.js';
import { unregister } from './hub-unregister.js';
import { PASSING_TIME, type PassingTime } from './passing-time.js';
import { backoff, DEFAULT_RETRY } from './retry.js';

/** Milliseconds between two looks at how it stands. */
const CHECK = 60_000;
/** Without an event for so long, the provider is asked for changes. */
const SILENCE = 180_000;
/** While events come it is asked this often, so that little has to be caught up some day. */
const CALM = 900_000;
/** Of the time that passes, asking takes at most one part in so many: some providers have to be asked for all they have. */
const SHARE = 60;
/** Longest wait before the next try where something else than the hub answers. */
const STRANGE = 600_000;

/** Where a registration stands, for people. Times are epoch milliseconds. */
export interface HubState {
  /** False: whether it took effect is not known. */
  certain: boolean;
  since?: number;
  lastEvent?: number;
  /** When the provider last showed it. */
  checked?: number;
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
  /** Reads what changed since the watermark: what was missed goes into the inbox. */
  catchUp: () => Promise<void>;
  onRegistered: (state: HubState) => void;
  /** `part`: what fails, the registration or reading what was missed. */
  onTrouble: (error: unknown, retryAt: number, part: 'hub' | 'poll') => void;
  /** Something that a person should know, with what to do; nothing failed. */
  onNotice: (text: string) => void;
  time?: PassingTime;
}

/**
 * Keeps one subscription at a provider's hub: made once, looked at where the provider shows it, renewed where it does not, remade when it was
 * forgotten or an address changes, ended with its node. After a lost answer it is looked for before it is made again; where a provider shows
 * nothing, only a missed event is a reason, because one more would never be ended. No clock is compared, only time within one run.
 */
export class HubSubscription {
  private kept: Registration = { secret: '', address: '', former: [] };
  private readonly book: RegistrationBook;
  private readonly sight: HubLook;
  private readonly watch: EventWatch;
  private readonly time: PassingTime;
  private readonly silence: number;
  private callOff: () => void = () => undefined;
  private running: Promise<void> = Promise.resolve();
  private stopped = false;
  private troubles = 0;
  /** What happened while nothing was heard is to be read. */
  private behind = true;
  private askedAt = 0;
  /** How long it took, milliseconds. */
  private cost = 0;
  /** Former ones of which a person was told. */
  private readonly stuck = new Set<string>();
  private lastEvent: number | undefined;
  private checked: number | undefined;

  constructor(private readonly options: HubSubscriptionOptions) {
    const { broker, node, time = PASSING_TIME, renewInterval } = options;
    this.time = time;
    this.silence = Math.min(SILENCE, renewInterval);
    this.sight = new HubLook(options.hub);
    this.book = new RegistrationBook(broker.store, node);
    this.watch = new EventWatch({ store: broker.store, node, time, grace: Math.min(CHECK, renewInterval) });
  }

  /** Resolves when the secret is known and kept; registration goes on in the background. */
  async start(): Promise<string> {
    this.kept = await this.book.open(this.options.hub.address);
    if (!this.stopped) this.run();
    return this.kept.secret;
  }

  /** An event has come to the callback. */
  heard(): void {
    this.watch.heard();
    this.lastEvent = this.options.broker.clock();
    if (this.kept.callback && !this.kept.unsure && this.troubles === 0) this.report();
  }

  async stop(removed: boolean): Promise<void> {
    this.stopped = true;
    this.callOff();
    this.watch.stop();
    await this.running;
    if (!removed || !(this.kept.callback || this.kept.former.length > 0)) return;
    await unregister(this.kept, this.callback, this.options.hub, this.book, this.options.onNotice);
  }

  private get callback(): string {
    return `${this.options.callback}/${this.kept.secret}`;
  }

  private report(): void {
    const { at, unsure } = this.kept;
    const { lastEvent, checked } = this;
    this.options.onRegistered({
      certain: unsure === undefined,
      ...(at && { since: at }),
      ...(lastEvent && { lastEvent }),
      ...(checked && { checked }),
    });
  }

  private run(): void {
    const { broker, renewInterval, onTrouble } = this.options;
    let part: 'hub' | 'poll' = 'hub';
    this.running = this.ensure()
      .then(() => {
        this.report();
        part = 'poll';
        return this.follow();
      })
      .then(() => {
        this.troubles = 0;
        return Math.min(CHECK, renewInterval);
      })
      .catch((error) => {
        this.behind = true;
        const strange = this.kept.unsure === 'strange';
        const most = strange ? Math.max(CHECK, Math.min(STRANGE, renewInterval)) : CHECK;
        const wait = backoff({ ...DEFAULT_RETRY, base: 1_000, most }, ++this.troubles, Math.random);
        if (!this.stopped) onTrouble(error, broker.clock() + wait, part);
        return wait;
      })
      .then((wait) => {
        if (!this.stopped) this.callOff = this.time.after(wait, () => this.run());
      });
  }

  /** Reads what was missed, and otherwise asks from time to time, so that a missed event is noticed. */
  private async follow(): Promise<void> {
    const now = this.time.elapsed();
    const silent = now - (this.watch.lastHeard ?? 0) >= this.silence;
    const wait = this.kept.unsure ? 0 : silent ? this.silence : CALM;
    if (!this.behind && now - this.askedAt < Math.max(wait, Math.min(CALM, this.cost * SHARE))) return;
    this.askedAt = now;
    try {
      await this.options.catchUp();
    } catch (error) {
      // Where it cannot be asked for changes, the registration is renewed, and that is all.
      if (!(error instanceof PartnerError) || error.retry) throw error;
      if (this.behind) this.options.onNotice(`What was missed meanwhile cannot be read: ${error.message}`);
    }
    this.cost = this.time.elapsed() - now;
    this.behind = false;
  }

  /** Sees to it that exactly one subscription with today's address stands at the provider. */
  private async ensure(): Promise<void> {
    const reason = await this.reason();
    if (reason) {
      await this.register(reason);
      await this.look();
    }
    if (!this.kept.unsure) await this.endFormer();
  }

  /** Why it has to be registered now; undefined: it stands, or is believed to. */
  private async reason(): Promise<Reason | undefined> {
    const { time, options } = this;
    const { callback, query } = this.kept;
    if (callback !== this.callback || (query ?? '') !== (options.query ?? '')) return 'new';
    const stands = await this.look();
    const { id, unsure, run, made = 0, former, lasting } = this.kept;
    if (stands === false) return unsure ? 'unsure' : 'gone';
    const missed = this.watch.missed({ least: unsure ? 0 : this.silence, endable: id !== undefined && !lasting });
    if (stands) {
      if (missed) this.warnDeaf();
      return undefined;
    }
    const heard = this.watch.lastHeard;
    if (unsure && heard !== undefined && (run !== time.run || heard >= made))
      await this.keep({ ...certain(this.kept), leftover: true });
    if (missed) return 'missed';
    if (this.kept.unsure === 'strange') return 'unsure';
    if (this.kept.unsure || id === undefined || lasting || former.length > 0) return undefined;
    // What another process made is renewed once, whatever the clocks say.
    const isOld = run !== time.run || time.elapsed() - Math.max(made, heard ?? 0) >= options.renewInterval;
    return isOld ? 'renewal' : undefined;
  }

  private warnDeaf(): void {
    this.watch.registered();
    this.options.onNotice(
      'The provider shows our registration, and sends no events of its changes: they are found by asking. Can it reach our address, and does the filter let them through?',
    );
  }

  /** Does the provider show it? Undefined: it does not say. */
  private async look(): Promise<boolean | undefined> {
    const { stands, registration } = await this.sight.at(this.kept, this.callback);
    if (JSON.stringify(registration) !== JSON.stringify(this.kept)) await this.keep(registration);
    this.checked = stands ? this.options.broker.clock() : stands === undefined ? this.checked : undefined;
    return stands;
  }

  /** The new one comes before the old one goes: an event between the two would have nowhere to go, and nobody tells it again. */
  private async register(reason: Reason): Promise<void> {
    const { hub, query, broker, onNotice } = this.options;
    const before = this.kept;
    const { id: old, secret, address, lasting, tries = 0 } = before;
    const { callback, time } = this;
    const former = old !== undefined && reason !== 'gone' ? [...before.former, old] : before.former;
    const tried: Registration = {
      ...before,
      callback,
      query,
      unsure: 'lost',
      tries: tries + 1,
      run: time.run,
      made: time.elapsed(),
      ...(reason === 'new' && { id: undefined, former, shown: undefined }),
    };
    // Kept first: when the process dies now, nobody knows any more whether it took effect.
    await this.keep(tried);
    let answer: RegistrationResult;
    try {
      answer = await this.post(callback, reason, old);
    } catch (error) {
      const unsure = doubtOf(error);
      await this.keep(unsure ? { ...tried, unsure } : before);
      throw error;
    }
    // A provider that knows it already need not say the id once more.
    const id = answer.id ?? (reason === 'renewal' || reason === 'unsure' ? old : undefined);
    const nameless = before.callback !== undefined && old === undefined && !before.unsure && reason !== 'gone';
    const leftover = before.leftover || before.unsure === 'lost' || (nameless && !answer.already);
    try {
      await this.keep({
        ...{ secret, address, callback, query, id, former: former.filter((one) => one !== id) },
        ...{ at: broker.clock(), run: time.run, made: time.elapsed(), lasting, leftover },
      });
    } catch (error) {
      this.kept = before;
      if (id !== undefined) await hub.unregisterHub(id); // its id could not be kept: nobody would ever end it
      throw error;
    }
    this.watch.registered();
    this.sight.reset();
    this.checked = undefined;
    this.behind = true;
    const notice = noticeOf(reason, answer);
    if (notice) onNotice(notice);
  }

  private async post(callback: string, reason: Reason, old: string | undefined): Promise<RegistrationResult> {
    const { hub, query } = this.options;
    const register = () => hub.registerHub(callback, query || undefined);
    const answer = await register();
    if (!answer.already || (reason !== 'missed' && reason !== 'new')) return answer;
    // Some providers take one listener at a time (TMF630: 409), or one of an address.
    const standing = answer.id ?? old;
    if (standing === undefined || (reason === 'new' && old === undefined)) return answer;
    await hub.unregisterHub(standing);
    return register();
  }

  /** What cannot be ended now is tried again with each look, and hinders nothing but renewals: they would only add to it. */
  private async endFormer(): Promise<void> {
    const { hub, onNotice } = this.options;
    for (const id of this.kept.former) {
      const ended = await hub.unregisterHub(id).catch((error: Error) => error);
      if (ended instanceof Error) {
        if (!this.stuck.has(id))
          onNotice(`The former registration ${id} could not be ended, which is tried again: ${ended.message}`);
        this.stuck.add(id);
        continue;
      }
      const former = this.kept.former.filter((other) => other !== id);
      await this.keep({ ...this.kept, former, ...(!ended && { lasting: true, leftover: true }) });
    }
  }

  private async keep(registration: Registration): Promise<void> {
    await this.book.keep(registration);
    this.kept = registration;
  }
}
