import { SwitchboardError } from '../errors.js';
import type { Json } from '../model/message.js';
import { type Disk, nodeDisk } from './disk.js';
import { type BodyRef, type HeldOf, type Kind, linkKey, OPEN_DELIVERY, type RecordOf, referenceKey } from './held.js';
import { applyChanges } from './ledger.js';
import { list } from './listing.js';
import type { Holder } from './lock.js';
import { closeFolder, type LowdbStoreOptions, type Opened, openFolder, withDefaults } from './opening.js';
import type {
  Bodies,
  Change,
  CommitResult,
  ConversationRecord,
  DeliveryRecord,
  ListQuery,
  MessageRecord,
  Store,
  StoreCounts,
} from './store.js';

export type { LowdbStoreOptions } from './opening.js';

/**
 * The store that needs nothing installed: records in memory, every commit in an append-only journal, a lowdb snapshot in shards. One process at a time.
 *
 * A commit is visible to readers and claims as soon as it is made and durable when `commit` resolves. What follows from it can only become durable after it, so nothing that
 * was announced to anyone can be lost; if the disk fails, everything not yet durable is taken back.
 */
export class LowdbStore implements Store {
  readonly spool: string;
  private readonly options: Required<LowdbStoreOptions>;
  private readonly listeners = new Set<(changes: Change[]) => void>();
  private opened: Opened | undefined;
  private moving: Promise<void> = Promise.resolve();

  constructor(
    options: LowdbStoreOptions,
    private readonly disk: Disk = nodeDisk,
  ) {
    this.options = withDefaults(options);
    this.spool = `${options.folder}/spool`;
  }

  open(): Promise<void> {
    return this.move(async () => {
      this.opened ??= await openFolder(this.options, this.disk, (holder) => this.lockLost(holder));
    });
  }

  close(): Promise<void> {
    return this.move(async () => {
      const opened = this.opened;
      if (!opened) return;
      this.opened = undefined;
      await closeFolder(opened);
    });
  }

  async commit(changes: Change[], { durable = true }: { durable?: boolean } = {}): Promise<CommitResult> {
    const { heap, journal, commits } = this.needOpen();
    journal.assertWritable();
    const applied = applyChanges(heap, changes);
    commits.append(applied);
    // Also when everything was left out: what it repeats may itself not be on disk yet.
    if (durable) await journal.flushed();
    if (applied.happened.length > 0) this.tell(applied.happened);
    return { skipped: applied.skipped };
  }

  message(id: string): Promise<MessageRecord | undefined> {
    return this.record('message', id);
  }

  conversation(id: string): Promise<ConversationRecord | undefined> {
    return this.record('conversation', id);
  }

  delivery(id: string): Promise<DeliveryRecord | undefined> {
    return this.record('delivery', id);
  }

  async bodies(kind: 'message' | 'delivery', id: string): Promise<Bodies> {
    const { heap, journal } = this.needOpen();
    const bodies: Bodies = {};
    for (const ref of heap.refs(heap.get(kind, id))) {
      const text = journal.recent(ref.segment, ref.offset, ref.length) ?? (await this.readBody(ref));
      if (text !== undefined) bodies[ref.name] = JSON.parse(text);
    }
    return bodies;
  }

  conversationByLink(endpoint: string, entityType: string, entityId: string): Promise<ConversationRecord | undefined> {
    return this.conversationByKey(linkKey(endpoint, entityType, entityId));
  }

  conversationByReference(reference: string): Promise<ConversationRecord | undefined> {
    return this.conversationByKey(referenceKey(reference));
  }

  async openDeliveries(conversation: string): Promise<DeliveryRecord[]> {
    const { heap } = this.needOpen();
    const held = heap.membersOf('delivery', conversation).map((id) => heap.get('delivery', id)!);
    return held.filter(({ state }) => OPEN_DELIVERY.includes(state)).map((delivery) => heap.record<'delivery'>(delivery));
  }

  async setting(key: string): Promise<Json | undefined> {
    const text = this.needOpen().heap.settings.get(key);
    return text === undefined ? undefined : (JSON.parse(text) as Json);
  }

  listMessages(query: ListQuery): Promise<MessageRecord[]> {
    return this.list('message', query);
  }

  listDeliveries(query: ListQuery): Promise<DeliveryRecord[]> {
    return this.list('delivery', query);
  }

  listConversations(query: ListQuery): Promise<ConversationRecord[]> {
    return this.list('conversation', query);
  }

  async counts(): Promise<StoreCounts> {
    return this.needOpen().heap.counts();
  }

  async claimMessages(node: string, limit: number, now: number): Promise<MessageRecord[]> {
    return this.handOut('message', this.needOpen().heap.inbox.claim(node, limit, now));
  }

  async claimDeliveries(endpoint: string, limit: number, now: number): Promise<DeliveryRecord[]> {
    return this.handOut('delivery', this.needOpen().heap.lanes.claim(endpoint, limit, now));
  }

  async release(kind: 'message' | 'delivery', ids: string[]): Promise<void> {
    const { inbox, lanes } = this.needOpen().heap;
    const leases = kind === 'message' ? inbox : lanes;
    for (const id of ids) leases.release(id);
  }

  async nextDue(kind: 'message' | 'delivery', owner: string): Promise<number | undefined> {
    const { inbox, lanes } = this.needOpen().heap;
    return kind === 'message' ? inbox.nextDue(owner) : lanes.nextDue(owner);
  }

  get newestId(): string | undefined {
    return this.needOpen().heap.newestId;
  }

  watch(listener: (changes: Change[]) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Brings the snapshot up to date now; otherwise that happens by itself when the journal has grown enough. */
  async compact(): Promise<void> {
    return this.needOpen().compaction.run();
  }

  /** Removes what is over its time or over the size now; otherwise that happens every hour. */
  async retain(): Promise<void> {
    return this.needOpen().retention.run();
  }

  /** Opening and closing take turns. */
  private move(step: () => Promise<void>): Promise<void> {
    const moved = this.moving.then(step);
    this.moving = moved.catch(() => {});
    return moved;
  }

  private needOpen(): Opened {
    if (this.opened) return this.opened;
    throw new SwitchboardError('SWB_CLOSED', `The store in ${this.options.folder} is not open.`);
  }

  private lockLost(holder: Holder | undefined): void {
    const who = holder ? `Process ${holder.pid} on ${holder.host}` : 'Somebody';
    const error = new SwitchboardError('SWB_STORE', `${who} has taken the store in ${this.options.folder} from this process.`, {
      hint: 'It stopped writing. Give each process a folder of its own, then restart this one.',
    });
    this.opened?.journal.halt(error);
    this.options.log('error', error.message);
  }

  private async record<K extends Kind>(kind: K, id: string): Promise<RecordOf[K] | undefined> {
    const { heap } = this.needOpen();
    const held = heap.get(kind, id);
    return held && heap.record<K>(held);
  }

  private async conversationByKey(key: string): Promise<ConversationRecord | undefined> {
    const id = this.needOpen().heap.ownerOf('conversation', key);
    return id === undefined ? undefined : this.record('conversation', id);
  }

  private async list<K extends Kind>(kind: K, query: ListQuery): Promise<RecordOf[K][]> {
    return list(this.needOpen().heap, kind, query);
  }

  /**
   * Claims are handed out once they are on disk: a partner must never hear of something that a crash could make us forget.
   * What changed while we waited is given back.
   */
  private async handOut<K extends 'message' | 'delivery'>(kind: K, claimed: HeldOf[K][]): Promise<RecordOf[K][]> {
    const { heap, journal } = this.needOpen();
    if (claimed.length === 0) return [];
    const leases = kind === 'message' ? heap.inbox : heap.lanes;
    try {
      await journal.flushed();
    } catch (error) {
      for (const { id } of claimed) leases.release(id);
      throw error;
    }
    return claimed.flatMap(({ id, version }) => {
      const now = heap.get(kind, id);
      if (now?.version === version) return [heap.record<K>(now)];
      leases.release(id);
      return [];
    });
  }

  private async readBody(ref: BodyRef): Promise<string | undefined> {
    const { journal, reader } = this.needOpen();
    if (!journal.isDurable(ref.segment, ref.offset + ref.length)) await journal.flushed();
    return (await reader.read(journal.path(ref.segment), ref.offset, ref.length))?.toString();
  }

  private tell(changes: Change[]): void {
    for (const listener of this.listeners) {
      try {
        listener(changes);
      } catch (error) {
        this.options.log('error', `A listener of the store failed: ${(error as Error).message}`);
      }
    }
  }
}
