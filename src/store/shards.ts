import { readdir, readFile, rename, unlink } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { type Adapter, Low } from 'lowdb';
import { type Disk, replaceFile, TEMPORARY } from './disk.js';
import { type Heap, SETTINGS_SHARD, SHARDS } from './heap.js';
import { type BodyRef, holdRecord, type Kind, type RecordOf } from './held.js';
import { Pace } from './pace.js';

const KINDS: readonly Kind[] = ['message', 'delivery', 'conversation'];
const CHECKPOINT = 'checkpoint.json';

/** A record in a snapshot: its JSON text and where its bodies are. */
interface Kept {
  text: string;
  bodies?: BodyRef[];
}

/** What one file of the snapshot holds. */
interface ShardImage {
  /** The journal's sequence number this image is current to. */
  upTo: number;
  records: Record<Kind, Kept[]>;
  settings: [key: string, text: string][];
}

const emptyImage = (): ShardImage => ({ upTo: 0, records: { message: [], delivery: [], conversation: [] }, settings: [] });

/** Behind the JSON, on a line of its own, stands a checksum: a flipped bit must not become somebody's ticket number. */
const CHECKSUM = /\n#([0-9a-f]{8})\n$/;

function withChecksum(json: string): Buffer {
  const content = Buffer.from(json);
  return Buffer.concat([content, Buffer.from(`\n#${crc32(content).toString(16).padStart(8, '0')}\n`)]);
}

function checked(content: Buffer): string {
  const tail = CHECKSUM.exec(content.toString('latin1', Math.max(0, content.length - 11)));
  const json = content.subarray(0, content.length - 11);
  if (!tail || crc32(json) !== Number.parseInt(tail[1]!, 16)) throw new Error('its checksum is wrong');
  return json.toString();
}

/** lowdb adapter for one file: compact JSON, replaced atomically, file and folder fsynced (lowdb's own adapters do not). */
class SnapshotFile<T> implements Adapter<T> {
  constructor(
    private readonly disk: Disk,
    private readonly folder: string,
    private readonly name: string,
    private readonly encode: (data: T) => string,
    private readonly decode: (json: string) => T,
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

  write(data: T): Promise<void> {
    return replaceFile(this.disk, this.folder, this.name, withChecksum(this.encode(data)));
  }
}

/** Texts are put together as they are: stringifying a shard again would be most of the cost of a snapshot. */
function encodeImage(image: ShardImage): string {
  const list = (kept: Kept[]) =>
    kept.map(({ text, bodies }) => (bodies ? `[${text},${encodeRefs(bodies)}]` : `[${text}]`)).join(',\n');
  const records = KINDS.map((kind) => `"${kind}":[${list(image.records[kind])}]`).join(',\n');
  const settings = image.settings.map(([key, text]) => `[${JSON.stringify(key)},${text}]`).join(',\n');
  return `{"upTo":${image.upTo},"records":{${records}},"settings":[${settings}]}`;
}

function encodeRefs(bodies: BodyRef[]): string {
  return JSON.stringify(bodies.map(({ name, segment, offset, length }) => [name, segment, offset, length]));
}

function decodeImage(json: string): ShardImage {
  const parsed = JSON.parse(json) as {
    upTo: number;
    records: Record<Kind, [record: unknown, bodies?: [string, number, number, number][]][]>;
    settings: [string, unknown][];
  };
  const image = emptyImage();
  image.upTo = parsed.upTo;
  for (const kind of KINDS) {
    image.records[kind] = parsed.records[kind].map(([record, bodies]) => ({
      text: JSON.stringify(record),
      bodies: bodies?.map(([name, segment, offset, length]) => ({ name, segment, offset, length })),
    }));
  }
  image.settings = parsed.settings.map(([key, value]) => [key, JSON.stringify(value)]);
  return image;
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
  private readonly checkpointFile: Low<{ seq: number }>;

  constructor(
    private readonly folder: string,
    private readonly quarantine: string,
    private readonly disk: Disk,
    private readonly log: (level: 'info' | 'warn' | 'error', text: string) => void,
  ) {
    this.files = Array.from({ length: SHARDS }, (_, shard) => {
      const encode = (image: ShardImage) => {
        const json = encodeImage(image);
        this.sizes[shard] = json.length;
        return json;
      };
      const decode = (json: string) => {
        this.sizes[shard] = json.length;
        return decodeImage(json);
      };
      return new Low(new SnapshotFile(disk, folder, shardName(shard), encode, decode), emptyImage());
    });
    this.checkpointFile = new Low(
      new SnapshotFile(disk, folder, CHECKPOINT, (data: { seq: number }) => JSON.stringify(data), JSON.parse),
      { seq: 0 },
    );
  }

  get bytes(): number {
    return this.sizes.reduce((sum, size) => sum + size, 0);
  }

  /** Every shard is current at least to this sequence number; replay begins behind it. */
  get checkpoint(): number {
    return this.checkpointFile.data.seq;
  }

  /** Fills the heap from the files. A damaged file is set aside and, as far as the journal goes back, made again from it. */
  async load(heap: Heap): Promise<void> {
    for (const name of await readdir(this.folder)) if (name.endsWith(TEMPORARY)) await unlink(`${this.folder}/${name}`);
    await this.readOrSetAside(this.checkpointFile, CHECKPOINT);
    const pace = new Pace();
    for (let shard = 0; shard < SHARDS; shard++) {
      const file = this.files[shard]!;
      const whole = await this.readOrSetAside(file, shardName(shard));
      if (!whole) this.checkpointFile.data = { seq: 0 };
      this.upTo[shard] = file.data.upTo;
      for (const kind of KINDS) {
        for (const { text, bodies } of file.data.records[kind]) {
          const record = JSON.parse(text) as RecordOf[typeof kind];
          heap.put(kind, record.id, holdRecord(kind, record, text, bodies));
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
   * Writes one shard as the heap has it now. `durable` is called with the image already taken and must resolve when the journal holds everything in it:
   * a snapshot must never know of a commit that a crash could still undo.
   */
  async write(heap: Heap, shard: number, seq: number, durable: () => Promise<void>): Promise<void> {
    const file = this.files[shard]!;
    const image = takeImage(heap, shard, seq);
    await durable();
    file.data = image;
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

  private async readOrSetAside(file: Low<never> | Low<ShardImage> | Low<{ seq: number }>, name: string): Promise<boolean> {
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

function takeImage(heap: Heap, shard: number, upTo: number): ShardImage {
  const image = emptyImage();
  image.upTo = upTo;
  if (shard === SETTINGS_SHARD) {
    image.settings = [...heap.settings];
    return image;
  }
  for (const kind of KINDS) {
    for (const { text, bodies } of heap.tables[kind].records.parts[shard]!.values()) image.records[kind].push({ text, bodies });
  }
  return image;
}
