import { SwitchboardError } from '../errors.js';
import { intakeQueue } from '../store/message-queue.js';
import type { Change, Link, MessageRecord } from '../store/store.js';
import { say } from '../text/say.js';
import { stateAfterError } from './decisions.js';
import { Dispatcher, type Emitter, type ReadingOptions } from './dispatcher.js';
import { entityKey } from './entity-queue.js';
import { Flows, type FlowsOptions } from './flows.js';
import { hintKey, isHint, type ReceivedItem, withoutContent } from './received-item.js';

export interface InboxOptions extends ReadingOptions, FlowsOptions {
  /** Maximum number of unsettled messages; above it senders are asked to retry later. */
  limit: number;
  /** Takes the names of people in what was received, before anything is logged about it. */
  learn?(payload: unknown): void;
}

/** Stores what is received, and emits it into the flows of the in nodes until it is settled. */
export class Inbox {
  private readonly dispatchers = new Map<string, Dispatcher>();
  /** Messages in their flows. */
  readonly flows: Flows;
  /** Hints, by queue and key, whose entity has not been read since: a repeated one adds nothing. */
  private readonly unread = new Set<string>();
  private closed = false;
  /** @internal */
  paused = false;

  constructor(readonly options: InboxOptions) {
    this.flows = new Flows(options);
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
    for (const { payload } of items) this.options.learn?.(payload);
    const fresh = items.filter((item) => !isHint(item) || !this.unread.has(hintKey(item)));
    const changes = await Promise.all(fresh.map(async (item) => this.messageChange(await this.asKept(item))));
    if (changes.length + also.length > 0) await store.commit([...changes, ...also]);
    // A repeated hint is acknowledged without a commit, which would have noticed that the store is lost.
    else await store.confirmOwnership();
    // Only after the commit: a repeated hint is acknowledged because the first one is on disk.
    for (const [i, item] of fresh.entries()) if (isHint(item) && isHint(changes[i]!.record)) this.unread.add(hintKey(item));
  }

  /** An item as it may be kept: nothing of a ticket that was erased, unless it was changed since. */
  private async asKept(item: ReceivedItem): Promise<ReceivedItem> {
    const { store, ids, entityOf } = this.options;
    const { endpoint, entityType, entityId, origin } = item;
    if (entityId === '' || (!isHint(item) && origin !== 'poll')) return item;
    const known = await store.conversationByLink(endpoint, entityType, entityOf(item));
    return known?.erasedAt === undefined ? item : withoutContent(item, ids());
  }

  /** @internal The entity is about to be read: a hint that arrives from now on needs another read. */
  startReading(record: MessageRecord): void {
    this.unread.delete(hintKey({ ...record, key: record.key.slice(0, -record.id.length - 1) }));
  }

  /** The change that stores a received item. */
  messageChange({ payload, ...item }: ReceivedItem): Extract<Change, { kind: 'message' }> {
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

  /**
   * Starts to emit the messages of a queue (message-queue.ts), beginning with those that are not settled yet. Returns a function that
   * stops it.
   */
  attach(queue: string, emitter: Emitter): () => Promise<void> {
    const dispatcher = new Dispatcher(queue, emitter, this);
    this.dispatchers.set(queue, dispatcher);
    return async () => {
      if (this.dispatchers.get(queue) === dispatcher) this.dispatchers.delete(queue);
      await dispatcher.stop();
    };
  }

  /** Whether a node emits the messages of a queue: where all in nodes for it were deleted or disabled, they wait. */
  isAttached(queue: string): boolean {
    return this.dispatchers.has(queue);
  }

  /** Emits nothing until `resume`. What is in a flow leaves it and is emitted again then: its nodes may be stopped with it. */
  pause(): void {
    this.paused = true;
    this.flows.interruptAll();
  }

  /** Goes on after `pause`. */
  resume(): void {
    this.paused = false;
    this.released();
  }

  /** @internal Messages may be claimed. */
  released(): void {
    for (const dispatcher of this.dispatchers.values()) dispatcher.dispatch();
  }

  /** Whether messages are being read or are in their flows. */
  get busy(): boolean {
    return this.flows.busy || [...this.dispatchers.values()].some((dispatcher) => dispatcher.busy);
  }

  /** Whether messages about an entity wait that came after a reading of it. `readAt`: an id made when that began. */
  hasNewer({ endpoint, entityType, id }: Pick<Link, 'endpoint' | 'entityType' | 'id'>, readAt: string): boolean {
    const dispatcher = this.dispatchers.get(intakeQueue(endpoint, entityType));
    return dispatcher?.hasNewer(entityKey(endpoint, entityType, id), readAt) ?? false;
  }

  /** Accepts nothing from now on. */
  stopAccepting(): void {
    this.closed = true;
  }

  async close(): Promise<void> {
    this.closed = true;
    await Promise.all([...this.dispatchers.values()].map((dispatcher) => dispatcher.stop()));
    this.dispatchers.clear();
    this.flows.close();
  }
}
