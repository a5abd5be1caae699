import { TimeSlice } from '../time-slice.js';
import type { Disk } from './disk.js';
import type { RecordEntry } from './record-entry.js';
import { encodeEntry, indexName, shardDatabase, writeNew } from './shard-file.js';
import { decodeIndex, encodeIndex, inLineOrder } from './shard-index.js';
import { type ListedShard, MAX_LINES, type Shard, type Shards } from './shards.js';
import type { StoreState } from './store-state.js';
import { parse } from './store-state.js';

/** A shard on disk that is not found yet, and the records of its lines. */
export interface WrittenShard {
  shard: Shard;
  listed: ListedShard;
  entries: readonly RecordEntry[];
}

/** Writes records into new shards. */
export class ShardWriter {
  constructor(
    private readonly folder: string,
    private readonly disk: Disk,
    private readonly state: StoreState,
    private readonly shards: Shards,
    /** The number of the next shard. A number is never used twice, whether its shard became part of the store or not. */
    public next: number,
    private readonly shardBytes: number,
  ) {}

  /** Writes records, sorted by kind and by their position in lists. Their bodies must have their offsets. */
  async write(records: readonly RecordEntry[]): Promise<WrittenShard[]> {
    const slice = new TimeSlice();
    const entries = await inLineOrder(records, slice);
    const written: WrittenShard[] = [];
    try {
      let lines: string[] = [];
      let bytes = 0;
      let first = 0;
      for (let i = 0; i < entries.length; i++) {
        const entry = entries[i]!;
        entry.keys ??= this.state.hashes.keysOf(entry.kind, parse(entry));
        const line = encodeEntry(entry);
        lines.push(line);
        bytes += line.length;
        await slice.yieldIfDue();
        if (bytes < this.shardBytes && lines.length < MAX_LINES && i < entries.length - 1) continue;
        written.push(await this.writeShard(entries.slice(first, i + 1), lines, slice));
        lines = [];
        bytes = 0;
        first = i + 1;
      }
      if (written.length > 0) await this.disk.syncFolder(this.folder);
      return written;
    } catch (error) {
      await this.discard(written);
      throw error;
    }
  }

  /** Forgets shards that did not become part of the store. Their files are removed at the next start. */
  async discard(written: readonly WrittenShard[]): Promise<void> {
    for (const { shard } of written) shard.readers++;
    await this.shards.remove(written.map(({ shard }) => shard));
  }

  private async writeShard(entries: readonly RecordEntry[], lines: readonly string[], slice: TimeSlice): Promise<WrittenShard> {
    const number = this.next++;
    const { db, file } = shardDatabase(this.disk, this.folder, number);
    db.data = lines;
    await db.write();
    const keys = entries.map((entry) => entry.keys!);
    const content = await encodeIndex(entries, keys, file.offsets, slice);
    await writeNew(this.disk, this.folder, indexName(number), content);
    const listed: ListedShard = {
      number,
      bytes: file.offsets[lines.length]!,
      indexBytes: content.length,
      lines: lines.length,
      keys: keys.reduce((sum, { hashes }) => sum + hashes.length, 0),
    };
    const shard = await this.shards.add(listed, decodeIndex(content, indexName(number)), slice);
    return { shard, listed, entries };
  }
}
