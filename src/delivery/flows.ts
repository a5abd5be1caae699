import type { Conversations } from '../conversation/conversations.js';
import type { Json } from '../model/message.js';
import { timeOf } from '../store/id.js';
import type { Bodies, ConversationRecord, ErrorRecord, MessageRecord, Store } from '../store/store.js';
import { say } from '../text/say.js';
import { isForLater, outcomeOf, settleCovered, withoutNews } from './flow-outcome.js';
import { type FlowPlace, flowHolders } from './flow-place.js';
import { FlowTransaction, type FlowTransactionOptions } from './flow-transaction.js';
import type { FlowEnd, FlowReference, MessageInFlow } from './message-in-flow.js';

/** Milliseconds after which the legs of a flow that stays open are committed. */
const FLUSH_AFTER = 1_000;
/** Outdated emissions to remember. Nodes seldom hold more; and what an older one still sends is de-duplicated by message and node. */
const MAX_OUTDATED = 10_000;

export interface FlowsOptions {
  store: Store;
  conversations: Conversations;
  ids: () => string;
  /** For times that are shown. */
  clock: () => number;
  /** For time-outs. */
  steady: () => number;
  log: (level: 'info' | 'warn' | 'error', text: string) => void;
  /** Milliseconds a message may stay inside its flow. */
  flowTimeout: number;
  sendAtOnce: FlowTransactionOptions['sendAtOnce'];
  /** A message has left its flow. */
  onSettled: (message: string) => void;
}

/** The messages in their flows: what their nodes do with them is committed when a flow is idle. */
export class Flows {
  private readonly flows = new Map<string, MessageInFlow>();
  /** Emissions that ended while nodes still held them: what these nodes do no longer counts. */
  private readonly outdated = new Set<string>();
  private readonly sweep: NodeJS.Timeout;

  constructor(private readonly options: FlowsOptions) {
    this.sweep = setInterval(() => this.expire(), Math.min(5_000, Math.max(50, options.flowTimeout / 4)));
    this.sweep.unref();
  }

  /** A message in its flow; undefined where it has left the flow, or was never in the inbox. */
  inFlow({ messageId, emission }: FlowReference): MessageInFlow | undefined {
    const flow = this.flows.get(messageId);
    return flow && (emission === undefined || emission === flow.emission) ? flow : undefined;
  }

  /**
   * Whether what nodes do with a message no longer counts: their emission was interrupted or took too long, or the message is or
   * will be emitted again.
   */
  async isOutdated(reference: FlowReference): Promise<boolean> {
    if (this.inFlow(reference)) return false;
    if (reference.emission !== undefined && this.outdated.has(reference.emission)) return true;
    return this.flows.has(reference.messageId) || (await this.options.store.message(reference.messageId))?.state === 'received';
  }

  get busy(): boolean {
    return this.flows.size > 0;
  }

  /** Where a message is in its flow; undefined if it is not in it. */
  placeOf(messageId: string): FlowPlace | undefined {
    const emission = this.inFlow({ messageId })?.emission;
    if (emission === undefined) return undefined;
    return { since: new Date(timeOf(emission)).toISOString(), holder: flowHolders.longest(emission) };
  }

  /** The messages in their flows: the in node, and when they entered (ISO 8601). */
  list(): { message: string; node: string; since: string }[] {
    return [...this.flows.values()].map(({ record, emission }) => ({
      message: record.id,
      node: record.node,
      since: new Date(timeOf(emission)).toISOString(),
    }));
  }

  /** All messages leave their flows, with nothing committed. */
  interruptAll(): void {
    for (const flow of [...this.flows.values()]) this.interrupt(flow);
  }

  /** A message leaves its flow, with nothing committed. */
  interrupt(flow: MessageInFlow): void {
    if (!this.remove(flow)) return;
    this.forgo(flow);
    void this.leave(flow, () => flow.end('interrupted'));
  }

  close(): void {
    clearInterval(this.sweep);
    for (const flow of this.flows.values()) clearTimeout(flow.flushTimer);
    this.flows.clear();
  }

  /** Restarts the time-out of a message in its flow. */
  touch(flow: MessageInFlow): void {
    flow.deadline = this.options.steady() + this.options.flowTimeout;
  }

  /** Stops the time-out of a message in its flow, until `touch`: it waits for others. */
  hold(flow: MessageInFlow): void {
    flow.deadline = Number.POSITIVE_INFINITY;
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
      const reference = { messageId: flow.record.id, emission: flow.emission };
      if (this.inFlow(reference)) {
        this.flushLater(flow);
        return done;
      }
      // It has left its flow during the work.
      if (await this.isOutdated(reference)) return done;
    }
    const own = new FlowTransaction(this.options, conversation);
    const done = await work(own);
    await own.commit(async () => []);
    return done;
  }

  /** @internal */
  enter(record: MessageRecord, replay: Json | undefined, read: Bodies | undefined): MessageInFlow {
    let end: MessageInFlow['end'] = () => undefined;
    let fail: MessageInFlow['fail'] = () => undefined;
    const ended = new Promise<FlowEnd>((resolve, reject) => {
      [end, fail] = [resolve, reject];
    });
    const flow: MessageInFlow = {
      record,
      emission: this.options.ids(),
      ended,
      end,
      fail,
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

  /** @internal The flow is idle: commits what it did, and the outcome of the message. `dropped`: why it was dropped on purpose. */
  async settle(flow: MessageInFlow, error: ErrorRecord | undefined, dropped?: string): Promise<void> {
    if (!this.remove(flow)) return;
    flow.dropped = dropped;
    const failed = flow.error ?? error;
    try {
      await flow.committing;
      const outcome = outcomeOf(flow, failed, new Date(this.options.clock()).toISOString());
      const advances = flow.legs > 0 || !(failed || isForLater(flow, (await flow.transaction.view())?.conversation));
      await this.commit(flow, (record) => ({ ...record, ...outcome }), advances);
    } catch (failure) {
      await this.leave(flow, () => flow.fail(failure));
      throw failure;
    }
    await this.leave(flow, () => flow.end('left'));
  }

  /** False where it has left its flow already. */
  private remove(flow: MessageInFlow): boolean {
    clearTimeout(flow.flushTimer);
    return this.flows.get(flow.record.id) === flow && this.flows.delete(flow.record.id);
  }

  private async leave(flow: MessageInFlow, end: () => void): Promise<void> {
    await flow.committing;
    this.options.onSettled(flow.record.id);
    end();
  }

  /** What nodes still do with an emission no longer counts. */
  private forgo({ emission }: MessageInFlow): void {
    this.outdated.add(emission);
    const [oldest] = this.outdated;
    if (oldest !== undefined && this.outdated.size > MAX_OUTDATED) this.outdated.delete(oldest);
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
    const stamp = this.options.ids();
    let before: ConversationRecord | undefined;
    await transaction.commit(async (draft) => {
      const latest = await this.options.store.message(id);
      if (latest?.state !== 'received') return false;
      before = draft?.conversation;
      if (advance && draft)
        draft.conversation = advances ? advance(draft.conversation) : withoutNews(draft.conversation, flow, stamp);
      const { readAt, emissions, flow: entered } = flow.record;
      const record = change({
        ...latest,
        flow: entered,
        readAt,
        emissions: emissions + 1,
        notBefore: undefined,
        error: undefined,
        decision: undefined,
        undo: undefined,
        conversation: transaction.conversation ?? latest.conversation,
        routes: flow.routes ?? latest.routes,
      });
      const correlated =
        advances && flow.correlated !== undefined && mayBeReplayed(record) ? { correlated: flow.correlated } : {};
      const covered = await settleCovered(record, flow, this.options.store);
      return [{ kind: 'message', record, bodies: { ...flow.read, ...correlated } }, ...covered, ...(advances ? also : [])];
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
      this.forgo(flow);
      // A failure is passed to `ended`.
      this.settle(flow, record).catch(() => undefined);
    }
  }
}

/** Whether the message may be emitted again although its conversation goes on: a user may replay what did not end well. */
function mayBeReplayed({ state, outcome }: MessageRecord): boolean {
  return state !== 'settled' || outcome !== 'ignored';
}
