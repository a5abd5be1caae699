import { readFile } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import type { Adapter } from 'lowdb';
import { type Disk, replaceFile } from './disk.js';

/** Thrown if the content of a file is not what was written: the only reason to call a file damaged. */
export class DamagedFile extends Error {}

/** The line after the JSON is a checksum: a flipped bit must not change a ticket number. */
const CHECKSUM = /\n#([0-9a-f]{8})\n$/;
const CHECKSUM_LENGTH = 11;

export const hex = (value: number): string => value.toString(16).padStart(8, '0');

/** lowdb adapter for one JSON file: compact, with a checksum, replaced atomically, file and folder fsynced (lowdb's own do not). */
export class CheckedFile<T> implements Adapter<T> {
  constructor(
    private readonly disk: Disk,
    private readonly folder: string,
    private readonly name: string,
  ) {}

  /** Null if the file does not exist. */
  async read(): Promise<T | null> {
    let content: Buffer;
    try {
      content = await readFile(`${this.folder}/${this.name}`);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw error;
    }
    return JSON.parse(checkedJson(content, this.name)) as T;
  }

  async write(data: T): Promise<void> {
    const json = Buffer.from(JSON.stringify(data));
    await replaceFile(this.disk, this.folder, this.name, Buffer.concat([json, Buffer.from(`\n#${hex(crc32(json))}\n`)]));
  }
}

/** The JSON in a file with a checksum. */
export function checkedJson(content: Buffer, name: string): string {
  const tail = CHECKSUM.exec(content.toString('latin1', Math.max(0, content.length - CHECKSUM_LENGTH)));
  const json = content.subarray(0, Math.max(0, content.length - CHECKSUM_LENGTH));
  if (!tail || crc32(json) !== Number.parseInt(tail[1]!, 16)) throw new DamagedFile(`the checksum of ${name} does not match`);
  return json.toString();
}
