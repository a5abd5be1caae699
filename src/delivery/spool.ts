import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { type Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { SpooledAttachment } from '../endpoints/endpoint.js';
import { PartnerError, SwitchboardError } from '../errors.js';
import type { GenericAttachment } from '../model/message.js';
import { FILE_MODE } from '../private-files.js';
import { say } from '../text/say.js';

/** Attachments on their way from one party to another: streamed to disk, hashed and measured, never held in memory as a whole. */
export class Spool {
  constructor(private readonly folder: string) {}

  /** Streams an attachment to the file `name`, until `signal`. Checks its size and hash where the source announced them. */
  async store(name: string, attachment: GenericAttachment, content: Readable, signal?: AbortSignal): Promise<SpooledAttachment> {
    const path = this.path(name);
    const part = `${path}.part`;
    const hash = createHash('sha256');
    let size = 0;
    const count = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        hash.update(chunk);
        size += chunk.length;
        done(null, chunk);
      },
    });
    await pipeline(content, count, createWriteStream(part, { mode: FILE_MODE }), { signal });
    const sum = hash.digest('hex');
    const wrong =
      attachment.size !== undefined && attachment.size !== size
        ? say`The attachment ${attachment.name} arrived damaged: received ${size} bytes, ${attachment.size} were announced.`
        : attachment.hash !== undefined && attachment.hash !== sum
          ? say`The attachment ${attachment.name} arrived damaged: its hash differs from the announced one.`
          : undefined;
    if (wrong) {
      await rm(part, { force: true });
      throw new PartnerError('SWB_PARTNER_ANSWER', wrong, {
        outcome: 'notDone',
        retry: true,
        concernsRecord: true,
      });
    }
    await rename(part, path);
    return { ...attachment, path, size, hash: sum };
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
    await rm(this.path(name), { force: true });
  }

  /** Removes partial files and files that are no longer needed. */
  async sweep(needed: (name: string) => Promise<boolean>): Promise<void> {
    const files = await readdir(this.folder).catch(() => []);
    for (const file of files)
      if (file.endsWith('.part') || !(await needed(file))) await rm(join(this.folder, file), { force: true });
  }

  private path(name: string): string {
    if (name !== basename(name) || name.startsWith('.'))
      throw new SwitchboardError('SWB_STORE', say`"${name}" is not a valid name for a spooled file.`);
    return join(this.folder, name);
  }
}
