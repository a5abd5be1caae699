import { unlink } from 'node:fs/promises';
import type { Low } from 'lowdb';
import { SwitchboardError } from '../errors.js';
import { say } from '../text/say.js';
import { TimeSlice } from '../time-slice.js';
import type { Disk } from './disk.js';
import type { Journal } from './journal.js';
import { type Manifest, settingsDatabase, settingsName } from './manifest.js';
import type { RecordEntry } from './record-entry.js';
import { shardName } from './shard-file.js';
import type { ShardWriter, WrittenShard } from './shard-writer.js';
import { isDead, type ListedShard, type Shard, type Shards } from './shards.js';
import type { StoreState } from './store-state.js';
import type { Trail } from './trail.js';

/** Changed records are written to shards when they use this much memory, … */
const CHANGED_BYTES = 12_000_000;
/** … or when this many segments of the journal would have to be replayed. */
const SEGMENTS = 4;
/** A shard is rewritten when no more than this share of it is live. */
const SPARSE = 0.35;
/** Shards smaller than this share of a full one are joined when there are this many. */
const SMALL = 0.25;
const SMALL_SHARDS = 8;
/** Full shards rewritten at once. */
const REWRITTEN_SHARDS = 8;
/** Lines of them that are read at once. */
const CHUNK = 64;

export interface CompactionOptions {
  folder: string;
  disk: Disk;
  segmentBytes: number;
  shardBytes: number;
  log(level: 'info' | 'warn' | 'error', text: string): void;
}

/**
 * Writes changed records into shards in the background, so that memory and restarts follow what changes, and rewrites shards of
 * which most is dead.
 *
 * The manifest is the commit point: before it is written, everything it covers is on disk, in the journal and in the shards. If
 * anything fails, the changes stay in memory and in the journal.
 */
export class Compaction {
  private grown = 0;
  private running: Promise<void> | undefined;
  private stopped = false;
  /** Shards with damaged records that cannot be restored. */
  private readonly lost = new Set<Shard>();

  constructor(
    private readonly state: StoreState,
    private readonly journal: Journal,
    private readonly shards: Shards,
    private readonly writer: ShardWriter,
    private readonly manifest: Low<Manifest>,
    private readonly trail: Trail,
    private readonly options: CompactionOptions,
  ) {}

  /** The shards hold everything up to this sequence number. */
  get checkpoint(): number {
    return this.manifest.data.seq;
  }

  /** Records growth of the journal, and starts a compaction when it is due. */
  journalGrew(bytes: number): void {
    this.grown += bytes;
    if (this.running || this.stopped) return;
    if (this.state.active.bytes < CHANGED_BYTES && this.grown < SEGMENTS * this.options.segmentBytes) return;
    this.run().catch((error: Error) => {
      // Not again at once: the next segment tries again.
      this.grown = (SEGMENTS - 1) * this.options.segmentBytes;
      this.options.log(
        'warn',
        `The store could not write its shards (${error.message}). It will retry later; all data is in the journal.`,
      );
    });
  }

  /** Writes all changes to shards. Resolves when they are on disk; waits for a running compaction first. */
  run(): Promise<void> {
    return this.alone(() => this.compact());
  }

  /**
   * Rewrites the shards that have a line of which nothing may be left: one that does not count any more, of an erased record.
   * Throws SWB_STORE if one cannot be read.
   */
  removeLines(isErased: (kind: string, id: string, version: number) => boolean): Promise<void> {
    return this.alone(async () => {
      for (const shard of this.shards.all) {
        if (this.stopped) return;
        const names = await this.shards.names(shard);
        if (!names.some(([kind, id, version], line) => isDead(shard.dead, line) && isErased(kind, id, version))) continue;
        await this.rewrite([shard]);
        if (!this.lost.has(shard)) continue;
        const name = shardName(shard.listed.number);
        throw new SwitchboardError(
          'SWB_STORE',
          say`shards/${name} is damaged: what it has of erased records cannot be removed.`,
          {
            hint: say`Restore the file from a backup, then erase again.`,
          },
        );
      }
    });
  }

  private async alone(task: () => Promise<void>): Promise<void> {
    while (this.running) await this.running.catch(() => {});
    if (this.stopped) return;
    this.running = task().finally(() => {
      this.running = undefined;
    });
    return this.running;
  }

  /** Waits for a running compaction; none is started afterwards. */
  async stop(): Promise<void> {
    this.stopped = true;
    await this.running?.catch(() => {});
  }

  private async compact(): Promise<void> {
    await this.flush();
    while (!this.stopped) {
      const sparse = this.toRewrite();
      if (sparse.length === 0) return;
      await this.rewrite(sparse);
    }
  }

  private async flush(): Promise<void> {
    const { state, journal } = this;
    const seq = journal.lastSeq;
    if (state.active.empty && !state.settingsChanged && seq === this.checkpoint) return;
    this.grown = 0;
    const frozen = state.freeze();
    const { newestId, settingsChanged } = state;
    const counts = state.counts.toJSON();
    const settings = settingsChanged ? [...state.settings] : undefined;
    state.settingsChanged = false;
    let written: WrittenShard[] = [];
    try {
      // Rejects if anything up to `seq` cannot be made durable; then its number may be used again.
      await journal.flushed();
      // What the manifest covers is not replayed again.
      await this.trail.flushed();
      await journal.confirm();
      const entries = frozen.values().map(({ entry }) => entry);
      written = await this.writer.write(entries.filter((entry) => entry !== undefined));
      const settingsFile = settings ? await this.writeSettings(settings) : this.manifest.data.settings;
      await this.writeManifest({ seq, counts, newestId, settings: settingsFile, audit: this.trail.end }, written);
    } catch (error) {
      state.thaw();
      state.settingsChanged ||= settingsChanged;
      await this.writer.discard(written);
      throw error;
    }
    for (const { shard, entries } of written) {
      this.shards.install(shard);
      for (const [line, { kind, id }] of entries.entries()) state.flushed(frozen.get(kind, id)!, shard.place(line));
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
    state.frozen = undefined;
    await this.removeUnlisted();
  }

  private async writeSettings(settings: [string, { text: string; version: number }][]): Promise<number> {
    const number = this.writer.next++;
    const file = settingsDatabase(this.options.disk, this.options.folder, number);
    file.data = settings;
    await file.write();
    return number;
  }

  /** Writes the manifest: with the new shards, and without those of which every record is dead, or that are `replaced`. */
  private async writeManifest(
    changes: Partial<Manifest>,
    written: readonly WrittenShard[],
    replaced: ReadonlySet<number> = new Set(),
  ): Promise<void> {
    await this.journal.confirm();
    const before = this.manifest.data;
    // What was changed after `seq` still counts in its shard.
    const revived = this.state.active.values().flatMap(({ place }) => (place >= 0 ? [place] : []));
    const shards = this.shards.list(revived).filter((shard) => !replaced.has(shard.number) && !isAllDead(shard));
    this.manifest.data = {
      ...before,
      ...changes,
      nextShard: this.writer.next,
      shards: [...shards, ...written.map(({ listed }) => listed)],
    };
    try {
      await this.manifest.write();
    } catch (error) {
      this.manifest.data = before;
      throw error;
    }
    const old = before.settings;
    if (old !== 0 && old !== this.manifest.data.settings)
      await unlink(`${this.options.folder}/${settingsName(old)}`).catch(() => {});
  }

  /** Removes the shards that the manifest no longer lists. */
  private async removeUnlisted(): Promise<void> {
    const listed = new Set(this.manifest.data.shards.map(({ number }) => number));
    await this.shards.remove(this.shards.all.filter((shard) => !listed.has(shard.listed.number)));
  }

  /** Shards to be rewritten into fewer ones. */
  private toRewrite(): Shard[] {
    const all = this.shards.all.filter((shard) => !this.lost.has(shard));
    // As the manifest sees it: what was changed after it would be copied, too.
    const live = new Map(all.map((shard) => [shard, shard.live]));
    for (const { place } of this.state.active.values()) {
      const shard = place >= 0 ? this.shards.shardOf(place) : undefined;
      if (shard && live.has(shard)) live.set(shard, live.get(shard)! + 1);
    }
    const liveBytes = (shard: Shard) => (shard.listed.bytes * live.get(shard)!) / shard.listed.lines;
    const small = all.filter((shard) => liveBytes(shard) < this.options.shardBytes * SMALL);
    const chosen: Shard[] = [];
    let bytes = 0;
    for (const shard of all) {
      const sparse = live.get(shard)! < shard.listed.lines * SPARSE || shard.restored !== undefined;
      if (!sparse && !(small.length >= SMALL_SHARDS && small.includes(shard))) continue;
      if (bytes > REWRITTEN_SHARDS * this.options.shardBytes) break;
      bytes += liveBytes(shard);
      chosen.push(shard);
    }
    return chosen;
  }

  private async rewrite(shards: readonly Shard[]): Promise<void> {
    const revived = new Set(this.state.active.values().map(({ place }) => place));
    // As they are in the manifest: records that are changed from now on, or were since the last flush, are copied too.
    const views = shards.map((shard) => ({ shard, dead: shard.dead.slice() }));
    const slice = new TimeSlice();
    const from = new Map<RecordEntry, number>();
    const read: Shard[] = [];
    for (const { shard, dead } of views) {
      const entries = await this.readAll(shard, slice);
      if (!entries) continue;
      read.push(shard);
      for (const [line, entry] of entries.entries()) {
        const place = shard.place(line);
        if (!isDead(dead, line) || revived.has(place)) from.set(entry, place);
      }
    }
    if (read.length === 0) return;
    await this.journal.confirm();
    const written = await this.writer.write([...from.keys()]);
    try {
      await this.writeManifest({}, written, new Set(read.map((shard) => shard.listed.number)));
    } catch (error) {
      await this.writer.discard(written);
      throw error;
    }
    for (const { shard, entries } of written) {
      this.shards.install(shard);
      for (const [line, entry] of entries.entries()) this.state.moved(from.get(entry)!, shard.place(line), entry);
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
    await this.removeUnlisted();
  }

  /** All records of a shard; undefined if some are damaged and lost: nothing damaged is copied with a fresh checksum. */
  private async readAll(shard: Shard, slice: TimeSlice): Promise<RecordEntry[] | undefined> {
    const { lines } = shard.listed;
    const entries: RecordEntry[] = [];
    try {
      for (let from = 0; from < lines; from += CHUNK) {
        for (const entry of await this.shards.readLines(shard, from, Math.min(lines, from + CHUNK))) entries.push(entry);
        await slice.yieldIfDue();
      }
      return entries;
    } catch {
      // What can be restored from the journal already is.
      this.lost.add(shard);
      return undefined;
    }
  }
}

function isAllDead({ dead, lines }: ListedShard): boolean {
  if (dead === undefined) return false;
  const bits = Buffer.from(dead, 'base64');
  for (let line = 0; line < lines; line++) if (!isDead(bits, line)) return false;
  return true;
}
