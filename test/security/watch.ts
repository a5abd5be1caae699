import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { RigProcess } from '../live/rig.js';

interface Note {
  at: number;
  rss: number;
  delay: number;
  cpu: number;
}

/** What a process was like during an attack. */
export interface Seen {
  /** Megabytes by which it grew at most. */
  grew: number;
  /** Milliseconds for which it held its event loop at most, without those in which the machine gave it no processor. */
  held: number;
}

/** Watches the memory and the event loop of a Node-RED from inside (watcher.cjs). */
export class Watch {
  private readonly folder = mkdtempSync(join(tmpdir(), 'switchboard-watch-'));
  private readonly file = join(this.folder, 'notes.jsonl');
  /** How the watched Node-RED has to be started. */
  readonly process: RigProcess = { preload: resolve('test/security/watcher.cjs'), env: { WATCH_FILE: this.file } };

  /** What the process is like while `work` runs, compared with the last note before. */
  async during<T>(work: () => Promise<T>): Promise<Seen & { result: T }> {
    const before = await this.next();
    const result = await work();
    const last = await this.next();
    const notes = this.notes().filter(({ at }) => at > before.at && at <= last.at);
    return {
      result,
      grew: Math.round((Math.max(...notes.map(({ rss }) => rss)) - before.rss) / 2 ** 20),
      held: Math.round(Math.max(...notes.map(({ delay, cpu }) => Math.min(delay, cpu)))),
    };
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** The next note: also shows that the event loop turns. */
  private async next(): Promise<Note> {
    const count = this.notes().length;
    for (let waited = 0; waited < 60_000; waited += 50) {
      const note = this.notes()[count];
      if (note) return note;
      await new Promise((done) => setTimeout(done, 50));
    }
    throw new Error('The watched process has not turned its event loop for a minute, or it has ended.');
  }

  private notes(): Note[] {
    if (!existsSync(this.file)) return [];
    const lines = readFileSync(this.file, 'utf8').split('\n');
    // The last line may be incomplete.
    return lines.slice(0, -1).map((line) => JSON.parse(line) as Note);
  }
}
