import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFile, stat, unlink, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { type Holder, Lock } from '../../src/store/lock.js';
import { LowdbStore } from '../../src/store/lowdb-store.js';
import { until } from '../live/node-red.js';
import { PATIENCE } from '../patience.js';
import { newFolder, removeFolders } from './folders.js';

const locked = { code: 'SWB_STORE_LOCKED' };
const QUICK = { heartbeat: 30, patience: 200 };

describe('the lock of a store', () => {
  const children: ChildProcess[] = [];
  /** A process that has opened the store in a folder. */
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
  const edit = async (folder: string, change: Partial<Holder>) => {
    const now = JSON.parse(await readFile(`${folder}/lock`, 'utf8')) as Holder;
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

  it('refuses a second process, and says who holds the store and what to do', async () => {
    const folder = await newFolder();
    const child = await holder(folder);
    await assert.rejects(new LowdbStore({ folder }).open(), (error: Error & { code: string }) => {
      assert.equal(error.code, 'SWB_STORE_LOCKED');
      for (const part of [String(child.pid), hostname(), folder, 'Stop that process', 'PostgreSQL']) {
        assert.ok(error.message.includes(part), part);
      }
      return true;
    });
  });

  it('is free at once after its holder was killed', async () => {
    const folder = await newFolder();
    const child = await holder(folder);
    child.kill('SIGKILL');
    await once(child, 'exit');
    const store = new LowdbStore({ folder });
    await store.open();
    await store.close();
    await assert.rejects(stat(`${folder}/lock`), { code: 'ENOENT' });
  });

  it('is given to one of many that take over from a dead holder at the same time', async () => {
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
    it('sees that a pid belongs to another process now', async () => {
      const folder = await newFolder();
      const dead = await Lock.take(folder, lost);
      await edit(folder, { start: '1', token: 'of a process long gone' });
      const lock = await Lock.take(folder, lost);
      await lock.release();
      await dead.release();
    });
  }

  it('believes a holder on another host for as long as it gives signs of life', async () => {
    const folder = await newFolder();
    const theirs = await Lock.take(folder, () => {}, QUICK);
    const patient = { ...QUICK, patience: PATIENCE };
    // Another host's name in the file, while the heartbeat goes on.
    const now = JSON.parse(await readFile(`${folder}/lock`, 'utf8')) as Holder;
    await edit(folder, { host: 'elsewhere', place: 'elsewhere' });
    await assert.rejects(Lock.take(folder, lost, patient), (error: Error) => error.message.includes('elsewhere'));
    assert.equal(JSON.parse(await readFile(`${folder}/lock`, 'utf8')).token, now.token);
    await theirs.release();
  });

  it('takes over from a holder on another host that has gone silent', async () => {
    const folder = await newFolder();
    const silent = { pid: 1, host: 'elsewhere', place: 'elsewhere', token: 'silent', since: new Date().toISOString() };
    await writeFile(`${folder}/lock`, JSON.stringify(silent));
    const lock = await Lock.take(folder, lost, QUICK);
    await lock.release();
  });

  it('takes over an unreadable lock file that nobody keeps alive', async () => {
    const folder = await newFolder();
    await writeFile(`${folder}/lock`, '{"pid":');
    const lock = await Lock.take(folder, lost, QUICK);
    await lock.release();
  });

  it('tells a holder that somebody else has taken it, and leaves it to the new one', async () => {
    const folder = await newFolder();
    const told = new Promise<Holder | undefined>((resolve) => {
      void Lock.take(folder, resolve, QUICK).then(() => edit(folder, { token: 'another', pid: 4711 }));
    });
    assert.equal((await told)?.pid, 4711);
  });

  it('comes back when somebody removes the file by hand', async () => {
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
