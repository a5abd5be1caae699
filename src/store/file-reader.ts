import { type FileHandle, open } from 'node:fs/promises';

/** Reads pieces of files with pread; keeps the last few files open. */
export class FileReader {
  private readonly files = new Map<string, Promise<FileHandle>>();

  constructor(private readonly openFiles: number) {}

  /** Reads `length` bytes at `offset`; undefined if the file does not exist or is shorter. */
  async read(path: string, offset: number, length: number): Promise<Buffer | undefined> {
    try {
      return await readFrom(await this.file(path), offset, length);
    } catch {
      // A concurrent read may have closed the file: retry with a new file handle.
      await this.forget(path);
    }
    let own: FileHandle | undefined;
    try {
      own = await open(path, 'r');
      return await readFrom(own, offset, length);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    } finally {
      await own?.close();
    }
  }

  /** Closes a file that is about to be removed. */
  async forget(path: string): Promise<void> {
    const file = this.files.get(path);
    this.files.delete(path);
    await file?.then((handle) => handle.close()).catch(() => {});
  }

  async close(): Promise<void> {
    await Promise.all([...this.files.keys()].map((path) => this.forget(path)));
  }

  private file(path: string): Promise<FileHandle> {
    let file = this.files.get(path);
    this.files.delete(path);
    file ??= open(path, 'r');
    this.files.set(path, file);
    if (this.files.size > this.openFiles) void this.forget(this.files.keys().next().value as string);
    return file;
  }
}

async function readFrom(file: FileHandle, offset: number, length: number): Promise<Buffer | undefined> {
  const buffer = Buffer.allocUnsafe(length);
  let done = 0;
  while (done < length) {
    const { bytesRead } = await file.read(buffer, done, length - done, offset + done);
    if (bytesRead === 0) return undefined;
    done += bytesRead;
  }
  return buffer;
}
