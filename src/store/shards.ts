import { readdir, readFile, rename, unlink } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { type Adapter, Low } from 'lowdb';
import { ByteWriter } from './byte-writer.js';
import { type Disk, replaceFile, TEMPORARY } from './disk.js';
import { type MemoryState, SETTINGS_SHARD, SHARDS } from './memory-state.js';
import { keysOf, type RecordKind, type RecordOf, toEntry } from './record-entry.js';
import { TimeSlice } from './time-slice.js';

const KINDS: readonly RecordKind[] = ['message', 'delivery', 'conversation'];
const CHECKPOINT = 'checkpoint.json';

/** Every shard is current at least up to `seq`. */
interface Checkpoint {
  seq: number;
}

/** A record in a snapshot. */
type SnapshotRecord = [record: RecordOf[RecordKind], refs?: unknown];

/** Content of one snapshot file. */
interface ShardImage {
  /** The sequence number of the journal up to which this image is current. */
  upTo: number;
  records: Record<RecordKind, SnapshotRecord[]>;
  /** For writing: the memory and the shard to read the records from at that moment. */
  from?: { memory: MemoryState; shard: number };
  settings: Iterable<[key: string, text: string]>;
}

const emptyImage = (): ShardImage => ({ upTo: 0, records: { message: [], delivery: [], conversation: [] }, settings: [] });

/** The line after the JSON is a checksum: a flipped bit must not change a ticket number. */
const CHECKSUM = /\n#([0-9a-f]{8})\n$/;
const CHECKSUM_LENGTH = 11;

function checked(content: Buffer): string {
  const tail = CHECKSUM.exec(content.toString('latin1', Math.max(0, content.length - CHECKSUM_LENGTH)));
  const json = content.subarray(0, content.length - CHECKSUM_LENGTH);
  if (!tail || crc32(json) !== Number.parseInt(tail[1]!, 16)) throw new Error('the checksum does not match');
  return json.toString();
}

/** lowdb adapter for one file: compact JSON, replaced atomically, file and folder fsynced (lowdb's own adapters do not). */
class SnapshotFile<T> implements Adapter<T> {
  /** Awaited between encoding the data and writing it. */
  ready: () => Promise<void> = async () => {};

  constructor(
    private readonly disk: Disk,
    private readonly folder: string,
    private readonly name: string,
    private readonly encode: (data: T, to: ByteWriter) => void,
    private readonly decode: (json: string) => T,
    private readonly bytes: ByteWriter,
  ) {}

  async read(): Promise<T | null> {
    let content: Buffer;
    try {
      content = await readFile(`${this.folder}/${this.name}`);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw error;
    }
    return this.decode(checked(content));
  }

  async write(data: T): Promise<void> {
    this.bytes.clear();
    this.encode(data, this.bytes);
    this.bytes.write(`\n#${crc32(this.bytes.written).toString(16).padStart(8, '0')}\n`);
    await this.ready();
    await replaceFile(this.disk, this.folder, this.name, this.bytes.written);
  }
}

/** Texts are copied unchanged: stringifying a shard again would be most of the cost of a snapshot. */
function encodeImage(image: ShardImage, to: ByteWriter): void {
  to.write(`{"upTo":${image.upTo},"records":{`);
  KINDS.forEach((kind, i) => {
    to.write(`${i > 0 ? ',' : ''}"${kind}":[`);
    if (image.from) encodeRecords(image.from.memory, kind, image.from.shard, to);
    to.write(']');
  });
  const settings = Array.from(image.settings, ([key, text]) => `[${JSON.stringify(key)},${text}]`);
  to.write(`},"settings":[${settings.join(',\n')}]}`);
}

function encodeRecords({ tables, texts }: MemoryState, kind: RecordKind, shard: number, to: ByteWriter): void {
  let first = true;
  for (const { text, refs } of tables[kind].records.parts[shard]!.values()) {
    to.write(first ? '[' : ',\n[');
    texts.copy(text, to);
    if (refs) {
      to.write(',');
      texts.copy(refs, to);
    }
    to.write(']');
    first = false;
  }
}

function decodeImage(json: string): ShardImage {
  const parsed = JSON.parse(json) as {
    upTo: number;
    records: Record<RecordKind, SnapshotRecord[]>;
    settings: [string, unknown][];
  };
  return { ...parsed, settings: parsed.settings.map(([key, value]) => [key, JSON.stringify(value)]) };
}

const shardName = (shard: number): string =>
  shard === SETTINGS_SHARD ? 'settings.json' : `${shard.toString(16).padStart(2, '0')}.json`;

/**
 * The snapshot: 256 files of records by the hash of their id, one of settings, and a checkpoint with the sequence number where
 * replay starts.
 */
export class Shards {
  /** For each shard the sequence number up to which its file is current. */
  readonly upTo: number[] = new Array<number>(SHARDS).fill(0);
  /** Bytes of the whole snapshot, by shard. */
  private readonly sizes: number[] = new Array<number>(SHARDS).fill(0);
  private readonly files: Low<ShardImage>[];
  /** Shared by all files: shards are written one at a time. */
  private readonly bytes = new ByteWriter();
  private readonly checkpointFile: Low<Checkpoint>;

  constructor(
    private readonly folder: string,
    private readonly quarantine: string,
    private readonly disk: Disk,
    private readonly log: (level: 'info' | 'warn' | 'error', text: string) => void,
  ) {
    this.files = Array.from({ length: SHARDS }, (_, shard) => {
      const encode = (image: ShardImage, to: ByteWriter) => {
        encodeImage(image, to);
        this.sizes[shard] = to.written.length;
      };
      const decode = (json: string) => {
        this.sizes[shard] = json.length;
        return decodeImage(json);
      };
      return new Low(new SnapshotFile(disk, folder, shardName(shard), encode, decode, this.bytes), emptyImage());
    });
    const encode = (checkpoint: Checkpoint, to: ByteWriter) => to.write(JSON.stringify(checkpoint));
    this.checkpointFile = new Low(new SnapshotFile(disk, folder, CHECKPOINT, encode, JSON.parse, this.bytes), { seq: 0 });
  }

  /** Total size of all files in bytes. */
  get size(): number {
    return this.sizes.reduce((sum, size) => sum + size, 0);
  }

  /** Every shard is current at least up to this sequence number; replay starts after it. */
  get checkpoint(): number {
    return this.checkpointFile.data.seq;
  }

  /**
   * Loads the memory from the files. A damaged file is quarantined, and its records are restored from the journal as far as it
   * goes back.
   */
  async load(memory: MemoryState): Promise<void> {
    const names = new Set(await readdir(this.folder));
    // Remove partial files left by a crash.
    for (const name of names) if (name.endsWith(TEMPORARY)) await unlink(`${this.folder}/${name}`);
    await this.readOrQuarantine(this.checkpointFile, CHECKPOINT);
    const slice = new TimeSlice();
    for (let shard = 0; shard < SHARDS; shard++) {
      if (!names.has(shardName(shard))) continue;
      const file = this.files[shard]!;
      const whole = await this.readOrQuarantine(file, shardName(shard));
      if (!whole) this.checkpointFile.data = { seq: 0 };
      this.upTo[shard] = file.data.upTo;
      for (const kind of KINDS) {
        for (const [record, refs] of file.data.records[kind]) {
          const text = memory.texts.put(JSON.stringify(record));
          const entry = toEntry(kind, record, text, refs ? memory.texts.put(JSON.stringify(refs)) : 0);
          memory.put(kind, entry.id, undefined, entry, keysOf(kind, record));
          await slice.yieldIfDue();
        }
      }
      for (const [key, text] of file.data.settings) memory.putSetting(key, text);
      file.data = emptyImage();
      await slice.yieldIfDue();
    }
    memory.dirty.clear();
  }

  /**
   * Writes one shard from the current memory. `durable` is called after its bytes are encoded and must resolve when the journal
   * contains all of its changes: a snapshot must never contain a commit that a crash could still undo.
   */
  async write(memory: MemoryState, shard: number, seq: number, durable: () => Promise<void>): Promise<void> {
    const file = this.files[shard]!;
    (file.adapter as SnapshotFile<ShardImage>).ready = durable;
    const image = { ...emptyImage(), upTo: seq };
    file.data = shard === SETTINGS_SHARD ? { ...image, settings: memory.settings } : { ...image, from: { memory, shard } };
    try {
      await file.write();
    } finally {
      file.data = emptyImage();
    }
    this.upTo[shard] = seq;
  }

  /** Records that every shard is current up to a sequence number. */
  async writeCheckpoint(seq: number): Promise<void> {
    this.checkpointFile.data = { seq };
    await this.checkpointFile.write();
  }

  private async readOrQuarantine(file: Low<never> | Low<ShardImage> | Low<Checkpoint>, name: string): Promise<boolean> {
    try {
      await file.read();
      return true;
    } catch (error) {
      const aside = `${name}-${Date.now()}.damaged`;
      await rename(`${this.folder}/${name}`, `${this.quarantine}/${aside}`);
      await this.disk.syncFolder(this.folder);
      this.log(
        'error',
        `The store's file ${name} cannot be read (${(error as Error).message}). It was moved to quarantine/${aside}; its records are restored from the ` +
          'journal as far as the journal goes back. Check the disk, and check that the number of conversations is as expected.',
      );
      return false;
    }
  }
}
