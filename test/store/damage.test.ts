import assert from 'node:assert/strict';
import { cp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { LowdbStore } from '../../src/store/lowdb-store.js';
import type { Change } from '../../src/store/store.js';
import { inAnyState } from './any-state.js';
import { everything } from './contract.js';
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
    await store.close();
    const source = folder;
    const whole = await readFile(`${source}/journal/${SEGMENT}`);
    const start = lineStarts(whole).at(-1)!;
    const torn = `${source}-torn`;
    await cp(source, torn, { recursive: true });
    for (let length = start; length < whole.length; length++) {
      await writeFile(`${torn}/journal/${SEGMENT}`, whole.subarray(0, length));
      await open(torn);
      assert.deepEqual(await conversations(), ['c1'], `cut at ${length}`);
      assert.equal(await store.message('m2'), undefined);
      assert.equal(await store.setting('watermark'), undefined);
      assert.equal(logged.length, length > start ? 1 : 0);
      if (length > start) assert.match(logged[0]!, /^warn: .*incomplete entry.*quarantine/);
      await store.commit(last);
      await store.close();
    }
    assert.equal((await quarantine()).length, whole.length - start - 1);
    await open(torn);
    assert.deepEqual(logged, []);
    assert.deepEqual(await store.bodies('message', 'm2'), { received: 'Störung' });
    await store.close();
    await rm(torn, { recursive: true });
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
    await store.close();
    const path = `${folder}/journal/${SEGMENT}`;
    const starts = lineStarts(await readFile(path));
    await flip(path, starts.at(-2)! + 60);
    await open(folder);
    assert.deepEqual(await conversations(), ['c1', 'c2']);
    assert.equal((await quarantine()).length, 1);
  });

  it('keeps everything after a flipped bit in the middle, and reports the loss once', async () => {
    for (let n = 1; n <= 5; n++) await store.commit(conversationWithRecords(n));
    await store.commit([{ kind: 'conversation', record: conversation('c3', { version: 1, links: [link('A3'), link('B3')] }) }]);
    await store.close();
    const path = `${folder}/journal/${SEGMENT}`;
    const content = await readFile(path);
    // Line 0 is the segment's header.
    await flip(path, lineStarts(content)[3]! + 70);
    await open(folder);
    assert.equal(logged.length, 1);
    assert.match(logged[0]!, /^warn: .*damaged.*quarantine.*Check the disk/);
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
    await store.close();
    await flip(`${folder}/journal/${SEGMENT}`, 40);
    await open(folder);
    assert.deepEqual(await conversations(), ['c1']);
    assert.match(logged.join(), /^warn: .*damaged/);
  });

  it('survives a flipped bit anywhere in the journal', async () => {
    for (let n = 1; n <= 4; n++) await store.commit(conversationWithRecords(n));
    await store.close();
    const whole = await readFile(`${folder}/journal/${SEGMENT}`);
    const source = folder;
    const flipped = `${folder}-flipped`;
    for (let at = 0; at < whole.length; at += 37) {
      await cp(source, flipped, { recursive: true, force: true });
      await flip(`${flipped}/journal/${SEGMENT}`, at);
      await open(flipped);
      const found = await conversations();
      const line = lineStarts(whole).findLastIndex((start) => start <= at);
      const expected = ['c1', 'c2', 'c3', 'c4'].filter((_, i) => i + 1 !== line);
      assert.deepEqual(found, expected, `flipped at ${at}`);
      assert.equal(logged.length, 1);
      await store.close();
      await rm(flipped, { recursive: true });
    }
    await open(source);
  });

  it('keeps commits made between the writing of two shards', async () => {
    // A snapshot with half of its shards outdated, as after a crash during compaction.
    for (let n = 1; n <= 40; n++) await store.commit(conversationWithRecords(n));
    await store.compact();
    await store.close();
    const old = `${folder}-old`;
    await cp(folder, old, { recursive: true });
    await open(folder);
    for (let n = 1; n <= 40; n++) {
      await store.commit([
        { kind: 'conversation', record: conversation(`c${n}`, { version: 1, state: 'closed' }) },
        { kind: 'message', record: message(`m${n}`, { version: 1, state: 'settled' }), bodies: { read: n } },
        { kind: 'setting', key: 'last', value: n },
      ]);
    }
    const before = await everything(store);
    await store.compact();
    await store.close();
    const shards = (await readdir(`${old}/snapshot`)).sort();
    for (const name of shards.filter((_, i) => i % 2 === 0)) {
      await cp(`${old}/snapshot/${name}`, `${folder}/snapshot/${name}`);
    }
    await cp(`${old}/snapshot/checkpoint.json`, `${folder}/snapshot/checkpoint.json`);
    await writeFile(`${folder}/snapshot/00.json.tmp`, '{"half');
    await open(folder);
    assert.deepEqual(await everything(store), before);
    assert.equal(await store.setting('last'), 40);
    assert.deepEqual(
      (await readdir(`${folder}/snapshot`)).filter((name) => name.endsWith('.tmp')),
      [],
    );
    await rm(old, { recursive: true });
  });

  it('restores damaged snapshot files from the journal', async () => {
    for (let n = 1; n <= 20; n++) await store.commit(conversationWithRecords(n));
    const before = await everything(store);
    await store.compact();
    await store.close();
    const names = (await readdir(`${folder}/snapshot`)).sort();
    await flip(`${folder}/snapshot/${names[0]}`, 40);
    await writeFile(`${folder}/snapshot/${names[1]}`, '');
    await truncate(`${folder}/snapshot/${names[2]}`, 50);
    await open(folder);
    assert.equal(logged.length, 3);
    for (const text of logged) assert.match(text, /^error: .*cannot be read.*quarantine/);
    assert.deepEqual(await everything(store), before);
    assert.equal((await quarantine()).length, 3);
    await store.compact();
    await reopen();
    assert.deepEqual(logged, []);
    assert.deepEqual(await everything(store), before);
  });

  it('continues after a lost segment', async () => {
    await store.close();
    await open(folder, 1);
    for (let n = 1; n <= 5; n++) await store.commit(conversationWithRecords(n));
    await store.close();
    await rm(`${folder}/journal/00000003.log`);
    await open(folder);
    assert.deepEqual(await conversations(), ['c1', 'c2', 'c4', 'c5']);
    await store.commit(conversationWithRecords(6));
  });
});
