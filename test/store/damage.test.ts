import assert from 'node:assert/strict';
import { cp, mkdir, readdir, readFile, rename, rm, rmdir, truncate, writeFile } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { LowdbStore } from '../../src/store/lowdb-store.js';
import type { Change } from '../../src/store/store.js';
import { inAnyState } from './any-state.js';
import { crashCopy } from './crash-copy.js';
import { everything } from './everything.js';
import { newFolder, removeFolders } from './folders.js';
import { conversation, delivery, link, message } from './records.js';

const SEGMENT = '00000001.log';

function conversationWithRecords(n: number): Change[] {
  return [
    { kind: 'conversation', record: conversation(`c${n}`, { links: [link(`A${n}`)] }) },
    { kind: 'message', record: message(`m${n}`, { conversation: `c${n}` }), bodies: { received: { n, text: 'Störung' } } },
    { kind: 'delivery', record: delivery(`d${n}`, { conversation: `c${n}` }), bodies: { request: { n } } },
  ];
}

describe('a damaged store', () => {
  let folder: string;
  let store: LowdbStore;
  let logged: string[];
  const open = async (path: string, segmentBytes?: number) => {
    folder = path;
    logged = [];
    const log = (level: string, text: string) => logged.push(`${level}: ${text}`);
    store = inAnyState(new LowdbStore({ folder, segmentBytes, log }));
    await store.open();
  };
  const reopen = async () => {
    await store.close();
    await open(folder);
  };
  /** Ends the store as a crash does; the copy it would leave is opened by `open(folder)`. */
  const crash = async () => {
    const copy = await newFolder();
    await crashCopy(folder, copy);
    await store.close();
    folder = copy;
  };
  const quarantine = async () => (await readdir(`${folder}/quarantine`)).sort();
  const conversations = async () => (await store.listConversations({ limit: 99 })).map((record) => record.id).sort();
  /** The offsets of the lines of a segment. */
  const lineStarts = (content: Buffer) => {
    const starts = [0];
    for (let at = content.indexOf(10); at >= 0 && at + 1 < content.length; at = content.indexOf(10, at + 1)) starts.push(at + 1);
    return starts;
  };
  const flip = async (path: string, at: number) => {
    const content = await readFile(path);
    content[at]! ^= 0x10;
    await writeFile(path, content);
  };

  beforeEach(async () => open(await newFolder()));
  afterEach(() => store.close());
  after(removeFolders);

  it('opens with everything before a torn end, wherever the last entry is cut', async () => {
    const last: Change[] = [
      { kind: 'setting', key: 'watermark', value: 'Größe' },
      { kind: 'message', record: message('m2'), bodies: { received: 'Störung' } },
    ];
    await store.commit(conversationWithRecords(1));
    await store.commit(last);
    await crash();
    const source = folder;
    const whole = await readFile(`${source}/journal/${SEGMENT}`);
    const start = lineStarts(whole).at(-1)!;
    for (let length = start; length < whole.length; length += length - start < 30 ? 1 : 5) {
      const torn = await newFolder();
      await cp(source, torn, { recursive: true });
      await writeFile(`${torn}/journal/${SEGMENT}`, whole.subarray(0, length));
      await open(torn);
      assert.deepEqual(await conversations(), ['c1'], `cut at ${length}`);
      assert.equal(await store.message('m2'), undefined);
      assert.equal(await store.setting('watermark'), undefined);
      assert.equal(logged.length, length > start ? 1 : 0);
      if (length > start) assert.match(logged[0]!, /^warn: .*incomplete entry.*quarantine/);
      assert.equal((await quarantine()).length, length > start ? 1 : 0);
      await store.commit(last);
      await reopen();
      assert.deepEqual(logged, []);
      assert.deepEqual(await store.bodies('message', 'm2'), { received: 'Störung' });
      await store.close();
      await rm(torn, { recursive: true });
    }
    await open(source);
  });

  it('treats a tail of zeros, which some file systems leave, as torn', async () => {
    await store.commit(conversationWithRecords(1));
    await store.close();
    await truncate(`${folder}/journal/${SEGMENT}`, (await readFile(`${folder}/journal/${SEGMENT}`)).length + 4096);
    await open(folder);
    assert.deepEqual(await conversations(), ['c1']);
    assert.equal(logged.length, 1);
  });

  it('drops the whole last write if it was torn in the middle, because its later commits depend on the lost one', async () => {
    await store.commit(conversationWithRecords(1));
    await Promise.all([
      store.commit(conversationWithRecords(2)),
      store.commit(conversationWithRecords(3)),
      store.commit(conversationWithRecords(4)),
    ]);
    await crash();
    const path = `${folder}/journal/${SEGMENT}`;
    const starts = lineStarts(await readFile(path));
    await flip(path, starts.at(-2)! + 60);
    await open(folder);
    assert.deepEqual(await conversations(), ['c1', 'c2']);
    assert.equal((await quarantine()).length, 1);
  });

  it('does not open after a flipped bit in the middle of the journal, unless told to: then everything after it is kept', async () => {
    for (let n = 1; n <= 5; n++) await store.commit(conversationWithRecords(n));
    await store.commit([{ kind: 'conversation', record: conversation('c3', { version: 1, links: [link('A3'), link('B3')] }) }]);
    await crash();
    const path = `${folder}/journal/${SEGMENT}`;
    const content = await readFile(path);
    // Line 0 is the segment's header.
    await flip(path, lineStarts(content)[3]! + 70);
    for (let attempt = 0; attempt < 2; attempt++)
      await assert.rejects(open(folder), {
        code: 'SWB_STORE',
        message: /changes 3 to 3 are in a damaged part of journal\/00000001.log/,
      });
    await writeFile(`${folder}/continue-without-missing-files`, '');
    await open(folder);
    assert.match(logged.join(), /error: .*continues without: the changes 3 to 3/);
    assert.deepEqual(await conversations(), ['c1', 'c2', 'c3', 'c4', 'c5']);
    assert.equal((await store.conversation('c3'))?.links.length, 2, 'a later change repeats the record');
    assert.equal(await store.message('m3'), undefined);
    assert.deepEqual(await store.bodies('message', 'm5'), { received: { n: 5, text: 'Störung' } });
    assert.equal((await quarantine()).length, 1);
    await store.commit([{ kind: 'conversation', record: conversation('c3', { version: 2 }) }]);
    await reopen();
    assert.deepEqual(logged, []);
    assert.equal((await store.conversation('c3'))?.version, 3);
  });

  it('keeps the one commit of a segment whose header is damaged', async () => {
    await store.commit(conversationWithRecords(1));
    await crash();
    await flip(`${folder}/journal/${SEGMENT}`, 40);
    await open(folder);
    assert.deepEqual(await conversations(), ['c1']);
    assert.match(logged.join(), /^warn: .*damaged/);
  });

  it('notices a flipped bit anywhere in the journal, and keeps everything else if told to', async () => {
    for (let n = 1; n <= 4; n++) await store.commit(conversationWithRecords(n));
    await crash();
    const whole = await readFile(`${folder}/journal/${SEGMENT}`);
    const source = folder;
    for (let at = 0; at < whole.length; at += 37) {
      const flipped = await newFolder();
      await cp(source, flipped, { recursive: true });
      await flip(`${flipped}/journal/${SEGMENT}`, at);
      const line = lineStarts(whole).findLastIndex((start) => start <= at);
      // The header loses nothing; the last line may have been torn by the crash, so that nobody was promised it.
      if (line > 0 && line < 4) {
        await assert.rejects(open(flipped), { code: 'SWB_STORE' }, `flipped at ${at}`);
        await writeFile(`${flipped}/continue-without-missing-files`, '');
      }
      await open(flipped);
      const found = await conversations();
      const expected = ['c1', 'c2', 'c3', 'c4'].filter((_, i) => i + 1 !== line);
      assert.deepEqual(found, expected, `flipped at ${at}`);
      assert.ok(logged.length > 0);
      await store.close();
      await rm(flipped, { recursive: true });
    }
    await open(source);
  });

  it('keeps everything when a crash left shards that are not part of it yet, and removes them', async () => {
    for (let n = 1; n <= 40; n++) await store.commit(conversationWithRecords(n));
    await store.compact();
    for (let n = 1; n <= 40; n++) {
      await store.commit([
        { kind: 'conversation', record: conversation(`c${n}`, { version: 1, state: 'closed' }) },
        { kind: 'message', record: message(`m${n}`, { version: 1, state: 'settled' }), bodies: { read: n } },
        { kind: 'setting', key: 'last', value: n },
      ]);
    }
    const before = await everything(store);
    const copy = await newFolder();
    await crashCopy(folder, copy);
    await store.compact();
    // As if the crash had come before the manifest was written.
    await cp(`${folder}/shards`, `${copy}/shards`, { recursive: true });
    await writeFile(`${copy}/manifest.json.tmp`, '{"half');
    await store.close();
    await open(copy);
    assert.deepEqual(await everything(store), before);
    assert.equal(await store.setting('last'), 40);
    assert.deepEqual(logged, []);
    await store.compact();
    await reopen();
    assert.deepEqual(await everything(store), before);
    const names = await readdir(`${folder}/shards`);
    assert.equal(new Set(names.map((name) => name.slice(0, 8))).size * 2, names.length);
    assert.ok(!(await readdir(folder)).some((name) => name.endsWith('.tmp')));
  });

  /** Shards of a few records each. */
  const manyShards = async () => {
    await store.close();
    store = new LowdbStore({ folder, shardBytes: 4000, log: (level, text) => logged.push(`${level}: ${text}`) });
    await store.open();
    for (let n = 1; n <= 20; n++) await store.commit(conversationWithRecords(n));
    await store.commit([{ kind: 'setting', key: 'watermark', value: 1 }]);
    const before = await everything(store);
    await store.close();
    const shards = (await readdir(`${folder}/shards`)).filter((name) => name.endsWith('.ndjson')).sort();
    assert.ok(shards.length > 4);
    return { before, shards, shard: (name: string) => `${folder}/shards/${name}` };
  };
  const index = (name: string) => name.replace('ndjson', 'index');

  it('restores shards that are missing or cut from the journal, and damaged indexes from their shards', async () => {
    const { before, shards, shard } = await manyShards();
    await rm(shard(shards[0]!));
    await writeFile(shard(shards[1]!), '');
    await truncate(shard(shards[2]!), 50);
    await flip(shard(index(shards[3]!)), 300);
    await rm(shard(index(shards[4]!)));
    await open(folder);
    assert.equal(logged.length, 5);
    assert.equal(logged.filter((text) => /^error: .*restored from the journal.*Check the disk/.test(text)).length, 3);
    assert.equal(logged.filter((text) => /^warn: .*index .*created again/.test(text)).length, 2);
    assert.deepEqual(await everything(store), before);
    assert.equal((await store.conversationByLink('acme', 'incident', 'A7'))?.id, 'c7');
    assert.equal((await store.claimMessages('acme|incident', 99, 0)).length, 20);
    assert.equal((await quarantine()).length, 2);
    await reopen();
    assert.deepEqual(logged, []);
    assert.deepEqual(await everything(store), before);
  });

  it('does not open without a file that it cannot restore, names it, and opens without it once if the user says so', async () => {
    const { shards, shard } = await manyShards();
    const losses: [string, () => Promise<void>, RegExp][] = [
      [
        'a shard and its index',
        () => Promise.all([rm(shard(shards[0]!)), rm(shard(index(shards[0]!)))]).then(() => {}),
        /shards\/00000001.ndjson is missing/,
      ],
      ['a segment of the journal', () => rm(`${folder}/journal/${SEGMENT}`), /journal\/00000001.log is missing/],
      ['the end of the journal', () => truncate(`${folder}/journal/${SEGMENT}`, 900), /00000001.log ends at 900 instead of/],
      [
        'the settings',
        async () => rm(`${folder}/${(await readdir(folder)).find((name) => name.startsWith('settings-'))}`),
        /settings-\d+.json is missing/,
      ],
      ['the manifest', () => rm(`${folder}/manifest.json`), /manifest.json is missing/],
      ['a damaged manifest', () => flip(`${folder}/manifest.json`, 30), /manifest.json does not match/],
      ['the list of segments', () => rm(`${folder}/segments.json`), /segments.json is missing/],
    ];
    const whole = folder;
    for (const [what, lose, said] of losses) {
      folder = await newFolder();
      await cp(whole, folder, { recursive: true });
      await lose();
      const files = await readdir(folder, { recursive: true });
      for (let again = 0; again < 2; again++) {
        await assert.rejects(open(folder), (error: Error & { code: string }) => {
          assert.equal(error.code, 'SWB_STORE', what);
          assert.match(error.message, said, what);
          assert.match(error.message, /Restore the files from a backup.*continue-without-missing-files/);
          return true;
        });
      }
      assert.deepEqual((await readdir(folder, { recursive: true })).sort(), files.sort(), `${what}: nothing was changed`);
      await writeFile(`${folder}/continue-without-missing-files`, '');
      await open(folder);
      assert.ok(
        logged.some((text) => /^error: .*continues without/.test(text) && said.test(text)),
        what,
      );
      await store.commit(conversationWithRecords(99));
      assert.ok(!(await readdir(folder)).includes('continue-without-missing-files'), what);
      await reopen();
      assert.deepEqual(logged, [], what);
      assert.ok(await store.message('m99'), what);
      await store.close();
    }
    await open(whole);
  });

  it('does not take a file that cannot be read for a damaged one: opening fails with the reason, and later succeeds', async () => {
    const { before, shards, shard } = await manyShards();
    for (const path of [
      shard(index(shards[0]!)),
      `${folder}/manifest.json`,
      `${folder}/segments.json`,
      `${folder}/format.json`,
    ]) {
      // Reading a folder fails with EISDIR, whoever reads it.
      await rename(path, `${path}.away`);
      await mkdir(path);
      await assert.rejects(open(folder), /EISDIR/);
      await rmdir(path);
      await rename(`${path}.away`, path);
    }
    await open(folder);
    assert.deepEqual(logged, []);
    assert.deepEqual(await everything(store), before);
    assert.deepEqual(await quarantine(), []);
  });

  it('takes the record of a damaged line from the journal, and writes it again', async () => {
    const { before, shards, shard } = await manyShards();
    for (const name of shards.slice(0, 2)) {
      const content = await readFile(shard(name));
      await flip(shard(name), content.indexOf('"id"') + 6);
      await flip(shard(name), content.lastIndexOf('"id"') + 6);
    }
    await open(folder);
    assert.deepEqual(await everything(store), before);
    assert.equal(logged.length, 2);
    for (const text of logged)
      assert.match(text, /^error: .*damaged: 2 of its records, of which the journal still has 2\. Check the disk/);
    await store.compact();
    await reopen();
    assert.deepEqual(await everything(store), before);
    assert.deepEqual(logged, [], 'it was repaired');
  });

  it('says that a line of a shard is damaged instead of returning it if it is lost, and never copies it on', async () => {
    const { shards, shard } = await manyShards();
    const names = async (name: string) => {
      const content = (await readFile(shard(index(name)))).toString();
      return content.split('\n').flatMap((line) => (line.startsWith('["') ? [JSON.parse(line)[1] as string] : []));
    };
    const content = await readFile(shard(shards[0]!));
    await flip(shard(shards[0]!), content.indexOf('"id"') + 6);
    const [lost, ...others] = await names(shards[0]!);
    // Retention has removed all bodies, and with them the history.
    store = new LowdbStore({
      folder,
      retentionBytes: 1,
      segmentBytes: 1,
      log: (level, text) => logged.push(`${level}: ${text}`),
    });
    await store.open();
    await store.commit(conversationWithRecords(98));
    const segment = `${folder}/journal/${SEGMENT}`;
    await writeFile(segment, (await readFile(segment)).fill(120));
    for (let compacted = 0; compacted < 2; compacted++) {
      await assert.rejects(store.message(lost!), /Line 1 of 00000001.ndjson .* damaged.*Check the disk/);
      await assert.rejects(store.listMessages({ limit: 99 }), { code: 'SWB_STORE' });
      assert.equal((await store.message(others[0]!))?.id, others[0], 'all others can be read');
      for (const id of others) {
        const record = await store.message(id);
        if (record) await store.commit([{ kind: 'message', record: { ...record, number: 'changed' } }]);
      }
      await store.compact();
      assert.ok((await readdir(`${folder}/shards`)).includes(shards[0]!), 'it stays as it is');
    }
  });

  it('says that a body is damaged, and where, and still returns the record', async () => {
    await store.commit(conversationWithRecords(1));
    await store.close();
    const path = `${folder}/journal/${SEGMENT}`;
    await flip(path, (await readFile(path)).indexOf('Störung') + 2);
    await open(folder);
    assert.equal((await store.message('m1'))?.id, 'm1');
    await assert.rejects(
      store.bodies('message', 'm1'),
      /body "received" of message m1 is damaged: \d+ bytes at \d+ of journal\/00000001.log/,
    );
    assert.deepEqual(await store.bodies('delivery', 'd1'), { request: { n: 1 } });
  });

  it('refuses a newer format in words, and says that a lost format file is written again', async () => {
    await store.close();
    await rm(`${folder}/format.json`);
    logged.length = 0;
    await open(folder);
    assert.match(logged.join('\n'), /format\.json in .* was missing or damaged\. It was written again\./);
    await store.close();
    logged.length = 0;
    await open(folder);
    await store.close();
    assert.deepEqual(logged, []);
    const format = { file: `${folder}/format.json`, json: '{"format":4}' };
    await writeFile(format.file, `${format.json}\n#${crc32(format.json).toString(16).padStart(8, '0')}\n`);
    await assert.rejects(open(folder), /has format 4.*formats up to 3.*newer version/);
    await writeFile(format.file, format.json.replace('4', '3'));
    await open(folder);
  });
});

describe('a store that is an older copy', () => {
  after(removeFolders);

  it('is recognised by its generation, and says since when it knows everything', async () => {
    const folder = await newFolder();
    let now = Date.parse('2026-03-01T10:00:00.000Z');
    const logged: string[] = [];
    const store = new LowdbStore({ folder, clock: () => now, log: (_, text) => logged.push(text) });
    await store.open();
    assert.deepEqual(store.memory, { since: '2026-03-01T10:00:00.000Z', olderCopy: false });
    await store.close();
    const copy = `${folder}-copy`;
    await cp(folder, copy, { recursive: true });
    now += 86_400_000;
    await store.open();
    assert.equal(store.memory.since, '2026-03-01T10:00:00.000Z');
    await store.close();
    await rm(folder, { recursive: true });
    await rename(copy, folder);
    assert.deepEqual(logged, []);
    await store.open();
    assert.match(logged.join(), /older copy/);
    assert.deepEqual(store.memory, { since: '2026-03-02T10:00:00.000Z', olderCopy: true });
    await store.close();
    now += 86_400_000;
    await store.open();
    assert.deepEqual(store.memory, { since: '2026-03-02T10:00:00.000Z', olderCopy: true }, 'for good');
    await store.close();
  });

  for (const how of ['removed', 'replaced by another one'] as const) {
    it(`acknowledges nothing once its folder was ${how}`, async () => {
      const folder = await newFolder();
      const store = new LowdbStore({ folder });
      await store.open();
      await store.commit(conversationWithRecords(1));
      const copy = `${folder}-copy`;
      await cp(folder, copy, { recursive: true });
      await rename(folder, `${folder}-away`);
      if (how === 'removed') await rm(copy, { recursive: true });
      else await rename(copy, folder);
      await assert.rejects(
        store.commit(conversationWithRecords(2)),
        /removed or replaced while the store was open.*stopped writing/,
      );
      await assert.rejects(store.commit(conversationWithRecords(3)), { code: 'SWB_STORE' });
      // The lock was copied with the folder: it is ours.
      const files = async () => (await readdir(folder, { recursive: true }).catch(() => [])).filter((name) => name !== 'lock');
      const before = await files();
      await assert.rejects(store.compact(), { code: 'SWB_STORE' });
      await store.close();
      assert.deepEqual(await files(), before, 'nothing is written to the other folder');
      await rm(`${folder}-away`, { recursive: true });
    });
  }
});
