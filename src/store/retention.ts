import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { TimeSlice } from '../time-slice.js';
import { applyEntries, applyMove, applyRemovals } from './applied-commit.js';
import { readBody } from './bodies.js';
import type { CommitLog } from './commit-log.js';
import type { Compaction } from './compaction.js';
import type { FileReader } from './file-reader.js';
import type { Journal, Segment } from './journal.js';
import { decodeLine, type LineChange, nextLine } from './journal-line.js';
import { type DeliveryEntry, isUnfinished, type MessageEntry, type RecordEntry } from './record-entry.js';
import { isDead } from './shards.js';
import type { StoreState } from './store-state.js';
import type { Trail } from './trail.js';
import { DROPPED, type DroppedFacts } from './trail-check.js';
import { monthBefore } from './trail-line.js';

const DAY = 86_400_000;
const MINUTE = 60_000;
/** The size is checked when the journal has grown by this share of its maximum; the age is checked once an hour. */
const CHECK_SHARE = 0.05;
/** To free space, a segment is rewritten only if at most this share of it must be kept. */
const REWRITE_SHARE = 0.5;

export interface RetentionOptions {
  clock: () => number;
  days: number;
  bytes: number;
  /** Whole months for which the audit trail is kept, beside the current one. */
  auditMonths: number;
  log(level: 'info' | 'warn' | 'error', text: string): void;
}

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
    private readonly state: StoreState,
    private readonly journal: Journal,
    private readonly commits: CommitLog,
    private readonly compaction: Compaction,
    private readonly reader: FileReader,
    private readonly trail: Trail,
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
  run(): Promise<void> {
    return this.pausedFor(() => this.sweep());
  }

  /** Runs a task while nothing is removed. */
  async pausedFor(task: () => Promise<void>): Promise<void> {
    while (this.running) await this.running.catch(() => {});
    if (this.stopped) return;
    this.running = task().finally(() => {
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
    await this.dropMonths();
  }

  /** Drops months of the audit trail that are too old; the entry about it shows that nobody else has taken them out. */
  private async dropMonths(): Promise<void> {
    const { trail, commits, journal } = this;
    const now = this.options.clock();
    for (const { month, end } of await trail.monthsBefore(monthBefore(now, this.options.auditMonths))) {
      if (this.stopped) return;
      journal.assertWritable();
      const facts: DroppedFacts = { last: end.number, hash: end.hash };
      commits.append(
        applyEntries([
          {
            id: randomUUID(),
            at: new Date(now).toISOString(),
            by: '',
            source: 'broker',
            action: DROPPED,
            outcome: 'done',
            target: { kind: 'trail', id: month },
            facts,
          },
        ]),
      );
      await journal.flushed();
      await trail.flushed();
      await trail.dropMonth(month);
    }
  }

  /** Removes finished records that are too old, oldest shards first. */
  private async removeRecords(cutoff: number): Promise<void> {
    // Then all of them are in shards.
    await this.compaction.run();
    const { shards, release } = this.state.shards.snapshot(
      ({ index: { oldest } }) => oldest !== undefined && oldest < cutoff / MINUTE,
    );
    try {
      for (const { shard, dead } of shards) {
        for (let line = 0; line < shard.listed.lines; line++) {
          if (this.stopped) return;
          if (isDead(dead, line)) continue;
          const { kind, id } = await this.state.shards.readLine(shard, line);
          const entry = await this.state.fetch(kind, id);
          if (entry && !isUnfinished(entry) && entry.minute < cutoff / MINUTE) await this.removeWithMembers(entry, cutoff);
          await this.slice.yieldIfDue();
        }
      }
    } finally {
      release();
    }
    await this.journal.flushed();
  }

  /**
   * A closed conversation is removed together with its messages and deliveries, once none of them is open or recent; a message or
   * delivery without conversation, as one that was ignored before it had one, by itself.
   */
  private async removeWithMembers(entry: RecordEntry, cutoff: number): Promise<void> {
    const { state } = this;
    const removals = [entry];
    if (entry.kind === 'conversation') {
      for (const of of ['message', 'delivery'] as const) removals.push(...(await state.members(of, entry.id)));
    } else if (entry.conversation !== undefined && (await state.fetch('conversation', entry.conversation))) {
      return;
    }
    if (removals.some((one) => isUnfinished(one) || one.minute >= cutoff / MINUTE)) return;
    // During the reading one of them may have been changed, or another one may have been added.
    const missing = new Set<number>();
    const current = removals.every((one) => state.find(one.kind, one.id, missing) === one);
    if (missing.size > 0 || !current || (entry.kind === 'conversation' && state.hasMembersBeside(entry.id, removals))) return;
    this.journal.assertWritable();
    this.commits.append(applyRemovals(state, removals));
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
      if (next.first - 1 > this.compaction.checkpoint && !compacted) {
        await this.compaction.run();
        compacted = true;
      }
      if (next.first - 1 > this.compaction.checkpoint) break;
      const needed = await this.neededIn(segment);
      if (!tooOld && needed.bytes > segment.length * REWRITE_SHARE) {
        kept += segment.length;
        continue;
      }
      // A segment with a damaged body of an open record stays.
      if (!(await this.copyForward(segment, needed.owners.values())) || this.stopped) continue;
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
  private async neededIn(segment: Segment): Promise<{ owners: Map<string, Owner>; bytes: number }> {
    const owners = new Map<string, Owner>();
    const known = new Set<string>();
    let bytes = 0;
    const buffer = await readFile(this.journal.path(segment.number));
    for (let at: number | undefined = 0; at !== undefined && at < segment.length && !this.stopped; ) {
      const line = decodeLine(buffer, at, segment.length);
      for (const change of line?.meta.changes ?? []) {
        const owner = ownerOfBodies(change);
        const name = owner && `${owner.of} ${owner.id}`;
        if (!owner || known.has(name!)) continue;
        known.add(name!);
        const entry = await this.state.fetch(owner.of, owner.id);
        const refs = entry?.refs.filter((ref) => ref.segment === segment.number) ?? [];
        if (!entry || refs.length === 0 || !(await this.isOpen(entry))) continue;
        for (const { length } of refs) bytes += length;
        owners.set(name!, owner);
      }
      at = line ? line.end : nextLine(buffer, at, segment.length);
      await this.slice.yieldIfDue();
    }
    return { owners, bytes };
  }

  /** Whether a record keeps its bodies: unfinished work, failures, and everything in an open conversation. */
  private async isOpen(entry: MessageEntry | DeliveryEntry): Promise<boolean> {
    if (isUnfinished(entry)) return true;
    return entry.conversation !== undefined && (await this.state.fetch('conversation', entry.conversation))?.state === 'open';
  }

  /** Copies bodies into the newest segment; false if one is damaged, which is said, and never copied with a fresh checksum. */
  private async copyForward(segment: Segment, owners: Iterable<Owner>): Promise<boolean> {
    let whole = true;
    for (const { of, id } of owners) {
      if (this.stopped) return false;
      const entry = await this.state.fetch(of, id);
      const refs = entry?.refs.filter((ref) => ref.segment === segment.number) ?? [];
      const bodies: { name: string; bytes: Buffer }[] = [];
      for (const ref of refs) {
        try {
          bodies.push({ name: ref.name, bytes: await readBody(this.journal, this.reader, `${of} ${id}`, ref) });
        } catch (error) {
          whole = false;
          this.options.log('error', (error as Error).message);
        }
      }
      // During the read the record may have been removed, or its body may have been replaced.
      const now = await this.state.fetch(of, id);
      const still = bodies.filter(({ name }) =>
        now?.refs.some((ref) =>
          refs.some((old) => old.name === name && ref.name === name && ref.segment === old.segment && ref.offset === old.offset),
        ),
      );
      if (!now || still.length === 0) continue;
      this.journal.assertWritable();
      this.commits.append(applyMove(this.state, now, still));
      await this.slice.yieldIfDue();
    }
    await this.journal.flushed();
    return whole;
  }
}

type Owner = { of: 'message' | 'delivery'; id: string };

function ownerOfBodies(change: LineChange): Owner | undefined {
  if (change.kind === 'moved') return { of: change.of, id: change.id };
  if ((change.kind === 'message' || change.kind === 'delivery') && change.bodies)
    return { of: change.kind, id: change.record.id };
  return undefined;
}

const megabytes = (bytes: number): number => Math.ceil(bytes / 1_000_000);
