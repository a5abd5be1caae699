import { readdir, readFile, rm, unlink } from 'node:fs/promises';
import { SwitchboardError } from '../errors.js';
import { say } from '../text/say.js';
import { TimeSlice } from '../time-slice.js';
import { prepare } from './applied-commit.js';
import type { CommitLog } from './commit-log.js';
import type { Compaction } from './compaction.js';
import { type Disk, replaceFile, TEMPORARY } from './disk.js';
import { ERASING, Erased, type ErasedThing } from './erased.js';
import type { FileReader } from './file-reader.js';
import type { Journal } from './journal.js';
import { segmentName } from './journal.js';
import { BACKUP } from './migration.js';
import { hasMark, redactSegment } from './redaction.js';
import type { Retention } from './retention.js';
import type { StoreState } from './store-state.js';
import type { Trail } from './trail.js';

export interface PurgeParts {
  folder: string;
  disk: Disk;
  state: StoreState;
  journal: Journal;
  commits: CommitLog;
  compaction: Compaction;
  retention: Retention;
  bodies: FileReader;
  trail: Trail;
}

/**
 * Removes from the disk what was stored earlier of what was erased. The lists of erased things are settings, committed with the
 * erasure, and removed when nothing is left: each step can be repeated, so it goes on after a crash wherever it was.
 */
export class Purge {
  private running: Promise<void> = Promise.resolve();
  private stopped = false;

  constructor(private readonly parts: PurgeParts) {}

  /** Whether something erased may still be on the disk. */
  get isDue(): boolean {
    return this.lists().length > 0;
  }

  run(also: readonly string[]): Promise<void> {
    const run = this.running.then(() => this.purge(also));
    this.running = run.catch(() => {});
    return run;
  }

  /** Stops at the next small step. */
  async stop(): Promise<void> {
    this.stopped = true;
    await this.running;
  }

  private async purge(also: readonly string[]): Promise<void> {
    const { journal, compaction, retention, trail, state } = this.parts;
    const lists = this.lists();
    const erased = new Erased(lists.flatMap(([, things]) => things));
    const marks = [...erased.marks(), ...also];
    if (lists.length > 0) {
      await this.closeSegments(lists[0]![0]);
      const closed = journal.segments.at(-1)!.number;
      // Then shards have all that counts, and the file of settings is a new one.
      await compaction.run();
      await compaction.removeLines((kind, id, version) => erased.has(kind, id, version));
      // So that no segment is removed meanwhile.
      await retention.pausedFor(() => this.redact(closed, erased, marks));
      await this.removeSpooled(erased);
      await trail.cutNames(new Set(erased.ids('audit')));
    }
    await this.removeCopies(marks);
    if (this.stopped) throw unfinished();
    if (lists.length === 0) return;
    await this.commit(lists.map(([key]) => ({ kind: 'setting', key, value: undefined }) as const));
    // Nothing of the lists stays, either.
    if (state.settingsChanged) await compaction.run();
  }

  private lists(): [key: string, things: ErasedThing[]][] {
    return [...this.parts.state.settings].flatMap(([key, { text }]): [string, ErasedThing[]][] =>
      key.startsWith(ERASING) ? [[key, JSON.parse(text)]] : [],
    );
  }

  /** Everything written so far is in segments that never change any more. */
  private async closeSegments(key: string): Promise<void> {
    const { state, journal } = this.parts;
    journal.cut();
    await this.commit([{ kind: 'setting', key, value: JSON.parse(state.settings.get(key)!.text) }]);
  }

  private async commit(changes: Parameters<typeof prepare>[1]): Promise<void> {
    const { state, commits, journal } = this.parts;
    journal.assertWritable();
    await commits.commit(prepare(state, changes));
    await journal.flushed();
  }

  /** Takes what was erased out of the journal, in the segments before a number. */
  private async redact(before: number, erased: Erased, marks: readonly string[]): Promise<void> {
    const { folder, disk, journal, bodies } = this.parts;
    const slice = new TimeSlice();
    const journalFolder = `${folder}/journal`;
    for (const name of await readdir(journalFolder)) if (name.endsWith(TEMPORARY)) await unlink(`${journalFolder}/${name}`);
    for (const { number, length } of journal.segments.filter((segment) => segment.number < before)) {
      if (this.stopped) return;
      const content = (await readFile(journal.path(number))).subarray(0, length);
      const redacted = await redactSegment(content, erased, marks, slice);
      if (!redacted) continue;
      await journal.confirm();
      await replaceFile(disk, journalFolder, segmentName(number), redacted);
      await bodies.forget(journal.path(number));
    }
  }

  private async removeSpooled(erased: Erased): Promise<void> {
    for (const id of erased.ids('delivery'))
      for (const name of [id, `${id}.part`]) await rm(`${this.parts.folder}/spool/${name}`, { force: true });
  }

  /** Removes copies of damaged parts that have one of the marks, and the copy of before a migration, which has everything. */
  private async removeCopies(marks: readonly string[]): Promise<void> {
    if (marks.length > 0) await rm(`${this.parts.folder}/${BACKUP}`, { recursive: true, force: true });
    const folder = `${this.parts.folder}/quarantine`;
    for (const name of await readdir(folder).catch(() => [])) {
      if (hasMark(await readFile(`${folder}/${name}`), marks)) await unlink(`${folder}/${name}`);
    }
  }
}

function unfinished(): SwitchboardError {
  return new SwitchboardError('SWB_CLOSED', say`The store was closed during an erasure.`, {
    hint: say`It goes on when the store is opened again.`,
  });
}
