import { readdir, readFile, rename, unlink } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { type Adapter, Low } from 'lowdb';
import { ByteWriter } from './byte-writer.js';
import { type Disk, replaceFile, TEMPORARY } from './disk.js';
import { type Heap, SETTINGS_SHARD, SHARDS } from './heap.js';
import { holdRecord, type Kind, keysOf, type RecordOf } from './held.js';
import { Pace } from './pace.js';

const KINDS: readonly Kind[] = ['message', 'delivery', 'conversation'];
const CHECKPOINT = 'checkpoint.json';

/** Every shard is current at least to `seq`. */
interface Checkpoint {
  seq: number;
}

/** A record as it is read from a snapshot. */
type Read = [record: RecordOf[Kind], refs?: unknown];

/** What one file of the snapshot holds. */
interface ShardImage {
  /** The journal's sequence number this image is current to. */
  upTo: number;
  records: Record<Kind, Read[]>;
  /** When it is written: the heap and the shard whose records to take, as they are then. */
  from?: { heap: Heap; shard: number };
  settings: Iterable<[key: string, text: string]>;
}

const emptyImage = (): ShardImage => ({ upTo: 0, records: { message: [], delivery: [], conversation: [] }, settings: [] });

/** Behind the JSON, on a line of its own, stands a checksum: a flipped bit must not become somebody's ticket number. */
const CHECKSUM = /\n#([0-9a-f]{8})\n$/;
const CHECKSUM_LENGTH = 11;

function checked(content: Buffer): string {
  const tail = CHECKSUM.exec(content.toString('latin1', Math.max(0, content.length - CHECKSUM_LENGTH)));
  const json = content.subarray(0, content.length - CHECKSUM_LENGTH);
  if (!tail || crc32(json) !== Number.parseInt(tail[1]!, 16)) throw new Error('its checksum is wrong');
  return json.toString();
}

/** lowdb adapter for one file: compact JSON, replaced atomically, file and folder fsynced (lowdb's own adapters do not). */
class SnapshotFile<T> implements Adapter<T> {
  /** Waited for between putting the data into bytes and writing them. */
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

/** Texts are written as they are: stringifying a shard again would be most of the cost of a snapshot. */
function encodeImage(image: ShardImage, to: ByteWriter): void {
  to.write(`{"upTo":${image.upTo},"records":{`);
  KINDS.forEach((kind, i) => {
    to.write(`${i > 0 ? ',' : ''}"${kind}":[`);
    if (image.from) encodeRecords(image.from.heap, kind, image.from.shard, to);
    to.write(']');
  });
  const settings = Array.from(image.settings, ([key, text]) => `[${JSON.stringify(key)},${text}]`);
  to.write(`},"settings":[${settings.join(',\n')}]}`);
}

function encodeRecords({ tables, slabs }: Heap, kind: Kind, shard: number, to: ByteWriter): void {
  let first = true;
  for (const { text, refs } of tables[kind].records.parts[shard]!.values()) {
    to.write(first ? '[' : ',\n[');
    slabs.copy(text, to);
    if (refs) {
      to.write(',');
      slabs.copy(refs, to);
    }
    to.write(']');
    first = false;
  }
}

function decodeImage(json: string): ShardImage {
  const parsed = JSON.parse(json) as { upTo: number; records: Record<Kind, Read[]>; settings: [string, unknown][] };
  return { ...parsed, settings: parsed.settings.map(([key, value]) => [key, JSON.stringify(value)]) };
}

const shardName = (shard: number): string =>
  shard === SETTINGS_SHARD ? 'settings.json' : `${shard.toString(16).padStart(2, '0')}.json`;

/** The snapshot: 256 files of records by the hash of their id, one of settings, and a checkpoint that says where replay begins. */
export class Shards {
  /** For each shard the sequence number its file is current to. */
  readonly upTo: number[] = new Array<number>(SHARDS).fill(0);
  /** Bytes of the whole snapshot, by shard. */
  private readonly sizes: number[] = new Array<number>(SHARDS).fill(0);
  private readonly files: Low<ShardImage>[];
  /** Used by one file after the other: shards are written one at a time. */
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

  /** Bytes of all files together. */
  get size(): number {
    return this.sizes.reduce((sum, size) => sum + size, 0);
  }

  /** Every shard is current at least to this sequence number; replay begins behind it. */
  get checkpoint(): number {
    return this.checkpointFile.data.seq;
  }

  /** Fills the heap from the files. A damaged file is set aside and, as far as the journal goes back, made again from it. */
  async load(heap: Heap): Promise<void> {
    const names = new Set(await readdir(this.folder));
    // What a crash left of files that were being written.
    for (const name of names) if (name.endsWith(TEMPORARY)) await unlink(`${this.folder}/${name}`);
    await this.readOrSetAside(this.checkpointFile, CHECKPOINT);
    const pace = new Pace();
    for (let shard = 0; shard < SHARDS; shard++) {
      if (!names.has(shardName(shard))) continue;
      const file = this.files[shard]!;
      const whole = await this.readOrSetAside(file, shardName(shard));
      if (!whole) this.checkpointFile.data = { seq: 0 };
      this.upTo[shard] = file.data.upTo;
      for (const kind of KINDS) {
        for (const [record, refs] of file.data.records[kind]) {
          const text = heap.slabs.put(JSON.stringify(record));
          const held = holdRecord(kind, record, text, refs ? heap.slabs.put(JSON.stringify(refs)) : 0);
          heap.put(kind, held.id, undefined, held, keysOf(kind, record));
          await pace.breathe();
        }
      }
      for (const [key, text] of file.data.settings) heap.putSetting(key, text);
      file.data = emptyImage();
      await pace.breathe();
    }
    heap.dirty.clear();
  }

  /**
   * Writes one shard as the heap has it now. `durable` is called with its bytes already taken and must resolve when the journal holds everything in it:
   * a snapshot must never know of a commit that a crash could still undo.
   */
  async write(heap: Heap, shard: number, seq: number, durable: () => Promise<void>): Promise<void> {
    const file = this.files[shard]!;
    (file.adapter as SnapshotFile<ShardImage>).ready = durable;
    const image = { ...emptyImage(), upTo: seq };
    file.data = shard === SETTINGS_SHARD ? { ...image, settings: heap.settings } : { ...image, from: { heap, shard } };
    try {
      await file.write();
    } finally {
      file.data = emptyImage();
    }
    this.upTo[shard] = seq;
  }

  /** Notes that every shard is current to a sequence number. */
  async writeCheckpoint(seq: number): Promise<void> {
    this.checkpointFile.data = { seq };
    await this.checkpointFile.write();
  }

  private async readOrSetAside(file: Low<never> | Low<ShardImage> | Low<Checkpoint>, name: string): Promise<boolean> {
    try {
      await file.read();
      return true;
    } catch (error) {
      const aside = `${name}-${Date.now()}.damaged`;
      await rename(`${this.folder}/${name}`, `${this.quarantine}/${aside}`);
      await this.disk.syncFolder(this.folder);
      this.log(
        'error',
        `The store's file ${name} cannot be read (${(error as Error).message}). It was moved to quarantine/${aside}; its records are made again from the ` +
          'journal as far back as that goes. Check the disk, and compare the numbers of conversations with what you expect.',
      );
      return false;
    }
  }
}
