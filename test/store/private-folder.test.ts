import assert from 'node:assert/strict';
import { chmodSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { Spool } from '../../src/delivery/spool.js';
import { LowdbStore } from '../../src/store/lowdb-store.js';
import { newFolder, removeFolders } from './folders.js';
import { conversation, message } from './records.js';

/** The modes of everything below a path, by its name. */
function modesIn(path: string): Record<string, string> {
  const names = ['', ...(readdirSync(path, { recursive: true }) as string[]).sort()];
  return Object.fromEntries(names.map((name) => [name, (statSync(join(path, name)).mode & 0o777).toString(8)]));
}

describe('the folder of a store', () => {
  const umask = process.umask();
  before(function () {
    if (process.platform === 'win32') this.skip();
  });
  afterEach(async () => {
    process.umask(umask);
    await removeFolders();
  });

  it('and everything in it can be read by its owner only, whatever the umask', async () => {
    process.umask(0);
    const folder = `${await newFolder()}/store`;
    const store = new LowdbStore({ folder, segmentBytes: 1_000, shardBytes: 1_000 });
    await store.open();
    for (let i = 0; i < 50; i++) {
      const received = { kind: 'message', record: message(`m${i}`), bodies: { received: { text: 'x'.repeat(200) } } } as const;
      await store.commit([received, { kind: 'conversation', record: conversation(`c${i}`) }]);
    }
    const file = { id: 'a', name: 'a.txt', mimeType: 'text/plain' };
    await new Spool(store.spool).store('a', file, Readable.from(['content']));
    await store.close();
    await store.open();
    const open = Object.entries(modesIn(folder)).filter(([, mode]) => mode !== '600' && mode !== '700');
    const known = statSync(`${folder}.generation`).mode & 0o777;
    await store.close();
    assert.deepEqual(open, []);
    assert.equal(known, 0o600);
    assert.ok(Object.keys(modesIn(folder)).length > 10);
  });

  it('is closed to others where an earlier version left it open, which is logged once', async () => {
    const folder = `${await newFolder()}/store`;
    const lines: string[] = [];
    const store = new LowdbStore({ folder, log: (level, text) => lines.push(`${level}: ${text}`) });
    await store.open();
    await store.close();
    chmodSync(folder, 0o755);
    chmodSync(`${folder}/journal`, 0o750);
    for (let opens = 0; opens < 2; opens++) {
      await store.open();
      await store.close();
    }
    assert.deepEqual(lines, [
      `warn: Other users of this machine could enter the folder ${folder} (755). Now only its owner can.`,
    ]);
    assert.equal(statSync(folder).mode & 0o777, 0o700);
    assert.equal(statSync(`${folder}/journal`).mode & 0o777, 0o700);
  });
});
