import { readFile } from 'node:fs/promises';
import type { CommitLog } from './commit-log.js';
import type { Compaction } from './compaction.js';
import type { Heap } from './heap.js';
import type { HeldConversation, HeldDelivery, HeldMessage, Kind } from './held.js';
import type { Journal, Segment } from './journal.js';
import { decodeLine, type LineChange, nextLine } from './journal-line.js';
import { applyMove, applyRemovals } from './ledger.js';
import { Pace } from './pace.js';
import type { SegmentReader } from './segment-reader.js';
import type { Shards } from './shards.js';

const DAY = 86_400_000;
const MINUTE = 60_000;
/** Ids looked at in one go. */
const BATCH = 256;
/** The size is looked after when the journal has grown by this share of what it may hold; the days once an hour. */
const LOOK_AFTER = 0.05;
/** To win space, a segment is only rewritten when at most this share of it has to be kept. */
const WORTHWHILE = 0.5;

export interface RetentionOptions {
  clock: () => number;
  days: number;
  bytes: number;
  log(level: 'info' | 'warn' | 'error', text: string): void;
}

type Removal = { of: Kind; id: string };

/**
 * Lets old things go: records of closed matters by age, bodies by age and by size. What is open keeps its bodies for as long as it is open; they are copied
 * forward before the segment they are in is removed. Days are counted by the wall clock: no other knows them over restarts.
 */
export class Retention {
  private readonly pace = new Pace();
  private stopped = false;
  private grown = 0;
  private running: Promise<void> | undefined;

  constructor(
    private readonly heap: Heap,
    private readonly journal: Journal,
    private readonly commits: CommitLog,
    private readonly shards: Shards,
    private readonly compaction: Compaction,
    private readonly reader: SegmentReader,
    private readonly options: RetentionOptions,
  ) {}

  /** Notes that the journal has grown, and looks after its size before it has grown by much. */
  journalGrew(bytes: number): void {
    this.grown += bytes;
    if (this.running || this.stopped || this.grown < this.options.bytes * LOOK_AFTER) return;
    this.grown = 0;
    if (this.journal.bytes > this.options.bytes) this.inBackground();
  }

  /** Removes what can go, and logs if that fails. */
  inBackground(): void {
    this.run().catch((error: Error) => this.options.log('warn', `Old records could not be removed: ${error.message}`));
  }

  /** Removes what is over its time or over the size; a run under way is waited for first. */
  async run(): Promise<void> {
    while (this.running) await this.running.catch(() => {});
    if (this.stopped) return;
    this.running = this.sweep().finally(() => {
      this.running = undefined;
    });
    return this.running;
  }

  /** Ends at the next small step. */
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
    await this.eachId('message', ['settled', 'skipped'], (id) => this.strayToRemove('message', id, cutoff));
    await this.eachId('delivery', ['delivered', 'skipped'], (id) => this.strayToRemove('delivery', id, cutoff));
  }

  /** Asks for each id what to remove with it, and removes that in commits of its own. */
  private async eachId(kind: Kind, states: string[], removalsFor: (id: string) => Removal[]): Promise<void> {
    for (const { state, ids } of this.heap.tables[kind].shelves) {
      if (!states.includes(state)) continue;
      let after: string | undefined;
      for (;;) {
        const batch = ids.above(after, BATCH);
        for (const id of batch) {
          if (this.stopped) return;
          const removals = removalsFor(id);
          if (removals.length > 0) {
            this.journal.assertWritable();
            this.commits.append(applyRemovals(this.heap, removals));
          }
          await this.pace.breathe();
        }
        if (batch.length < BATCH) break;
        after = batch.at(-1);
      }
    }
    await this.journal.flushed();
  }

  /** A closed conversation goes with all that belongs to it, once nothing of it is open or young. */
  private conversationToRemove(id: string, cutoff: number): Removal[] {
    const conversation = this.heap.get('conversation', id) as HeldConversation | undefined;
    if (conversation?.state !== 'closed' || conversation.minute >= cutoff / MINUTE) return [];
    const removals: Removal[] = [{ of: 'conversation', id }];
    for (const of of ['message', 'delivery'] as const) {
      for (const member of this.heap.membersOf(of, id)) {
        const held = this.heap.get(of, member)!;
        if (this.heap.isOpen(held) || held.minute >= cutoff / MINUTE) return [];
        removals.push({ of, id: member });
      }
    }
    return removals;
  }

  /** Messages that were ignored before they had a conversation, and what a damaged journal left without one. */
  private strayToRemove(of: 'message' | 'delivery', id: string, cutoff: number): Removal[] {
    const held = this.heap.get(of, id) as HeldMessage | HeldDelivery | undefined;
    if (!held || held.minute >= cutoff / MINUTE || this.heap.isOpen(held)) return [];
    if (held.conversation !== undefined && this.heap.get('conversation', held.conversation)) return [];
    return [{ of, id }];
  }

  private async removeSegments(cutoff: number): Promise<void> {
    // Those there are now; what is copied forward makes new ones, which must not be copied again at once.
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
      if (!tooOld && needed.bytes > segment.length * WORTHWHILE) {
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
        `The store's journal holds ${megabytes(this.journal.bytes)} MB, more than the ${megabytes(this.options.bytes)} MB it is allowed, because most of it belongs to open ` +
          'conversations. Close what is done, fix or skip what has failed, or allow more.',
      );
    }
  }

  /** The messages and deliveries that are open and have a body in a segment. */
  private async neededIn(segment: Segment): Promise<{ ids: Set<string>; bytes: number }> {
    const ids = new Set<string>();
    let bytes = 0;
    const buffer = await readFile(this.journal.path(segment.number));
    for (let at: number | undefined = 0; at !== undefined && at < segment.length && !this.stopped; ) {
      const line = decodeLine(buffer, at, segment.length);
      for (const change of line?.meta.changes ?? []) {
        const owner = ownerOfBodies(change);
        const held = owner && this.heap.get(owner.of, owner.id);
        if (!owner || !held || ids.has(`${owner.of} ${owner.id}`) || !this.heap.isOpen(held)) continue;
        for (const ref of this.heap.refs(held)) {
          if (ref.segment !== segment.number) continue;
          bytes += ref.length;
          ids.add(`${owner.of} ${owner.id}`);
        }
      }
      at = line ? line.end : nextLine(buffer, at, segment.length);
      await this.pace.breathe();
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
      const refs = this.heap.refs(this.heap.get(of, id)).filter((ref) => ref.segment === segment.number);
      const read = await Promise.all(refs.map((ref) => this.reader.read(path, ref.offset, ref.length)));
      // While we read, the record may have been removed or given a newer body of the same name.
      const now = this.heap.refs(this.heap.get(of, id));
      const bodies = refs.flatMap((ref, i) => {
        const bytes = read[i];
        return bytes && now.some(({ segment, offset }) => segment === ref.segment && offset === ref.offset)
          ? [{ name: ref.name, bytes }]
          : [];
      });
      if (bodies.length === 0) continue;
      this.journal.assertWritable();
      this.commits.append(applyMove(this.heap, of, id, bodies));
      await this.pace.breathe();
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
