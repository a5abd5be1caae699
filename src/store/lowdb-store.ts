import { SwitchboardError } from '../errors.js';
import type { Json } from '../model/message.js';
import { say } from '../text/say.js';
import { applyChanges } from './applied-commit.js';
import { type Disk, nodeDisk } from './disk.js';
import { list } from './listing.js';
import { closeStoreFolder, type LowdbStoreOptions, type OpenStore, openStoreFolder, withDefaults } from './open-store.js';
import {
  type BodyRef,
  type EntryOf,
  linkKey,
  OPEN_DELIVERY,
  type RecordKind,
  type RecordOf,
  referenceKey,
} from './record-entry.js';
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
  StoreMemory,
} from './store.js';

export type { LowdbStoreOptions } from './open-store.js';

/**
 * The store without a database: records in memory, every commit in an append-only journal, a lowdb snapshot in shards. One
 * process at a time.
 *
 * A commit is visible to readers and claims immediately, and durable when `commit` resolves. Later commits can only become
 * durable after it, so nothing that was acknowledged can be lost; if the disk fails, everything not yet durable is rolled back.
 */
export class LowdbStore implements Store {
  readonly spool: string;
  private readonly options: Required<LowdbStoreOptions>;
  private readonly listeners = new Set<(changes: Change[]) => void>();
  private readonly lossListeners = new Set<(error: SwitchboardError) => void>();
  private opened: OpenStore | undefined;
  private lost: SwitchboardError | undefined;
  private transitions: Promise<void> = Promise.resolve();

  constructor(
    options: LowdbStoreOptions,
    private readonly disk: Disk = nodeDisk,
  ) {
    this.options = withDefaults(options);
    this.spool = `${options.folder}/spool`;
  }

  open(): Promise<void> {
    return this.transition(async () => {
      if (this.opened) return;
      this.lost = undefined;
      this.opened = await openStoreFolder(this.options, this.disk, (error) => this.lockLost(error));
    });
  }

  close(): Promise<void> {
    return this.transition(async () => {
      const opened = this.opened;
      if (!opened) return;
      this.opened = undefined;
      await closeStoreFolder(opened);
    });
  }

  async commit(changes: Change[], { durable = true }: { durable?: boolean } = {}): Promise<CommitResult> {
    const { memory, journal, commits } = this.needOpen();
    journal.assertWritable();
    const applied = applyChanges(memory, changes);
    commits.append(applied);
    // Also if everything was skipped: the duplicated record may not be on disk yet.
    try {
      if (durable || applied.started.length > 0) await journal.flushed();
    } catch (error) {
      for (const id of applied.started) memory.lanes.release(id);
      throw error;
    }
    if (applied.changes.length > 0) this.notify(applied.changes);
    return { skipped: applied.skipped, started: applied.started };
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
    const { memory, journal } = this.needOpen();
    const bodies: Bodies = {};
    for (const ref of memory.refs(memory.get(kind, id))) {
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
    const { memory } = this.needOpen();
    const entry = memory.membersOf('delivery', conversation).map((id) => memory.get('delivery', id)!);
    return entry.filter(({ state }) => OPEN_DELIVERY.includes(state)).map((delivery) => memory.record<'delivery'>(delivery));
  }

  async setting(key: string): Promise<Json | undefined> {
    const text = this.needOpen().memory.settings.get(key);
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
    return this.needOpen().memory.counts();
  }

  async claimMessages(node: string, limit: number, now: number): Promise<MessageRecord[]> {
    return this.confirmClaim('message', this.needOpen().memory.inbox.claim(node, limit, now));
  }

  async claimDeliveries(endpoint: string, limit: number, now: number): Promise<DeliveryRecord[]> {
    return this.confirmClaim('delivery', this.needOpen().memory.lanes.claim(endpoint, limit, now));
  }

  async release(kind: 'message' | 'delivery', ids: string[]): Promise<void> {
    const { inbox, lanes } = this.needOpen().memory;
    const leases = kind === 'message' ? inbox : lanes;
    for (const id of ids) leases.release(id);
  }

  async nextDue(kind: 'message' | 'delivery', owner: string): Promise<number | undefined> {
    const { inbox, lanes } = this.needOpen().memory;
    return kind === 'message' ? inbox.nextDue(owner) : lanes.nextDue(owner);
  }

  get newestId(): string | undefined {
    return this.needOpen().memory.newestId;
  }

  get memory(): StoreMemory {
    return { since: this.needOpen().since, olderCopy: false };
  }

  watch(listener: (changes: Change[]) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  confirmOwnership(): Promise<void> | undefined {
    if (this.lost) return Promise.reject(this.lost);
    return this.opened?.lock.confirm();
  }

  onLost(listener: (error: SwitchboardError) => void): () => void {
    this.lossListeners.add(listener);
    return () => this.lossListeners.delete(listener);
  }

  /** Updates the snapshot now; otherwise that happens automatically when the journal has grown enough. */
  async compact(): Promise<void> {
    return this.needOpen().compaction.run();
  }

  /** Runs retention now; otherwise it runs every hour and when the journal grows. */
  async retain(): Promise<void> {
    return this.needOpen().retention.run();
  }

  /** Opening and closing never overlap. */
  private transition(step: () => Promise<void>): Promise<void> {
    const moved = this.transitions.then(step);
    this.transitions = moved.catch(() => {});
    return moved;
  }

  private needOpen(): OpenStore {
    if (this.opened) return this.opened;
    throw new SwitchboardError('SWB_CLOSED', say`The store in ${this.options.folder} is not open.`);
  }

  private lockLost(error: SwitchboardError): void {
    this.lost = error;
    this.opened?.journal.halt(error);
    this.options.log('error', error.message);
    for (const listener of this.lossListeners) listener(error);
  }

  private async record<K extends RecordKind>(kind: K, id: string): Promise<RecordOf[K] | undefined> {
    const { memory } = this.needOpen();
    const entry = memory.get(kind, id);
    return entry && memory.record<K>(entry);
  }

  private async conversationByKey(key: string): Promise<ConversationRecord | undefined> {
    const id = this.needOpen().memory.ownerOf('conversation', key);
    return id === undefined ? undefined : this.record('conversation', id);
  }

  private async list<K extends RecordKind>(kind: K, query: ListQuery): Promise<RecordOf[K][]> {
    return list(this.needOpen().memory, kind, query);
  }

  /**
   * Claimed records are returned once they are on disk: a partner must never receive something that a crash could make us forget.
   * Records that changed in the meantime are released.
   */
  private async confirmClaim<K extends 'message' | 'delivery'>(kind: K, claimed: EntryOf[K][]): Promise<RecordOf[K][]> {
    const { memory, journal } = this.needOpen();
    if (claimed.length === 0) return [];
    const leases = kind === 'message' ? memory.inbox : memory.lanes;
    try {
      await journal.flushed();
    } catch (error) {
      for (const { id } of claimed) leases.release(id);
      throw error;
    }
    return claimed.flatMap(({ id, version }) => {
      const now = memory.get(kind, id);
      if (now?.version === version) return [memory.record<K>(now)];
      leases.release(id);
      return [];
    });
  }

  private async readBody(ref: BodyRef): Promise<string | undefined> {
    const { journal, reader } = this.needOpen();
    if (!journal.isDurable(ref.segment, ref.offset + ref.length)) await journal.flushed();
    return (await reader.read(journal.path(ref.segment), ref.offset, ref.length))?.toString();
  }

  private notify(changes: Change[]): void {
    for (const listener of this.listeners) {
      try {
        listener(changes);
      } catch (error) {
        this.options.log('error', `A listener of the store failed: ${(error as Error).message}`);
      }
    }
  }
}
