import { LowdbStore } from '../../src/store/lowdb-store.js';
import { storeContract } from './contract.js';
import { newFolder, removeFolders } from './folders.js';

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
