import { randomUUID } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { link, readdir, readFile, rename, stat, unlink, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { SwitchboardError } from '../errors.js';
import { FILE_MODE } from './disk.js';

/** Who holds a store. */
export interface Holder {
  pid: number;
  /** Start time of the process in the system's ticks, where the system tells; a reused pid has another. */
  start?: string;
  host: string;
  /** Boot and pid namespace: where these are the same, pids can be compared. */
  place?: string;
  /** Names this very lock. */
  token: string;
  since: string;
}

export interface LockTimes {
  /** Milliseconds between signs of life. */
  heartbeat: number;
  /** Milliseconds without a sign of life after which a holder elsewhere counts as gone. */
  patience: number;
}

/** Milliseconds after which a file of an attempt to take the lock belongs to nobody. */
const LEFT_BEHIND = 600_000;

const TIMES: LockTimes = { heartbeat: 5000, patience: 15_000 };

function tryRead(read: () => string): string | undefined {
  try {
    return read();
  } catch {
    return undefined; // No /proc here.
  }
}

/** Start time of a process: field 22 of /proc/<pid>/stat, counted behind the name, which may hold spaces. */
function startOf(pid: number): string | undefined {
  const text = tryRead(() => readFileSync(`/proc/${pid}/stat`, 'latin1'));
  return text?.slice(text.lastIndexOf(')') + 2).split(' ')[19];
}

function placeOfThisProcess(): string | undefined {
  const boot = tryRead(() => readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim());
  const space = tryRead(() => readlinkSync('/proc/self/ns/pid'));
  return boot && space && `${boot} ${space}`;
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** `alive` and `dead` are certain; `unknown` needs its heartbeat watched. */
function judge(holder: Holder): 'alive' | 'dead' | 'unknown' {
  const place = placeOfThisProcess();
  const here = holder.host === hostname();
  if (place === undefined) return here && !isRunning(holder.pid) ? 'dead' : 'unknown';
  if (!here || holder.place !== place) return 'unknown';
  if (!isRunning(holder.pid)) return 'dead';
  const start = startOf(holder.pid);
  return start === undefined || holder.start === undefined || start === holder.start ? 'alive' : 'dead';
}

/**
 * The lock that lets one process write. It is a file, because a file is what two processes surely share; Node has no flock. A holder on this machine is judged by
 * its pid and start time, so a restart after a crash need not wait; a holder in another container or on another host by its heartbeat.
 */
export class Lock {
  private timer: NodeJS.Timeout | undefined;
  private beatenAt = performance.now();
  private readonly mine: Holder;
  private readonly path: string;

  private constructor(
    private readonly folder: string,
    private readonly times: LockTimes,
    private readonly onLost: (holder: Holder | undefined) => void,
  ) {
    this.path = `${folder}/lock`;
    this.mine = {
      pid: process.pid,
      start: startOf(process.pid),
      host: hostname(),
      place: placeOfThisProcess(),
      token: randomUUID(),
      since: new Date().toISOString(),
    };
  }

  /** Takes the lock of a folder, or throws SWB_STORE_LOCKED naming who holds it. `onLost` is called if somebody takes it away. */
  static async take(folder: string, onLost: (holder: Holder | undefined) => void, times: LockTimes = TIMES): Promise<Lock> {
    const lock = new Lock(folder, times, onLost);
    await lock.acquire();
    await lock.tidy();
    lock.timer = setInterval(() => void lock.beat(), times.heartbeat).unref();
    return lock;
  }

  /** Looks whether the lock is still ours, when this process was stopped or stalled for long enough that others may think it gone. */
  confirm(): Promise<void> | undefined {
    return performance.now() - this.beatenAt > this.times.patience / 2 ? this.beat() : undefined;
  }

  /** Gives the lock back. */
  async release(): Promise<void> {
    clearInterval(this.timer);
    const holder = await this.read();
    if (holder?.token === this.mine.token) await unlink(this.path).catch(() => {});
  }

  private async acquire(): Promise<void> {
    const own = `${this.path}.${this.mine.token}`;
    await writeFile(own, JSON.stringify(this.mine), { flag: 'wx', mode: FILE_MODE });
    try {
      for (;;) {
        if (await this.create(own)) return;
        const holder = await this.read();
        if (await this.isHeld(holder)) throw this.locked(holder);
        if (await this.takeOver(own, holder)) return;
      }
    } finally {
      await unlink(own).catch(() => {});
    }
  }

  /** Removes what processes left that were killed while they took the lock. */
  private async tidy(): Promise<void> {
    for (const name of await readdir(this.folder)) {
      const path = `${this.folder}/${name}`;
      if (!name.startsWith('lock.')) continue;
      const age = Date.now() - ((await stat(path).catch(() => undefined))?.mtimeMs ?? Date.now());
      if (age > LEFT_BEHIND) await unlink(path).catch(() => {});
    }
  }

  /** Makes the lock file; false when there is one. A link appears with its content, a file created and then written could be read empty. */
  private async create(own: string): Promise<boolean> {
    try {
      return await succeeds(link(own, this.path), 'EEXIST');
    } catch (error) {
      // File systems without links, such as exFAT and some network shares.
      if (!['EPERM', 'ENOTSUP', 'ENOSYS', 'EOPNOTSUPP'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
      return succeeds(writeFile(this.path, JSON.stringify(this.mine), { flag: 'wx', mode: FILE_MODE }), 'EEXIST');
    }
  }

  /**
   * Replaces the lock of a holder that is gone. The file `lock.<its token>.takeover` can be created by one process only, and who created it late finds another
   * token in the lock and gives up: two processes that start together cannot both succeed.
   */
  private async takeOver(own: string, gone: Holder | undefined): Promise<boolean> {
    const claim = `${this.path}.${gone?.token ?? 'unreadable'}.takeover`;
    if (!(await succeeds(writeFile(claim, '', { flag: 'wx', mode: FILE_MODE }), 'EEXIST'))) {
      const age = Date.now() - ((await stat(claim).catch(() => undefined))?.mtimeMs ?? 0);
      if (age > this.times.patience) await unlink(claim).catch(() => {});
      else await new Promise((resolve) => setTimeout(resolve, 50));
      return false;
    }
    try {
      if ((await this.read())?.token !== gone?.token) return false;
      await rename(own, this.path);
      return true;
    } finally {
      await unlink(claim).catch(() => {});
    }
  }

  private async isHeld(holder: Holder | undefined): Promise<boolean> {
    const verdict = holder ? judge(holder) : 'unknown';
    if (verdict !== 'unknown') return verdict === 'alive';
    // Changes of the time are compared, not the time with our clock: two hosts' clocks may differ.
    const beat = async () => (await stat(this.path).catch(() => undefined))?.mtimeMs;
    const before = await beat();
    if (before === undefined) return false;
    // Looks are counted, not the time by the clock: in a pause of this whole machine a holder has had no time to give a sign.
    const pause = Math.min(this.times.heartbeat, 250);
    for (let waited = 0; waited < this.times.patience; waited += pause) {
      await new Promise((resolve) => setTimeout(resolve, pause));
      const now = await beat();
      if (now === undefined) return false;
      if (now !== before) return true;
    }
    return false;
  }

  private async beat(): Promise<void> {
    let holder = await this.read().catch(() => this.mine);
    // Removed by hand: ours again, unless somebody was quicker.
    if (!holder) {
      const again = writeFile(this.path, JSON.stringify(this.mine), { flag: 'wx', mode: FILE_MODE });
      holder = (await succeeds(again, 'EEXIST').catch(() => false)) ? this.mine : await this.read();
    }
    if (holder?.token === this.mine.token) {
      const now = new Date();
      await utimes(this.path, now, now).catch(() => {});
      this.beatenAt = performance.now();
      return;
    }
    clearInterval(this.timer);
    this.onLost(holder);
  }

  private async read(): Promise<Holder | undefined> {
    try {
      return JSON.parse(await readFile(this.path, 'utf8')) as Holder;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT' || error instanceof SyntaxError) return undefined;
      throw error;
    }
  }

  private locked(holder: Holder | undefined): SwitchboardError {
    const who = holder ? `process ${holder.pid} on ${holder.host} since ${holder.since}` : 'another process';
    return new SwitchboardError('SWB_STORE_LOCKED', `The store in ${this.folder} is in use by ${who}.`, {
      hint: 'Stop that process, or give this one a folder of its own; several Node-RED instances share work through the PostgreSQL store.',
    });
  }
}

/** False when it failed in the expected way. */
async function succeeds(action: Promise<unknown>, expected: string): Promise<boolean> {
  try {
    await action;
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === expected) return false;
    throw error;
  }
}
