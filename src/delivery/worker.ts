import { setTimeout as delay } from 'node:timers/promises';
import { isFromOlderCopy } from '../conversation/store-memory.js';
import { isConcurrentChange } from '../errors.js';
import { fileSource } from '../store/file-lane.js';
import type { ChangeNotice, DeliveryRecord, ErrorRecord } from '../store/store.js';
import { EndpointAccess } from './access.js';
import { type AttemptOptions, Attempts, type DeliveryListener } from './attempts.js';
import { Circuit, type CircuitState } from './circuit.js';
import type { Pause } from './endpoint-state.js';
import { EntityAges } from './entity-ages.js';
import { type Outage, OutageLog } from './outage.js';
import { DEFAULT_RETRY, type RetryPolicy } from './retry.js';
import { SendSlots } from './send-slots.js';
import { SettlingTimes } from './settling-times.js';
import { StoreBackOff } from './store-back-off.js';
import { type Suspension, suspensionKey } from './suspension.js';
import { TroubleSince } from './trouble-since.js';

/** Open decisions read when an endpoint starts. */
const MAX_DECISIONS = 1_000;
/** Longest sleep between claims, milliseconds. */
const LONGEST_SLEEP = 60_000;
/** Longest time that a read waits for a write of ours to the same entity, milliseconds: it may be stuck. */
const MAX_UPDATE_WAIT = 2_000;

export interface WorkerOptions
  extends Omit<AttemptOptions, 'policy' | 'circuit' | 'outages' | 'access' | 'closing' | 'willWrite' | 'settlingTimes' | 'ages'> {
  concurrency: number;
  retry?: Partial<RetryPolicy>;
  /** How long a write is looked up after its answer was lost, before it is sent again; milliseconds. */
  settling: number;
}

export interface WorkerStatus {
  inFlight: number;
  circuit: CircuitState;
  /** Invalid answers opened the circuit. */
  strange: boolean;
  /** Wall-clock time of the next try while nothing may be sent, epoch milliseconds. */
  resumesAt?: number;
  /** Set while a user has suspended the endpoint. */
  suspended?: Suspension;
  /** Set while the partner is down. */
  outage?: Outage;
  /** The partner's last error since the flows were started, also while it is up. */
  lastError?: ErrorRecord;
  /** Set while the endpoint rejects everything; `nextCheck`: wall-clock time of the next check, epoch milliseconds. */
  paused?: Pause;
}

/** Sends the deliveries of one endpoint: up to `concurrency` at once, and some files from each source; one per lane, with retries. */
export class Worker {
  readonly circuit: Circuit;
  readonly access: EndpointAccess;
  private readonly settlingTimes: SettlingTimes;
  private readonly attempts: Attempts;
  private readonly outages: OutageLog;
  private readonly storeBackOff: StoreBackOff;
  private readonly closing = new AbortController();
  private readonly slots: SendSlots;
  /** Conversations of the updates of entities under way, by delivery. */
  private readonly updates = new Map<string, string>();
  /** Files under way of which the partner gets nothing yet: fetching one may take minutes. */
  private readonly unwritten = new Set<string>();
  private readonly statusListeners = new Set<(status: WorkerStatus) => void>();
  private readonly unwatch: () => void;
  private suspended: Suspension | undefined;
  /** Nothing is sent before it is known whether the endpoint is suspended. */
  private ready = false;
  private timer: NodeJS.Timeout | undefined;
  private claiming = false;
  private claimAgain = false;
  private stopped = false;

  constructor(private readonly options: WorkerOptions) {
    const policy = { ...DEFAULT_RETRY, ...options.retry };
    const { baseDelay } = policy;
    this.slots = new SendSlots(options.concurrency);
    this.circuit = new Circuit(options.steady, 5, Math.max(50, baseDelay * 2), Math.max(1_000, baseDelay * 30));
    this.settlingTimes = new SettlingTimes(options.settling, options.steady);
    this.storeBackOff = new StoreBackOff(options.steady, options.log);
    this.access = new EndpointAccess({ ...options, policy });
    this.access.watch(() => this.notifyStatus());
    const { client, store, clock, log } = options;
    const troubleSince = new TroubleSince(store, `down|${client.id}|${client.address}`);
    this.outages = new OutageLog({ name: client.name, clock, log, troubleSince });
    const { circuit, outages, access, settlingTimes } = this;
    this.attempts = new Attempts({
      ...options,
      policy,
      circuit,
      outages,
      access,
      closing: this.closing.signal,
      willWrite: (delivery) => this.unwritten.delete(delivery),
      settlingTimes,
      ages: new EntityAges(options.steady),
    });
    const endpoint = client.id;
    const suspension = suspensionKey(endpoint);
    this.unwatch = options.store.watch((changes) => {
      for (const change of changes)
        if (change.kind === 'setting' && change.key === suspension) this.readSuspension(suspension);
        else if (change.kind === 'delivery' && change.state !== 'sending' && change.state !== 'inDoubt') {
          this.settlingTimes.forget(change.id);
          if (change.state === 'skipped') options.intakeTroubles.end(change.id, 'file');
        }
      // A delivery that starts to be sent does not unblock its lane.
      const unblocks = (c: ChangeNotice) => c.kind === 'delivery' && c.endpoint === endpoint && c.state !== 'sending';
      if (changes.some(unblocks)) this.dispatch();
    });
    this.resumeAtFormerAddress().catch((error) =>
      this.backOff(`The deliveries in doubt at ${options.client.name} could not be read`, error),
    );
    Promise.all([options.store.setting(suspension), this.recallHabits()]).then(
      ([kept]) => this.ready || this.setSuspended(kept as unknown as Suspension | undefined),
      (error) => this.options.log('error', `The suspension of ${options.client.name} could not be read: ${String(error)}`),
    );
  }

  private async recallHabits(): Promise<void> {
    const { store, client, log } = this.options;
    const key = `habits|${client.id}|${client.address}`;
    const known = await store.setting(key);
    client.habits?.keptBy(known, (value) => {
      // Not durable: if it is lost, the client learns it again.
      store
        .commit([{ kind: 'setting', key, value }], { durable: false })
        .catch((error) => log('warn', `${key} could not be stored: ${error}`));
    });
  }

  on(listener: DeliveryListener): () => void {
    return this.attempts.on(listener);
  }

  onStatus(listener: (status: WorkerStatus) => void): () => void {
    this.statusListeners.add(listener);
    return () => this.statusListeners.delete(listener);
  }

  get status(): WorkerStatus {
    const { clock, steady } = this.options;
    const shown = (time: number) => clock() + (time - steady());
    const resumesAt = this.circuit.resumesAt && shown(this.circuit.resumesAt);
    const { pause } = this.access;
    return {
      inFlight: this.slots.size,
      circuit: this.circuit.state,
      strange: this.circuit.strange,
      ...(resumesAt && { resumesAt }),
      ...(this.suspended && { suspended: this.suspended }),
      ...(this.outages.outage && { outage: this.outages.outage }),
      ...(this.outages.lastError && { lastError: this.outages.lastError }),
      ...(pause && { paused: { ...pause, nextCheck: shown(pause.nextCheck) } }),
    };
  }

  private readSuspension(key: string): void {
    this.options.store.setting(key).then(
      (kept) => this.setSuspended(kept as unknown as Suspension | undefined),
      (error) => this.options.log('error', `The suspension of ${this.options.client.name} could not be read: ${String(error)}`),
    );
  }

  private setSuspended(suspended: Suspension | undefined): void {
    this.ready = true;
    this.suspended = suspended;
    this.notifyStatus();
    this.dispatch();
  }

  /** Withdraws decisions about a changed address where the endpoint is back at the address at which the write is in doubt. */
  private async resumeAtFormerAddress(): Promise<void> {
    const { store, client } = this.options;
    const undecided = await store.listDeliveries({ endpoint: client.id, states: ['needsDecision'], limit: MAX_DECISIONS });
    for (const record of undecided) {
      if (record.decision !== 'addressChanged' || record.doubtAt !== client.address) continue;
      const inDoubt: DeliveryRecord = { ...record, state: 'inDoubt', decision: undefined, blocking: undefined, error: undefined };
      await store.commit([{ kind: 'delivery', record: inDoubt }]).catch((error: unknown) => {
        // A user has decided meanwhile.
        if (!isConcurrentChange(error)) throw error;
      });
    }
  }

  /** The try of a delivery that is under way, if any; not while the partner gets nothing of it yet. */
  currentTry(delivery: string): Promise<void> | undefined {
    return this.unwritten.has(delivery) ? undefined : this.slots.get(delivery);
  }

  /** Resolves when no update of an entity of a conversation is under way here, or after a while. */
  async updateDone(conversation: string): Promise<void> {
    const updates = [...this.updates].filter(([, of]) => of === conversation).map(([id]) => this.slots.get(id));
    if (updates.length === 0) return;
    const timer = new AbortController();
    const { signal } = timer;
    await Promise.race([Promise.all(updates), delay(MAX_UPDATE_WAIT, undefined, { signal, ref: false })]);
    timer.abort();
  }

  /** Starts no more tries. */
  halt(): void {
    this.stopped = true;
    clearTimeout(this.timer);
    this.access.stop();
    this.closing.abort();
    this.unwatch();
  }

  /** Starts no more tries, and waits for those under way. */
  async stop(): Promise<void> {
    this.halt();
    await this.slots.done();
  }

  /** Claims and sends due deliveries; cheap when there are none. */
  dispatch(): void {
    if (this.isHeld) return;
    if (this.claiming) {
      this.claimAgain = true;
      return;
    }
    this.claiming = true;
    this.claim()
      .catch((error) => this.backOff(`Deliveries to ${this.options.client.name} could not be read from the store`, error))
      .finally(() => {
        this.claiming = false;
        if (this.claimAgain) {
          this.claimAgain = false;
          this.dispatch();
        }
      });
  }

  /** Nothing may be sent, whatever the circuit breaker says. */
  private get isHeld(): boolean {
    return this.stopped || !this.ready || this.suspended !== undefined || this.access.pause !== undefined;
  }

  private async claim(): Promise<void> {
    if (this.isHeld) return;
    const { store, client, steady, accessOf } = this.options;
    const resumesAt = Math.max(this.circuit.resumesAt, this.storeBackOff.until);
    if (resumesAt > steady()) return this.sleepUntil(resumesAt);
    await store.confirmOwnership();
    const isProbing = this.circuit.state === 'halfOpen';
    const due = [await this.claimFrom(undefined, isProbing)];
    for (const source of await store.fileSources(client.id))
      if (!accessOf(source)?.pause) due.push(await this.claimFrom(source, isProbing));
    const next = Math.min(...due);
    if (next < Number.POSITIVE_INFINITY) this.sleepUntil(next);
  }

  /** Sends due deliveries, or due files from a source. Returns when the next one is due, if there is room for it. */
  private async claimFrom(source: string | undefined, isProbing: boolean): Promise<number> {
    const room = this.slots.room(source, isProbing);
    if (room <= 0) return Number.POSITIVE_INFINITY;
    const { store, client, steady } = this.options;
    const claimed = await store.claimDeliveries(client.id, room, steady(), source);
    for (const delivery of claimed) this.start(delivery);
    const next = claimed.length < room ? await store.nextDue('delivery', client.id, source) : undefined;
    return next ?? Number.POSITIVE_INFINITY;
  }

  /** Reserves a slot for a new delivery, and returns it as being sent; undefined if it has to wait. */
  reserve(delivery: DeliveryRecord): DeliveryRecord | undefined {
    if (this.isHeld || this.circuit.state !== 'closed' || fileSource(delivery.lane) !== undefined) return undefined;
    // It is looked up first.
    if (isFromOlderCopy(delivery, this.options.store.memory)) return undefined;
    if (this.storeBackOff.until > this.options.steady() || this.slots.room(undefined) <= 0) return undefined;
    this.slots.reserve();
    return this.attempts.asSending(delivery, false);
  }

  /** Frees a reserved slot. */
  unreserve(): void {
    this.slots.unreserve();
  }

  /** Sends a delivery that was committed as being sent, and is leased. */
  begin(delivery: DeliveryRecord): void {
    if (this.stopped) void this.options.store.release('delivery', [delivery.id]).catch(() => undefined);
    else this.start(delivery, true);
  }

  private sleepUntil(time: number): void {
    clearTimeout(this.timer);
    if (this.stopped) return;
    const wait = Math.min(LONGEST_SLEEP, Math.max(1, time - this.options.steady()));
    this.timer = setTimeout(() => this.dispatch(), wait);
    this.timer.unref();
  }

  /** `begun`: it was committed as being sent, and nothing has been sent yet. */
  private start(delivery: DeliveryRecord, begun = false): void {
    const run = this.attempts
      .run(delivery, begun)
      .then(() => this.storeBackOff.succeeded())
      .catch((error) => this.backOff(`The result of delivery ${delivery.id} could not be recorded`, error))
      .finally(async () => {
        this.slots.remove(delivery);
        this.unwritten.delete(delivery.id);
        this.updates.delete(delivery.id);
        await this.options.store.release('delivery', [delivery.id]).catch(() => undefined);
        this.notifyStatus();
        this.dispatch();
      });
    this.slots.add(delivery, run);
    if (fileSource(delivery.lane) !== undefined) this.unwritten.add(delivery.id);
    if (delivery.part === 'entity') this.updates.set(delivery.id, delivery.conversation);
    this.notifyStatus();
  }

  /** The store failed: immediate retries would starve everything else. */
  private backOff(what: string, error: unknown): void {
    this.storeBackOff.failed(what, error);
    this.sleepUntil(this.storeBackOff.until);
  }

  private notifyStatus(): void {
    this.outages.follow(this.circuit.state);
    for (const listener of this.statusListeners) listener(this.status);
  }
}
