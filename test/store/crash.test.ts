import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { LowdbStore } from '../../src/store/lowdb-store.js';
import { newFolder, removeFolders } from './folders.js';
import { randomFrom } from './random.js';

const KILLS = 12;
const SEED = Number(process.env.SWB_SEED ?? Date.now() % 1_000_000);

describe('a store whose process is killed', () => {
  after(removeFolders);

  it(`has every acknowledged commit and no partial one after ${KILLS} kills (SWB_SEED=${SEED})`, async () => {
    const random = randomFrom(SEED);
    const folder = await newFolder();
    const acknowledged = new Set<number>();
    let next = 1;
    for (let kill = 0; kill < KILLS; kill++) {
      const until = 1 + Math.floor(random() ** 2 * 400);
      const child = fork(join(__dirname, 'writer.ts'), [folder, 'write', String(next)], {
        execArgv: ['--require', 'tsx/cjs'],
        stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
      });
      const exited = once(child, 'exit');
      let seen = 0;
      for await (const line of createInterface({ input: child.stdout! })) {
        // The last line of a killed process may be cut off in the middle of its number.
        if (!/^\d+$/.test(line)) continue;
        acknowledged.add(Number(line));
        if (++seen === until) child.kill('SIGKILL');
      }
      const [code, signal] = await exited;
      assert.equal(signal, 'SIGKILL', `ended by itself with ${code}`);
      next = Math.max(...acknowledged) + 100;
      await check(folder, acknowledged);
    }
  });
});

async function check(folder: string, acknowledged: Set<number>): Promise<void> {
  const warnings: string[] = [];
  const store = new LowdbStore({ folder, log: (level, text) => level !== 'info' && warnings.push(text) });
  await store.open();
  for (const text of warnings) assert.match(text, /incomplete entry/);
  const query = { limit: 1_000_000 };
  const ids = (records: { id: string }[]) => records.map((record) => record.id.slice(1));
  const conversations = await store.listConversations(query);
  const found = ids(conversations);
  assert.deepEqual(ids(await store.listMessages(query)), found, 'each commit whole');
  assert.deepEqual(ids(await store.listDeliveries(query)), found, 'each commit whole');
  const there = new Set(found.map(Number));
  for (const n of acknowledged) assert.ok(there.has(n), `commit ${n} was acknowledged`);
  for (const { id, state } of conversations) {
    const n = Number(id.slice(1));
    const bodies = [await store.bodies('message', `m${id.slice(1)}`), await store.bodies('delivery', `d${id.slice(1)}`)];
    // Retention by size may have removed bodies of closed conversations, but not of open ones.
    if (state === 'open') assert.deepEqual(bodies, [{ received: { n } }, { request: { n } }]);
    assert.equal((await store.conversationByLink('acme', 'incident', `A${id.slice(1)}`))?.id, id);
  }
  for (let key = 0; key < 10; key++) {
    const value = (await store.setting(`s${key}`)) as number | undefined;
    assert.ok(value === undefined || there.has(value), `setting of commit ${value}`);
  }
  await store.close();
}
