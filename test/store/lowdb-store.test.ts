import assert from 'node:assert/strict';
import { LowdbStore } from '../../src/store/lowdb-store.js';
import { storeContract } from './contract.js';
import { crashCopy } from './crash-copy.js';
import { newFolder, removeFolders } from './folders.js';
import { message } from './records.js';

after(removeFolders);

async function create(): Promise<LowdbStore> {
  const store = new LowdbStore({ folder: await newFolder() });
  await store.open();
  return store;
}

storeContract('LowdbStore, restarted from its journal after a crash,', create, async (store) => {
  const copy = await newFolder();
  await crashCopy(store.spool.replace('/spool', ''), copy);
  await store.close();
  const restarted = new LowdbStore({ folder: copy });
  await restarted.open();
  return restarted;
});

storeContract('LowdbStore, restarted from its shards,', create, async (store) => {
  await store.close();
  await store.open();
  return store;
});

describe('LowdbStore', () => {
  it('returns every body as it was stored, whether it is still cached or not', async () => {
    const store = await create();
    const text = (i: number) => `${i} `.repeat(50_000);
    const count = 100; // several times the size of the cache
    for (let i = 0; i < count; i++) {
      await store.commit([{ kind: 'message', record: message(`m${i}`), bodies: { received: text(i) } }]);
      assert.deepEqual(await store.bodies('message', `m${i}`), { received: text(i) });
    }
    for (let i = 0; i < count; i++) assert.deepEqual(await store.bodies('message', `m${i}`), { received: text(i) });
    await store.close();
  });

  it('applies commits in the order in which they were made, also if the first one must read a record before', async () => {
    const store = await create();
    await store.commit([{ kind: 'message', record: message('m1') }]);
    await store.close();
    await store.open();
    const first = store.commit([{ kind: 'message', record: message('m1', { version: 1, number: 'first' }) }], { durable: false });
    const second = store.commit([{ kind: 'setting', key: 'second', value: 1 }]);
    await second;
    assert.equal((await store.message('m1'))?.number, 'first', 'it is applied, and on disk, before the second');
    await first;
    await store.close();
  });
});
