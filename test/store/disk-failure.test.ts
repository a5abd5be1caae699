import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { LowdbStore } from '../../src/store/lowdb-store.js';
import type { Change } from '../../src/store/store.js';
import { everything } from './everything.js';
import { type Fault, FaultyDisk } from './faulty-disk.js';
import { newFolder, removeFolders } from './folders.js';
import { conversation, delivery, link, message } from './records.js';

describe('a store whose disk fails', () => {
  let now: number;
  let disk: FaultyDisk;
  let store: LowdbStore;
  let logged: string[];
  const put = (id: string, changes = {}): Change => ({ kind: 'message', record: message(id, changes), bodies: { received: id } });

  beforeEach(async () => {
    now = 1_000_000;
    disk = new FaultyDisk();
    logged = [];
    const folder = await newFolder();
    store = new LowdbStore({ folder, steady: () => now, log: (level, text) => logged.push(`${level}: ${text}`) }, disk);
    await store.open();
    await store.commit([put('m1'), { kind: 'conversation', record: conversation('c1', { links: [link('A')] }) }]);
  });
  afterEach(async () => {
    disk.broken.clear();
    await store.close();
  });
  after(removeFolders);

  for (const fault of ['write', 'datasync'] as Fault[]) {
    it(`rejects and rolls back commits that it cannot store, when ${fault} fails`, async () => {
      const before = await everything(store);
      disk.broken.add(fault);
      const results = await Promise.allSettled([
        store.commit([put('m2'), { kind: 'setting', key: 's', value: 1 }]),
        store.commit([put('m1', { version: 1, state: 'failed' })]),
        store.commit([put('m1', { version: 2, state: 'skipped' }), { kind: 'delivery', record: delivery('d1') }]),
        store.commit([{ kind: 'conversation', record: conversation('c1', { version: 1, links: [link('B')] }) }]),
      ]);
      for (const result of results) {
        assert.equal(result.status, 'rejected');
        assert.equal((result.reason as { code: string }).code, 'SWB_STORE');
        assert.match((result.reason as Error).message, /cannot write to .*no space left.*Free space/);
      }
      assert.deepEqual(await everything(store), before);
      assert.equal(await store.setting('s'), undefined);
      assert.equal((await store.conversationByLink('acme', 'incident', 'A'))?.id, 'c1');
      assert.deepEqual(await store.claimDeliveries('csp', 5, now), []);
      assert.equal(logged.length, 1, 'said once');
    });

    it(`resumes automatically once ${fault} works again, and keeps only acknowledged commits`, async () => {
      disk.broken.add(fault);
      await assert.rejects(store.commit([put('lost')]), { code: 'SWB_STORE' });
      disk.broken.clear();
      await assert.rejects(store.commit([put('too-soon')]), { code: 'SWB_STORE' });
      now += 1000;
      await store.commit([put('m3')]);
      await store.commit([put('m4')]);
      await store.close();
      await store.open();
      const ids = (await store.listMessages({ limit: 9 })).map((record) => record.id);
      assert.deepEqual(ids, ['m4', 'm3', 'm1']);
      assert.deepEqual(await store.bodies('message', 'm3'), { received: 'm3' });
    });
  }

  it('stays failed while each new attempt fails', async () => {
    disk.broken.add('datasync');
    for (let i = 0; i < 3; i++) {
      await assert.rejects(store.commit([put('m2')]), { code: 'SWB_STORE' });
      now += 1000;
    }
    disk.broken.clear();
    await store.commit([put('m2')]);
    assert.equal((await store.message('m2'))?.version, 1);
  });

  it('also rolls back non-durable commits, and everything based on them', async () => {
    disk.broken.add('datasync');
    await store.commit([put('m2')], { durable: false });
    await assert.rejects(store.commit([put('m2', { version: 1, state: 'failed' })]), { code: 'SWB_STORE' });
    assert.equal(await store.message('m2'), undefined);
  });

  it('starts no delivery that is not on disk, and leaves its lane free', async () => {
    const start: Change = { kind: 'delivery', record: delivery('d1'), start: delivery('d1', { state: 'sending' }) };
    disk.broken.add('datasync');
    await assert.rejects(store.commit([start], { durable: false }), { code: 'SWB_STORE' });
    disk.broken.clear();
    now += 1000;
    assert.equal(await store.delivery('d1'), undefined);
    assert.deepEqual((await store.commit([start])).started, ['d1']);
  });

  it('returns no claim that is not on disk', async () => {
    disk.broken.add('datasync');
    await store.commit([put('m0')], { durable: false });
    await assert.rejects(store.claimMessages('acme|incident', 5, now), { code: 'SWB_STORE' });
    disk.broken.clear();
    now += 1000;
    await store.commit([]);
    assert.deepEqual(
      (await store.claimMessages('acme|incident', 5, now)).map((record) => record.id),
      ['m1'],
    );
  });

  it('never writes a checkpoint ahead of what is durable: a failed sync as a compaction starts loses nothing that was acknowledged', async () => {
    for (let turn = 0; turn < 12; turn++) {
      await store.commit([put(`before-${turn}`)]);
      let compacted: Promise<void> | undefined;
      disk.broken.add('datasync');
      disk.onFault = () => {
        disk.onFault = undefined;
        compacted = store.compact();
        compacted.catch(() => {});
      };
      await assert.rejects(store.commit([put(`lost-${turn}`), { kind: 'setting', key: 'lost', value: turn }]), {
        code: 'SWB_STORE',
      });
      disk.broken.clear();
      now += 1000;
      // Gets the sequence number of the commit that was lost.
      await store.commit([put(`kept-${turn}`)]);
      await compacted?.catch(() => {});
    }
    await store.close();
    await store.open();
    const ids = (await store.listMessages({ limit: 99 })).map((record) => record.id);
    for (let turn = 0; turn < 12; turn++) assert.ok(ids.includes(`kept-${turn}`), `kept-${turn} was acknowledged`);
    assert.equal(ids.length, 25);
    assert.equal(await store.setting('lost'), undefined);
  });

  for (const fault of ['write', 'sync', 'rename', 'syncFolder'] as Fault[]) {
    it(`keeps working from its journal when a compaction fails at ${fault}`, async () => {
      disk.broken.add(fault);
      await assert.rejects(store.compact(), /ENOSPC/);
      disk.broken.clear();
      await store.commit([put('m2')]);
      const before = await everything(store);
      await store.close();
      await store.open();
      assert.deepEqual(await everything(store), before);
      await store.compact();
      await store.close();
      await store.open();
      assert.deepEqual(await everything(store), before);
      const folder = store.spool.replace('/spool', '');
      const left = (await readdir(folder)).filter((name) => name.endsWith('.tmp'));
      assert.deepEqual(left, []);
      const shards = await readdir(`${folder}/shards`);
      assert.equal(shards.filter((name) => name.endsWith('.index')).length * 2, shards.length);
    });
  }
});
