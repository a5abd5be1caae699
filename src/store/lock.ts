import { randomUUID } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { link, readdir, readFile, rename, stat, unlink, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { SwitchboardError } from '../errors.js';
import { FILE_MODE } from '../private-files.js';
import { say } from '../text/say.js';

/** The process that holds the lock of a store. */
export interface LockHolder {
  pid: number;
  /** Start time of the process in clock ticks, if the system provides it; a reused pid has another one. */
  start?: string;
  host: string;
  /** Boot id and pid namespace: pids can be compared only within the same place. */
  place?: string;
  /** Identifies this particular lock. */
  token: string;
  since: string;
}

export interface LockTimes {
  /** Milliseconds between heartbeats. */
  heartbeat: number;
  /** Milliseconds without a heartbeat after which a holder on another host counts as dead. */
  staleAfter: number;
}

/** Milliseconds after which a file of an attempt to take the lock counts as abandoned. */
const ABANDONED_AFTER = 600_000;

export const LOCK_TIMES: LockTimes = { heartbeat: 5000, staleAfter: 15_000 };

function tryRead(read: () => string): string | undefined {
  try {
    return read();
  } catch {
    return undefined; // This system has no /proc.
  }
}

/** Start time of a process: field 22 of /proc/<pid>/stat, counted after the name, which may contain spaces. */
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

const HELD = Symbol.for('switchboard.locks');
/**
 * Tokens of the locks that this process holds or is acquiring: any other one of this process was left in a folder that was moved
 * away. Global, because a process may load this module twice, from two installations.
 */
const shared = globalThis as { [HELD]?: Set<string> };
shared[HELD] ??= new Set();
const held = shared[HELD];

/** `alive` and `dead` are certain; for `unknown` the heartbeat must be observed. */
function holderStatus(holder: LockHolder): 'alive' | 'dead' | 'unknown' {
  const place = placeOfThisProcess();
  const here = holder.host === hostname();
  if (place === undefined) return here && !isRunning(holder.pid) ? 'dead' : 'unknown';
  if (!here || holder.place !== place) return 'unknown';
  if (!isRunning(holder.pid)) return 'dead';
  if (holder.pid === process.pid && holder.start === startOf(process.pid)) return held.has(holder.token) ? 'alive' : 'dead';
  const start = startOf(holder.pid);
  return start === undefined || holder.start === undefined || start === holder.start ? 'alive' : 'dead';
}

/**
 * The lock that lets only one process write. It is a file, because Node has no flock. A holder on this machine is checked by its
 * pid and start time, so a restart after a crash need not wait; a holder in another container or on another host is checked by
 * its heartbeat.
 */
export class Lock {
  private timer: NodeJS.Timeout | undefined;
  /** Of the last successful heartbeat, by both clocks. */
  private heartbeatAt = now();
  private check: Promise<void> | undefined;
  private lost: SwitchboardError | undefined;
  private readonly mine: LockHolder;
  private readonly path: string;

  private constructor(
    private readonly folder: string,
    private readonly times: LockTimes,
    private readonly onLost: (error: SwitchboardError) => void,
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

  /**
   * Acquires the lock of a folder, or throws SWB_STORE_LOCKED with its holder. `onLost` is called once if another process takes
   * it over.
   */
  static async take(folder: string, onLost: (error: SwitchboardError) => void, times: LockTimes = LOCK_TIMES): Promise<Lock> {
    const lock = new Lock(folder, times, onLost);
    held.add(lock.mine.token);
    try {
      await lock.acquire();
    } catch (error) {
      held.delete(lock.mine.token);
      throw error;
    }
    await lock.removeAbandonedFiles().catch(() => {}); // they do no harm
    lock.timer = setInterval(() => void lock.renew().catch(() => {}), times.heartbeat).unref();
    return lock;
  }

  /**
   * Undefined if the lock is surely ours: others wait for `staleAfter` before they take it over. If the last heartbeat is older
   * than half of that, because this process was paused, stalled or cut off from the folder, the lock is checked; rejects with
   * SWB_STORE if another process has it, or if it cannot be checked.
   */
  confirm(): Promise<void> | undefined {
    if (this.lost) return Promise.reject(this.lost);
    return this.isFresh(this.heartbeatAt) ? undefined : this.renew();
  }

  private isFresh(time: Times): boolean {
    return elapsedSince(time) <= this.times.staleAfter / 2;
  }

  /** Releases the lock. */
  async release(): Promise<void> {
    clearInterval(this.timer);
    held.delete(this.mine.token);
    const holder = await this.read();
    if (holder?.token === this.mine.token) await unlink(this.path).catch(() => {});
  }

  private async acquire(): Promise<void> {
    const own = `${this.path}.${this.mine.token}`;
    try {
      await writeFile(own, JSON.stringify(this.mine), { flag: 'wx', mode: FILE_MODE });
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

  /** Removes the files of processes that were killed while they acquired the lock. */
  private async removeAbandonedFiles(): Promise<void> {
    for (const name of await readdir(this.folder)) {
      const path = `${this.folder}/${name}`;
      if (!name.startsWith('lock.')) continue;
      const age = Date.now() - ((await stat(path).catch(() => undefined))?.mtimeMs ?? Date.now());
      if (age > ABANDONED_AFTER) await unlink(path).catch(() => {});
    }
  }

  /**
   * Creates the lock file; false if it exists. A link appears with its content; a file created and then written could be read
   * while still empty.
   */
  private async create(own: string): Promise<boolean> {
    try {
      return await succeeds(link(own, this.path), 'EEXIST');
    } catch (error) {
      // File systems without hard links, such as exFAT and some network shares.
      if (!['EPERM', 'ENOTSUP', 'ENOSYS', 'EOPNOTSUPP'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
      return succeeds(writeFile(this.path, JSON.stringify(this.mine), { flag: 'wx', mode: FILE_MODE }), 'EEXIST');
    }
  }

  /**
   * Replaces the lock of a dead holder. Only one process can create the file `lock.<its token>.takeover`, and a process that
   * creates it too late finds another token in the lock and stops: two processes that start together cannot both succeed.
   */
  private async takeOver(own: string, dead: LockHolder | undefined): Promise<boolean> {
    const claim = `${this.path}.${dead?.token ?? 'unreadable'}.takeover`;
    if (!(await succeeds(writeFile(claim, '', { flag: 'wx', mode: FILE_MODE }), 'EEXIST'))) {
      const age = Date.now() - ((await stat(claim).catch(() => undefined))?.mtimeMs ?? 0);
      if (age > this.times.staleAfter) await unlink(claim).catch(() => {});
      else await new Promise((resolve) => setTimeout(resolve, 50));
      return false;
    }
    try {
      if ((await this.read())?.token !== dead?.token) return false;
      await rename(own, this.path);
      return true;
    } finally {
      await unlink(claim).catch(() => {});
    }
  }

  private async isHeld(holder: LockHolder | undefined): Promise<boolean> {
    const verdict = holder ? holderStatus(holder) : 'unknown';
    if (verdict !== 'unknown') return verdict === 'alive';
    // Compare two modification times instead of one with our clock: the clocks of two hosts may differ.
    const beat = async () => (await stat(this.path).catch(() => undefined))?.mtimeMs;
    const before = await beat();
    if (before === undefined) return false;
    // Count the checks instead of reading the clock: while this machine is suspended, a holder on it cannot send a heartbeat
    // either.
    const pause = Math.min(this.times.heartbeat, 250);
    for (let waited = 0; waited < this.times.staleAfter; waited += pause) {
      await new Promise((resolve) => setTimeout(resolve, pause));
      const now = await beat();
      if (now === undefined) return false;
      if (now !== before) return true;
    }
    return false;
  }

  /** Sends a heartbeat if the lock is ours. */
  private renew(): Promise<void> {
    this.check ??= this.checkAndRenew().finally(() => {
      this.check = undefined;
    });
    return this.check;
  }

  private async checkAndRenew(): Promise<void> {
    const asked = now();
    let holder: LockHolder | undefined;
    try {
      holder = await this.read();
      // The file was removed manually: create it again, unless another process was faster.
      if (!holder && (await this.recreate())) holder = this.mine;
      holder ??= await this.read();
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new SwitchboardError(
        'SWB_STORE',
        say`It cannot be checked whether the store in ${this.folder} is still ours: ${reason}.`,
        {
          hint: say`Nothing is written until the folder can be read again. Check the disk and the permissions of the folder.`,
          cause,
        },
      );
    }
    if (this.lost) throw this.lost;
    if (holder?.token !== this.mine.token) {
      clearInterval(this.timer);
      held.delete(this.mine.token);
      this.lost = takenOver(this.folder, holder);
      this.onLost(this.lost);
      throw this.lost;
    }
    // This process was paused during the check: what it read may be from before that.
    if (!this.isFresh(asked)) return this.checkAndRenew();
    // Others see the time of the file: if it cannot be set, this was no heartbeat, and the next write checks again.
    const time = new Date();
    await utimes(this.path, time, time).then(
      () => {
        this.heartbeatAt = asked;
      },
      () => {},
    );
  }

  private async recreate(): Promise<boolean> {
    const again = writeFile(this.path, JSON.stringify(this.mine), { flag: 'wx', mode: FILE_MODE });
    return succeeds(again, 'EEXIST').catch((error: NodeJS.ErrnoException) => {
      // The folder was removed or replaced.
      if (error.code === 'ENOENT') return false;
      throw error;
    });
  }

  private async read(): Promise<LockHolder | undefined> {
    try {
      return JSON.parse(await readFile(this.path, 'utf8')) as LockHolder;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT' || error instanceof SyntaxError) return undefined;
      throw error;
    }
  }

  private locked(holder: LockHolder | undefined): SwitchboardError {
    const who = holder ? say`process ${holder.pid} on ${holder.host} since ${holder.since}` : say`another process`;
    return new SwitchboardError('SWB_STORE_LOCKED', say`The store in ${this.folder} is in use by ${who}.`, {
      hint: say`Stop that process, or use another folder. Only one Node-RED instance can use a store folder at a time.`,
    });
  }
}

function takenOver(folder: string, holder: LockHolder | undefined): SwitchboardError {
  const hint = say`This process sends and accepts nothing more from it. Give each process its own store folder.`;
  const what = holder
    ? say`Process ${holder.pid} on ${holder.host} has taken over the store in ${folder}.`
    : say`The store in ${folder} was removed or replaced.`;
  return new SwitchboardError('SWB_STORE', what, { hint });
}

interface Times {
  wall: number;
  monotonic: number;
}

function now(): Times {
  return { wall: Date.now(), monotonic: performance.now() };
}

/** By the clock that has moved further: while a machine is suspended, the monotonic one may stand still. */
function elapsedSince(start: Times): number {
  return Math.max(Math.abs(Date.now() - start.wall), performance.now() - start.monotonic);
}

/** False if it failed with the expected error code. */
async function succeeds(action: Promise<unknown>, expected: string): Promise<boolean> {
  try {
    await action;
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === expected) return false;
    throw error;
  }
}
