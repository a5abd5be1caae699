import { readdir, readFile, stat, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { FILE_MODE } from '../private-files.js';
import type { AuditEntry, NumberedEntry, TrailLine, TrailRange } from './audit-entry.js';
import type { CheckedFile } from './checked-file.js';
import { type Disk, replaceFile, TEMPORARY, writeAll } from './disk.js';
import { type FileLine, tailLines } from './tail-lines.js';
import { TRAIL_END, trailEndFile } from './trail-end.js';
import {
  encodeEntry,
  hashOfLine,
  monthFile,
  monthOf,
  NOTHING,
  namesFile,
  type StoredEntry,
  type StoredNames,
  type TrailEnd,
} from './trail-line.js';
import { monthsOf, newestEntries, trailLines } from './trail-reader.js';

type Log = (level: 'info' | 'warn' | 'error', text: string) => void;

/** Bytes of the two files of the newest month that count. */
interface Lengths {
  lines: number;
  names: number;
}

/**
 * The audit trail in files, one a month (trail-line.ts). Entries come here once their commit is on disk, in its order. The journal
 * keeps each until it is here, too; so none is lost or added twice, whenever the process ends.
 */
export class Trail {
  private waiting: AuditEntry[] = [];
  /** Writes and reads of the names, one after the other. */
  private turn: Promise<void> = Promise.resolve();
  private failed = false;
  private readonly endFile: CheckedFile<TrailEnd>;

  private constructor(
    private readonly folder: string,
    private readonly disk: Disk,
    private readonly log: Log,
    private month: string,
    private last: TrailEnd,
    private lengths: Lengths,
    /** The number in the file of its end. */
    private keptEnd: number | undefined,
  ) {
    this.endFile = trailEndFile(disk, dirname(folder));
  }

  /**
   * Opens the trail. `replayed`: the entries of the journal that may not be in it yet, in their order; `manifest`: where it ended at
   * least.
   */
  static async open(
    folder: string,
    disk: Disk,
    replayed: readonly AuditEntry[],
    manifest: TrailEnd | undefined,
    log: Log,
  ): Promise<Trail> {
    const months = await monthsOf(folder);
    const month = months.at(-1) ?? '';
    const { lines, end } = await lastLines(folder, months, Math.max(1, replayed.length));
    const ids = new Set(lines.map(({ text }) => idIn(text)));
    const missing = replayed.filter(({ id }) => !ids.has(id));
    const names = await tailLines(`${folder}/${namesFile(month)}`, missing.length);
    // Written before their lines, which a crash prevented.
    const early = names.lines.find(({ text }) => missing.some(({ id }) => id === idIn(text)));
    const found = endOf(lines.at(-1)?.text);
    const kept = await trailEndFile(disk, dirname(folder))
      .read()
      .catch(() => null);
    const known = (kept?.number ?? 0) >= (manifest?.number ?? 0) ? (kept ?? manifest) : manifest;
    const problem = problemAtEnd(found, known);
    if (problem) log('error', `The audit trail in ${folder} was changed: ${problem}.`);
    if (!kept && found.number > 0)
      log('warn', `${TRAIL_END} is missing or damaged: the end of the audit trail cannot be checked.`);
    // The next entry then shows for ever what was there.
    const last = problem && known ? known : found;
    const lengths = { lines: end, names: early?.offset ?? names.end };
    const trail = new Trail(folder, disk, log, month, last, lengths, kept?.number);
    trail.waiting.push(...missing);
    trail.flushed().catch(() => {});
    return trail;
  }

  /** Where it ends. */
  get end(): TrailEnd {
    return this.last;
  }

  /** Adds entries; they are written in the background. */
  append(entries: readonly AuditEntry[]): void {
    if (entries.length === 0) return;
    this.waiting.push(...entries);
    this.flushed().catch(() => {});
  }

  /** Resolves when all entries so far are on disk. */
  flushed(): Promise<void> {
    return this.inTurn(() => this.write());
  }

  async newest(limit: number): Promise<NumberedEntry[]> {
    await this.flushed();
    return newestEntries(this.folder, limit);
  }

  async *lines(range: TrailRange): AsyncGenerator<TrailLine> {
    await this.flushed();
    const { month, lengths } = this;
    yield* trailLines(this.folder, range, (file) =>
      file === monthFile(month) ? lengths.lines : file === namesFile(month) ? lengths.names : undefined,
    );
  }

  /** Removes what entries name. */
  cutNames(ids: ReadonlySet<string>): Promise<void> {
    return this.inTurn(async () => {
      await this.write();
      // What a crash left of an earlier time has names, too.
      for (const name of await readdir(this.folder)) if (name.endsWith(TEMPORARY)) await unlink(`${this.folder}/${name}`);
      for (const month of await monthsOf(this.folder)) {
        const content = await readFile(`${this.folder}/${namesFile(month)}`, 'utf8').catch(() => '');
        const kept = content.split('\n').filter((line) => line && !ids.has(idIn(line) ?? ''));
        const text = Buffer.from(kept.map((line) => `${line}\n`).join(''));
        if (text.length === Buffer.byteLength(content)) continue;
        await replaceFile(this.disk, this.folder, namesFile(month), text);
        if (month === this.month) this.lengths = { ...this.lengths, names: text.length };
      }
    });
  }

  /** Months before this one, oldest first, and where each ends. */
  async monthsBefore(month: string): Promise<{ month: string; end: TrailEnd }[]> {
    const old = (await monthsOf(this.folder)).filter((one) => one < month && one !== this.month);
    return Promise.all(
      old.map(async (one) => ({
        month: one,
        end: endOf((await tailLines(`${this.folder}/${monthFile(one)}`, 1)).lines[0]?.text),
      })),
    );
  }

  /** Removes the files of a month. */
  dropMonth(month: string): Promise<void> {
    return this.inTurn(async () => {
      for (const name of [namesFile(month), monthFile(month)])
        await unlink(`${this.folder}/${name}`).catch((error: NodeJS.ErrnoException) => {
          if (error.code !== 'ENOENT') throw error;
        });
      await this.disk.syncFolder(this.folder);
    });
  }

  private inTurn(task: () => Promise<void>): Promise<void> {
    const run = this.turn.then(task);
    this.turn = run.catch(() => {});
    return run;
  }

  private async write(): Promise<void> {
    try {
      while (this.waiting.length > 0) await this.writeMonth();
      if (this.keptEnd !== this.last.number) await this.endFile.write(this.last);
      this.keptEnd = this.last.number;
      this.failed = false;
    } catch (error) {
      const text = `The audit trail in ${this.folder} cannot be written: ${(error as Error).message}. Its entries are kept in the journal.`;
      if (!this.failed) this.log('error', text);
      this.failed = true;
      throw error;
    }
  }

  /** Writes the entries that wait, as far as they belong to one month. */
  private async writeMonth(): Promise<void> {
    // A clock that was set back does not change a file of before.
    const monthFor = ({ at }: AuditEntry) => (monthOf(at) > this.month ? monthOf(at) : this.month);
    const month = monthFor(this.waiting[0]!);
    const after = this.waiting.findIndex((entry) => monthFor(entry) !== month);
    const batch = after < 0 ? [...this.waiting] : this.waiting.slice(0, after);
    const before = month === this.month ? this.lengths : { lines: 0, names: 0 };
    let { last } = this;
    let lines = '';
    let names = '';
    for (const entry of batch) {
      const encoded = encodeEntry(entry, last);
      lines += encoded.line;
      names += encoded.names;
      last = encoded.end;
    }
    const lengths = {
      names: await this.put(namesFile(month), before.names, names),
      lines: await this.put(monthFile(month), before.lines, lines),
    };
    Object.assign(this, { month, lengths, last });
    this.waiting.splice(0, batch.length);
  }

  /** Writes text at the end of a file, which a failed write may have made longer; returns its new length. */
  private async put(name: string, length: number, text: string): Promise<number> {
    const bytes = Buffer.from(text);
    if (bytes.length === 0) return length;
    const path = `${this.folder}/${name}`;
    const file = await this.disk.open(path, length === 0 ? 'w' : 'r+', FILE_MODE);
    try {
      if ((await stat(path)).size > length) await file.truncate(length);
      await writeAll(file, bytes, length);
      await file.datasync();
    } finally {
      await file.close();
    }
    if (length === 0) await this.disk.syncFolder(this.folder);
    return length + bytes.length;
  }
}

/** What is wrong with the end of a trail, given where it ended before. */
function problemAtEnd(found: TrailEnd, known: TrailEnd | undefined): string | undefined {
  if (!known || found.number > known.number) return undefined;
  if (found.number < known.number) return `its last entries, ${found.number + 1} to ${known.number}, are missing`;
  return found.hash === known.hash ? undefined : `its last entry, ${found.number}, is another one`;
}

/** The last lines of a trail, oldest first, and where the last one ends in its file. */
async function lastLines(folder: string, months: readonly string[], count: number): Promise<{ lines: FileLine[]; end: number }> {
  let lines: FileLine[] = [];
  let end: number | undefined;
  for (const month of [...months].reverse()) {
    const tail = await tailLines(`${folder}/${monthFile(month)}`, count - lines.length);
    end ??= tail.end;
    lines = [...tail.lines, ...lines];
    if (lines.length >= count) break;
  }
  return { lines, end: end ?? 0 };
}

function parsed<T>(text: string): Partial<T> {
  try {
    return JSON.parse(text) as T;
  } catch {
    // Somebody changed it; a check of the trail says so.
    return {};
  }
}

const idIn = (text: string): string | undefined => parsed<StoredNames>(text).id;

function endOf(text: string | undefined): TrailEnd {
  if (text === undefined) return { number: 0, hash: NOTHING };
  return { number: parsed<StoredEntry>(text).number ?? 0, hash: hashOfLine(text) };
}
