import { readFile } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { type Adapter, Low } from 'lowdb';
import { FILE_MODE } from '../private-files.js';
import { TimeSlice } from '../time-slice.js';
import { DamagedFile, hex } from './checked-file.js';
import { type Disk, writeAll } from './disk.js';
import { type BodyRef, type RecordEntry, toEntry } from './record-entry.js';
import type { RecordKind, RecordOf } from './store.js';

/** Names of the two files of a shard. */
export const shardName = (number: number): string => `${String(number).padStart(8, '0')}.ndjson`;
export const indexName = (number: number): string => `${String(number).padStart(8, '0')}.index`;

/** A checksum and a space before the JSON of a line, a line feed after it. */
const PREFIX = /^[0-9a-f]{8} $/;
const PREFIX_LENGTH = 9;
const LINE_FEED = 10;

/** Body references as they are written: compact, because most records have some. */
type StoredRef = [name: string, segment: number, offset: number, length: number, crc?: number];

/** One record in a shard. */
interface StoredRecord {
  kind: RecordKind;
  refs: StoredRef[];
  record: RecordOf[RecordKind];
}

/** The JSON of a record in a shard. */
export function encodeEntry({ kind, refs, text }: RecordEntry): string {
  const stored: StoredRef[] = refs.map(({ name, segment, offset, length, crc }) =>
    crc === undefined ? [name, segment, offset, length] : [name, segment, offset, length, crc],
  );
  return `{"kind":"${kind}","refs":${JSON.stringify(stored)},"record":${text}}`;
}

/** The record in the JSON of a line. */
export function decodeEntry(json: string): RecordEntry {
  const { kind, refs, record } = JSON.parse(json) as StoredRecord;
  const text = json.slice(json.indexOf(',"record":') + ',"record":'.length, -1);
  return toEntry(
    kind,
    record,
    text,
    refs.map(([name, segment, offset, length, crc]): BodyRef => ({ name, segment, offset, length, crc })),
  );
}

/** The JSON in a line of a shard; undefined if the line is not what was written. */
export function decodeLine(line: Buffer): string | undefined {
  if (line.length <= PREFIX_LENGTH || line[line.length - 1] !== LINE_FEED) return undefined;
  const prefix = line.toString('latin1', 0, PREFIX_LENGTH);
  const json = line.subarray(PREFIX_LENGTH, -1);
  if (!PREFIX.test(prefix) || crc32(json) !== Number.parseInt(prefix, 16)) return undefined;
  return json.toString();
}

/**
 * lowdb adapter for a shard: one record per line, each with a checksum, so that one record can be read without the rest. A shard
 * is written once and never changed.
 */
export class ShardFile implements Adapter<readonly string[]> {
  /** After writing: the offset of each line, and of the end. */
  offsets: Uint32Array = new Uint32Array(1);
  private readonly name: string;

  constructor(
    private readonly disk: Disk,
    private readonly folder: string,
    number: number,
  ) {
    this.name = shardName(number);
  }

  /** All lines; throws `DamagedFile` if one is not what was written. Null if the file does not exist. */
  async read(): Promise<readonly string[] | null> {
    let content: Buffer;
    try {
      content = await readFile(`${this.folder}/${this.name}`);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw error;
    }
    const lines: string[] = [];
    const offsets = [0];
    const slice = new TimeSlice();
    for (let at = 0; at < content.length; at = offsets.at(-1)!) {
      const end = content.indexOf(LINE_FEED, at) + 1;
      const json = decodeLine(content.subarray(at, end || content.length));
      if (json === undefined) throw new DamagedFile(`line ${lines.length + 1} of ${this.name} is damaged`);
      lines.push(json);
      offsets.push(end);
      await slice.yieldIfDue();
    }
    this.offsets = Uint32Array.from(offsets);
    return lines;
  }

  async write(lines: readonly string[]): Promise<void> {
    const offsets = new Uint32Array(lines.length + 1);
    const parts: Buffer[] = [];
    const slice = new TimeSlice();
    for (const [i, json] of lines.entries()) {
      const bytes = Buffer.from(`00000000 ${json}\n`);
      bytes.write(hex(crc32(bytes.subarray(PREFIX_LENGTH, -1))), 0, 'latin1');
      offsets[i + 1] = offsets[i]! + bytes.length;
      parts.push(bytes);
      await slice.yieldIfDue();
    }
    this.offsets = offsets;
    await writeNew(this.disk, this.folder, this.name, Buffer.concat(parts));
  }
}

/** The lowdb database of one shard. */
export function shardDatabase(disk: Disk, folder: string, number: number): { db: Low<readonly string[]>; file: ShardFile } {
  const file = new ShardFile(disk, folder, number);
  return { db: new Low<readonly string[]>(file, []), file };
}

/** Writes a file that nothing refers to yet; the caller syncs the folder. */
export async function writeNew(disk: Disk, folder: string, name: string, content: Buffer): Promise<void> {
  const file = await disk.open(`${folder}/${name}`, 'w', FILE_MODE);
  try {
    await writeAll(file, content, 0);
    await file.sync();
  } finally {
    await file.close();
  }
}
