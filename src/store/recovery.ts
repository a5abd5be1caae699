import { mkdir, readdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { FILE_MODE, FOLDER_MODE } from '../private-files.js';
import { TimeSlice } from '../time-slice.js';
import type { Disk } from './disk.js';
import type { Segment } from './journal.js';
import { segmentName } from './journal.js';
import { decodeLine, type Line, type LineChange, nextLine, type SegmentHeader } from './journal-line.js';
import type { Losses } from './losses.js';
import type { ListedSegments } from './manifest.js';

export interface RecoveryOptions {
  folder: string;
  quarantine: string;
  disk: Disk;
  /** Replay starts after this sequence number. */
  from: number;
  /** Segments that must exist, and where the journal ended when it was last closed. */
  listed: ListedSegments;
  losses: Losses;
  apply(seq: number, changes: LineChange[], segment: number, bodies: number): void | Promise<void>;
  log(level: 'info' | 'warn' | 'error', text: string): void;
}

interface ScannedSegment {
  segment: Segment;
  header?: SegmentHeader;
  /** End of this segment according to the next one. */
  limit?: number;
}

/** Reads the journal, applies all intact lines, truncates a torn tail, and returns where to continue. */
export async function recover(options: RecoveryOptions): Promise<{ segments: Segment[]; lastSeq: number; replayed: number }> {
  return new Recovery(options).run();
}

class Recovery {
  private readonly slice = new TimeSlice();
  private readonly path: (segment: number) => string;
  private known: ScannedSegment[] = [];
  private lastSeq: number;
  private replayed = 0;
  /** Bytes before the next line could not be read. */
  private damaged: string | undefined;

  constructor(private readonly options: RecoveryOptions) {
    this.path = (segment) => `${options.folder}/${segmentName(segment)}`;
    this.lastSeq = options.from;
  }

  async run(): Promise<{ segments: Segment[]; lastSeq: number; replayed: number }> {
    this.known = await this.readHeaders();
    this.findMissing();
    this.options.losses.check();
    let start = 0;
    this.known.forEach((known, i) => {
      if (known.header && known.header.first <= this.options.from + 1) start = i;
    });
    for (let i = start; i < this.known.length; i++) if (!(await this.replay(i))) break;
    const { seq = 0 } = this.options.listed.end ?? {};
    if (this.damaged && this.lastSeq < seq) {
      this.options.losses.add(`the changes after ${this.lastSeq} are in a damaged part of journal/${this.damaged}`);
      this.options.losses.check();
    }
    const segments = this.known.map((known) => known.segment);
    const last = segments.at(-1);
    if (last) await this.sync(last);
    return { segments, lastSeq: this.lastSeq, replayed: this.replayed };
  }

  private async readHeaders(): Promise<ScannedSegment[]> {
    const names = (await readdir(this.options.folder)).filter((name) => /^\d{8}\.log$/.test(name)).sort();
    const known: ScannedSegment[] = [];
    for (const name of names) {
      const path = `${this.options.folder}/${name}`;
      const { size, mtimeMs } = await stat(path);
      const file = await this.options.disk.open(path, 'r');
      const { buffer, bytesRead } = await file.read(Buffer.alloc(512), 0, 512, 0).finally(() => file.close());
      const header = decodeLine(buffer, 0, bytesRead)?.meta.header;
      const before = known.at(-1);
      if (before && header?.previous?.segment === before.segment.number) before.limit = header.previous.length;
      const number = Number(name.slice(0, 8));
      known.push({ segment: { number, first: header?.first ?? Number.NaN, at: header?.at ?? mtimeMs, length: size }, header });
    }
    // With a damaged header use the first number of the segment before: a lower bound is enough for retention.
    for (let i = known.length - 1; i >= 0; i--) {
      const segment = known[i]!.segment;
      if (Number.isNaN(segment.first)) segment.first = known[i - 1]?.segment.first ?? 1;
    }
    return known;
  }

  private findMissing(): void {
    const { listed, losses } = this.options;
    const lengths = new Map(this.known.map(({ segment, limit }) => [segment.number, { is: segment.length, limit: limit ?? 0 }]));
    for (const { number } of listed.segments) {
      const length = lengths.get(number);
      const atLeast = Math.max(length?.limit ?? 0, listed.end?.segment === number ? listed.end.length : 0);
      if (!length) losses.add(`journal/${segmentName(number)} is missing`);
      else if (length.is < atLeast) losses.add(`journal/${segmentName(number)} ends at ${length.is} instead of ${atLeast}`);
    }
  }

  /** Applies one segment; false if the journal ends in it. */
  private async replay(index: number): Promise<boolean> {
    const known = this.known[index]!;
    const { segment } = known;
    const buffer = await readFile(this.path(segment.number));
    const end = Math.min(buffer.length, known.limit ?? buffer.length);
    let offset = 0;
    while (offset < end) {
      const line = decodeLine(buffer, offset, end);
      if (line) {
        await this.apply(segment, line);
        this.replayed += line.end - offset;
        offset = line.end;
        await this.slice.yieldIfDue();
        continue;
      }
      const next = nextLine(buffer, offset, end);
      // If the sequence continues with the next intact line, only a segment header was damaged.
      const nothingMissing = next !== undefined && decodeLine(buffer, next, end)?.meta.seq === this.lastSeq + 1;
      const { end: closed } = this.options.listed;
      const wasClosed =
        closed !== undefined &&
        (segment.number < closed.segment || (segment.number === closed.segment && offset < closed.length));
      if (nothingMissing || wasClosed || (await this.wasAcknowledged(this.lastSeq + 1, index, buffer, next, end))) {
        await this.quarantineDamage(segment, buffer, offset, next ?? end);
        this.damaged ??= segmentName(segment.number);
        offset = next ?? end;
      } else {
        await this.truncateTail(index, buffer, offset, end);
        return false;
      }
    }
    // The rest was left by a failed write; the next segment was started after that failure.
    if (end < buffer.length) await this.truncate(segment, end);
    return true;
  }

  private async apply(segment: Segment, line: Line): Promise<void> {
    const { seq, changes } = line.meta;
    if (!changes) return;
    // What was damaged before a line that is in the shards is there, too.
    if (seq <= this.lastSeq) {
      this.damaged = undefined;
      return;
    }
    // Numbers have no gaps.
    if (seq > this.lastSeq + 1) {
      const lost = `changes ${this.lastSeq + 1} to ${seq - 1}`;
      this.options.losses.add(
        this.damaged
          ? `the ${lost} are in a damaged part of journal/${this.damaged}`
          : `the ${lost} are not in the journal before ${segmentName(segment.number)}`,
      );
      this.options.losses.check();
    }
    this.damaged = undefined;
    await this.options.apply(seq, changes, segment.number, line.bodies);
    this.lastSeq = seq;
  }

  /**
   * Whether the unreadable line with this number had been synced before: then a later line records it, and the damage is bit rot
   * in the middle. Otherwise it is the torn end of the last write: nothing of it was acknowledged, and everything after it came
   * from the same write.
   */
  private async wasAcknowledged(
    seq: number,
    index: number,
    buffer: Buffer,
    next: number | undefined,
    end: number,
  ): Promise<boolean> {
    const recordsSync = async (content: Buffer, from: number | undefined, to: number): Promise<boolean> => {
      for (let at = from; at !== undefined && at < to; ) {
        const line = decodeLine(content, at, to);
        if (line && line.meta.synced >= seq) return true;
        at = line ? line.end : nextLine(content, at, to);
        await this.slice.yieldIfDue();
      }
      return false;
    };
    if (await recordsSync(buffer, next, end)) return true;
    for (const later of this.known.slice(index + 1)) {
      const content = await readFile(this.path(later.segment.number));
      if (await recordsSync(content, 0, content.length)) return true;
    }
    return false;
  }

  private async quarantineDamage(segment: Segment, buffer: Buffer, from: number, to: number): Promise<void> {
    const name = `${segmentName(segment.number)}-${from}.damaged`;
    // The file keeps its bytes, because later bodies are found by offset; the warning is logged once.
    if (!(await this.quarantine(name, buffer.subarray(from, to)))) return;
    this.options.log(
      'warn',
      `The store's journal is damaged: ${to - from} bytes at ${from} of ${segmentName(segment.number)} cannot be read; they were copied to ` +
        `quarantine/${name}. Check the disk.`,
    );
  }

  private async truncateTail(index: number, buffer: Buffer, from: number, end: number): Promise<void> {
    const { segment } = this.known[index]!;
    const name = `${segmentName(segment.number)}-${from}-${Date.now()}.torn`;
    await this.quarantine(name, buffer.subarray(from, end));
    await this.truncate(segment, from);
    for (const later of this.known.splice(index + 1)) {
      await rename(
        this.path(later.segment.number),
        `${this.options.quarantine}/${basename(this.path(later.segment.number))}-${Date.now()}.torn`,
      );
    }
    this.options.log(
      'warn',
      `The store's journal ended with an incomplete entry (${end - from} bytes), which a crash or power failure can cause. ` +
        `It was moved to quarantine/${name}; no acknowledged change is lost.`,
    );
  }

  /** Saves bytes to the quarantine folder; false if they are already there. */
  private async quarantine(name: string, bytes: Buffer): Promise<boolean> {
    await mkdir(this.options.quarantine, { recursive: true, mode: FOLDER_MODE });
    try {
      await writeFile(`${this.options.quarantine}/${name}`, bytes, { flag: 'wx', mode: FILE_MODE });
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
      throw error;
    }
  }

  private async truncate(segment: Segment, length: number): Promise<void> {
    const file = await this.options.disk.open(this.path(segment.number), 'r+');
    try {
      await file.truncate(length);
      await file.sync();
    } finally {
      await file.close();
    }
    segment.length = length;
  }

  /** The data read may be only in the page cache, if the previous process died between write and fdatasync. */
  private async sync(segment: Segment): Promise<void> {
    const file = await this.options.disk.open(this.path(segment.number), 'r+');
    await file.sync().finally(() => file.close());
    await this.options.disk.syncFolder(this.options.folder);
  }
}
