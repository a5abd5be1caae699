import { readFile, unlink } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { SwitchboardError } from '../errors.js';
import { say } from '../text/say.js';
import { TimeSlice } from '../time-slice.js';
import type { FileReader } from './file-reader.js';
import { HashIndex } from './hash-index.js';
import type { Bucket, RecordEntry } from './record-entry.js';
import { type LostRecord, restoreFromJournal } from './restore.js';
import { decodeEntry, decodeLine, indexName, shardName } from './shard-file.js';
import type { IndexText, ShardIndex } from './shard-index.js';

/** Lines of a shard: with its slot, the number of a line is a small integer, which needs no heap object. */
export const MAX_LINES = 4096;
const TABLES = 4096;
/** Keys of removed shards are swept out of the index when they are this share of the others. */
const STALE = 0.2;

/** A shard as the manifest lists it. */
export interface ListedShard {
  number: number;
  /** Sizes of its two files. */
  bytes: number;
  indexBytes: number;
  lines: number;
  keys: number;
  /** One bit for each line whose record has a newer copy or was removed, in base64; absent if there is none. */
  dead?: string;
}

/** One immutable file of records. What its index needs in memory: some six bytes a record, and its keys in the hash index. */
export class Shard {
  /** One bit per line. Replaced, not changed, while a list reads the shard. */
  dead: Uint8Array;
  live: number;
  /** Its lines are found. */
  installed = false;
  /** Lists that are reading it; its files are removed after them. */
  readers = 0;
  /** The records of its damaged lines as far as the journal has them; absent while no damage was seen. */
  restored: Promise<Map<number, RecordEntry>> | undefined;

  constructor(
    readonly slot: number,
    readonly listed: Readonly<Omit<ListedShard, 'dead'>>,
    readonly index: Omit<ShardIndex, 'hashes' | 'lineOf' | 'work'>,
    dead: string | undefined,
  ) {
    this.dead = dead === undefined ? new Uint8Array(Math.ceil(listed.lines / 8)) : Uint8Array.from(Buffer.from(dead, 'base64'));
    this.live = listed.lines;
    for (let line = 0; line < listed.lines; line++) if (isDead(this.dead, line)) this.live--;
  }

  /** The bucket of the record in a line. */
  bucket(line: number): Bucket {
    return this.index.buckets[this.index.bucketOf[line]!]!;
  }

  place(line: number): number {
    return this.slot * MAX_LINES + line;
  }
}

export const isDead = (dead: Uint8Array, line: number): boolean => ((dead[line >>> 3]! >>> (line & 7)) & 1) === 1;

/** A reader's view of the shards at one moment. */
export interface ShardSnapshot {
  shards: { shard: Shard; dead: Uint8Array }[];
  release(): void;
}

/**
 * The shards of a store, and the index that finds the lines of a key. A record is in at most one line that is not dead; a line
 * has a *place*: the slot of its shard and its number.
 */
export class Shards {
  private readonly slots: (Shard | undefined)[] = [];
  private readonly freeSlots: number[] = [];
  /** Slots of removed shards whose keys are still in the index. */
  private readonly staleSlots: number[] = [];
  private staleKeys = 0;
  private allKeys = 0;
  private readonly keys = new HashIndex(TABLES);
  private readonly installed = new Set<Shard>();

  constructor(
    private readonly folder: string,
    private readonly reader: FileReader,
    private readonly journalFolder: string,
    private readonly log: (level: 'info' | 'warn' | 'error', text: string) => void,
  ) {}

  /** Oldest first. */
  get all(): readonly Shard[] {
    return [...this.installed].sort((a, b) => a.listed.number - b.listed.number);
  }

  reserve(keys: number): void {
    this.keys.reserve(keys);
  }

  /** Adds a shard, whose lines are not found before `install`. */
  async add(listed: ListedShard, { hashes, lineOf, work: _, ...index }: ShardIndex, slice = new TimeSlice()): Promise<Shard> {
    const slot = this.freeSlots.pop() ?? this.slots.length;
    const { dead, ...rest } = listed;
    const shard = new Shard(slot, rest, index, dead);
    this.slots[slot] = shard;
    this.allKeys += rest.keys;
    const first = slot * MAX_LINES;
    for (let i = 0; i < hashes.length; i++) {
      this.keys.add(hashes[i]!, first + lineOf[i]!);
      if (i % 512 === 511) await slice.yieldIfDue();
    }
    return shard;
  }

  install(shard: Shard): void {
    shard.installed = true;
    this.installed.add(shard);
  }

  /** Lines that may have a key with this hash. */
  places(hash: number): readonly number[] {
    const found = this.keys.get(hash);
    return found.length === 0 || found.every((place) => this.isLive(place)) ? found : found.filter((place) => this.isLive(place));
  }

  isLive(place: number): boolean {
    const shard = this.slots[Math.floor(place / MAX_LINES)];
    return shard?.installed === true && !isDead(shard.dead, place % MAX_LINES);
  }

  lineOf(place: number): number {
    return place % MAX_LINES;
  }

  /** Marks a line as dead: its record has a newer copy, or was removed. */
  kill(place: number): void {
    const shard = this.shardOf(place);
    const line = place % MAX_LINES;
    if (isDead(shard.dead, line)) return;
    if (shard.readers > 0) shard.dead = shard.dead.slice();
    shard.dead[line >>> 3]! |= 1 << (line & 7);
    shard.live--;
  }

  shardOf(place: number): Shard {
    return this.slots[Math.floor(place / MAX_LINES)]!;
  }

  /** The shards for the manifest; the lines in `revived` are dead only in memory, because of changes after it. */
  list(revived: Iterable<number>): ListedShard[] {
    const bits = new Map<Shard, Uint8Array>();
    for (const place of revived) {
      const shard = this.shardOf(place);
      let dead = bits.get(shard);
      if (!dead) {
        dead = shard.dead.slice();
        bits.set(shard, dead);
      }
      const line = place % MAX_LINES;
      dead[line >>> 3]! &= ~(1 << (line & 7));
    }
    return this.all.map((shard) => {
      const dead = bits.get(shard) ?? shard.dead;
      return { ...shard.listed, ...(dead.some((byte) => byte !== 0) && { dead: Buffer.from(dead).toString('base64') }) };
    });
  }

  /** Removes shards: their lines are not found any more, and their files are deleted when nobody reads them. */
  async remove(shards: readonly Shard[]): Promise<void> {
    if (shards.length === 0) return;
    for (const shard of shards) {
      shard.installed = false;
      this.installed.delete(shard);
      this.slots[shard.slot] = undefined;
      this.staleSlots.push(shard.slot);
      this.staleKeys += shard.listed.keys;
      this.allKeys -= shard.listed.keys;
    }
    for (const shard of shards) if (shard.readers === 0) await this.deleteFiles(shard);
    if (this.staleKeys > STALE * this.allKeys) await this.sweep();
  }

  /** Removes the keys of removed shards from the index; only then their slots can be used again. */
  private async sweep(): Promise<void> {
    const slots = this.staleSlots.splice(0);
    this.staleKeys = 0;
    const slice = new TimeSlice();
    for (let table = 0; table < this.keys.size; table++) {
      this.keys.sweep(table, (place) => this.slots[Math.floor(place / MAX_LINES)] !== undefined);
      await slice.yieldIfDue();
    }
    this.freeSlots.push(...slots);
  }

  /** A view of the shards that are wanted, whose files stay until it is released. */
  snapshot(wanted: (shard: Shard) => boolean): ShardSnapshot {
    const shards: ShardSnapshot['shards'] = [];
    for (const shard of this.installed) {
      if (!wanted(shard)) continue;
      shard.readers++;
      shards.push({ shard, dead: shard.dead });
    }
    const release = () => {
      for (const { shard } of shards) this.leave(shard);
    };
    return { shards, release };
  }

  /** Keeps the files of a shard until the returned function is called. */
  hold(shard: Shard): () => void {
    shard.readers++;
    return () => this.leave(shard);
  }

  private leave(shard: Shard): void {
    if (--shard.readers === 0 && !shard.installed) void this.deleteFiles(shard);
  }

  /** Reads the record of a line. */
  async read(place: number): Promise<RecordEntry> {
    return this.readLine(this.shardOf(place), place % MAX_LINES);
  }

  /** Reads the record of a line of a shard, which may have been removed since, with `snapshot` held. */
  async readLine(shard: Shard, line: number): Promise<RecordEntry> {
    const [entry] = await this.readLines(shard, line, line + 1);
    return entry!;
  }

  /** Reads consecutive lines of a shard. */
  async readLines(shard: Shard, from: number, to: number): Promise<RecordEntry[]> {
    const { number } = shard.listed;
    const { offsets } = shard.index;
    const start = offsets[from]!;
    const bytes = await this.reader.read(this.path(shardName(number)), start, offsets[to]! - start);
    if (!bytes) throw this.incomplete(shardName(number));
    const entries: RecordEntry[] = [];
    for (let line = from; line < to; line++) {
      const json = decodeLine(bytes.subarray(offsets[line]! - start, offsets[line + 1]! - start));
      entries.push(json === undefined ? await this.restoredLine(shard, line) : decodeEntry(json));
    }
    return entries;
  }

  /** The record of a damaged line, from the journal; throws SWB_STORE if it is not there any more. */
  private async restoredLine(shard: Shard, line: number): Promise<RecordEntry> {
    shard.restored ??= this.restore(shard);
    const entry = (await shard.restored).get(line);
    if (entry) return entry;
    const name = shardName(shard.listed.number);
    throw new SwitchboardError(
      'SWB_STORE',
      say`Line ${line + 1} of ${name} in ${this.folder} is damaged, and its record is no longer in the journal.`,
      {
        hint: say`Check the disk, and restore the file from a backup. All other records can be used.`,
      },
    );
  }

  private async restore(shard: Shard): Promise<Map<number, RecordEntry>> {
    const { offsets } = shard.index;
    const name = shardName(shard.listed.number);
    const content = await readFile(this.path(name));
    const lost = new Map<number, LostRecord>();
    for (const [line, record] of (await this.names(shard)).entries())
      if (decodeLine(content.subarray(offsets[line]!, offsets[line + 1]!)) === undefined) lost.set(line, record);
    const found = await restoreFromJournal(this.journalFolder, [...lost.values()]);
    const restored = new Map<number, RecordEntry>();
    for (const [line, [kind, id]] of lost) {
      const entry = found.find((one) => one.kind === kind && one.id === id);
      if (entry) restored.set(line, entry);
    }
    this.log(
      'error',
      `The store's file shards/${name} is damaged: ${lost.size} of its records, of which the journal still has ${restored.size}. Check the disk.`,
    );
    return restored;
  }

  /** The terms of a shard, for search. */
  terms(shard: Shard): Promise<string> {
    return this.readText(shard, shard.index.terms);
  }

  /** Kind, id and version of each line. */
  async names(shard: Shard): Promise<LostRecord[]> {
    const text = await this.readText(shard, shard.index.names);
    return text.split('\n').flatMap((line) => (line ? [JSON.parse(line)] : []));
  }

  path(name: string): string {
    return `${this.folder}/${name}`;
  }

  private async readText(shard: Shard, { at, bytes, crc }: IndexText): Promise<string> {
    const name = indexName(shard.listed.number);
    const text = await this.reader.read(this.path(name), at, bytes);
    if (!text) throw this.incomplete(name);
    if (crc32(text) === crc) return text.toString();
    throw new SwitchboardError('SWB_STORE', say`The file ${name} in ${this.folder} is damaged.`, {
      hint: say`Check the disk. Stop Switchboard and delete the file; it is created again from its records at the next start.`,
    });
  }

  private async deleteFiles(shard: Shard): Promise<void> {
    for (const name of [shardName(shard.listed.number), indexName(shard.listed.number)]) {
      await this.reader.forget(this.path(name));
      // It is not listed any more, and removed at the next start if not now.
      await unlink(this.path(name)).catch(() => {});
    }
  }

  private incomplete(name: string): SwitchboardError {
    return new SwitchboardError('SWB_STORE', say`The file ${name} in ${this.folder} is missing or too short.`, {
      hint: say`Restore the file from a backup, and restart.`,
    });
  }
}
