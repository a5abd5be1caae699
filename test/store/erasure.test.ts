import assert from 'node:assert/strict';
import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Disk, nodeDisk } from '../../src/store/disk.js';
import { LowdbStore } from '../../src/store/lowdb-store.js';
import type { Change } from '../../src/store/store.js';
import { inAnyState } from './any-state.js';
import { newFolder, removeFolders } from './folders.js';
import { auditEntry, conversation, delivery, link, message } from './records.js';

const NAME = 'Erika Mustermann';
/** Small, so that what is erased lies in several files, beside what stays. */
const SIZES = { segmentBytes: 4_000, shardBytes: 4_000 };

const RECORDS = 24;
const ERASED = [3, 13, 23];

/** The files of a folder that have a text. */
async function filesWith(folder: string, text: string): Promise<string[]> {
  const found: string[] = [];
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile() && (await readFile(path)).includes(text)) found.push(path.slice(folder.length + 1));
  }
  return found.sort();
}

describe('erasing in the embedded store', () => {
  after(removeFolders);

  const person = (n: number, text: string): Change[] => [
    {
      kind: 'conversation',
      record: conversation(`c${n}`, { state: 'closed', title: text, links: [link(`A${n}`, { lastKnown: { requester: text } })] }),
    },
    {
      kind: 'message',
      record: message(`m${n}`, { state: 'settled', conversation: `c${n}`, reason: text }),
      bodies: { received: { caller: text }, read: `${text} called. ${'x'.repeat(500)}` },
    },
    {
      kind: 'delivery',
      record: delivery(`d${n}`, { state: 'delivered', conversation: `c${n}` }),
      bodies: { request: { fields: { requester: text } }, http0: [{ request: text }] },
    },
  ];

  /** A folder in which tickets of a person, and of others, lie everywhere a store keeps something. */
  async function filled(): Promise<string> {
    const folder = await newFolder();
    const store = inAnyState(new LowdbStore({ folder, ...SIZES }));
    await store.open();
    for (let n = 0; n < RECORDS; n++) {
      await store.commit(person(n, ERASED.includes(n) ? NAME : `Somebody ${n + 100}`), { durable: false });
      if (n === 15) await store.compact();
    }
    await store.commit([{ kind: 'setting', key: 'edit', value: { caller: NAME } }]);
    await store.compact();
    const { version } = (await store.conversation('c13'))!;
    const changed = conversation('c13', { version, state: 'closed', title: `${NAME} again`, links: [link('A13')] });
    await store.commit([
      { kind: 'conversation', record: changed },
      { kind: 'audit', entry: auditEntry('e1', { names: { name: NAME } }) },
    ]);
    await store.close();
    await writeFile(`${folder}/spool/d13`, NAME);
    for (const name of ['audit/2026-03.names.jsonl.tmp', 'journal/00000001.log.tmp']) await writeFile(`${folder}/${name}`, NAME);
    await writeFile(`${folder}/quarantine/00000001.log-7.damaged`, `"m13" ${NAME}`);
    await writeFile(`${folder}/quarantine/other`, NAME.toUpperCase());
    await mkdir(`${folder}/backup-format-1`);
    await writeFile(`${folder}/backup-format-1/settings.json`, NAME);
    await writeFile(`${folder}/quarantine/kept`, 'Somebody');
    return folder;
  }

  /** Erases all of the person: what a broker does with each conversation. */
  async function erase(store: LowdbStore): Promise<void> {
    for (const n of ERASED) {
      const [c, m, d] = [await store.conversation(`c${n}`), await store.message(`m${n}`), await store.delivery(`d${n}`)] as const;
      await store.commit(
        [
          ...(m ? [{ kind: 'message', record: m, gone: true } as const] : []),
          ...(d ? [{ kind: 'delivery', record: d, gone: true } as const] : []),
          { kind: 'conversation', record: { ...c!, title: undefined, links: [link(`A${n}`, { lastKnown: {} })] } },
        ],
        { erase: true },
      );
    }
    const changes: Change[] = [
      { kind: 'setting', key: 'edit', value: undefined },
      { kind: 'cutNames', entries: ['e1'] },
    ];
    await store.commit(changes, { erase: true });
    await store.purge([NAME]);
  }

  async function othersAreWhole(store: LowdbStore): Promise<void> {
    for (let n = 0; n < RECORDS; n++) {
      if (ERASED.includes(n)) continue;
      const text = `Somebody ${n + 100}`;
      assert.equal((await store.conversation(`c${n}`))?.title, text);
      assert.deepEqual((await store.bodies('message', `m${n}`)).received, { caller: text });
      assert.deepEqual(await store.bodies('delivery', `d${n}`), {
        request: { fields: { requester: text } },
        http0: [{ request: text }],
      });
      assert.equal((await store.listConversations({ search: text, limit: 5 }))[0]?.id, `c${n}`);
    }
    for (const n of ERASED) {
      assert.equal((await store.conversationByLink('acme', 'incident', `A${n}`))?.id, `c${n}`);
      assert.equal(await store.message(`m${n}`), undefined);
    }
  }

  it('leaves nothing in the folder, and everything else as it was', async () => {
    const folder = await filled();
    const places = (await filesWith(folder, NAME)).map((path) => path.split('/')[0]!.replace(/\d+/, 'n'));
    assert.deepEqual(
      [...new Set(places)],
      ['audit', 'backup-format-n', 'journal', 'quarantine', 'settings-n.json', 'shards', 'spool'],
    );
    const store = new LowdbStore({ folder, ...SIZES });
    await store.open();
    await erase(store);
    assert.deepEqual(await filesWith(folder, NAME), []);
    assert.deepEqual(await readdir(`${folder}/quarantine`), ['kept']);
    await othersAreWhole(store);
    await store.close();
    const logged: string[] = [];
    const again = new LowdbStore({ folder, ...SIZES, log: (_level, text) => logged.push(text) });
    await again.open();
    await othersAreWhole(again);
    assert.deepEqual(logged, [], 'nothing looks damaged');
    await again.close();
    assert.deepEqual(await filesWith(folder, NAME), []);
  });

  it('can be read from its journal alone, as after the loss of a shard', async () => {
    const folder = await filled();
    const store = new LowdbStore({ folder, ...SIZES });
    await store.open();
    await erase(store);
    await store.close();
    for (const name of await readdir(`${folder}/shards`))
      if (name.endsWith('.ndjson')) await writeFile(`${folder}/shards/${name}`, '');
    const again = new LowdbStore({ folder, ...SIZES });
    await again.open();
    await othersAreWhole(again);
    await again.close();
  });

  it('goes on when the store is opened after a crash, wherever it was', async () => {
    const folder = await filled();
    // What is on the disk at each moment at which something has just been written.
    const moments: string[] = [];
    let recording = false;
    const copied = async <T>(step: Promise<T>): Promise<T> => {
      const result = await step;
      if (recording) {
        recording = false;
        const copy = await newFolder();
        await cp(folder, copy, { recursive: true, filter: (path) => !path.endsWith('/lock') });
        moments.push(copy);
        recording = true;
      }
      return result;
    };
    const disk: Disk = {
      ...nodeDisk,
      rename: (from, to) => copied(nodeDisk.rename(from, to)),
      syncFolder: (path) => copied(nodeDisk.syncFolder(path)),
    };
    const store = new LowdbStore({ folder, ...SIZES }, disk);
    await store.open();
    const purge = store.purge.bind(store);
    store.purge = async () => {
      recording = true;
      await purge([NAME]);
      recording = false;
    };
    await erase(store);
    await store.close();
    assert.ok(moments.length > 20, `${moments.length} moments`);
    const chosen = moments.filter((_, i) => i % Math.ceil(moments.length / 6) === 0);
    for (const moment of chosen) {
      const restarted = new LowdbStore({ folder: moment, ...SIZES });
      await restarted.open();
      // It is begun by the opening; this waits for it, and removes copies that only the text shows.
      await restarted.purge([NAME]);
      assert.deepEqual(await filesWith(moment, NAME), []);
      await othersAreWhole(restarted);
      await restarted.close();
    }
  });

  it('takes a damaged part of the journal out as well, if that has something of it', async () => {
    const folder = await filled();
    const segment = (await filesWith(`${folder}/journal`, NAME)).find((name) => name.endsWith('.log'))!;
    const path = `${folder}/journal/${segment}`;
    const bytes = await readFile(path);
    bytes.write('X', bytes.indexOf(NAME) - 3);
    await writeFile(path, bytes);
    const store = new LowdbStore({ folder, ...SIZES });
    await store.open();
    await erase(store);
    assert.deepEqual(await filesWith(folder, NAME), []);
    await store.close();
  });

  it('removes what a crash left of an attachment, too', async () => {
    const folder = await filled();
    await mkdir(`${folder}/spool`, { recursive: true });
    await writeFile(`${folder}/spool/d23.part`, NAME);
    const store = new LowdbStore({ folder, ...SIZES });
    await store.open();
    await erase(store);
    assert.deepEqual(await readdir(`${folder}/spool`), []);
    await store.close();
  });
});
