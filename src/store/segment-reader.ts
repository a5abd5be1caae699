import { type FileHandle, open } from 'node:fs/promises';

/** Maximum number of open files: the segment being written, the one before, and a few that an operator is viewing. */
const OPEN_FILES = 4;

/** Reads pieces of journal segments with pread. */
export class SegmentReader {
  private readonly files = new Map<string, Promise<FileHandle>>();

  /** Reads `length` bytes at `offset`; undefined if the file does not exist or is shorter. */
  async read(path: string, offset: number, length: number): Promise<Buffer | undefined> {
    try {
      return await this.readFrom(await this.file(path), offset, length);
    } catch {
      // A concurrent read may have closed the file: retry with a new file handle.
      this.files.delete(path);
    }
    let own: FileHandle | undefined;
    try {
      own = await open(path, 'r');
      return await this.readFrom(own, offset, length);
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
    if (this.files.size > OPEN_FILES) void this.forget(this.files.keys().next().value as string);
    return file;
  }

  private async readFrom(file: FileHandle, offset: number, length: number): Promise<Buffer | undefined> {
    const buffer = Buffer.allocUnsafe(length);
    let done = 0;
    while (done < length) {
      const { bytesRead } = await file.read(buffer, done, length - done, offset + done);
      if (bytesRead === 0) return undefined;
      done += bytesRead;
    }
    return buffer;
  }
}
