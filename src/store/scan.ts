import type { RecentChanges } from './recent-changes.js';
import { type Bucket, type EntryOf, idIn, type RecordEntry } from './record-entry.js';
import type { Section } from './shard-index.js';
import { isDead, type Shard, type Shards } from './shards.js';
import type { RecordKind } from './store.js';
import type { StoreState } from './store-state.js';

/** Lines read at once where most lines of a shard match. */
const CHUNK = 32;
/** Positions read at once from the changed records. */
const BATCH = 64;

/** A record at its position; read from a line that was live when the scan started, or changed since its shard was written. */
interface Head {
  order: string;
  id: string;
  line?: { shard: Shard; line: number; entry: RecordEntry };
}

/** A list of one kind in one place, newest first. */
interface Source {
  /** The position of the next record; before it is read, one that is not smaller. */
  readonly head: Head | undefined;
  /** Reads the next record. */
  advance(): Promise<void>;
}

/**
 * Reads the records of a kind, newest first, over changed records and shards, while both go on changing: of a record that changes
 * meanwhile either the old or the new position counts. `close` must be called at the end.
 */
export class Scan<K extends RecordKind> {
  private readonly sources: Source[];
  /** Shards not yet reached, the newest last. */
  private readonly waiting: { shard: Shard; dead: Uint8Array; section: Section }[];
  private readonly seen = new Set<string>();
  private readonly release: () => void;
  /** Where the scan is. A record that was changed meanwhile may have another position. */
  position = '';

  /** `before`: only records before this position. `mayMatch`: false if no record of a bucket is wanted. */
  constructor(
    private readonly state: StoreState,
    private readonly kind: K,
    private readonly before: string | undefined,
    private readonly mayMatch: (bucket: Bucket) => boolean,
  ) {
    const recent = [state.active, ...(state.frozen ? [state.frozen] : [])];
    this.sources = recent.map((changes) => new RecentSource(changes, kind, before));
    const { shards, release } = state.shards.snapshot(({ index }) => {
      const section = index.sections[kind];
      return section !== undefined && (before === undefined || section.from < before) && index.buckets.some((b) => this.wants(b));
    });
    this.release = release;
    this.waiting = shards
      .map(({ shard, dead }) => ({ shard, dead, section: shard.index.sections[kind]! }))
      .sort((a, b) => (a.section.to < b.section.to ? -1 : 1));
  }

  /** The next record; undefined at the end. */
  async next(): Promise<EntryOf[K] | undefined> {
    for (;;) {
      const source = await this.newest();
      const head = source?.head;
      if (!head) return undefined;
      this.position = head.order;
      const entry = await this.current(head);
      await source.advance();
      if (entry) return entry;
    }
  }

  close(): void {
    this.release();
  }

  private wants(bucket: Bucket): boolean {
    return bucket.kind === this.kind && this.mayMatch(bucket);
  }

  /** The source with the newest record. */
  private async newest(): Promise<Source | undefined> {
    for (;;) {
      let best: Source | undefined;
      for (const source of this.sources) if (source.head && (!best || source.head.order > best.head!.order)) best = source;
      const next = this.waiting.at(-1);
      if (!next || (best && best.head!.order > next.section.to)) return best;
      this.waiting.pop();
      const source = new ShardSource(this.state.shards, next, (bucket) => this.wants(bucket));
      await source.seek(this.before);
      this.sources.push(source);
    }
  }

  /** The current version of a record; undefined if it was removed, or was returned before. */
  private async current({ id, line }: Head): Promise<EntryOf[K] | undefined> {
    if (line?.shard.installed && !isDead(line.shard.dead, line.line)) return line.entry as EntryOf[K];
    if (this.seen.has(id)) return undefined;
    this.seen.add(id);
    return this.state.fetch(this.kind, id);
  }
}

/** Changed records. Positions may be added and removed meanwhile. */
class RecentSource implements Source {
  head: Head | undefined;
  private batch: string[] = [];

  constructor(
    private readonly changes: RecentChanges,
    private readonly kind: RecordKind,
    private before: string | undefined,
  ) {
    this.fill();
  }

  async advance(): Promise<void> {
    this.fill();
  }

  private fill(): void {
    if (this.batch.length === 0) this.batch = this.changes.order[this.kind].below(this.before, BATCH).reverse();
    const order = this.batch.pop();
    this.before = order;
    this.head = order === undefined ? undefined : { order, id: idIn(this.kind, order) };
  }
}

/** The lines of a shard that were live when the scan started. */
class ShardSource implements Source {
  head: Head | undefined;
  /** Wanted lines, the next one last. */
  private readonly lines: number[] = [];
  private chunk: { first: number; entries: RecordEntry[] } | undefined;
  private readonly shard: Shard;

  constructor(
    private readonly shards: Shards,
    private readonly source: { shard: Shard; dead: Uint8Array; section: Section },
    private readonly wants: (bucket: Bucket) => boolean,
  ) {
    this.shard = source.shard;
  }

  /** Goes to the first record before a position. */
  async seek(before: string | undefined): Promise<void> {
    const { shard, dead, section } = this.source;
    let end = section.end;
    if (before !== undefined && section.to >= before) {
      let low = section.first;
      while (low < end) {
        const middle = (low + end) >>> 1;
        if ((await this.shards.readLine(shard, middle)).order < before) low = middle + 1;
        else end = middle;
      }
    }
    const wanted = shard.index.buckets.map((bucket) => this.wants(bucket));
    for (let line = section.first; line < end; line++)
      if (wanted[shard.index.bucketOf[line]!] && !isDead(dead, line)) this.lines.push(line);
    await this.advance();
  }

  async advance(): Promise<void> {
    const line = this.lines.pop();
    if (line === undefined) {
      this.head = undefined;
      return;
    }
    const entry = await this.entry(line);
    this.head = { order: entry.order, id: entry.id, line: { shard: this.shard, line, entry } };
  }

  private async entry(line: number): Promise<RecordEntry> {
    if (!this.chunk || line < this.chunk.first) {
      // Where the next wanted lines are close, they are read together.
      const last = this.lines[Math.max(0, this.lines.length - CHUNK)] ?? line;
      const first = line - last < 2 * CHUNK ? last : line;
      this.chunk = { first, entries: await this.shards.readLines(this.shard, first, line + 1) };
    }
    return this.chunk.entries[line - this.chunk.first]!;
  }
}
