import { readFile } from 'node:fs/promises';
import { applyMove, applyRemovals } from './applied-commit.js';
import type { CommitLog } from './commit-log.js';
import type { Compaction } from './compaction.js';
import type { Journal, Segment } from './journal.js';
import { decodeLine, type LineChange, nextLine } from './journal-line.js';
import type { MemoryState } from './memory-state.js';
import type { ConversationEntry, DeliveryEntry, MessageEntry, RecordKind } from './record-entry.js';
import type { SegmentReader } from './segment-reader.js';
import type { Shards } from './shards.js';
import { TimeSlice } from './time-slice.js';

const DAY = 86_400_000;
const MINUTE = 60_000;
/** Ids read per step. */
const BATCH = 256;
/** The size is checked when the journal has grown by this share of its maximum; the age is checked once an hour. */
const CHECK_SHARE = 0.05;
/** To free space, a segment is rewritten only if at most this share of it must be kept. */
const REWRITE_SHARE = 0.5;

export interface RetentionOptions {
  clock: () => number;
  days: number;
  bytes: number;
  log(level: 'info' | 'warn' | 'error', text: string): void;
}

type Removal = { of: RecordKind; id: string };

/**
 * Removes old data: records of closed conversations by age, bodies by age and by size. Open records keep their bodies; these are
 * copied forward before their segment is removed. Days are counted by the wall clock, the only clock that continues over
 * restarts.
 */
export class Retention {
  private readonly slice = new TimeSlice();
  private stopped = false;
  private grown = 0;
  private running: Promise<void> | undefined;

  constructor(
    private readonly memory: MemoryState,
    private readonly journal: Journal,
    private readonly commits: CommitLog,
    private readonly shards: Shards,
    private readonly compaction: Compaction,
    private readonly reader: SegmentReader,
    private readonly options: RetentionOptions,
  ) {}

  /** Records growth of the journal, and checks its size regularly. */
  journalGrew(bytes: number): void {
    this.grown += bytes;
    if (this.running || this.stopped || this.grown < this.options.bytes * CHECK_SHARE) return;
    this.grown = 0;
    if (this.journal.bytes > this.options.bytes) this.inBackground();
  }

  /** Runs retention in the background and logs a failure. */
  inBackground(): void {
    this.run().catch((error: Error) => this.options.log('warn', `Old records could not be removed: ${error.message}`));
  }

  /** Removes data that is too old or exceeds the size limit; waits for a running sweep first. */
  async run(): Promise<void> {
    while (this.running) await this.running.catch(() => {});
    if (this.stopped) return;
    this.running = this.sweep().finally(() => {
      this.running = undefined;
    });
    return this.running;
  }

  /** Stops at the next small step. */
  async stop(): Promise<void> {
    this.stopped = true;
    await this.running?.catch(() => {});
  }

  private async sweep(): Promise<void> {
    const cutoff = this.options.clock() - this.options.days * DAY;
    await this.removeRecords(cutoff);
    await this.removeSegments(cutoff);
  }

  private async removeRecords(cutoff: number): Promise<void> {
    await this.eachId('conversation', ['closed'], (id) => this.conversationToRemove(id, cutoff));
    await this.eachId('message', ['settled', 'skipped'], (id) => this.orphanToRemove('message', id, cutoff));
    await this.eachId('delivery', ['delivered', 'skipped'], (id) => this.orphanToRemove('delivery', id, cutoff));
  }

  /** Removes the given removals of each id, in one commit per id. */
  private async eachId(kind: RecordKind, states: string[], removalsFor: (id: string) => Removal[]): Promise<void> {
    for (const { state, ids } of this.memory.tables[kind].buckets) {
      if (!states.includes(state)) continue;
      let after: string | undefined;
      for (;;) {
        const batch = ids.above(after, BATCH);
        for (const id of batch) {
          if (this.stopped) return;
          const removals = removalsFor(id);
          if (removals.length > 0) {
            this.journal.assertWritable();
            this.commits.append(applyRemovals(this.memory, removals));
          }
          await this.slice.yieldIfDue();
        }
        if (batch.length < BATCH) break;
        after = batch.at(-1);
      }
    }
    await this.journal.flushed();
  }

  /** A closed conversation is removed together with its messages and deliveries, once none of them is open or recent. */
  private conversationToRemove(id: string, cutoff: number): Removal[] {
    const conversation = this.memory.get('conversation', id) as ConversationEntry | undefined;
    if (conversation?.state !== 'closed' || conversation.minute >= cutoff / MINUTE) return [];
    const removals: Removal[] = [{ of: 'conversation', id }];
    for (const of of ['message', 'delivery'] as const) {
      for (const member of this.memory.membersOf(of, id)) {
        const entry = this.memory.get(of, member)!;
        if (this.memory.isOpen(entry) || entry.minute >= cutoff / MINUTE) return [];
        removals.push({ of, id: member });
      }
    }
    return removals;
  }

  /** Removes messages that were ignored before they had a conversation, and records that a damaged journal left without one. */
  private orphanToRemove(of: 'message' | 'delivery', id: string, cutoff: number): Removal[] {
    const entry = this.memory.get(of, id) as MessageEntry | DeliveryEntry | undefined;
    if (!entry || entry.minute >= cutoff / MINUTE || this.memory.isOpen(entry)) return [];
    if (entry.conversation !== undefined && this.memory.get('conversation', entry.conversation)) return [];
    return [{ of, id }];
  }

  private async removeSegments(cutoff: number): Promise<void> {
    // Only the current segments: copying forward creates new ones, which must not be copied again in this run.
    const candidates = this.journal.segments.slice(0, -1);
    let compacted = false;
    let kept = 0;
    for (const [i, segment] of candidates.entries()) {
      if (this.stopped) return;
      const next = candidates[i + 1] ?? this.journal.segments.at(-1)!;
      const tooOld = next.at < cutoff;
      const tooMuch = this.journal.bytes > this.options.bytes;
      if (!tooOld && !tooMuch) continue;
      if (next.first - 1 > this.shards.checkpoint && !compacted) {
        await this.compaction.run();
        compacted = true;
      }
      if (next.first - 1 > this.shards.checkpoint) break;
      const needed = await this.neededIn(segment);
      if (!tooOld && needed.bytes > segment.length * REWRITE_SHARE) {
        kept += segment.length;
        continue;
      }
      await this.copyForward(segment, needed.ids);
      if (this.stopped) return;
      await this.reader.forget(this.journal.path(segment.number));
      await this.journal.remove(segment);
    }
    if (kept > 0 && this.journal.bytes > this.options.bytes) {
      this.options.log(
        'warn',
        `The store's journal uses ${megabytes(this.journal.bytes)} MB, more than the limit of ${megabytes(this.options.bytes)} MB, because most of it belongs to open ` +
          'conversations. Close finished conversations, fix or skip failed messages and deliveries, or raise the limit.',
      );
    }
  }

  /** The open messages and deliveries that have a body in a segment. */
  private async neededIn(segment: Segment): Promise<{ ids: Set<string>; bytes: number }> {
    const ids = new Set<string>();
    let bytes = 0;
    const buffer = await readFile(this.journal.path(segment.number));
    for (let at: number | undefined = 0; at !== undefined && at < segment.length && !this.stopped; ) {
      const line = decodeLine(buffer, at, segment.length);
      for (const change of line?.meta.changes ?? []) {
        const owner = ownerOfBodies(change);
        const entry = owner && this.memory.get(owner.of, owner.id);
        if (!owner || !entry || ids.has(`${owner.of} ${owner.id}`) || !this.memory.isOpen(entry)) continue;
        for (const ref of this.memory.refs(entry)) {
          if (ref.segment !== segment.number) continue;
          bytes += ref.length;
          ids.add(`${owner.of} ${owner.id}`);
        }
      }
      at = line ? line.end : nextLine(buffer, at, segment.length);
      await this.slice.yieldIfDue();
    }
    return { ids, bytes };
  }

  private async copyForward(segment: Segment, owners: Set<string>): Promise<void> {
    const path = this.journal.path(segment.number);
    for (const owner of owners) {
      if (this.stopped) return;
      const space = owner.indexOf(' ');
      const of = owner.slice(0, space) as 'message' | 'delivery';
      const id = owner.slice(space + 1);
      const refs = this.memory.refs(this.memory.get(of, id)).filter((ref) => ref.segment === segment.number);
      const read = await Promise.all(refs.map((ref) => this.reader.read(path, ref.offset, ref.length)));
      // During the read the record may have been removed, or its body may have been replaced.
      const now = this.memory.refs(this.memory.get(of, id));
      const bodies = refs.flatMap((ref, i) => {
        const bytes = read[i];
        return bytes && now.some(({ segment, offset }) => segment === ref.segment && offset === ref.offset)
          ? [{ name: ref.name, bytes }]
          : [];
      });
      if (bodies.length === 0) continue;
      this.journal.assertWritable();
      this.commits.append(applyMove(this.memory, of, id, bodies));
      await this.slice.yieldIfDue();
    }
    await this.journal.flushed();
  }
}

function ownerOfBodies(change: LineChange): { of: 'message' | 'delivery'; id: string } | undefined {
  if (change.kind === 'moved') return { of: change.of, id: change.id };
  if ((change.kind === 'message' || change.kind === 'delivery') && change.bodies)
    return { of: change.kind, id: change.record.id };
  return undefined;
}

const megabytes = (bytes: number): number => Math.ceil(bytes / 1_000_000);
