import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, rmdir, stat, unlink, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { Lock, type LockHolder } from '../../src/store/lock.js';
import { LowdbStore } from '../../src/store/lowdb-store.js';
import { until } from '../live/node-red.js';
import { PATIENCE } from '../patience.js';
import { newFolder, removeFolders } from './folders.js';

const locked = { code: 'SWB_STORE_LOCKED' };
const QUICK = { heartbeat: 30, staleAfter: 200 };

describe('the lock of a store', () => {
  const children: ChildProcess[] = [];
  /** Starts a process that opens the store in a folder. */
  async function holder(folder: string): Promise<ChildProcess> {
    const child = fork(join(__dirname, 'writer.ts'), [folder, 'hold'], {
      execArgv: ['--require', 'tsx/cjs'],
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    });
    children.push(child);
    await once(child, 'message');
    return child;
  }
  const lost = () => assert.fail('lost the lock');
  const edit = async (folder: string, change: Partial<LockHolder>) => {
    const now = JSON.parse(await readFile(`${folder}/lock`, 'utf8')) as LockHolder;
    await writeFile(`${folder}/lock`, JSON.stringify({ ...now, ...change }));
  };

  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
  });
  after(removeFolders);

  it('refuses a second store object in the same process', async () => {
    const folder = await newFolder();
    const first = new LowdbStore({ folder });
    const second = new LowdbStore({ folder });
    await first.open();
    await assert.rejects(second.open(), locked);
    await first.close();
    await second.open();
    await assert.rejects(first.open(), locked);
    await second.close();
  });

  it('refuses a second process, and reports who holds the store and what to do', async () => {
    const folder = await newFolder();
    const child = await holder(folder);
    await assert.rejects(new LowdbStore({ folder }).open(), (error: Error & { code: string }) => {
      assert.equal(error.code, 'SWB_STORE_LOCKED');
      for (const part of [String(child.pid), hostname(), folder, 'Stop that process', 'another folder']) {
        assert.ok(error.message.includes(part), part);
      }
      return true;
    });
  });

  it('is free immediately after its holder was killed', async () => {
    const folder = await newFolder();
    const child = await holder(folder);
    child.kill('SIGKILL');
    await once(child, 'exit');
    const store = new LowdbStore({ folder });
    await store.open();
    await store.close();
    await assert.rejects(stat(`${folder}/lock`), { code: 'ENOENT' });
  });

  it('goes to only one of several processes that take over from a dead holder at the same time', async () => {
    const folder = await newFolder();
    const child = await holder(folder);
    child.kill('SIGKILL');
    await once(child, 'exit');
    const stores = Array.from({ length: 8 }, () => new LowdbStore({ folder }));
    const results = await Promise.allSettled(stores.map((store) => store.open()));
    assert.equal(results.filter((result) => result.status === 'fulfilled').length, 1);
    for (const store of stores) await store.close();
  });

  if (process.platform === 'linux') {
    it('detects that a pid now belongs to another process', async () => {
      const folder = await newFolder();
      const dead = await Lock.take(folder, lost);
      await edit(folder, { start: '1', token: 'of a dead process' });
      const lock = await Lock.take(folder, lost);
      await lock.release();
      await dead.release();
    });
  }

  it('respects a holder on another host as long as it sends heartbeats', async () => {
    const folder = await newFolder();
    const other = await Lock.take(folder, () => {}, QUICK);
    const patient = { ...QUICK, staleAfter: PATIENCE };
    // The file names another host while the heartbeat continues.
    const now = JSON.parse(await readFile(`${folder}/lock`, 'utf8')) as LockHolder;
    await edit(folder, { host: 'elsewhere', place: 'elsewhere' });
    await assert.rejects(Lock.take(folder, lost, patient), (error: Error) => error.message.includes('elsewhere'));
    assert.equal(JSON.parse(await readFile(`${folder}/lock`, 'utf8')).token, now.token);
    await other.release();
  });

  it('takes over from a holder on another host that stopped sending heartbeats', async () => {
    const folder = await newFolder();
    const silent = { pid: 1, host: 'elsewhere', place: 'elsewhere', token: 'silent', since: new Date().toISOString() };
    await writeFile(`${folder}/lock`, JSON.stringify(silent));
    const lock = await Lock.take(folder, lost, QUICK);
    await lock.release();
  });

  it('takes over an unreadable lock file without a heartbeat', async () => {
    const folder = await newFolder();
    await writeFile(`${folder}/lock`, '{"pid":');
    const lock = await Lock.take(folder, lost, QUICK);
    await lock.release();
  });

  it('notifies a holder that another process has taken the lock, and leaves the lock to that process', async () => {
    const folder = await newFolder();
    let lock: Lock | undefined;
    const error = await new Promise<Error>((resolve) => {
      Lock.take(folder, resolve, QUICK).then((taken) => {
        lock = taken;
        return edit(folder, { token: 'another', pid: 4711 });
      });
    });
    assert.match(error.message, /Process 4711 .* has taken over the store/);
    await assert.rejects(async () => lock?.confirm(), error, 'from now on, without another look at the file');
  });

  it('is not certain, and so may not be used, while it cannot be read', async () => {
    const folder = await newFolder();
    const lock = await Lock.take(folder, lost, QUICK);
    assert.equal(lock.confirm(), undefined, 'just after a heartbeat');
    const mine = await readFile(`${folder}/lock`);
    await unlink(`${folder}/lock`);
    await mkdir(`${folder}/lock`);
    const refusal = { code: 'SWB_STORE', message: /It cannot be checked whether the store in .* is still ours: EISDIR/ };
    const check = await until('the heartbeat to be old', () => {
      const promise = lock.confirm();
      return promise && { promise: assert.rejects(promise, refusal) };
    });
    await check.promise;
    await rmdir(`${folder}/lock`);
    await writeFile(`${folder}/lock`, mine);
    await lock.confirm();
    await lock.release();
  });

  it('is restored when the file is removed manually', async () => {
    const folder = await newFolder();
    const lock = await Lock.take(folder, lost, QUICK);
    await unlink(`${folder}/lock`);
    await until('the file', async () => {
      await lock.confirm();
      return stat(`${folder}/lock`);
    });
    await assert.rejects(Lock.take(folder, lost, QUICK), locked);
    await lock.release();
  });
});
