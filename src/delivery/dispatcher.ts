import { backoff } from '../backoff.js';
import { isAbsent } from '../endpoints/api.js';
import { isConcurrentChange, PartnerError, type SwitchboardError } from '../errors.js';
import type { Json } from '../model/message.js';
import type { Bodies, ErrorRecord, MessageRecord, Store } from '../store/store.js';
import { say } from '../text/say.js';
import { pausedFor } from './access.js';
import { type Culprit, triesOfFinal } from './culprit.js';
import { type EntityQueue, entityKey, insert, remove } from './entity-queue.js';
import type { ErasedRead } from './erased-read.js';
import { errorRecord } from './error-record.js';
import type { Flows } from './flows.js';
import type { FlowEnd, MessageInFlow } from './message-in-flow.js';
import { isHint } from './received-item.js';
import { DEFAULT_RETRY, isLimited, type RetryPolicy, waitAfter } from './retry.js';
import { StoreBackOff } from './store-back-off.js';

/** Entities of one queue whose messages may be in their flows at once. */
const WINDOW = 100;
/** Most waiting hints of one entity that a read is tried to answer. */
const SHARED = 100;
const LONGEST_SLEEP = 60_000;
/** How long a read that is older than its hint is repeated at most, because replicas lag; after that it is accepted. Milliseconds. */
const CATCH_UP = 30_000;
/** Longest wait between these reads, milliseconds. */
const CATCH_UP_INTERVAL = 5_000;
/** Longest wait between checks whether a message may be emitted now, milliseconds. */
const CHECK_INTERVAL = 30_000;

/**
 * Where a message goes: into the flow of an in node (absent: of its own), nowhere, with the reason, or nowhere yet, with what it waits
 * for.
 */
export type Entry = { flow?: string } | { ignored: string } | { waits: SwitchboardError };

/** Implemented by whatever emits the messages of a queue. */
export interface Emitter {
  /**
   * Reads the entity of the message from the partner; undefined = the received payload is complete. `known`: the result of a read
   * for another message that shows this one's change too; it is not repeated.
   */
  read(record: MessageRecord, bodies: Bodies, known?: Json): Promise<Json | undefined>;
  /**
   * Finds out which entity a received event is about that was stored without one. Rejects with SWB_PAYLOAD where it names none.
   * Absent: the node stores no such events.
   */
  identify?(record: MessageRecord, received: Json): Promise<IdentifiedEntity>;
  /**
   * Chooses the flow that a message enters, where there are several; absent: that of its node. `isContinued`: an earlier emission of it
   * has committed a part of what it does, in the flow that the record names. A failure fails the message.
   */
  choose?(record: MessageRecord, payload: Json, isContinued: boolean): Promise<Entry>;
  /**
   * Sends the message into the flow, with `emission` in its envelope. Calls `onIdle` once no node holds it any more, with the
   * first error of a node, and with the reason if the flow dropped it on purpose.
   */
  emit(record: MessageRecord, payload: Json, emission: string, onIdle: (error?: ErrorRecord, dropped?: string) => void): void;
  /** Called when an emission has ended, whether its nodes are done or not. */
  ended?(emission: string): void;
  /** Called when the entity of a message could not be read; `retryAt` is absent where the message failed. */
  readFailed?(record: MessageRecord, error: unknown, retryAt?: number): void;
}

/** The entity that a message is about. */
export type IdentifiedEntity = Pick<MessageRecord, 'entityType' | 'entityId' | 'number' | 'expects'>;

/** What reading and emitting messages needs. */
export interface ReadingOptions {
  store: Store;
  ids: () => string;
  clock: () => number;
  /** Steady clock for due times and durations (src/steady-clock.ts); `clock` is for times that are shown. */
  steady: () => number;
  random: () => number;
  log: (level: 'info' | 'warn' | 'error', text: string) => void;
  retry?: Partial<RetryPolicy>;
  /** How long an endpoint may take until what it was sent is shown everywhere, milliseconds. */
  settlingOf?: (endpoint: string) => number | undefined;
  /** Why a read of the entity is older than its hint; undefined where it is current. `age`: milliseconds since the first read. */
  whyStale?: (record: MessageRecord, read: Json, age: number) => Promise<string | undefined>;
  /** Whether a read for another message, which began after this one was received, is proven to show its change. */
  isShown: (record: MessageRecord, received: Json, read: Json) => Promise<boolean>;
  /** The id of the entity that is read for a message. */
  entityOf: (record: Pick<MessageRecord, 'endpoint' | 'entityType' | 'entityId'>) => string;
  /** Resolves when no write of ours to the entity is under way, so that one read shows all of its steps. */
  ownWriteDone: (record: MessageRecord) => Promise<void>;
  /** Payload that represents a known entity that no longer exists; undefined where it was not known. */
  deletedPayload?: (record: MessageRecord) => Promise<Json | undefined>;
  /** What becomes of a message about an erased ticket, by what was read for it; undefined where its ticket was not erased. */
  erasedRead?: (record: MessageRecord, read: Json) => Promise<ErasedRead | undefined>;
  /** Throws PausedError while nothing may be read from the endpoint of a message. */
  assertOpen: (record: MessageRecord) => void;
  /** Whose trouble it is that a message could not be read, by the neutral probe of its endpoint. */
  culpritOf: (record: MessageRecord, error: unknown) => Promise<Culprit>;
  /** Whether the entity must not be read yet. */
  mustWait?: (record: MessageRecord) => Promise<boolean>;
}

/** The inbox whose messages are emitted. */
export interface MessageSource {
  readonly options: ReadingOptions;
  readonly flows: Flows;
  /** Nothing may be emitted now. */
  readonly paused: boolean;
  /** The entity is about to be read: a hint that arrives from now on needs another read. */
  startReading(record: MessageRecord): void;
  /** Messages that were claimed are free to be claimed again. */
  released(): void;
}

const unshown = (why: string) =>
  notYet(say`The entity as read does not show the reported change yet: ${why}.`, say`It is read again.`);
const inDoubt = () =>
  notYet(
    say`It is not known yet whether a comment or a file there is ours.`,
    say`It is read once no delivery to it is in doubt.`,
  );

/** Whether the entity of a message is read from its endpoint. */
const isRead = ({ origin }: MessageRecord) => origin === 'webhook' || origin === 'event' || origin === 'poll';
const isTriedAgain = (error: PartnerError, { emissions }: MessageRecord) => error.retry || emissions + 1 < triesOfFinal(error);

function notYet(what: string, hint: string): PartnerError {
  return new PartnerError('SWB_PARTNER_ANSWER', what, { hint, outcome: 'notDone', retry: true });
}

/**
 * Emits the messages of one queue (message-queue.ts): one at a time per entity, oldest first, those of at most WINDOW entities at
 * once. The messages that wait behind another one of their entity take no place, so that a busy entity leaves room for the others.
 */
export class Dispatcher {
  private readonly inFlow = new Set<MessageInFlow>();
  /** Steady time of the first read, by message, while it is repeated. */
  private readonly firstReads = new Map<string, number>();
  private readonly queues = new Map<string, EntityQueue>();
  private readonly retry: RetryPolicy;
  private readonly backOff: StoreBackOff;
  private readonly unwatch: () => void;
  private timer: NodeJS.Timeout | undefined;
  private claiming: Promise<void> | undefined;
  private claimAgain = false;
  private stopped = false;

  constructor(
    private readonly queue: string,
    private readonly emitter: Emitter,
    private readonly inbox: MessageSource,
  ) {
    this.retry = { ...DEFAULT_RETRY, ...inbox.options.retry };
    this.backOff = new StoreBackOff(inbox.options.steady, inbox.options.log);
    this.unwatch = inbox.options.store.watch((changes) => {
      if (changes.some((c) => c.kind === 'message' && c.queue === queue && c.state === 'received')) this.dispatch();
    });
    this.dispatch();
  }

  get busy(): boolean {
    return this.queues.size > 0;
  }

  /** Whether messages about an entity are to be emitted that came after another one. `since`: its id. */
  hasNewer(entity: string, since: string): boolean {
    return this.queues.get(entity)?.waiting.some(({ id }) => id > since) ?? false;
  }

  /** Emits nothing more. Resolves when nothing is being read; what is not settled may be claimed again then. */
  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    this.unwatch();
    // What a claim under way takes has to be released too.
    await this.claiming;
    for (const flow of this.inFlow) this.inbox.flows.interrupt(flow);
    await Promise.all([...this.queues.keys()].map((entity) => this.run(entity)));
  }

  dispatch(): void {
    if (this.halted) return;
    if (this.backOff.until > this.inbox.options.steady()) {
      this.sleepUntil(this.backOff.until);
      return;
    }
    if (this.claiming) {
      this.claimAgain = true;
      return;
    }
    this.claiming = this.claim()
      .catch((error) => {
        this.backOff.failed('Messages could not be read', error);
        this.sleepUntil(this.backOff.until);
      })
      .finally(() => {
        this.claiming = undefined;
        if (!this.claimAgain) return;
        this.claimAgain = false;
        this.dispatch();
      });
  }

  private get halted(): boolean {
    return this.stopped || this.inbox.paused;
  }

  private async claim(): Promise<void> {
    const { store, steady } = this.inbox.options;
    // Also those that a pause, or a failure of the store, has halted.
    for (const entity of this.queues.keys()) void this.run(entity);
    for (;;) {
      const room = WINDOW - this.queues.size;
      if (room <= 0 || this.halted) return;
      const claimed = await store.claimMessages(this.queue, room, steady());
      for (const record of claimed) this.enqueue(record);
      if (claimed.length < room) break;
    }
    const due = await store.nextDue('message', this.queue);
    if (due !== undefined) this.sleepUntil(due);
  }

  private enqueue(record: MessageRecord): void {
    const entity = entityKey(record.endpoint, record.entityType, this.inbox.options.entityOf(record));
    const queue = this.queues.get(entity) ?? { waiting: [] };
    this.queues.set(entity, queue);
    insert(queue.waiting, record);
    void this.run(entity);
  }

  /** Emits the messages of an entity, unless that is going on already. */
  private run(entity: string): Promise<void> {
    const queue = this.queues.get(entity);
    if (!queue) return Promise.resolve();
    queue.running ??= this.emitAll(queue).finally(() => {
      queue.running = undefined;
      if (queue.waiting.length === 0) this.queues.delete(entity);
      this.dispatch();
    });
    return queue.running;
  }

  /** Emits the messages of an entity, each one when the one before has left its flow, until nothing may be emitted now. */
  private async emitAll(queue: EntityQueue): Promise<void> {
    const { store, steady } = this.inbox.options;
    for (let [next] = queue.waiting; next && !this.halted && this.backOff.until <= steady(); [next] = queue.waiting) {
      const { id } = next;
      let record: MessageRecord | undefined;
      try {
        // A user may have skipped it while it waited.
        record = await store.message(id);
        const end = record?.state === 'received' ? await this.emit(record, queue) : 'left';
        if (end === 'left') {
          remove(queue.waiting, id);
          await store.release('message', [id]);
          this.backOff.succeeded();
        } else queue.read = undefined;
      } catch (error) {
        // What was changed by another writer meanwhile is looked at again as it is now.
        if (!(await this.isChanged(record, error))) this.backOff.failed(`Message ${id} waits for the store`, error);
        queue.read = undefined;
      }
    }
    if (!this.stopped) return;
    const rest = queue.waiting.splice(0).map(({ id }) => id);
    await store.release('message', rest).catch(() => undefined);
    this.inbox.released();
  }

  /** Whether a commit failed because another writer has changed the message. */
  private async isChanged(record: MessageRecord | undefined, error: unknown): Promise<boolean> {
    if (!record || !isConcurrentChange(error)) return false;
    const now = await this.inbox.options.store.message(record.id).catch(() => record);
    return now?.version !== record.version;
  }

  /**
   * Reads the entity of a message, and emits the message. Resolves when it has left its flow or is postponed; with `interrupted`
   * where it has to be emitted again. Rejects where the store fails.
   */
  private async emit(claimed: MessageRecord, queue: EntityQueue): Promise<FlowEnd> {
    const { store } = this.inbox.options;
    const bodies = await store.bodies('message', claimed.id);
    if (isHint(claimed) && claimed.entityId === '' && !bodies.read && this.emitter.identify)
      return await this.identify(claimed, bodies.received as Json);
    let payload = (bodies.read ?? undefined) as Json | undefined;
    let read: Bodies | undefined;
    let { readAt } = claimed;
    if (payload === undefined) {
      if (await this.inbox.options.mustWait?.(claimed)) return await this.waitForDoubt(claimed);
      const shared = await this.sharedRead(claimed, bodies, queue);
      // An event is part of the payload, so it enters the flow all the same.
      if (shared && claimed.origin !== 'event')
        return await this.settleIgnored(claimed, say`The previous message was read later and includes this change.`);
      try {
        if (isRead(claimed) && !shared) this.inbox.options.assertOpen(claimed);
        if (!shared) await this.inbox.options.ownWriteDone(claimed);
        // A hint that repeats one of these from now on is not answered by this read.
        const answered = queue.waiting.slice(0, SHARED);
        for (const waiting of answered) this.inbox.startReading(waiting);
        readAt = shared?.readAt ?? this.inbox.options.ids();
        payload = await this.emitter.read(claimed, bodies, shared?.payload);
        if (payload === undefined) {
          readAt = claimed.readAt;
        } else {
          read = { read: payload };
          const stale = !shared && (await this.inbox.options.whyStale?.(claimed, payload, this.readSince(claimed)));
          if (stale && this.mayCatchUp(claimed)) return await this.unreadable(claimed, unshown(stale), true);
          const hints = new Set(answered.map(({ id }) => id));
          // A copy, because a flow may modify its payload.
          if (!shared && queue.waiting.length > 1) queue.read = { readAt, payload: structuredClone(payload), hints };
        }
      } catch (error) {
        // "Not found" may also come from a replica that does not have the entity yet.
        const lags = isAbsent(error) && this.mayCatchUp(claimed);
        payload = isAbsent(error) && !lags ? await this.inbox.options.deletedPayload?.(claimed) : undefined;
        if (payload === undefined) return await this.unreadable(claimed, error, lags);
        read = { read: payload };
      }
    }
    if (read) {
      // Nothing that was read of an erased ticket is kept, or reaches a flow.
      try {
        const erased = await this.inbox.options.erasedRead?.(claimed, payload as Json);
        if (erased && 'ignored' in erased) return await this.settleIgnored(claimed, erased.ignored);
        if (erased) {
          await this.unreadable(claimed, erased.error);
          await erased.reported();
          return 'left';
        }
      } catch (error) {
        return await this.unreadable(claimed, error);
      }
    }
    let entry: Entry | undefined;
    try {
      entry = await this.emitter.choose?.(claimed, payload ?? (bodies.received as Json), bodies.correlated !== undefined);
    } catch (error) {
      return await this.unreadable(claimed, error);
    }
    if (this.halted) return 'interrupted';
    this.firstReads.delete(claimed.id);
    if (entry && 'waits' in entry) {
      await this.postpone(claimed, entry.waits, Math.min(CHECK_INTERVAL, this.backoffOf(claimed)));
      return 'left';
    }
    if (entry && 'ignored' in entry) return await this.settleIgnored({ ...claimed, readAt }, entry.ignored, read);
    const { flows } = this.inbox;
    const record: MessageRecord = { ...claimed, readAt, ...(entry && { flow: entry.flow }) };
    const flow = flows.enter(record, bodies.correlated as Json | undefined, read);
    this.inFlow.add(flow);
    // A failure is passed on when the message leaves its flow.
    const settle = (error?: ErrorRecord, dropped?: string) => flows.settle(flow, error, dropped).catch(() => undefined);
    try {
      this.emitter.emit(flow.record, payload ?? (bodies.received as Json), flow.emission, settle);
    } catch (error) {
      settle(errorRecord(error, new Date(this.inbox.options.clock()).toISOString()));
    }
    try {
      return await flow.ended;
    } finally {
      this.inFlow.delete(flow);
      this.emitter.ended?.(flow.emission);
    }
  }

  /** Stores which entity the message is about; it is claimed again, among the messages about that entity. */
  private async identify(claimed: MessageRecord, received: Json): Promise<FlowEnd> {
    this.inbox.startReading(claimed);
    let found: IdentifiedEntity | undefined;
    try {
      found = await this.emitter.identify?.(claimed, received);
    } catch (error) {
      return await this.unreadable(claimed, error);
    }
    const record: MessageRecord = { ...claimed, ...found, error: undefined, notBefore: undefined };
    await this.inbox.options.store.commit([{ kind: 'message', record }], { durable: false });
    return 'left';
  }

  /**
   * The read for an earlier message, if it answers this one too: it began after this one was received, and shows its change. Partners
   * count our requests. Of a polled item it is enough that nothing says otherwise; a webhook or event may stand for more than its id
   * says, so proof is needed. A message that was tried before needs a new read.
   */
  private async sharedRead(claimed: MessageRecord, { received }: Bodies, { read }: EntityQueue): Promise<EntityQueue['read']> {
    if (!read || claimed.emissions > 0 || claimed.id > read.readAt) return undefined;
    const { whyStale, isShown } = this.inbox.options;
    if (isHint(claimed)) {
      if (!read.hints.has(claimed.id) || !(await isShown(claimed, received as Json, read.payload))) return undefined;
    } else if (claimed.origin !== 'poll') return undefined;
    return (await whyStale?.(claimed, read.payload, 0)) ? undefined : read;
  }

  private async settleIgnored(claimed: MessageRecord, reason: string, bodies?: Bodies): Promise<FlowEnd> {
    const { store, clock } = this.inbox.options;
    const record: MessageRecord = {
      ...claimed,
      state: 'settled',
      outcome: 'ignored',
      reason,
      error: undefined,
      notBefore: undefined,
      settledAt: new Date(clock()).toISOString(),
    };
    await store.commit([{ kind: 'message', record, bodies }], { durable: false });
    return 'left';
  }

  /** Milliseconds since this process first read the entity. The time of receipt is by the wall clock, which may be set. */
  private readSince({ id }: MessageRecord): number {
    const now = this.inbox.options.steady();
    const first = this.firstReads.get(id) ?? now;
    this.firstReads.set(id, first);
    return now - first;
  }

  /** Whether what a message asks for may only not be there yet: a partner that settles sooner is believed sooner. */
  private mayCatchUp(claimed: MessageRecord): boolean {
    const settling = this.inbox.options.settlingOf?.(claimed.endpoint) ?? CATCH_UP;
    return this.readSince(claimed) < Math.min(CATCH_UP, Math.max(CATCH_UP_INTERVAL, settling));
  }

  /** Waits until no delivery to the entity is in doubt. */
  private async waitForDoubt(claimed: MessageRecord): Promise<FlowEnd> {
    await this.postpone(claimed, inDoubt(), Math.min(CHECK_INTERVAL, this.backoffOf(claimed)));
    return 'left';
  }

  /** The endpoint is paused: its operator is notified once, not for each message. */
  private async waitForEndpoint(claimed: MessageRecord, error: unknown): Promise<FlowEnd> {
    await this.postpone(claimed, error, pausedFor(error) ?? this.retry.baseDelay, claimed.emissions);
    return 'left';
  }

  /** `lags`: the read may only be behind the hint, so that no failure is reported yet. */
  private async unreadable(claimed: MessageRecord, error: unknown, lags = false): Promise<FlowEnd> {
    const culprit = lags ? 'record' : await this.inbox.options.culpritOf(claimed, error);
    if (culprit === 'endpoint') return await this.waitForEndpoint(claimed, error);
    const again = lags || culprit === 'unreachable' || (error instanceof PartnerError && isTriedAgain(error, claimed));
    // A read that may only be behind is repeated at short intervals.
    const isBehind = (lags || (error instanceof PartnerError && error.concernsRecord)) && this.mayCatchUp(claimed);
    const maxDelay = isBehind ? CATCH_UP_INTERVAL : this.retry.maxDelay;
    const wait = again ? waitAfter(error, Math.min(maxDelay, this.backoffOf(claimed))) : undefined;
    if (!again) this.firstReads.delete(claimed.id);
    // The endpoint says how long to wait. A wait that the message adds would keep it after the limit is over.
    const record = await this.postpone(claimed, error, wait, isLimited(error) ? claimed.emissions : claimed.emissions + 1);
    if (!isBehind || wait === undefined)
      this.emitter.readFailed?.(record, error, wait === undefined ? undefined : this.inbox.options.clock() + wait);
    return 'left';
  }

  private backoffOf({ emissions }: MessageRecord): number {
    return backoff(this.retry, emissions + 1, this.inbox.options.random);
  }

  /** Stores why a message is not emitted. It is tried again after `wait` milliseconds, or fails where that is undefined. */
  private async postpone(
    claimed: MessageRecord,
    reason: unknown,
    wait: number | undefined,
    emissions = claimed.emissions + 1,
  ): Promise<MessageRecord> {
    const { store, clock, steady } = this.inbox.options;
    const record: MessageRecord = {
      ...claimed,
      emissions,
      error: errorRecord(reason, new Date(clock()).toISOString()),
      ...(wait === undefined ? { state: 'failed' } : { notBefore: steady() + wait }),
    };
    await store.commit([{ kind: 'message', record }], { durable: false });
    return record;
  }

  private sleepUntil(time: number): void {
    clearTimeout(this.timer);
    if (this.stopped) return;
    this.timer = setTimeout(() => this.dispatch(), Math.min(LONGEST_SLEEP, Math.max(1, time - this.inbox.options.steady())));
    this.timer.unref();
  }
}
