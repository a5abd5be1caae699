import { type FileHandle, open } from 'node:fs/promises';

/** Files kept open: the segment being written, the one before, and a few that an operator looks into. */
const OPEN_FILES = 4;

/** Bytes kept in memory of what was written last, twice. */
const RECENT = 2 * 1024 * 1024;

/** Reads pieces of journal segments with pread, and those written last from memory: mostly a body is wanted right after it was kept. */
export class SegmentReader {
  private readonly files = new Map<string, Promise<FileHandle>>();
  /** What was written last, and what was before it: when the first is full, it takes the place of the second. */
  private recent = new Map<string, Buffer>();
  private before = new Map<string, Buffer>();
  private recentBytes = 0;

  /** Keeps a piece that is being written, until many others have followed. */
  remember(path: string, offset: number, bytes: Buffer): void {
    if (this.recentBytes >= RECENT) {
      this.before = this.recent;
      this.recent = new Map();
      this.recentBytes = 0;
    }
    this.recent.set(pieceOf(path, offset), bytes);
    this.recentBytes += bytes.length;
  }

  /** The piece at `offset` if it is one of those written last; it may not be on disk yet. */
  recall(path: string, offset: number): Buffer | undefined {
    const piece = pieceOf(path, offset);
    return this.recent.get(piece) ?? this.before.get(piece);
  }

  /** Forgets what was written last: it never came to the disk, and its places will be taken by something else. */
  forgetRecent(): void {
    this.recent.clear();
    this.before.clear();
    this.recentBytes = 0;
  }

  /** Reads `length` bytes at `offset`; undefined when the file is not there or is shorter. */
  async read(path: string, offset: number, length: number): Promise<Buffer | undefined> {
    try {
      return await this.readFrom(await this.file(path), offset, length);
    } catch {
      // Another reader's turn may have closed it in between: once more, with a file of our own.
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

  /** Forgets a file that is about to be removed. */
  async forget(path: string): Promise<void> {
    for (const pieces of [this.recent, this.before]) {
      for (const piece of pieces.keys()) if (piece.startsWith(pieceOf(path, ''))) pieces.delete(piece);
    }
    await this.closeFile(path);
  }

  async close(): Promise<void> {
    await Promise.all([...this.files.keys()].map((path) => this.closeFile(path)));
  }

  private async closeFile(path: string): Promise<void> {
    const file = this.files.get(path);
    this.files.delete(path);
    await file?.then((handle) => handle.close()).catch(() => {});
  }

  private file(path: string): Promise<FileHandle> {
    let file = this.files.get(path);
    this.files.delete(path);
    file ??= open(path, 'r');
    this.files.set(path, file);
    if (this.files.size > OPEN_FILES) void this.closeFile(this.files.keys().next().value as string);
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

const pieceOf = (path: string, offset: number | ''): string => `${path} ${offset}`;
