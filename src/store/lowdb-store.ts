import { mkdir } from 'node:fs/promises';
import { type ErrorCode, SwitchboardError } from '../errors.js';
import type { Json } from '../model/message.js';
import { CommitLog } from './commit-log.js';
import { Compaction } from './compaction.js';
import { type Disk, FOLDER_MODE, nodeDisk } from './disk.js';
import { Heap } from './heap.js';
import { type BodyRef, type Held, type HeldOf, type Kind, linkKey, OPEN_DELIVERY, type RecordOf, referenceKey } from './held.js';
import { Journal } from './journal.js';
import { applyChanges } from './ledger.js';
import { list } from './listing.js';
import { Lock } from './lock.js';
import { recover } from './recovery.js';
import { replayLine } from './replay.js';
import { Retention } from './retention.js';
import { SegmentReader } from './segment-reader.js';
import { Shards } from './shards.js';
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

const RETENTION_DAYS = 30;
const RETENTION_BYTES = 2 * 1024 ** 3;
const SEGMENT_BYTES = 16 * 1024 ** 2;
/** Milliseconds between two looks at what is over its time. */
const RETENTION_EVERY = 3_600_000;

export interface LowdbStoreOptions {
  /** Folder of its own, made when missing. */
  folder: string;
  /** Epoch milliseconds. */
  clock?: () => number;
  /** Days for which closed matters and their bodies are kept. */
  retentionDays?: number;
  /** Bytes of journal, and so of bodies, that are kept. */
  retentionBytes?: number;
  log?: (level: 'info' | 'warn' | 'error', text: string) => void;
  /** Size at which the journal begins a new file. */
  segmentBytes?: number;
}

/** What exists only while the store is open. */
interface Opened {
  lock: Lock;
  heap: Heap;
  journal: Journal;
  commits: CommitLog;
  shards: Shards;
  compaction: Compaction;
  retention: Retention;
  reader: SegmentReader;
  timer: NodeJS.Timeout;
}

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
    this.options = {
      folder: options.folder,
      clock: options.clock ?? Date.now,
      retentionDays: options.retentionDays ?? RETENTION_DAYS,
      retentionBytes: options.retentionBytes ?? RETENTION_BYTES,
      log: options.log ?? (() => {}),
      segmentBytes: options.segmentBytes ?? SEGMENT_BYTES,
    };
    this.spool = `${options.folder}/spool`;
  }

  open(): Promise<void> {
    return this.move(async () => {
      if (!this.opened) this.opened = await this.start();
    });
  }

  close(): Promise<void> {
    return this.move(async () => {
      const opened = this.opened;
      if (!opened) return;
      this.opened = undefined;
      clearInterval(opened.timer);
      await opened.retention.stop();
      await opened.compaction.stop();
      await opened.journal.close();
      await opened.reader.close();
      await opened.lock.release();
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
    const { heap } = this.needOpen();
    const refs = heap.get(kind, id)?.bodies ?? [];
    const texts = await Promise.all(refs.map((ref) => this.readBody(ref)));
    const bodies: Bodies = {};
    refs.forEach((ref, i) => {
      const text = texts[i];
      if (text !== undefined) bodies[ref.name] = JSON.parse(text);
    });
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
    return held.filter((delivery) => OPEN_DELIVERY.includes(delivery.state)).map(read<'delivery'>);
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
    return this.needOpen()
      .heap.inbox.claim(node, limit, now)
      .map(read<'message'>);
  }

  async claimDeliveries(endpoint: string, limit: number, now: number): Promise<DeliveryRecord[]> {
    return this.needOpen()
      .heap.lanes.claim(endpoint, limit, now)
      .map(read<'delivery'>);
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

  watch(listener: (changes: Change[]) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Brings the snapshot up to date now; otherwise that happens by itself when the journal has grown enough. */
  compact(): Promise<void> {
    return this.needOpen().compaction.run();
  }

  /** Removes what is over its time or over the size now; otherwise that happens every hour. */
  retain(): Promise<void> {
    return this.needOpen().retention.run();
  }

  private async start(): Promise<Opened> {
    const { folder, clock, log, segmentBytes, retentionDays, retentionBytes } = this.options;
    const journalFolder = `${folder}/journal`;
    const snapshotFolder = `${folder}/snapshot`;
    const quarantine = `${folder}/quarantine`;
    for (const path of [folder, this.spool, journalFolder, snapshotFolder, quarantine]) {
      await mkdir(path, { recursive: true, mode: FOLDER_MODE });
    }
    await this.disk.syncFolder(folder);
    const lock = await Lock.take(folder, (holder) => this.lockLost(holder?.pid));
    try {
      const heap = new Heap();
      const shards = new Shards(snapshotFolder, quarantine, this.disk, log);
      await shards.load(heap);
      const recovered = await recover({
        folder: journalFolder,
        quarantine,
        disk: this.disk,
        from: shards.checkpoint,
        apply: (seq, changes, segment, bodies) => replayLine(heap, shards.upTo, seq, changes, segment, bodies),
        log,
      });
      const journal = new Journal(
        {
          folder: journalFolder,
          disk: this.disk,
          clock,
          segmentBytes,
          log,
          onDurable: (seq) => commits.durable(seq),
          onLost: (seq) => commits.lost(seq),
        },
        { segments: recovered.segments, lastSeq: Math.max(recovered.lastSeq, ...shards.upTo) },
      );
      const compaction = new Compaction(heap, journal, shards, segmentBytes, log);
      const commits = new CommitLog(heap, journal, (bytes) => compaction.journalGrew(bytes));
      const reader = new SegmentReader();
      const retention = new Retention(heap, journal, commits, shards, compaction, reader, {
        clock,
        days: retentionDays,
        bytes: retentionBytes,
        log,
      });
      const sweep = () =>
        void retention.run().catch((error: Error) => log('warn', `Old records could not be removed: ${error.message}`));
      const timer = setInterval(sweep, RETENTION_EVERY).unref();
      compaction.journalGrew(recovered.replayed);
      return { lock, heap, journal, commits, shards, compaction, retention, reader, timer };
    } catch (error) {
      await lock.release();
      throw error;
    }
  }

  /** Opening and closing take turns. */
  private move(step: () => Promise<void>): Promise<void> {
    const moved = this.moving.then(step);
    this.moving = moved.catch(() => {});
    return moved;
  }

  private needOpen(): Opened {
    if (this.opened) return this.opened;
    throw new SwitchboardError('SWB_CLOSED' satisfies ErrorCode, `The store in ${this.options.folder} is not open.`);
  }

  private lockLost(pid: number | undefined): void {
    this.options.log(
      'error',
      `Another process${pid ? ` (${pid})` : ''} has taken the store in ${this.options.folder}. This one stops using it.`,
    );
    void this.close();
  }

  private async record<K extends Kind>(kind: K, id: string): Promise<RecordOf[K] | undefined> {
    const held = this.needOpen().heap.get(kind, id);
    return held && read<K>(held);
  }

  private async conversationByKey(key: string): Promise<ConversationRecord | undefined> {
    const id = this.needOpen().heap.tables.conversation.unique.get(key);
    return id === undefined ? undefined : this.record('conversation', id);
  }

  private async list<K extends Kind>(kind: K, query: ListQuery): Promise<RecordOf[K][]> {
    return (await list(this.needOpen().heap, kind, query)).map(read<K>);
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

/** Makes a record of a reader's own from its text. */
function read<K extends Kind>(held: HeldOf[K]): RecordOf[K] {
  return JSON.parse((held as Held).text) as RecordOf[K];
}
