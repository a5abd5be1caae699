import assert from 'node:assert/strict';
import { LowdbStore } from '../../src/store/lowdb-store.js';
import { storeContract } from './contract.js';
import { newFolder, removeFolders } from './folders.js';
import { message } from './records.js';

after(removeFolders);

async function create(): Promise<LowdbStore> {
  const store = new LowdbStore({ folder: await newFolder() });
  await store.open();
  return store;
}

storeContract('LowdbStore, restarted from its journal,', create, async (store) => {
  await store.close();
  await store.open();
  return store;
});

storeContract('LowdbStore, restarted from its snapshot,', create, async (store) => {
  await (store as LowdbStore).compact();
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
});
