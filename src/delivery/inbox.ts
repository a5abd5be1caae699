import type { Conversations } from '../conversation/conversations.js';
import { isAbsent } from '../endpoints/api.js';
import { type DecisionKind, PartnerError, SwitchboardError } from '../errors.js';
import type { Expected, Json } from '../model/message.js';
import type { Bodies, Change, ConversationRecord, ErrorRecord, MessageOrigin, MessageRecord, Store } from '../store/store.js';
import type { Told } from './carry.js';
import { stopped } from './decisions.js';
import { backoff, DEFAULT_RETRY, type RetryPolicy } from './retry.js';
import { errorRecord } from './worker.js';

/** Messages of one node that may be in its flow at the same time. */
const WINDOW = 100;
const LONGEST_SLEEP = 60_000;
/** How long a read that is older than its hint is read again, because replicas lag; then it is believed. Milliseconds. */
const CATCH_UP = 30_000;
/** Longest between its reads until then, milliseconds. */
const SOON = 5_000;
/** Longest between looks whether what is in doubt is known, milliseconds. */
const MAX_WAIT = 30_000;
/** Milliseconds of rest after the store failed. */
const STORE_REST = 1_000;

/** Something received, to be kept. */
export interface Received {
  node: string;
  origin: MessageOrigin;
  endpoint: string;
  entityType: string;
  entityId: string;
  number?: string;
  /** De-duplicates: for good what is polled or our own; of what partners post only what waits to be read. */
  key: string;
  expects?: Expected;
  payload: Json;
  /** An id made before the payload was read, where it was read by whoever hands it over. */
  readAt?: string;
  /** Known where it does not come from outside. */
  conversation?: string;
  /** It stays out of its flow until a person replays it. */
  error?: ErrorRecord;
}

/** A message on its way through a flow; what its nodes did with it is gathered here until the flow is quiet. */
export interface InFlow {
  record: MessageRecord;
  /** It was emitted before: parts of it may have been taken. */
  again: boolean;
  /** Legs that reached an out node. */
  legs: number;
  ignored?: string;
  error?: ErrorRecord;
  /** What correlation asks a person: nodes hand errors on by their code alone. */
  decision?: DecisionKind;
  /** Something of it was left out. */
  warning?: ErrorRecord;
  conversation?: string;
  /** Brings the conversation to where it is once this message is settled. */
  advance?: (conversation: ConversationRecord) => ConversationRecord;
  /** What else is kept then. */
  also?: Change[];
  /** What out nodes need to know of it beside their payload. */
  told?: Told;
  /** What correlation found, kept with a message that failed half-way, for its replay. */
  correlated?: Json;
  /** What correlation found when it was emitted before and some of its legs were taken. */
  replay?: Json;
  deadline: number;
}

/** What a node that brings messages in does for the inbox. */
export interface Emitter {
  /** Reads back what the message is about; undefined = the received payload is all there is. */
  read(record: MessageRecord, bodies: Bodies): Promise<Json | undefined>;
  /** Sends it into the flow; `quiet` is to be called once nothing carries it any more, with the first error a node reported. */
  emit(record: MessageRecord, payload: Json, quiet: (error?: ErrorRecord) => void): void;
  /** Told when a message could not be read and waits, or failed. */
  trouble?(record: MessageRecord, error: unknown, retryAt?: number): void;
}

export interface InboxOptions {
  store: Store;
  conversations: Conversations;
  ids: () => string;
  clock: () => number;
  /** Tells what is due, and how long things take (src/steady-clock.ts). `clock` is for what is shown. */
  steady: () => number;
  random: () => number;
  log: (level: 'info' | 'warn' | 'error', text: string) => void;
  /** Unsettled messages above which senders are asked to come again. */
  limit: number;
  /** Milliseconds a message may stay inside its flow. */
  flowTimeout: number;
  retry?: Partial<RetryPolicy>;
  /** What a read of the message's entity lacks of what the hint said, in words; undefined where it shows it. `age`: milliseconds since it was first read. */
  lacks?: (record: MessageRecord, read: Json, age: number) => Promise<string | undefined>;
  /** What stands for an entity that was known and is there no more; undefined where it was not known. */
  gone?: (record: MessageRecord) => Promise<Json | undefined>;
  /** Must its entity not be read yet? */
  waits?: (record: MessageRecord) => Promise<boolean>;
  /** A message has left its flow. */
  onSettled: (message: string) => void;
}

export class Inbox {
  private readonly pumps = new Map<string, Pump>();
  private readonly flows = new Map<string, InFlow>();
  /** Hints, by node and key, whose entity was not read since: the same again says nothing more. */
  private readonly unread = new Set<string>();
  private readonly sweep: NodeJS.Timeout;
  private closed = false;

  constructor(readonly options: InboxOptions) {
    this.sweep = setInterval(() => this.expire(), Math.min(5_000, Math.max(50, options.flowTimeout / 4)));
    this.sweep.unref();
  }

  /**
   * Keeps what was received. Resolves when it is on disk: only then may the sender get its 2xx, or the watermark move (`also`).
   * Rejects with SWB_BUSY when there is no room, SWB_STORE when it cannot be kept.
   */
  async accept(items: Received[], also: Change[] = []): Promise<void> {
    const { store, limit } = this.options;
    if (this.closed)
      throw new SwitchboardError('SWB_CLOSED', 'The flows are being stopped.', { hint: 'Send it again in a moment.' });
    const waiting = (await store.counts()).messages.received;
    if (items.length > 0 && waiting + items.length > limit) {
      throw new SwitchboardError('SWB_BUSY', `The inbox is full: ${waiting} messages wait.`, {
        hint: 'Send it again later; nothing of it was kept.',
      });
    }
    const fresh = items.filter((item) => !isHint(item) || !this.unread.has(hintKey(item)));
    const changes = fresh.map((item) => this.received(item));
    if (changes.length + also.length > 0) await store.commit([...changes, ...also]);
    // Only now: whoever is answered because of one that waits relies on its being on disk.
    for (const item of fresh) if (isHint(item)) this.unread.add(hintKey(item));
  }

  /** @internal Its entity is about to be read: what is told from now on is told anew. */
  reading({ id, node, key }: MessageRecord): void {
    this.unread.delete(hintKey({ node, key: key.slice(0, -id.length - 1) }));
  }

  /** Something received, as it is kept. */
  received({ payload, ...item }: Received): Change {
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
        ...(item.error && stopped(item.error)),
      },
      bodies: { received: payload },
      ifAbsent: true,
    };
  }

  /** From now on the node emits its messages, beginning with those that were not settled before. Gives the function that ends it. */
  attach(node: string, emitter: Emitter): () => Promise<void> {
    const pump = new Pump(node, emitter, this);
    this.pumps.set(node, pump);
    return async () => {
      if (this.pumps.get(node) === pump) this.pumps.delete(node);
      await pump.stop();
    };
  }

  /** A message in its flow; undefined when it has left (a node came too late, or the message is none of ours). */
  inFlow(message: string): InFlow | undefined {
    return this.flows.get(message);
  }

  /** Messages are being read or are in their flows. */
  get busy(): boolean {
    return this.flows.size > 0 || [...this.pumps.values()].some((pump) => pump.busy);
  }

  /** From now on nothing is accepted. */
  refuse(): void {
    this.closed = true;
  }

  /** It is being worked on: its time in the flow counts from now. */
  touch(message: string): void {
    const flow = this.flows.get(message);
    if (flow) flow.deadline = this.options.steady() + this.options.flowTimeout;
  }

  async close(): Promise<void> {
    this.closed = true;
    clearInterval(this.sweep);
    await Promise.all([...this.pumps.values()].map((pump) => pump.stop()));
    this.pumps.clear();
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

  /** @internal The flow has gone quiet: what became of the message? */
  async settle(id: string, error: ErrorRecord | undefined): Promise<void> {
    const flow = this.flows.get(id);
    if (!flow) return;
    this.flows.delete(id);
    const { conversations, store, clock, onSettled } = this.options;
    const failed = flow.error ?? error;
    const now = new Date(clock()).toISOString();
    const latest = (await store.message(id)) ?? flow.record;
    if (latest.state !== 'received') {
      // A person skipped it while it was on its way.
      await store.release('message', [id]).catch(() => undefined);
      return onSettled(id);
    }
    const record: MessageRecord = { ...latest, conversation: flow.conversation ?? latest.conversation, warning: flow.warning };
    record.decision = undefined;
    let bodies: Bodies | undefined;
    if (failed) {
      Object.assign(record, stopped(failed, flow.decision));
      if (flow.correlated !== undefined && flow.legs > 0) bodies = { correlated: flow.correlated };
    } else {
      record.state = 'settled';
      record.outcome = flow.legs > 0 ? 'routed' : flow.ignored !== undefined ? 'ignored' : 'unrouted';
      record.reason = flow.legs > 0 ? undefined : (flow.ignored ?? 'It reached no out node.');
      record.error = undefined;
      record.settledAt = now;
      // The partner's answer may be looked at or not: an answer that goes nowhere is nothing to worry about.
      if (record.origin === 'answer' && record.outcome === 'unrouted') record.outcome = 'ignored';
    }
    // A message of which nothing was taken leaves the conversation as it was, so that the next one, or its replay, tells the whole again.
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
      const text = `A node in its flow did not finish within ${seconds} s. Look for a node that keeps messages, or raise the flow time-out of the store, then replay it.`;
      const record: ErrorRecord = { code: 'SWB_FLOW', message: text, at: new Date(clock()).toISOString() };
      this.options.log('error', `Message ${id}: ${text}`);
      this.settle(id, record).catch((error) => this.options.log('error', String(error)));
    }
  }
}

/**
 * A hint says no more than that something happened: each is a reason to read, whatever version or id it names, because partners change things without
 * raising the one and use the other twice. What a poll lists shows itself whether it is the same.
 */
function isHint({ origin }: Pick<Received, 'origin'>): boolean {
  return origin === 'webhook' || origin === 'event';
}

/** What hints that say the same have in common. */
function hintKey({ node, key }: Pick<Received, 'node' | 'key'>): string {
  return `${node}|${key}`;
}

const outdated = (lack: string) => notYet(`What was read is older than what was reported: ${lack}.`, 'It is read again.');
const unknown = () =>
  notYet('It is not known yet whether a comment or a file shown there is ours.', 'It is read once what is in doubt is decided.');

function notYet(what: string, hint: string): PartnerError {
  return new PartnerError('SWB_PARTNER_ANSWER', what, { hint, outcome: 'notDone', retry: true });
}

/** The messages about one entity that are on their way, one after the other. */
interface Queue {
  last: Promise<void>;
  length: number;
  /** How the entity was last read while more of them waited. */
  read?: { readAt: string; payload: Json };
}

/** Emits the messages of one node: the oldest first, those about one entity one after the other, not too many at a time. */
class Pump {
  private readonly inFlow = new Set<string>();
  /** When messages that could not be read yet were first read back, by the steady clock. */
  private readonly firstReads = new Map<string, number>();
  private readonly queues = new Map<string, Queue>();
  private readonly retry: RetryPolicy;
  private readonly unwatch: () => void;
  private timer: NodeJS.Timeout | undefined;
  private looking = false;
  private lookAgain = false;
  private stopped = false;

  constructor(
    private readonly node: string,
    private readonly emitter: Emitter,
    private readonly inbox: Inbox,
  ) {
    this.retry = { ...DEFAULT_RETRY, ...inbox.options.retry };
    this.unwatch = inbox.options.store.watch((changes) => {
      if (changes.some((c) => c.kind === 'message' && c.record.node === node && c.record.state === 'received')) this.look();
    });
    this.look();
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

  look(): void {
    if (this.stopped) return;
    if (this.looking) {
      this.lookAgain = true;
      return;
    }
    this.looking = true;
    this.claim()
      .catch((error) => {
        this.inbox.options.log('error', `Looking for messages failed: ${error instanceof Error ? error.message : String(error)}`);
        this.sleepUntil(this.inbox.options.steady() + STORE_REST);
      })
      .finally(() => {
        this.looking = false;
        if (!this.lookAgain) return;
        this.lookAgain = false;
        this.look();
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
        .catch((error) => this.rest(record.id, error))
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
      if (await this.inbox.options.waits?.(claimed)) return await this.postponed(claimed);
      if (await this.isTold(claimed, queue)) return await this.told(claimed);
      try {
        this.inbox.reading(claimed);
        readAt = this.inbox.options.ids();
        payload = await this.emitter.read(claimed, bodies);
        if (payload === undefined) {
          readAt = claimed.readAt;
        } else {
          read = { read: payload };
          const lack = await this.inbox.options.lacks?.(claimed, payload, this.readSince(claimed));
          if (lack && this.readSince(claimed) < CATCH_UP) return await this.unreadable(claimed, outdated(lack), true);
          // A copy: a flow may change what it is given.
          if (readAt && claimed.origin === 'poll' && queue.length > 1) queue.read = { readAt, payload: structuredClone(payload) };
        }
      } catch (error) {
        // A replica that does not have it yet says the same as one that never will.
        const lags = isAbsent(error) && this.readSince(claimed) < CATCH_UP;
        payload = isAbsent(error) && !lags ? await this.inbox.options.gone?.(claimed) : undefined;
        if (payload === undefined) return await this.unreadable(claimed, error, lags);
        read = { read: payload };
      }
    }
    if (this.stopped) return;
    this.firstReads.delete(claimed.id);
    // What was read is kept before it is emitted, so that an emission after a crash says the same again.
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
        .catch((trouble) => this.inbox.options.log('error', `Message ${record.id} could not be settled: ${String(trouble)}`))
        .finally(() => this.left(record.id));
    });
  }

  /**
   * Is what a message tells in the one before it? So it is where its entity was read for that one after this one had been found by a poll, and what
   * it tells is shown: a long journal is not read once for each of its entries. What was pushed may tell of more than its own id says, and what was
   * tried before is asked for anew.
   */
  private async isTold(claimed: MessageRecord, { read }: Queue): Promise<boolean> {
    if (!read || claimed.origin !== 'poll' || claimed.emissions > 0 || claimed.id > read.readAt) return false;
    return !(await this.inbox.options.lacks?.(claimed, read.payload, 0));
  }

  private async told(claimed: MessageRecord): Promise<void> {
    const { store, clock } = this.inbox.options;
    const record: MessageRecord = {
      ...claimed,
      state: 'settled',
      outcome: 'ignored',
      reason: 'It was read together with the message before it, which tells it, too.',
      settledAt: new Date(clock()).toISOString(),
    };
    await store.commit([{ kind: 'message', record }], { durable: false });
    await store.release('message', [claimed.id]);
    this.left(claimed.id);
  }

  /** Milliseconds since a message was first read back by this process: when it was received only the wall clock says, which may have been set since. */
  private readSince({ id }: MessageRecord): number {
    const now = this.inbox.options.steady();
    const first = this.firstReads.get(id) ?? now;
    this.firstReads.set(id, first);
    return now - first;
  }

  /** It is read once what is in doubt at its entity is known, which is looked for now and then. */
  private async postponed(claimed: MessageRecord): Promise<void> {
    await this.keptBack(claimed, unknown(), Math.min(MAX_WAIT, this.waitAfter(claimed)));
  }

  /** `lags`: the partner may only be behind, as with what is said of one record: no trouble yet. */
  private async unreadable(claimed: MessageRecord, error: unknown, lags = false): Promise<void> {
    const again = lags || (error instanceof PartnerError && error.retry);
    const asked = error instanceof PartnerError ? (error.retryAfter ?? 0) : 0;
    // What may only be behind, or is read again until it is believed, is asked for more often while that lasts.
    const isBehind = (lags || (error instanceof PartnerError && error.concernsRecord)) && this.readSince(claimed) < CATCH_UP;
    const most = isBehind ? SOON : this.retry.most;
    const wait = again ? Math.max(asked, Math.min(most, this.waitAfter(claimed))) : undefined;
    if (!again) this.firstReads.delete(claimed.id);
    const record = await this.keptBack(claimed, error, wait);
    if (!isBehind || wait === undefined)
      this.emitter.trouble?.(record, error, wait === undefined ? undefined : this.inbox.options.clock() + wait);
  }

  private waitAfter({ emissions }: MessageRecord): number {
    return backoff(this.retry, emissions + 1, this.inbox.options.random);
  }

  /** Not emitted, and why; read again after so many milliseconds, or never where that is undefined. */
  private async keptBack(claimed: MessageRecord, reason: unknown, wait: number | undefined): Promise<MessageRecord> {
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

  /** The store failed: the message is emitted a little later. */
  private async rest(id: string, error: unknown): Promise<void> {
    const { log, store, steady } = this.inbox.options;
    log('error', `Message ${id} waits: ${error instanceof Error ? error.message : String(error)}`);
    this.inFlow.delete(id);
    await store.release('message', [id]).catch(() => undefined);
    this.sleepUntil(steady() + STORE_REST);
  }

  private sleepUntil(time: number): void {
    clearTimeout(this.timer);
    if (this.stopped) return;
    this.timer = setTimeout(() => this.look(), Math.min(LONGEST_SLEEP, Math.max(1, time - this.inbox.options.steady())));
    this.timer.unref();
  }

  private left(id: string): void {
    this.inFlow.delete(id);
    this.look();
  }
}
