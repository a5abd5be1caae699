import type { Conversations } from '../conversation/conversations.js';
import { isAbsent } from '../endpoints/api.js';
import { type DecisionKind, PartnerError, SwitchboardError } from '../errors.js';
import type { Expected, Json } from '../model/message.js';
import type { Bodies, Change, ConversationRecord, ErrorRecord, MessageOrigin, MessageRecord, Store } from '../store/store.js';
import { say } from '../text/say.js';
import { stateAfterError } from './decisions.js';
import { errorRecord } from './error-record.js';
import type { SourceContext } from './leg-rules.js';
import { backoff, DEFAULT_RETRY, type RetryPolicy } from './retry.js';

/** Messages of one node that may be in its flow at once. */
const WINDOW = 100;
const LONGEST_SLEEP = 60_000;
/** How long a read that is older than its hint is repeated, because replicas lag; after that it is accepted. Milliseconds. */
const CATCH_UP = 30_000;
/** Longest wait between these reads, milliseconds. */
const CATCH_UP_INTERVAL = 5_000;
/** Longest wait between checks whether a delivery is still in doubt, milliseconds. */
const DOUBT_CHECK_INTERVAL = 30_000;
/** Milliseconds to wait after the store failed. */
const STORE_BACKOFF = 1_000;

/** A webhook, event, poll result or internal message to be stored. */
export interface ReceivedItem {
  node: string;
  origin: MessageOrigin;
  endpoint: string;
  entityType: string;
  entityId: string;
  number?: string;
  /** De-duplication key: permanent for polled and internal messages, until the entity is read for webhooks and events. */
  key: string;
  expects?: Expected;
  payload: Json;
  /** An id created before the payload was read, where the caller has read it. */
  readAt?: string;
  /** Known for internal messages only. */
  conversation?: string;
  /** The message is not emitted until a user replays it. */
  error?: ErrorRecord;
}

/** A message in its flow. Collects what its nodes do with it until the flow is idle. */
export interface MessageInFlow {
  record: MessageRecord;
  /** It was emitted before: some of its legs may have been accepted. */
  again: boolean;
  /** Legs that reached an out node. */
  legs: number;
  ignored?: string;
  error?: ErrorRecord;
  /** Decision that correlation asks for. Kept here because nodes pass only the code of an error on. */
  decision?: DecisionKind;
  /** Parts of it were left out. */
  warning?: ErrorRecord;
  conversation?: string;
  /** Updates the conversation when the message is settled. */
  advance?: (conversation: ConversationRecord) => ConversationRecord;
  /** Further changes, committed together with that update. */
  also?: Change[];
  /** What out nodes need to know beyond their payload. */
  source?: SourceContext;
  /** Result of correlation; stored for the replay if the message fails after some of its legs were accepted. */
  correlated?: Json;
  /** Stored result of correlation, from an earlier emission that failed after some of its legs were accepted. */
  replay?: Json;
  deadline: number;
}

/** Implemented by nodes that emit messages of the inbox. */
export interface Emitter {
  /** Reads the entity of the message from the partner; undefined = the received payload is complete. */
  read(record: MessageRecord, bodies: Bodies): Promise<Json | undefined>;
  /** Sends the message into the flow. Calls `onIdle` once no node holds it any more, with the first error of a node. */
  emit(record: MessageRecord, payload: Json, onIdle: (error?: ErrorRecord) => void): void;
  /** Called when the entity of a message could not be read; `retryAt` is absent where the message failed. */
  readFailed?(record: MessageRecord, error: unknown, retryAt?: number): void;
}

export interface InboxOptions {
  store: Store;
  conversations: Conversations;
  ids: () => string;
  clock: () => number;
  /** Steady clock for due times and durations (src/steady-clock.ts); `clock` is for times that are shown. */
  steady: () => number;
  random: () => number;
  log: (level: 'info' | 'warn' | 'error', text: string) => void;
  /** Maximum number of unsettled messages; above it senders are asked to retry later. */
  limit: number;
  /** Milliseconds a message may stay inside its flow. */
  flowTimeout: number;
  retry?: Partial<RetryPolicy>;
  /** Why a read of the entity is older than its hint; undefined where it is current. `age`: milliseconds since the first read. */
  whyStale?: (record: MessageRecord, read: Json, age: number) => Promise<string | undefined>;
  /** Payload that represents a known entity that no longer exists; undefined where it was not known. */
  deletedPayload?: (record: MessageRecord) => Promise<Json | undefined>;
  /** Whether the entity must not be read yet. */
  mustWait?: (record: MessageRecord) => Promise<boolean>;
  /** A message has left its flow. */
  onSettled: (message: string) => void;
}

/** Stores what is received, and emits it into the flows of the in nodes until it is settled. */
export class Inbox {
  private readonly dispatchers = new Map<string, Dispatcher>();
  private readonly flows = new Map<string, MessageInFlow>();
  /** Hints, by node and key, whose entity has not been read since: a repeated one adds nothing. */
  private readonly unread = new Set<string>();
  private readonly sweep: NodeJS.Timeout;
  private closed = false;

  constructor(readonly options: InboxOptions) {
    this.sweep = setInterval(() => this.expire(), Math.min(5_000, Math.max(50, options.flowTimeout / 4)));
    this.sweep.unref();
  }

  /**
   * Stores received items. Resolves when they are on disk: only then may the sender get its 2xx, or the watermark move (`also`).
   * Rejects with SWB_BUSY when the inbox is full, SWB_STORE when the items cannot be stored.
   */
  async accept(items: ReceivedItem[], also: Change[] = []): Promise<void> {
    const { store, limit } = this.options;
    if (this.closed)
      throw new SwitchboardError('SWB_CLOSED', say`The flows are being stopped.`, {
        hint: say`Send the message again in a moment.`,
      });
    const waiting = (await store.counts()).messages.received;
    if (items.length > 0 && waiting + items.length > limit) {
      throw new SwitchboardError('SWB_BUSY', say`The inbox is full: ${waiting} messages are waiting.`, {
        hint: say`Send the message again later; it was not stored.`,
      });
    }
    const fresh = items.filter((item) => !isHint(item) || !this.unread.has(hintKey(item)));
    const changes = fresh.map((item) => this.messageChange(item));
    if (changes.length + also.length > 0) await store.commit([...changes, ...also]);
    // Only after the commit: a repeated hint is acknowledged because the first one is on disk.
    for (const item of fresh) if (isHint(item)) this.unread.add(hintKey(item));
  }

  /** @internal The entity is about to be read: a hint that arrives from now on needs another read. */
  startReading({ id, node, key }: MessageRecord): void {
    this.unread.delete(hintKey({ node, key: key.slice(0, -id.length - 1) }));
  }

  /** The change that stores a received item. */
  messageChange({ payload, ...item }: ReceivedItem): Change {
    const { ids, clock } = this.options;
    const id = ids();
    return {
      kind: 'message',
      record: {
        ...item,
        ...(isHint(item) && { key: `${item.key}|${id}` }),
        id,
        version: 0,
        receivedAt: new Date(clock()).toISOString(),
        state: 'received',
        emissions: 0,
        ...(item.error && stateAfterError(item.error)),
      },
      bodies: { received: payload },
      ifAbsent: true,
    };
  }

  /** Starts to emit the messages of a node, beginning with those that are not settled yet. Returns a function that stops it. */
  attach(node: string, emitter: Emitter): () => Promise<void> {
    const dispatcher = new Dispatcher(node, emitter, this);
    this.dispatchers.set(node, dispatcher);
    return async () => {
      if (this.dispatchers.get(node) === dispatcher) this.dispatchers.delete(node);
      await dispatcher.stop();
    };
  }

  /** A message in its flow; undefined where it has left the flow, or was never in the inbox. */
  inFlow(message: string): MessageInFlow | undefined {
    return this.flows.get(message);
  }

  /** Whether messages are being read or are in their flows. */
  get busy(): boolean {
    return this.flows.size > 0 || [...this.dispatchers.values()].some((dispatcher) => dispatcher.busy);
  }

  /** Accepts nothing from now on. */
  stopAccepting(): void {
    this.closed = true;
  }

  /** Restarts the time-out of a message in its flow. */
  touch(message: string): void {
    const flow = this.flows.get(message);
    if (flow) flow.deadline = this.options.steady() + this.options.flowTimeout;
  }

  async close(): Promise<void> {
    this.closed = true;
    clearInterval(this.sweep);
    await Promise.all([...this.dispatchers.values()].map((dispatcher) => dispatcher.stop()));
    this.dispatchers.clear();
    this.flows.clear();
  }

  /** @internal */
  enter(record: MessageRecord, replay: Json | undefined): void {
    const again = record.emissions > 1;
    const { conversation } = record;
    this.flows.set(record.id, {
      record,
      again,
      legs: 0,
      conversation,
      replay,
      deadline: this.options.steady() + this.options.flowTimeout,
    });
  }

  /** @internal The flow is idle: stores the outcome of the message. */
  async settle(id: string, error: ErrorRecord | undefined): Promise<void> {
    const flow = this.flows.get(id);
    if (!flow) return;
    this.flows.delete(id);
    const { conversations, store, clock, onSettled } = this.options;
    const failed = flow.error ?? error;
    const now = new Date(clock()).toISOString();
    const latest = (await store.message(id)) ?? flow.record;
    if (latest.state !== 'received') {
      // A user skipped it meanwhile.
      await store.release('message', [id]).catch(() => undefined);
      return onSettled(id);
    }
    const record: MessageRecord = { ...latest, conversation: flow.conversation ?? latest.conversation, warning: flow.warning };
    record.decision = undefined;
    let bodies: Bodies | undefined;
    if (failed) {
      Object.assign(record, stateAfterError(failed, flow.decision));
      if (flow.correlated !== undefined && flow.legs > 0) bodies = { correlated: flow.correlated };
    } else {
      record.state = 'settled';
      record.outcome = flow.legs > 0 ? 'routed' : flow.ignored !== undefined ? 'ignored' : 'unrouted';
      record.reason = flow.legs > 0 ? undefined : (flow.ignored ?? say`It reached no out node.`);
      record.error = undefined;
      record.settledAt = now;
      // Flows need not handle answers, so an unrouted answer is no warning.
      if (record.origin === 'answer' && record.outcome === 'unrouted') record.outcome = 'ignored';
    }
    // If no leg was accepted, the conversation stays unchanged, so that the replay or the next message still finds the same
    // changes.
    const advance = failed && flow.legs === 0 ? undefined : flow.advance;
    const change: Change = { kind: 'message', record, bodies };
    try {
      if (advance && record.conversation)
        await conversations.update(record.conversation, advance, () => [change, ...(flow.also ?? [])], { durable: false });
      else await store.commit([change], { durable: false });
    } finally {
      await store.release('message', [id]).catch(() => undefined);
      onSettled(id);
    }
  }

  private expire(): void {
    const { clock, steady } = this.options;
    const now = steady();
    for (const [id, flow] of this.flows) {
      if (flow.deadline > now) continue;
      const seconds = Math.round(this.options.flowTimeout / 1000);
      const text = say`A node in the flow did not finish within ${seconds} s. Look for a node that does not call done, or raise the flow time-out of the store, then replay the message.`;
      const record: ErrorRecord = { code: 'SWB_FLOW', message: text, at: new Date(clock()).toISOString() };
      this.options.log('error', `Message ${id}: ${text}`);
      this.settle(id, record).catch((error) => this.options.log('error', String(error)));
    }
  }
}

/**
 * A hint only says that something changed. Each one needs a read, whatever version or id it names, because some partners change
 * an entity without raising its version, or use an event id twice. A polled item shows by itself whether it is a repetition.
 */
function isHint({ origin }: Pick<ReceivedItem, 'origin'>): boolean {
  return origin === 'webhook' || origin === 'event';
}

/** The key that repeated hints share. */
function hintKey({ node, key }: Pick<ReceivedItem, 'node' | 'key'>): string {
  return `${node}|${key}`;
}

const outdated = (why: string) =>
  notYet(say`The entity as read is older than the reported change: ${why}.`, say`It is read again.`);
const inDoubt = () =>
  notYet(
    say`It is not known yet whether a comment or a file there is ours.`,
    say`It is read once no delivery to it is in doubt.`,
  );

function notYet(what: string, hint: string): PartnerError {
  return new PartnerError('SWB_PARTNER_ANSWER', what, { hint, outcome: 'notDone', retry: true });
}

/** Messages about one entity, emitted one after the other. */
interface Queue {
  last: Promise<void>;
  length: number;
  /** Last read of the entity while more messages were waiting. */
  read?: { readAt: string; payload: Json };
}

/** Emits the messages of one node: oldest first, one at a time per entity, at most WINDOW at once. */
class Dispatcher {
  private readonly inFlow = new Set<string>();
  /** Steady time of the first read, by message, while it is repeated. */
  private readonly firstReads = new Map<string, number>();
  private readonly queues = new Map<string, Queue>();
  private readonly retry: RetryPolicy;
  private readonly unwatch: () => void;
  private timer: NodeJS.Timeout | undefined;
  private claiming = false;
  private claimAgain = false;
  private stopped = false;

  constructor(
    private readonly node: string,
    private readonly emitter: Emitter,
    private readonly inbox: Inbox,
  ) {
    this.retry = { ...DEFAULT_RETRY, ...inbox.options.retry };
    this.unwatch = inbox.options.store.watch((changes) => {
      if (changes.some((c) => c.kind === 'message' && c.node === node && c.state === 'received')) this.dispatch();
    });
    this.dispatch();
  }

  get busy(): boolean {
    return this.inFlow.size > 0;
  }

  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    this.unwatch();
    await Promise.allSettled([...this.queues.values()].map(({ last }) => last));
    await this.inbox.options.store.release('message', [...this.inFlow]).catch(() => undefined);
  }

  dispatch(): void {
    if (this.stopped) return;
    if (this.claiming) {
      this.claimAgain = true;
      return;
    }
    this.claiming = true;
    this.claim()
      .catch((error) => {
        this.inbox.options.log('error', `Messages could not be read: ${error instanceof Error ? error.message : String(error)}`);
        this.sleepUntil(this.inbox.options.steady() + STORE_BACKOFF);
      })
      .finally(() => {
        this.claiming = false;
        if (!this.claimAgain) return;
        this.claimAgain = false;
        this.dispatch();
      });
  }

  private async claim(): Promise<void> {
    const { store, steady } = this.inbox.options;
    const room = WINDOW - this.inFlow.size;
    if (room <= 0) return;
    const claimed = await store.claimMessages(this.node, room, steady());
    for (const record of claimed) {
      this.inFlow.add(record.id);
      const entity = `${record.endpoint}|${record.entityType}|${record.entityId}`;
      const queue = this.queues.get(entity) ?? { last: Promise.resolve(), length: 0 };
      this.queues.set(entity, queue);
      queue.length++;
      queue.last = queue.last
        .then(() => this.emit(record, queue))
        .catch((error) => this.backOff(record.id, error))
        .finally(() => {
          if (--queue.length === 0) this.queues.delete(entity);
        });
    }
    if (claimed.length < room) {
      const due = await store.nextDue('message', this.node);
      if (due !== undefined) this.sleepUntil(due);
    }
  }

  private async emit(claimed: MessageRecord, queue: Queue): Promise<void> {
    if (this.stopped) return;
    const { store } = this.inbox.options;
    const bodies = await store.bodies('message', claimed.id);
    let payload = (bodies.read ?? undefined) as Json | undefined;
    let read: Bodies | undefined;
    let { readAt } = claimed;
    if (payload === undefined) {
      if (await this.inbox.options.mustWait?.(claimed)) return await this.waitForDoubt(claimed);
      if (await this.isCovered(claimed, queue)) return await this.settleCovered(claimed);
      try {
        this.inbox.startReading(claimed);
        readAt = this.inbox.options.ids();
        payload = await this.emitter.read(claimed, bodies);
        if (payload === undefined) {
          readAt = claimed.readAt;
        } else {
          read = { read: payload };
          const stale = await this.inbox.options.whyStale?.(claimed, payload, this.readSince(claimed));
          if (stale && this.readSince(claimed) < CATCH_UP) return await this.unreadable(claimed, outdated(stale), true);
          // A copy, because a flow may modify its payload.
          if (readAt && claimed.origin === 'poll' && queue.length > 1) queue.read = { readAt, payload: structuredClone(payload) };
        }
      } catch (error) {
        // "Not found" may also come from a replica that does not have the entity yet.
        const lags = isAbsent(error) && this.readSince(claimed) < CATCH_UP;
        payload = isAbsent(error) && !lags ? await this.inbox.options.deletedPayload?.(claimed) : undefined;
        if (payload === undefined) return await this.unreadable(claimed, error, lags);
        read = { read: payload };
      }
    }
    if (this.stopped) return;
    this.firstReads.delete(claimed.id);
    // Stored before it is emitted, so that the message has the same payload if it is emitted again after a crash.
    const emitted: MessageRecord = {
      ...claimed,
      emissions: claimed.emissions + 1,
      readAt,
      notBefore: undefined,
      error: undefined,
      undo: undefined,
    };
    await store.commit([{ kind: 'message', record: emitted, bodies: read }], { durable: false });
    const record = { ...emitted, version: emitted.version + 1 };
    this.inbox.enter(record, bodies.correlated as Json | undefined);
    this.emitter.emit(record, payload ?? (bodies.received as Json), (error) => {
      this.inbox
        .settle(record.id, error)
        .catch((failure) => this.inbox.options.log('error', `Message ${record.id} could not be settled: ${String(failure)}`))
        .finally(() => this.left(record.id));
    });
  }

  /**
   * Whether the previous message covers this one: a poll found this one before the entity was read for the previous one, and that
   * read shows the change. This saves reading a long journal once per entry. A webhook or event may stand for more than its id
   * says, and a message that was tried before needs a new read.
   */
  private async isCovered(claimed: MessageRecord, { read }: Queue): Promise<boolean> {
    if (!read || claimed.origin !== 'poll' || claimed.emissions > 0 || claimed.id > read.readAt) return false;
    return !(await this.inbox.options.whyStale?.(claimed, read.payload, 0));
  }

  private async settleCovered(claimed: MessageRecord): Promise<void> {
    const { store, clock } = this.inbox.options;
    const record: MessageRecord = {
      ...claimed,
      state: 'settled',
      outcome: 'ignored',
      reason: say`The previous message was read later and includes this change.`,
      settledAt: new Date(clock()).toISOString(),
    };
    await store.commit([{ kind: 'message', record }], { durable: false });
    await store.release('message', [claimed.id]);
    this.left(claimed.id);
  }

  /** Milliseconds since this process first read the entity. The time of receipt is by the wall clock, which may be set. */
  private readSince({ id }: MessageRecord): number {
    const now = this.inbox.options.steady();
    const first = this.firstReads.get(id) ?? now;
    this.firstReads.set(id, first);
    return now - first;
  }

  /** Waits until no delivery to the entity is in doubt. */
  private async waitForDoubt(claimed: MessageRecord): Promise<void> {
    await this.postpone(claimed, inDoubt(), Math.min(DOUBT_CHECK_INTERVAL, this.waitAfter(claimed)));
  }

  /** `lags`: the read may only be behind the hint, so that no failure is reported yet. */
  private async unreadable(claimed: MessageRecord, error: unknown, lags = false): Promise<void> {
    const again = lags || (error instanceof PartnerError && error.retry);
    const asked = error instanceof PartnerError ? (error.retryAfter ?? 0) : 0;
    // A read that may only be behind is repeated at short intervals until CATCH_UP is over.
    const isBehind = (lags || (error instanceof PartnerError && error.concernsRecord)) && this.readSince(claimed) < CATCH_UP;
    const maxDelay = isBehind ? CATCH_UP_INTERVAL : this.retry.maxDelay;
    const wait = again ? Math.max(asked, Math.min(maxDelay, this.waitAfter(claimed))) : undefined;
    if (!again) this.firstReads.delete(claimed.id);
    const record = await this.postpone(claimed, error, wait);
    if (!isBehind || wait === undefined)
      this.emitter.readFailed?.(record, error, wait === undefined ? undefined : this.inbox.options.clock() + wait);
  }

  private waitAfter({ emissions }: MessageRecord): number {
    return backoff(this.retry, emissions + 1, this.inbox.options.random);
  }

  /** Stores why a message is not emitted. It is tried again after `wait` milliseconds, or fails where that is undefined. */
  private async postpone(claimed: MessageRecord, reason: unknown, wait: number | undefined): Promise<MessageRecord> {
    const { store, clock, steady } = this.inbox.options;
    const record: MessageRecord = {
      ...claimed,
      emissions: claimed.emissions + 1,
      error: errorRecord(reason, new Date(clock()).toISOString()),
      ...(wait === undefined ? { state: 'failed' } : { notBefore: steady() + wait }),
    };
    await store.commit([{ kind: 'message', record }], { durable: false });
    await store.release('message', [claimed.id]);
    this.left(claimed.id);
    return record;
  }

  /** The store failed: the message is tried again later. */
  private async backOff(id: string, error: unknown): Promise<void> {
    const { log, store, steady } = this.inbox.options;
    log('error', `Message ${id} waits for the store: ${error instanceof Error ? error.message : String(error)}`);
    this.inFlow.delete(id);
    await store.release('message', [id]).catch(() => undefined);
    this.sleepUntil(steady() + STORE_BACKOFF);
  }

  private sleepUntil(time: number): void {
    clearTimeout(this.timer);
    if (this.stopped) return;
    this.timer = setTimeout(() => this.dispatch(), Math.min(LONGEST_SLEEP, Math.max(1, time - this.inbox.options.steady())));
    this.timer.unref();
  }

  private left(id: string): void {
    this.inFlow.delete(id);
    this.dispatch();
  }
}
