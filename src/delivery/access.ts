import { describeFailure } from '../endpoints/connection.js';
import type { EndpointClient } from '../endpoints/endpoint.js';
import { PartnerError } from '../errors.js';
import type { Store } from '../store/store.js';
import { say } from '../text/say.js';
import { Timer } from '../timer.js';
import { type Culprit, isUnreachable, mayBeOfProbeAlone, mayConcernEndpoint, probeFailure } from './culprit.js';
import type { Pause } from './endpoint-state.js';
import type { RetryPolicy } from './retry.js';
import { TroubleSince } from './trouble-since.js';

/** How much longer each wait for a check is than the one before. */
const GROWTH = 3;
/** First and longest wait, in retry delays: 1 and 30 minutes by default. Accounts are locked after a few failed sign-ins. */
const [FIRST_WAIT, LONGEST_WAIT] = [30, 900];

export interface AccessOptions {
  client: EndpointClient;
  store: Pick<Store, 'setting' | 'commit'>;
  clock: () => number;
  steady: () => number;
  log: (level: 'info' | 'warn' | 'error', text: string) => void;
  policy: RetryPolicy;
}

/** Nothing was sent, because the endpoint is paused. */
export class PausedError extends PartnerError {
  constructor(where: string, { reason }: Pause, retryAfter: number) {
    super('SWB_PARTNER_UNAVAILABLE', say`The endpoint is paused: ${reason}`, {
      where,
      outcome: 'notDone',
      retry: true,
      retryAfter,
    });
  }
}

/** Milliseconds until a request that failed because its endpoint is paused may be tried again; undefined if it failed for another reason. */
export function pausedFor(error: unknown): number | undefined {
  return error instanceof PausedError ? error.retryAfter : undefined;
}

/**
 * Whether an endpoint lets us in. Where a request is rejected in a way that may concern all of them (sign-in, redirect to a login
 * page, a page of a gateway), a neutral probe decides: if it works, the failure is about that record alone. If it fails too, the
 * endpoint pauses, and goes on when the probe works again; nothing fails meanwhile. The probe is repeated after growing waits.
 */
export class EndpointAccess {
  private paused: Pause | undefined;
  private wait: number;
  private timer: Timer | undefined;
  private stopped = false;
  private running: Promise<PartnerError | undefined> | undefined;
  private next: Promise<PartnerError | undefined> | undefined;
  /** Whether the probe has worked at this address. */
  private hasWorked: Promise<boolean> | undefined;
  private readonly listeners = new Set<() => void>();
  private readonly troubleSince: TroubleSince;

  constructor(private readonly options: AccessOptions) {
    const { client, store } = options;
    this.wait = this.firstWait;
    this.troubleSince = new TroubleSince(store, `paused|${client.id}|${client.address}`);
  }

  get pause(): Pause | undefined {
    return this.paused;
  }

  /** Calls back when a pause begins, ends, or has another reason or time of its next check. Returns the function that unsubscribes. */
  watch(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Throws PausedError while nothing may be sent. */
  assertOpen(): void {
    const { paused } = this;
    if (!paused) return;
    // The check itself takes a moment.
    const left = Math.max(0, paused.nextCheck - this.options.steady()) + this.options.policy.baseDelay;
    throw new PausedError(this.options.client.name, paused, left);
  }

  /** Whose trouble a failed request is; asks the neutral probe where that is not certain, and pauses the endpoint. */
  async judge(error: unknown): Promise<Culprit> {
    if (error instanceof PausedError) return 'endpoint';
    if (!mayConcernEndpoint(error)) return 'record';
    return this.check(error);
  }

  /** Whose trouble it is that requests of the endpoint fail; `cause`: the last of them. */
  async check(cause: PartnerError): Promise<Culprit> {
    if (this.paused) return 'endpoint';
    const failure = await this.freshProbe();
    // Another request has paused it meanwhile.
    if (this.paused) return 'endpoint';
    if (!failure || this.stopped) return 'record';
    if (isUnreachable(failure)) return 'unreachable';
    if (mayBeOfProbeAlone(failure) && !(await this.recallWorked())) return 'record';
    const { since, isNew } = await this.troubleSince.begin(new Date(this.options.clock()).toISOString());
    if (!this.paused && !this.stopped) this.begin(failure, since, isNew ? cause : undefined);
    return 'endpoint';
  }

  /** A request succeeded. Once per address, the probe is tried, so that later failures of it mean something. */
  succeeded(): void {
    if (!this.paused) this.ended();
    this.hasWorked ??= this.recallWorked().then(async (known) => {
      if (known || (await this.freshProbe())) return known;
      const { key } = this;
      await this.options.store.commit([{ kind: 'setting', key, value: true }], { durable: false });
      return true;
    });
    this.hasWorked.catch(() => {
      this.hasWorked = undefined;
    });
  }

  stop(): void {
    this.stopped = true;
    this.timer?.cancel();
  }

  private get key(): string {
    return `probe|${this.options.client.id}|${this.options.client.address}`;
  }

  private get firstWait(): number {
    return this.options.policy.baseDelay * FIRST_WAIT;
  }

  private async recallWorked(): Promise<boolean> {
    return (await this.options.store.setting(this.key)) === true;
  }

  /** The result of a probe that starts from now on; several callers share it. */
  private freshProbe(): Promise<PartnerError | undefined> {
    if (!this.running) return this.run();
    this.next ??= this.running.then(() => {
      this.next = undefined;
      return this.run();
    });
    return this.next;
  }

  private run(): Promise<PartnerError | undefined> {
    const run = probeFailure(this.options.client).finally(() => {
      if (this.running === run) this.running = undefined;
    });
    this.running = run;
    return run;
  }

  /** `cause`: the failure that led to the check; absent: it was paused before the last deploy, which the operator knows. */
  private begin(failure: PartnerError, since: string, cause?: PartnerError): void {
    const { client, log } = this.options;
    const reason = describeFailure(failure);
    this.wait = this.firstWait;
    this.paused = { since, reason, nextCheck: 0 };
    this.schedule(this.wait);
    const seconds = Math.round(this.wait / 1000);
    if (cause === undefined) log('info', say`${client.name} is still paused: ${reason} The next check is in ${seconds} s.`);
    else
      log(
        'error',
        say`${client.name} is paused: ${describeFailure(cause)} A neutral check failed too: ${reason} Nothing is lost: everything waits, and continues when a check succeeds. The next check is in ${seconds} s.`,
      );
    this.notify();
  }

  private ended(): void {
    // If the store fails, only the time of a later pause is wrong.
    this.troubleSince.end().catch(() => undefined);
  }

  private schedule(wait: number): void {
    if (!this.paused || this.stopped) return;
    this.paused = { ...this.paused, nextCheck: this.options.steady() + wait };
    this.timer?.cancel();
    this.timer = new Timer(wait, () => void this.recheck()).unref();
  }

  private async recheck(): Promise<void> {
    const failure = await this.freshProbe();
    if (!this.paused || this.stopped) return;
    if (failure) {
      this.paused = { ...this.paused, reason: describeFailure(failure) };
      // Without an answer, no sign-in has failed.
      if (!isUnreachable(failure)) this.wait = Math.min(this.wait * GROWTH, this.options.policy.baseDelay * LONGEST_WAIT);
      this.schedule(this.wait);
    } else {
      this.paused = undefined;
      this.ended();
      this.options.log('info', say`${this.options.client.name} answers again: its endpoint continues.`);
    }
    this.notify();
  }

  private notify(): void {
    for (const listener of [...this.listeners]) listener();
  }
}
