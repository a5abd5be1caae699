import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { readdir, rename, rm, stat, statfs } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { type Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { FREE_DISK, SPOOL_BYTES } from '../budgets.js';
import type { SpooledAttachment } from '../endpoints/endpoint.js';
import { PartnerError, SwitchboardError } from '../errors.js';
import type { GenericAttachment } from '../model/message.js';
import { FILE_MODE } from '../private-files.js';
import { say } from '../text/say.js';
import { FileError } from './file-error.js';

export interface SpoolLimits {
  /** Of all files together, bytes. */
  bytes: number;
  /** What is free on the disk, and its size, bytes. */
  disk: (folder: string) => Promise<{ free: number; size: number }>;
}

const LIMITS: SpoolLimits = {
  bytes: SPOOL_BYTES,
  disk: async (folder) => {
    const { bavail, blocks, bsize } = await statfs(folder);
    return { free: bavail * bsize, size: blocks * bsize };
  },
};

/** Bytes of a file after which the room on the disk is looked at again. */
const LOOK_AGAIN = 8 * 1024 ** 2;
const PART = '.part';

export interface StoreOptions {
  /** Stops the transfer. */
  signal?: AbortSignal;
  /** Throws where a file of so many bytes is too large. */
  requireSize?: (bytes: number) => void;
}

/**
 * Attachments on their way from one party to another: streamed to disk, hashed and measured, never held in memory as a whole, and
 * never so many that the disk is full. Files of dead letters are kept while there is room: they can be fetched again.
 */
export class Spool {
  /** Bytes by name, oldest first. */
  private readonly sizes = new Map<string, number>();
  private total = 0;

  /** `mayGo`: whether a spooled file can be removed to make room. */
  constructor(
    private readonly folder: string,
    private readonly mayGo: (name: string) => Promise<boolean> = async () => false,
    private readonly limits: SpoolLimits = LIMITS,
  ) {}

  /**
   * Streams an attachment to the file `name`. Checks its size and hash where the source announced them. Throws FileError, to wait,
   * where there is no room.
   */
  async store(
    name: string,
    attachment: GenericAttachment,
    content: Readable,
    { signal, requireSize }: StoreOptions = {},
  ): Promise<SpooledAttachment> {
    const path = this.path(name);
    const part = `${path}${PART}`;
    const hash = createHash('sha256');
    let size = 0;
    let looked = 0;
    const take = async (chunk: Buffer) => {
      hash.update(chunk);
      size += chunk.length;
      requireSize?.(size);
      this.measure(name, size);
      if (this.total > this.limits.bytes) await this.makeRoom(name);
      if (size - looked < LOOK_AGAIN) return;
      looked = size;
      await this.requireDisk(0);
    };
    const count = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        take(chunk).then(() => done(null, chunk), done);
      },
    });
    try {
      await this.requireDisk(attachment.size ?? 0);
      await pipeline(content, count, createWriteStream(part, { mode: FILE_MODE }), { signal });
      const sum = hash.digest('hex');
      requireUndamaged(attachment, size, sum);
      await rename(part, path);
      return { ...attachment, path, size, hash: sum };
    } catch (error) {
      content.destroy();
      this.forget(name);
      await rm(part, { force: true }).catch(() => undefined);
      throw error;
    }
  }

  /** The file, if it was spooled before. */
  async find(name: string, attachment: GenericAttachment): Promise<SpooledAttachment | undefined> {
    const path = this.path(name);
    const found = await stat(path).catch(() => undefined);
    if (!found) return undefined;
    const hash = createHash('sha256');
    for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
    return { ...attachment, path, size: found.size, hash: hash.digest('hex') };
  }

  async remove(name: string): Promise<void> {
    this.forget(name);
    await rm(this.path(name), { force: true });
  }

  /** Removes partial files and files that are no longer needed, and measures the others. */
  async sweep(needed: (name: string) => Promise<boolean>): Promise<void> {
    const files = await readdir(this.folder).catch(() => []);
    for (const file of files) {
      const path = join(this.folder, file);
      if (file.endsWith(PART) || !(await needed(file))) await rm(path, { force: true });
      else this.measure(file, (await stat(path)).size);
    }
  }

  private measure(name: string, size: number): void {
    this.total += size - (this.sizes.get(name) ?? 0);
    this.sizes.set(name, size);
  }

  private forget(name: string): void {
    this.measure(name, 0);
    this.sizes.delete(name);
  }

  /** Removes the oldest files that may go, until the others fit. */
  private async makeRoom(except: string): Promise<void> {
    for (const name of [...this.sizes.keys()]) {
      if (this.total <= this.limits.bytes) return;
      if (name !== except && (await this.mayGo(name))) await this.remove(name);
    }
    if (this.total <= this.limits.bytes) return;
    const megabytes = Math.round(this.limits.bytes / 1024 ** 2);
    throw noRoom(say`The file waits: the attachments on their way have ${megabytes} MB together, and more are not stored.`);
  }

  /** Throws where a file of so many bytes would leave too little of the disk. */
  private async requireDisk(bytes: number): Promise<void> {
    const { free, size } = await this.limits.disk(this.folder);
    const kept = Math.min(FREE_DISK.bytes, size * FREE_DISK.part);
    if (free - bytes >= kept) return;
    const megabytes = Math.round(free / 1024 ** 2);
    throw noRoom(say`The file waits: only ${megabytes} MB are free on the disk of the store.`);
  }

  private path(name: string): string {
    if (name !== basename(name) || name.startsWith('.'))
      throw new SwitchboardError('SWB_STORE', say`"${name}" is not a valid name for a spooled file.`);
    return join(this.folder, name);
  }
}

/** A file waits for room on our disk. */
export function noRoom(what: string): FileError {
  return new FileError('SWB_BUSY', what, {
    waits: true,
    hint: say`It goes on when there is room: free space, or settle deliveries of attachments that do not get through.`,
  });
}

function requireUndamaged(attachment: GenericAttachment, size: number, sum: string): void {
  const wrong =
    attachment.size !== undefined && attachment.size !== size
      ? say`The attachment ${attachment.name} arrived damaged: received ${size} bytes, ${attachment.size} were announced.`
      : attachment.hash !== undefined && attachment.hash !== sum
        ? say`The attachment ${attachment.name} arrived damaged: its hash differs from the announced one.`
        : undefined;
  if (wrong) throw new PartnerError('SWB_PARTNER_ANSWER', wrong, { outcome: 'notDone', retry: true, concernsRecord: true });
}
