import { type FileHandle, stat, unlink } from 'node:fs/promises';
import { SwitchboardError } from '../errors.js';
import { FILE_MODE } from '../private-files.js';
import { say } from '../text/say.js';
import { type Disk, writeAll } from './disk.js';
import { encodeLine, type SegmentHeader } from './journal-line.js';
import { TailCache } from './tail-cache.js';

/** Milliseconds after a failed write during which the store does not try to write: senders get 503 and retry. */
const RETRY_AFTER = 1000;

/** One file of the journal. */
export interface Segment {
  number: number;
  /** The first sequence number that can be in it. */
  first: number;
  /** Epoch milliseconds at which it was started. */
  at: number;
  length: number;
}

export interface JournalState {
  segments: Segment[];
  lastSeq: number;
}

export interface JournalOptions {
  folder: string;
  disk: Disk;
  clock: () => number;
  steady: () => number;
  segmentBytes: number;
  /** Waits until it is certain that this process may still write. */
  beforeWrite(): Promise<void> | undefined;
  /** The folder is not the one that was opened any more. */
  onReplaced(error: SwitchboardError): void;
  /** Records durably which segments must exist; called before anything in a new one is acknowledged. */
  list(segments: readonly Segment[]): Promise<void>;
  /** Everything up to `seq` is on disk. */
  onDurable(seq: number): void;
  /** Everything after `seq` is lost; called before waiting callers are rejected. */
  onLost(seq: number): void;
  log(level: 'info' | 'warn' | 'error', text: string): void;
}

interface PendingLine {
  segment: Segment;
  offset: number;
  line: Buffer;
  seq: number;
}

interface Waiter {
  seq: number;
  resolve(): void;
  reject(error: unknown): void;
}

/** The name of a segment's file. */
export const segmentName = (number: number): string => `${String(number).padStart(8, '0')}.log`;

/**
 * The append-only journal. Lines get their offset immediately and are written in the background: all lines that arrived while the
 * disk was busy are written with one write and one fdatasync (group commit).
 */
export class Journal {
  readonly segments: Segment[];
  /** The last assigned sequence number. */
  lastSeq: number;
  durableSeq: number;
  private durableEnd: { segment: Segment; length: number } | undefined;
  private file: { segment: number; handle: FileHandle; ino: number; dev: number } | undefined;
  private queue: PendingLine[] = [];
  private waiters: Waiter[] = [];
  private running: Promise<void> | undefined;
  /** `at`: by the steady clock. */
  private failure: { error: SwitchboardError; at: number } | undefined;
  private halted: SwitchboardError | undefined;
  private mustRoll: boolean;
  /** The newest segment that has a file. */
  private created: number;
  private listing: Promise<void> = Promise.resolve();
  private readonly tail = new TailCache();

  constructor(
    private readonly options: JournalOptions,
    state: JournalState,
    /** Never continue an existing segment. */
    startNew = false,
  ) {
    this.segments = state.segments;
    this.lastSeq = state.lastSeq;
    this.durableSeq = state.lastSeq;
    const last = this.segments.at(-1);
    this.durableEnd = last && { segment: last, length: last.length };
    this.created = last?.number ?? 0;
    this.mustRoll = startNew || last === undefined || last.length >= options.segmentBytes;
  }

  get isHalted(): boolean {
    return this.halted !== undefined;
  }

  /** Why nothing can be written at the moment. */
  get trouble(): SwitchboardError | undefined {
    return this.halted ?? this.failure?.error;
  }

  get bytes(): number {
    return this.segments.reduce((sum, segment) => sum + segment.length, 0);
  }

  /** The write that shows whether the store can write again. */
  get trial(): Promise<void> | undefined {
    return this.failure && this.running;
  }

  /** Throws SWB_STORE while the store cannot write. Some time after a failure the next commit is let through as a new attempt. */
  assertWritable(): void {
    if (this.halted) throw this.halted;
    const failure = this.failure;
    if (failure && (this.running || this.options.steady() - failure.at < RETRY_AFTER)) throw failure.error;
  }

  /** Assigns the line its offset and starts writing it. `changes` is a JSON array without its brackets. */
  append(changes: string, bodies: readonly Buffer[]): { seq: number; segment: number; bodies: number } {
    const tail = this.segments.at(-1);
    if (this.mustRoll || !tail || tail.length >= this.options.segmentBytes) this.roll();
    const seq = this.lastSeq + 1;
    const encoded = encodeLine(`{"seq":${seq},"synced":${this.durableSeq},"changes":[${changes}]}`, bodies);
    this.lastSeq = seq;
    const { segment, offset } = this.push(encoded.line);
    return { seq, segment: segment.number, bodies: offset + encoded.bodies };
  }

  /** Resolves when everything appended so far is on disk; rejects with SWB_STORE if it cannot be written. */
  flushed(): Promise<void> {
    const seq = this.lastSeq;
    if (seq <= this.durableSeq) return Promise.resolve();
    return new Promise((resolve, reject) => this.waiters.push({ seq, resolve, reject }));
  }

  /** True if the bytes up to `end` of a segment are on disk. */
  isDurable(segment: number, end: number): boolean {
    const durable = this.durableEnd;
    if (!durable) return false;
    return segment < durable.segment.number || (segment === durable.segment.number && end <= durable.length);
  }

  /** The text at an offset, if it was appended recently; it may not be on disk yet. */
  recent(segment: number, offset: number, length: number): string | undefined {
    return this.tail.read(segment, offset, length);
  }

  /** Whether a segment is part of the journal; otherwise retention has removed it. */
  has(segment: number): boolean {
    return this.segments.some(({ number }) => number === segment);
  }

  /** The next line starts a new segment: once it is on disk, those before it never change any more. */
  cut(): void {
    this.mustRoll = true;
  }

  /** Deletes a segment's file. */
  async remove(segment: Segment): Promise<void> {
    const at = this.segments.indexOf(segment);
    if (at < 0 || at === this.segments.length - 1) return;
    this.segments.splice(at, 1);
    await this.list();
    await unlink(this.path(segment.number));
    await this.options.disk.syncFolder(this.options.folder);
  }

  /** Waits for the write in progress and closes the file. */
  async close(): Promise<void> {
    await this.running;
    await this.file?.handle.close().catch(() => {});
    this.file = undefined;
  }

  /** Stops writing for good: another process owns the folder now. */
  halt(error: SwitchboardError): void {
    this.halted = error;
  }

  path(segment: number): string {
    return `${this.options.folder}/${segmentName(segment)}`;
  }

  private roll(): void {
    const last = this.segments.at(-1);
    const segment: Segment = { number: (last?.number ?? 0) + 1, first: this.lastSeq + 1, at: this.options.clock(), length: 0 };
    const header: SegmentHeader = {
      segment: segment.number,
      first: segment.first,
      at: segment.at,
      previous: last && { segment: last.number, length: last.length },
    };
    this.segments.push(segment);
    this.mustRoll = false;
    this.push(encodeLine(JSON.stringify({ seq: this.lastSeq, synced: this.durableSeq, header }), []).line);
  }

  private push(line: Buffer): PendingLine {
    const segment = this.segments.at(-1)!;
    const pending: PendingLine = { segment, offset: segment.length, line, seq: this.lastSeq };
    segment.length += line.length;
    this.tail.append(segment.number, pending.offset, line);
    this.queue.push(pending);
    this.running ??= this.run();
    return pending;
  }

  private async run(): Promise<void> {
    // Commits made in the same tick share the first write.
    await null;
    while (this.queue.length > 0) {
      const batch = this.queue;
      this.queue = [];
      try {
        await this.options.beforeWrite();
        if (this.halted) throw this.halted;
        await this.write(batch);
        if (this.halted) throw this.halted;
      } catch (cause) {
        const { error, waiting } = await this.fail(cause);
        this.running = undefined;
        // Rejected last: a caller that retries immediately finds a consistent state.
        for (const waiter of waiting) waiter.reject(error);
        return;
      }
      const last = batch.at(-1)!;
      this.failure = undefined;
      this.durableSeq = last.seq;
      this.durableEnd = { segment: last.segment, length: last.offset + last.line.length };
      this.options.onDurable(last.seq);
      this.settle((waiter) => waiter.resolve());
    }
    this.running = undefined;
  }

  /** Notifies the waiters whose line is on disk. */
  private settle(notify: (waiter: Waiter) => void): void {
    const waiting = this.waiters;
    this.waiters = waiting.filter((waiter) => waiter.seq > this.durableSeq);
    for (const waiter of waiting) if (waiter.seq <= this.durableSeq) notify(waiter);
  }

  private async write(batch: PendingLine[]): Promise<void> {
    for (let from = 0; from < batch.length; ) {
      const first = batch[from]!;
      let to = from;
      while (to < batch.length && batch[to]!.segment === first.segment) to++;
      const lines = batch.slice(from, to).map((pending) => pending.line);
      const handle = await this.handleFor(first.segment, first.offset);
      await writeAll(handle, lines.length === 1 ? lines[0]! : Buffer.concat(lines), first.offset);
      await Promise.all([handle.datasync(), this.confirmFile()]);
      from = to;
    }
  }

  private async handleFor(segment: Segment, offset: number): Promise<FileHandle> {
    if (this.file?.segment === segment.number) return this.file.handle;
    const old = this.file;
    this.file = undefined;
    await old?.handle.close();
    const handle = await this.options.disk.open(this.path(segment.number), offset === 0 ? 'w' : 'r+', FILE_MODE);
    const { ino, dev } = await handle.stat();
    this.file = { segment: segment.number, handle, ino, dev };
    if (offset === 0) {
      await this.options.disk.syncFolder(this.options.folder);
      this.created = segment.number;
      await this.list();
    }
    return handle;
  }

  /** Records the segments that exist, one write after the other. */
  private list(): Promise<void> {
    const listed = this.listing.then(() => this.options.list(this.segments.filter(({ number }) => number <= this.created)));
    this.listing = listed.catch(() => {});
    return listed;
  }

  /**
   * Throws SWB_STORE if this process may no longer write to the folder: another one has taken it over, or the folder was replaced.
   * To be called before anything else in it is changed.
   */
  async confirm(): Promise<void> {
    await this.options.beforeWrite();
    if (this.file && !this.running) await this.confirmFile();
    if (this.halted) throw this.halted;
  }

  /** The file written is still the one in the folder: what is written to a folder that was moved or replaced is lost. */
  private async confirmFile(): Promise<void> {
    const { segment, ino, dev } = this.file!;
    const now = await stat(this.path(segment)).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
      throw error;
    });
    if (now?.ino === ino && now.dev === dev) return;
    const what = say`The folder ${this.options.folder} was removed or replaced while the store was open.`;
    const error = new SwitchboardError('SWB_STORE', what, {
      hint: say`This process has stopped writing, and acknowledges nothing more. Put the original folder back, or restart to continue with the new one.`,
    });
    this.halt(error);
    this.options.onReplaced(error);
  }

  /**
   * Discards everything that is not known to be on disk. The file is not continued: after a failed fdatasync the kernel may have
   * dropped the pages and would report success the next time. It is truncated where it was last known good, and the next line
   * starts a new segment.
   */
  private async fail(cause: unknown): Promise<{ error: SwitchboardError; waiting: Waiter[] }> {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const error =
      this.halted ??
      new SwitchboardError('SWB_STORE', say`The store cannot write to ${this.options.folder}: ${reason}.`, {
        hint: say`Nothing that was accepted is lost. Free space on the disk or fix its permissions; the store resumes writing as soon as it can.`,
        cause,
      });
    if (!this.failure) this.options.log('error', error.message);
    this.failure = { error, at: this.options.steady() };
    this.queue = [];
    this.lastSeq = this.durableSeq;
    this.mustRoll = true;
    const end = this.durableEnd;
    while (this.segments.length > 0 && this.segments.at(-1) !== end?.segment) this.segments.pop();
    if (end) end.segment.length = end.length;
    const file = this.file;
    this.file = undefined;
    this.options.onLost(this.durableSeq);
    const waiting = this.waiters;
    this.waiters = [];
    try {
      if (!this.halted && file && file.segment === end?.segment.number) {
        await file.handle.truncate(end.length);
        await file.handle.sync();
      }
    } catch {
      // The header of the next segment records where this one ends.
    }
    await file?.handle.close().catch(() => {});
    return { error, waiting };
  }
}
