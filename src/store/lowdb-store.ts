import { SwitchboardError } from '../errors.js';
import type { Json } from '../model/message.js';
import { say } from '../text/say.js';
import { prepare } from './applied-commit.js';
import type { NumberedEntry, TrailLine, TrailRange } from './audit-entry.js';
import { readBody } from './bodies.js';
import { type Disk, nodeDisk } from './disk.js';
import { listErased } from './erased.js';
import { list } from './listing.js';
import { closeStoreFolder, type LowdbStoreOptions, type OpenStore, openStoreFolder, withDefaults } from './open-store.js';
import type { Work } from './record-entry.js';
import { linkKey, referenceKey } from './record-keys.js';
import type {
  About,
  Bodies,
  Change,
  ChangeNotice,
  CommitOptions,
  CommitResult,
  ConversationRecord,
  DeliveryRecord,
  ListQuery,
  MessageRecord,
  OldestWaiting,
  Page,
  RecordKind,
  RecordOf,
  Store,
  StoreCounts,
  StoreMemory,
} from './store.js';
import { parse } from './store-state.js';

export type { LowdbStoreOptions } from './open-store.js';

/**
 * The store without a database: every commit in an append-only journal, all records in lowdb shards found by compact indexes; in
 * memory what changed last, what is in use, and what waits. One process at a time.
 *
 * A commit is visible to readers and claims once it is applied, and durable when `commit` resolves. Later commits can only become
 * durable after it, so nothing that was acknowledged can be lost; if the disk fails, everything not yet durable is rolled back.
 */
export class LowdbStore implements Store {
  readonly spool: string;
  private readonly options: Required<LowdbStoreOptions>;
  private readonly listeners = new Set<(changes: ChangeNotice[]) => void>();
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
      this.opened = await openStoreFolder(this.options, this.disk, (error) => this.lose(error));
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

  async commit(given: Change[], { durable = true, erase = false }: CommitOptions = {}): Promise<CommitResult> {
    const { state, journal, commits } = this.needOpen();
    const changes = erase ? [...given, listErased(given, (key) => state.settings.get(key)?.version ?? 0)] : given;
    const prepared = prepare(state, changes);
    if (journal.trial) await journal.trial;
    journal.assertWritable();
    const committed = commits.commit(prepared);
    const { notices, skipped, started } = committed instanceof Promise ? await committed : committed;
    // Also if everything was skipped: the duplicated record may not be on disk yet.
    if (durable || started.length > 0) await journal.flushed();
    if (notices.length > 0) this.notify(notices);
    return { skipped, started };
  }

  async audited(limit: number): Promise<NumberedEntry[]> {
    return this.needOpen().trail.newest(limit);
  }

  trail(range: TrailRange): AsyncIterable<TrailLine> {
    return this.needOpen().trail.lines(range);
  }

  async purge(also: readonly string[] = []): Promise<void> {
    return this.needOpen().purge.run(also);
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
    const { state, journal, bodies: reader } = this.needOpen();
    const bodies: Bodies = {};
    for (const ref of (await state.fetch(kind, id))?.refs ?? []) {
      const recent = journal.recent(ref.segment, ref.offset, ref.length);
      if (recent !== undefined) bodies[ref.name] = JSON.parse(recent);
      // Otherwise retention has removed it.
      else if (journal.has(ref.segment))
        bodies[ref.name] = JSON.parse((await readBody(journal, reader, `${kind} ${id}`, ref)).toString());
    }
    return bodies;
  }

  conversationByLink(endpoint: string, entityType: string, entityId: string): Promise<ConversationRecord | undefined> {
    return this.conversationByKey(linkKey(endpoint, entityType, entityId), entityId);
  }

  conversationByReference(reference: string): Promise<ConversationRecord | undefined> {
    return this.conversationByKey(referenceKey(reference), reference);
  }

  async openDeliveries(conversation: string): Promise<DeliveryRecord[]> {
    const { state } = this.needOpen();
    const ids = state.queues.openDeliveries(conversation);
    const entries = await state.complete((missing) => ids.flatMap((id) => state.find('delivery', id, missing) ?? []));
    return entries.map((entry) => parse<'delivery'>(entry));
  }

  async setting(key: string): Promise<Json | undefined> {
    const setting = this.needOpen().state.settings.get(key);
    return setting === undefined ? undefined : (JSON.parse(setting.text) as Json);
  }

  async settingVersion(key: string): Promise<number> {
    return this.needOpen().state.settings.get(key)?.version ?? 0;
  }

  listMessages(query: ListQuery): Promise<Page<MessageRecord>> {
    return this.list('message', query);
  }

  listDeliveries(query: ListQuery): Promise<Page<DeliveryRecord>> {
    return this.list('delivery', query);
  }

  listConversations(query: ListQuery): Promise<Page<ConversationRecord>> {
    return this.list('conversation', query);
  }

  async unlinkedMessages(about: About): Promise<MessageRecord[]> {
    const { state } = this.needOpen();
    const found = await state.complete((missing) => state.unlinkedMessages(about, missing));
    return found.map((entry) => parse<'message'>(entry));
  }

  async counts(): Promise<StoreCounts> {
    const { counts, queues } = this.needOpen().state;
    return counts.summary(queues.waiting);
  }

  async oldestWaiting(): Promise<OldestWaiting> {
    return this.needOpen().state.queues.oldest();
  }

  async claimMessages(queue: string, limit: number, now: number): Promise<MessageRecord[]> {
    return this.confirmClaim('message', this.needOpen().state.queues.inbox.claim(queue, limit, now));
  }

  async claimDeliveries(endpoint: string, limit: number, now: number, source?: string): Promise<DeliveryRecord[]> {
    return this.confirmClaim('delivery', this.needOpen().state.queues.lanes.claim(endpoint, limit, now, source));
  }

  async fileSources(endpoint: string): Promise<string[]> {
    return this.needOpen().state.queues.lanes.fileSources(endpoint);
  }

  async release(kind: 'message' | 'delivery', ids: string[]): Promise<void> {
    const { inbox, lanes } = this.needOpen().state.queues;
    const leases = kind === 'message' ? inbox : lanes;
    for (const id of ids) leases.release(id);
  }

  async nextDue(kind: 'message' | 'delivery', owner: string, source?: string): Promise<number | undefined> {
    const { inbox, lanes } = this.needOpen().state.queues;
    return kind === 'message' ? inbox.nextDue(owner) : lanes.nextDue(owner, source);
  }

  get newestId(): string | undefined {
    return this.needOpen().state.newestId;
  }

  get memory(): StoreMemory {
    return this.needOpen().memory;
  }

  watch(listener: (changes: ChangeNotice[]) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  confirmOwnership(): Promise<void> | undefined {
    if (this.lost) return Promise.reject(this.lost);
    return this.opened?.lock.confirm();
  }

  get trouble(): SwitchboardError | undefined {
    return this.lost ?? this.opened?.journal.trouble;
  }

  onLost(listener: (error: SwitchboardError) => void): () => void {
    this.lossListeners.add(listener);
    return () => this.lossListeners.delete(listener);
  }

  /** Writes all changes to shards now; otherwise that happens automatically when there are enough of them. */
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

  /** Another process has taken the folder over, or it was replaced. */
  private lose(error: SwitchboardError): void {
    if (this.lost) return;
    this.lost = error;
    this.opened?.journal.halt(error);
    this.options.log('error', error.message);
    for (const listener of this.lossListeners) listener(error);
  }

  private async record<K extends RecordKind>(kind: K, id: string): Promise<RecordOf[K] | undefined> {
    const entry = await this.needOpen().state.fetch(kind, id);
    return entry && parse<K>(entry);
  }

  private async conversationByKey(key: string, value: string): Promise<ConversationRecord | undefined> {
    const { state } = this.needOpen();
    const hash = state.hashes.linkOrReference(value);
    const owner = await state.complete((missing) => state.owner('conversation', { key, hash }, undefined, missing));
    return owner && parse<'conversation'>(owner as never);
  }

  private async list<K extends RecordKind>(kind: K, query: ListQuery): Promise<Page<RecordOf[K]>> {
    return list(this.needOpen().state, kind, query);
  }

  /**
   * Claimed records are returned once they are on disk: a partner must never receive something that a crash could make us forget.
   * Records that changed in the meantime are released.
   */
  private async confirmClaim<K extends 'message' | 'delivery'>(kind: K, claimed: readonly Work[]): Promise<RecordOf[K][]> {
    const { state, journal } = this.needOpen();
    if (claimed.length === 0) return [];
    const leases = kind === 'message' ? state.queues.inbox : state.queues.lanes;
    const look = (missing: Set<number>) => claimed.map(({ id }) => state.find(kind, id, missing));
    try {
      await journal.flushed();
      await state.complete(look);
    } catch (error) {
      for (const { id } of claimed) leases.release(id);
      throw error;
    }
    const found = look(new Set());
    return claimed.flatMap(({ id, version }, i) => {
      const entry = found[i];
      if (entry?.version === version) return [parse<K>(entry)];
      leases.release(id);
      return [];
    });
  }

  private notify(changes: ChangeNotice[]): void {
    for (const listener of this.listeners) {
      try {
        listener(changes);
      } catch (error) {
        this.options.log('error', `A listener of the store failed: ${(error as Error).message}`);
      }
    }
  }
}
