import type { Conversations } from '../conversation/conversations.js';
import { isAbsent } from '../endpoints/api.js';
import { type DecisionKind, PartnerError, SwitchboardError } from '../errors.js';
import type { Expected, Json } from '../model/message.js';
import type { Bodies, Change, ConversationRecord, ErrorRecord, MessageOrigin, MessageRecord, Store } from '../store/store.js';
import { say } from '../text/say.js';
import { stateAfterError } from './decisions.js';
import { errorRecord } from './error-record.js';
import { FlowTransaction, type FlowTransactionOptions } from './flow-transaction.js';
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
/** Milliseconds after which the legs of a flow that stays open are committed. */
const FLUSH_AFTER = 1_000;

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

/** Names a message in its flow, as the envelope of a msg does. */
export interface FlowReference {
  messageId: string;
  /** Which emission of the message: nodes may still hold one that a deploy has ended. Absent: whichever is in its flow. */
  emission?: string;
}

/** A message in its flow. Collects what its nodes do with it until the flow is idle. */
export interface MessageInFlow {
  record: MessageRecord;
  emission: string;
  /** To be called once it has left its flow. */
  left: () => void;
  /** What is committed when the flow is idle. */
  transaction: FlowTransaction;
  /** The entity as read for this message. */
  read?: Bodies;
  /** Legs that reached an out node. */
  legs: number;
  ignored?: string;
  error?: ErrorRecord;
  /** Decision that correlation asks for. Kept here because nodes pass only the code of an error on. */
  decision?: DecisionKind;
  /** Parts of it were left out. */
  warning?: ErrorRecord;
  /** Updates the conversation with the message. Not committed where the message fails before any leg was accepted. */
  advance?: (conversation: ConversationRecord) => ConversationRecord;
  /** Further changes, committed together with that update. */
  also: Change[];
  /** The conversation before an early commit advanced it. */
  before?: ConversationRecord;
  /** What out nodes need to know beyond their payload. */
  source?: SourceContext;
  /** Result of correlation; stored for the replay where legs are committed before the message is done, or it fails. */
  correlated?: Json;
  /** Stored result of correlation, from an earlier emission some of whose legs were committed. */
  replay?: Json;
  deadline: number;
  /** Commits of this message, one after the other. */
  committing: Promise<void>;
  flushTimer?: NodeJS.Timeout;
}

/** Implemented by nodes that emit messages of the inbox. */
export interface Emitter {
  /**
   * Reads the entity of the message from the partner; undefined = the received payload is complete. `known`: the result of a read
   * for another message that shows this one's change too; it is not repeated.
   */
  read(record: MessageRecord, bodies: Bodies, known?: Json): Promise<Json | undefined>;
  /**
   * Sends the message into the flow, with `emission` in its envelope. Calls `onIdle` once no node holds it any more, with the
   * first error of a node.
   */
  emit(record: MessageRecord, payload: Json, emission: string, onIdle: (error?: ErrorRecord) => void): void;
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
  /** Whether a read for another message, which began after this one was received, is proven to show its change. */
  isShown: (record: MessageRecord, received: Json, read: Json) => Promise<boolean>;
  /** The id of the entity that is read for a message. */
  entityOf: (record: MessageRecord) => string;
  /** Resolves when no write of ours to the entity is under way, so that one read shows all of its steps. */
  ownWriteDone: (record: MessageRecord) => Promise<void>;
  /** Payload that represents a known entity that no longer exists; undefined where it was not known. */
  deletedPayload?: (record: MessageRecord) => Promise<Json | undefined>;
  /** Whether the entity must not be read yet. */
  mustWait?: (record: MessageRecord) => Promise<boolean>;
  sendAtOnce: FlowTransactionOptions['sendAtOnce'];
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
  /** @internal */
  paused = false;

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
    // A repeated hint is acknowledged without a commit, which would have noticed that the store is lost.
    else await store.confirmOwnership();
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
  inFlow({ messageId, emission }: FlowReference): MessageInFlow | undefined {
    const flow = this.flows.get(messageId);
    return flow && (emission === undefined || emission === flow.emission) ? flow : undefined;
  }

  /** Whether nodes hold an emission of a message that was ended, and it is or will be emitted again. */
  async isOutdated(reference: FlowReference): Promise<boolean> {
    if (this.inFlow(reference)) return false;
    return this.flows.has(reference.messageId) || (await this.options.store.message(reference.messageId))?.state === 'received';
  }

  /** Emits nothing until `resume`. What is in a flow leaves it and is emitted again then: its nodes may be stopped with it. */
  pause(): void {
    this.paused = true;
    for (const flow of [...this.flows.values()]) {
      this.remove(flow);
      this.leave(flow).catch((error) => this.options.log('error', `Message ${flow.record.id}: ${String(error)}`));
    }
  }

  /** Goes on after `pause`. */
  resume(): void {
    this.paused = false;
    for (const dispatcher of this.dispatchers.values()) dispatcher.dispatch();
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
  touch(flow: MessageInFlow): void {
    flow.deadline = this.options.steady() + this.options.flowTimeout;
  }

  async close(): Promise<void> {
    this.closed = true;
    clearInterval(this.sweep);
    await Promise.all([...this.dispatchers.values()].map((dispatcher) => dispatcher.stop()));
    this.dispatchers.clear();
    for (const flow of this.flows.values()) clearTimeout(flow.flushTimer);
    this.flows.clear();
  }

  /**
   * Runs work in the transaction of a message; without one, or for another conversation, in a transaction of its own that is
   * committed at once.
   */
  async inTransaction<T>(
    flow: MessageInFlow | undefined,
    conversation: string,
    work: (transaction: FlowTransaction) => Promise<T>,
  ): Promise<T> {
    if (flow && (flow.transaction.conversation ?? conversation) === conversation) {
      flow.transaction.conversation = conversation;
      const done = await work(flow.transaction);
      // It may have left its flow during the work.
      if (this.flows.get(flow.record.id) === flow) {
        this.flushLater(flow);
        return done;
      }
    }
    const own = new FlowTransaction(this.options, conversation);
    const done = await work(own);
    await own.commit(async () => []);
    return done;
  }

  /** @internal */
  enter(record: MessageRecord, replay: Json | undefined, read: Bodies | undefined, left: () => void): MessageInFlow {
    const flow: MessageInFlow = {
      record,
      emission: this.options.ids(),
      left,
      transaction: new FlowTransaction(this.options, record.conversation),
      read,
      legs: 0,
      also: [],
      replay,
      deadline: this.options.steady() + this.options.flowTimeout,
      committing: Promise.resolve(),
    };
    this.flows.set(record.id, flow);
    return flow;
  }

  /** @internal The flow is idle: commits what it did, and the outcome of the message. */
  async settle(flow: MessageInFlow, error: ErrorRecord | undefined): Promise<void> {
    if (!this.remove(flow)) return;
    const failed = flow.error ?? error;
    try {
      await flow.committing;
      await this.commit(flow, (record) => ({ ...record, ...this.outcome(flow, failed) }), !failed || flow.legs > 0);
    } finally {
      await this.leave(flow);
    }
  }

  /** False where it has left its flow already. */
  private remove(flow: MessageInFlow): boolean {
    clearTimeout(flow.flushTimer);
    return this.flows.get(flow.record.id) === flow && this.flows.delete(flow.record.id);
  }

  private async leave(flow: MessageInFlow): Promise<void> {
    const { id } = flow.record;
    await flow.committing;
    await this.options.store.release('message', [id]).catch(() => undefined);
    this.options.onSettled(id);
    flow.left();
  }

  /** The fields of a message whose flow is idle. */
  private outcome(flow: MessageInFlow, failed: ErrorRecord | undefined): Partial<MessageRecord> {
    const { warning } = flow;
    if (failed) return { warning, ...stateAfterError(failed, flow.decision) };
    const isRouted = flow.legs > 0;
    const outcome = isRouted ? 'routed' : flow.ignored !== undefined ? 'ignored' : 'unrouted';
    return {
      warning,
      state: 'settled',
      // Flows need not handle answers, so an unrouted answer is no warning.
      outcome: flow.record.origin === 'answer' && outcome === 'unrouted' ? 'ignored' : outcome,
      reason: isRouted ? undefined : (flow.ignored ?? say`It reached no out node.`),
      error: undefined,
      settledAt: new Date(this.options.clock()).toISOString(),
    };
  }

  /** Has what a flow staged committed soon, even if the flow stays open. */
  private flushLater(flow: MessageInFlow): void {
    flow.flushTimer ??= setTimeout(() => {
      flow.flushTimer = undefined;
      this.flush(flow).catch((error) => this.options.log('error', `Message ${flow.record.id}: ${String(error)}`));
    }, FLUSH_AFTER).unref();
  }

  /**
   * Commits the legs of a flow that stays open. The payload and the changes that were found in it are stored too: if the message
   * has to be emitted again, it goes on with them.
   */
  private async flush(flow: MessageInFlow): Promise<void> {
    if (this.flows.get(flow.record.id) !== flow || flow.legs === 0) return;
    const committed = flow.committing.then(() => this.commit(flow, (record) => record, true));
    flow.committing = committed.catch(() => undefined);
    await committed;
  }

  /**
   * Commits what a flow staged so far, with its message. `advances`: whether the conversation goes on: else it stays unchanged,
   * so that the replay or the next message still finds the same changes. Nothing is committed where a user has skipped the
   * message meanwhile.
   */
  private async commit(flow: MessageInFlow, change: (record: MessageRecord) => MessageRecord, advances: boolean): Promise<void> {
    const { transaction, advance, also } = flow;
    const { id } = flow.record;
    let before: ConversationRecord | undefined;
    await transaction.commit(async (draft) => {
      const latest = await this.options.store.message(id);
      if (latest?.state !== 'received') return false;
      before = draft?.conversation;
      if (advances && advance && draft) draft.conversation = advance(draft.conversation);
      const { readAt, emissions } = flow.record;
      const record = change({
        ...latest,
        readAt,
        emissions: emissions + 1,
        notBefore: undefined,
        error: undefined,
        decision: undefined,
        undo: undefined,
        conversation: transaction.conversation ?? latest.conversation,
      });
      const isDone = record.state === 'settled';
      const correlated = !isDone && flow.legs > 0 && flow.correlated !== undefined ? { correlated: flow.correlated } : undefined;
      const bodies = flow.read || correlated ? { ...flow.read, ...correlated } : undefined;
      return [{ kind: 'message', record, bodies }, ...(advances ? also : [])];
    });
    flow.read = undefined;
    if (!advances) return;
    flow.before ??= before;
    flow.advance = undefined;
    flow.also = [];
  }

  private expire(): void {
    const { clock, steady } = this.options;
    const now = steady();
    for (const [id, flow] of [...this.flows]) {
      if (flow.deadline > now) continue;
      const seconds = Math.round(this.options.flowTimeout / 1000);
      const text = say`A node in the flow did not finish within ${seconds} s. Look for a node that does not call done, or raise the flow time-out of the store, then replay the message.`;
      const record: ErrorRecord = { code: 'SWB_FLOW', message: text, at: new Date(clock()).toISOString() };
      this.options.log('error', `Message ${id}: ${text}`);
      this.settle(flow, record).catch((error) => this.options.log('error', String(error)));
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
  /** Those that have not been emitted, with the one that is next. */
  waiting: Set<MessageRecord>;
  /** Last read of the entity while more messages were waiting; `hints`: those that were when it began. */
  read?: { readAt: string; payload: Json; hints: ReadonlySet<MessageRecord> };
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
    if (this.stopped || this.inbox.paused) return;
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
      const entity = `${record.endpoint}|${record.entityType}|${this.inbox.options.entityOf(record)}`;
      const queue = this.queues.get(entity) ?? { last: Promise.resolve(), waiting: new Set() };
      this.queues.set(entity, queue);
      queue.waiting.add(record);
      queue.last = queue.last
        .then(() => this.emit(record, queue))
        .catch((error) => this.backOff(record.id, error))
        .finally(() => {
          queue.waiting.delete(record);
          if (queue.waiting.size === 0) this.queues.delete(entity);
        });
    }
    if (claimed.length < room) {
      const due = await store.nextDue('message', this.node);
      if (due !== undefined) this.sleepUntil(due);
    }
  }

  private async emit(claimed: MessageRecord, queue: Queue): Promise<void> {
    if (this.stopped) return;
    if (this.inbox.paused) return await this.giveBack(claimed);
    const { store } = this.inbox.options;
    const bodies = await store.bodies('message', claimed.id);
    let payload = (bodies.read ?? undefined) as Json | undefined;
    let read: Bodies | undefined;
    let { readAt } = claimed;
    if (payload === undefined) {
      if (await this.inbox.options.mustWait?.(claimed)) return await this.waitForDoubt(claimed);
      const shared = await this.sharedRead(claimed, bodies, queue);
      // An event is part of the payload, so it enters the flow all the same.
      if (shared && claimed.origin !== 'event') return await this.settleCovered(claimed);
      try {
        if (!shared) await this.inbox.options.ownWriteDone(claimed);
        // A hint that repeats one of these from now on is not answered by this read.
        const hints = new Set(queue.waiting);
        for (const waiting of hints) this.inbox.startReading(waiting);
        readAt = shared?.readAt ?? this.inbox.options.ids();
        payload = await this.emitter.read(claimed, bodies, shared?.payload);
        if (payload === undefined) {
          readAt = claimed.readAt;
        } else {
          read = { read: payload };
          const stale = !shared && (await this.inbox.options.whyStale?.(claimed, payload, this.readSince(claimed)));
          if (stale && this.readSince(claimed) < CATCH_UP) return await this.unreadable(claimed, outdated(stale), true);
          // A copy, because a flow may modify its payload.
          if (!shared && queue.waiting.size > 1) queue.read = { readAt, payload: structuredClone(payload), hints };
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
    if (this.inbox.paused) return await this.giveBack(claimed);
    this.firstReads.delete(claimed.id);
    const record: MessageRecord = { ...claimed, readAt };
    const flow = this.inbox.enter(record, bodies.correlated as Json | undefined, read, () => this.left(record.id));
    this.emitter.emit(record, payload ?? (bodies.received as Json), flow.emission, (error) => {
      this.inbox
        .settle(flow, error)
        .catch((failure) => this.inbox.options.log('error', `Message ${record.id} could not be settled: ${String(failure)}`));
    });
  }

  /** Nothing is emitted now: the message waits in the inbox. */
  private async giveBack({ id }: MessageRecord): Promise<void> {
    await this.inbox.options.store.release('message', [id]);
    this.left(id);
  }

  /**
   * The read for an earlier message, if it answers this one too: it began after this one was received, and shows its change. Partners
   * count our requests. Of a polled item it is enough that nothing says otherwise; a webhook or event may stand for more than its id
   * says, so proof is needed. A message that was tried before needs a new read.
   */
  private async sharedRead(claimed: MessageRecord, { received }: Bodies, { read }: Queue): Promise<Queue['read']> {
    if (!read || claimed.emissions > 0 || claimed.id > read.readAt) return undefined;
    const { whyStale, isShown } = this.inbox.options;
    if (isHint(claimed)) {
      if (!read.hints.has(claimed) || !(await isShown(claimed, received as Json, read.payload))) return undefined;
    } else if (claimed.origin !== 'poll') return undefined;
    return (await whyStale?.(claimed, read.payload, 0)) ? undefined : read;
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
