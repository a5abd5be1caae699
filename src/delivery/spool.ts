import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { type Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { SpooledAttachment } from '../endpoints/endpoint.js';
import { PartnerError, SwitchboardError } from '../errors.js';
import type { GenericAttachment } from '../model/message.js';

/** Files on their way from one party to another: streamed to disk, hashed and counted, never whole in memory. */
export class Spool {
  constructor(private readonly folder: string) {}

  /** Streams an attachment into the file `name`. Checks size and hash where the source told them. */
  async take(name: string, attachment: GenericAttachment, content: Readable): Promise<SpooledAttachment> {
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
    await pipeline(content, count, createWriteStream(part, { mode: 0o600 }));
    const sum = hash.digest('hex');
    const wrong =
      attachment.size !== undefined && attachment.size !== size
        ? `${size} bytes came, ${attachment.size} were announced`
        : attachment.hash !== undefined && attachment.hash !== sum
          ? 'its hash is not the announced one'
          : undefined;
    if (wrong) {
      await rm(part, { force: true });
      throw new PartnerError('SWB_PARTNER_ANSWER', `The attachment ${attachment.name} came damaged: ${wrong}.`, {
        outcome: 'notDone',
        retry: true,
        concernsRecord: true,
      });
    }
    await rename(part, path);
    return { ...attachment, path, size, hash: sum };
  }

  /** A file spooled before, or undefined. */
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

  /** Removes files that nobody waits for any more; `needed` tells of a name whether somebody does. */
  async sweep(needed: (name: string) => Promise<boolean>): Promise<void> {
    const files = await readdir(this.folder).catch(() => []);
    for (const file of files)
      if (file.endsWith('.part') || !(await needed(file))) await rm(join(this.folder, file), { force: true });
  }

  private path(name: string): string {
    if (name !== basename(name) || name.startsWith('.'))
      throw new SwitchboardError('SWB_STORE', `«${name}» is no name for a spooled file.`);
    return join(this.folder, name);
  }
}
