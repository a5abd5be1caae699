import assert from 'node:assert/strict';
import { cp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { type Disk, nodeDisk } from '../../src/store/disk.js';
import { LowdbStore, type LowdbStoreOptions } from '../../src/store/lowdb-store.js';
import { checkTrail } from '../../src/store/trail-check.js';
import { rangesIn, rangesOf } from '../../src/store/trail-line.js';
import { crashCopy } from './crash-copy.js';
import { newFolder, removeFolders } from './folders.js';
import { auditEntry } from './records.js';

describe('the audit trail in files', () => {
  after(removeFolders);

  let logged: string[];
  const open = async (options: LowdbStoreOptions, disk?: Disk) => {
    const store = new LowdbStore({ ...options, log: (_level, text) => logged.push(text) }, disk);
    await store.open();
    return store;
  };
  beforeEach(() => {
    logged = [];
  });

  /** A store with entries of three months. */
  async function filled(count = 9): Promise<string> {
    const folder = await newFolder();
    const store = await open({ folder });
    for (let n = 1; n <= count; n++) {
      const at = `2026-0${1 + Math.floor((n - 1) / 3)}-1${n}T10:00:00.000Z`;
      await store.commit([{ kind: 'audit', entry: auditEntry(`e${n}`, { at, names: { name: `Jane ${n}` } }) }]);
    }
    await store.close();
    return folder;
  }
  const problemsOf = async (folder: string) => (await checkTrail(folder)).problems;
  const edit = async (path: string, change: (text: string) => string) => writeFile(path, change(await readFile(path, 'utf8')));

  it('has a file a month, which nobody else may read', async () => {
    const folder = await filled();
    assert.deepEqual(
      await readdir(`${folder}/audit`),
      ['2026-01', '2026-02', '2026-03'].flatMap((month) => [`${month}.jsonl`, `${month}.names.jsonl`]),
    );
    assert.equal((await stat(`${folder}/audit`)).mode & 0o777, 0o700);
    for (const name of await readdir(`${folder}/audit`))
      assert.equal((await stat(`${folder}/audit/${name}`)).mode & 0o777, 0o600);
    const { end, ...check } = await checkTrail(folder);
    assert.deepEqual(check, {
      entries: 9,
      cut: 0,
      from: '2026-01-11T10:00:00.000Z',
      until: '2026-03-19T10:00:00.000Z',
      problems: [],
    });
    assert.equal(end.number, 9);
  });

  it('shows that an entry was changed, added, moved or taken out, or a name changed', async () => {
    const folder = await filled();
    const { end } = await checkTrail(folder);
    const changes: Record<string, [file: string, change: (text: string) => string, problem: RegExp]> = {
      changed: ['2026-01.jsonl', (text) => text.replace('"by":"anna"', '"by":"berta"'), /entry 1 was changed/],
      lastOfMonth: ['2026-01.jsonl', (text) => text.replace(/anna(?!.*anna)/s, 'berta'), /2026-02.*entry 3 was changed/],
      takenOut: ['2026-02.jsonl', (text) => text.slice(text.indexOf('\n') + 1), /entry 5 follows entry 3/],
      doubled: ['2026-02.jsonl', (text) => text.slice(0, text.indexOf('\n') + 1) + text, /entry 4 follows entry 4/],
      unreadable: ['2026-02.jsonl', (text) => text.replace('{', ''), /after entry 3 is not an entry/],
      cutOff: ['2026-03.jsonl', (text) => text.slice(0, text.indexOf('\n') + 1), /last entries, 8 to 9, are missing/],
      monthTakenOut: ['2026-01.jsonl', () => '', /entries before 4 are missing/],
      lastChanged: ['2026-03.jsonl', (text) => text.replace(/anna(?!.*anna)/s, 'berta'), /entry 9 was changed/],
      unnamed: [
        '2026-03.names.jsonl',
        (text) => text.slice(text.indexOf('\n') + 1),
        /names of entry 7 are missing, and no entry/,
      ],
      allUnnamed: ['2026-02.names.jsonl', () => '', /names of entry 6 are missing, and no entry/],
      named: ['2026-03.names.jsonl', (text) => text.replace('Jane 8', 'Jill 8'), /names of entry 8 were changed/],
    };
    for (const [name, [file, change, problem]] of Object.entries(changes)) {
      const copy = await newFolder();
      await cp(folder, copy, { recursive: true });
      await edit(`${copy}/audit/${file}`, change);
      assert.match((await problemsOf(copy)).join('\n'), problem, name);
    }
    assert.deepEqual(await problemsOf(folder), []);
    // Whoever writes all of it anew changes where it ends.
    await edit(`${folder}/audit/2026-03.jsonl`, (text) => text.replace(/anna(?!.*anna)/s, 'berta'));
    assert.notEqual((await checkTrail(folder)).end.hash, end.hash);
  });

  it('goes on after the missing numbers if its end was cut off, says so at once, and shows it for ever', async () => {
    const folder = await filled();
    await edit(`${folder}/audit/2026-03.jsonl`, (text) => text.slice(0, text.indexOf('\n') + 1));
    const store = await open({ folder });
    assert.match(logged.join(), /audit trail in .* was changed: its last entries, 8 to 9, are missing/);
    await store.commit([{ kind: 'audit', entry: auditEntry('e10') }]);
    assert.equal((await store.audited(1))[0]?.number, 10);
    await store.close();
    assert.match((await problemsOf(folder)).join(), /entry 10 follows entry 7/);
  });

  it('shows the same at its end while it is in use, before the store has written its manifest', async () => {
    const folder = await newFolder();
    const store = await open({ folder });
    for (let n = 1; n <= 3; n++) await store.commit([{ kind: 'audit', entry: auditEntry(`e${n}`) }]);
    await store.audited(1);
    assert.deepEqual(await problemsOf(folder), []);
    const path = `${folder}/audit/2026-03.jsonl`;
    const whole = await readFile(path, 'utf8');
    const changes: [change: (lines: string[]) => string[], problem: RegExp][] = [
      [(lines) => lines.slice(0, 2), /The last entries, 3 to 3, are missing/],
      [() => [], /The last entries, 1 to 3, are missing/],
      [([a, b, c]) => [a!, b!, c!.replace('anna', 'berta')], /entry 3 was changed/],
    ];
    for (const [change, problem] of changes) {
      await writeFile(
        path,
        change(whole.trimEnd().split('\n'))
          .map((line) => `${line}\n`)
          .join(''),
      );
      assert.match((await problemsOf(folder)).join(), problem);
    }
    await writeFile(path, whole);
    await rm(`${folder}/audit-end.json`);
    assert.match((await problemsOf(folder)).join(), /audit-end.json is missing/);
    await store.commit([{ kind: 'audit', entry: auditEntry('e4') }]);
    await store.close();
    assert.deepEqual(await problemsOf(folder), []);
  });

  it('says at once that its last entry was changed, and shows it for ever', async () => {
    const folder = await filled();
    await edit(`${folder}/audit/2026-03.jsonl`, (text) => text.replace(/anna(?!.*anna)/s, 'berta'));
    assert.equal((await problemsOf(folder)).length, 1, 'once, though two files know of it');
    const store = await open({ folder });
    assert.match(logged.join(), /audit trail in .* was changed: its last entry, 9, is another one/);
    await store.commit([{ kind: 'audit', entry: auditEntry('e10', { at: '2026-03-30T00:00:00.000Z' }) }]);
    await store.close();
    assert.match((await problemsOf(folder)).join(), /entry 9 was changed/);
  });

  it('has names only missing that an entry says were cut off', async () => {
    const folder = await filled();
    const store = await open({ folder });
    const erasing = (cut: string) =>
      ({ kind: 'audit', entry: auditEntry(`erasing ${cut}`, { names: undefined, facts: { cut } }) }) as const;
    await store.commit([{ kind: 'cutNames', entries: ['e2', 'e4', 'e5', 'e6'] }, erasing('2,4-5')], { erase: true });
    await store.purge();
    assert.deepEqual(await problemsOf(folder), [
      '2026-02.names.jsonl: the names of entry 6 are missing, and no entry says that they were erased.',
    ]);
    await store.commit([erasing('6')]);
    await store.close();
    const { problems, cut } = await checkTrail(folder);
    assert.deepEqual([problems, cut], [[], 4]);
  });

  it('writes numbers as ranges', () => {
    assert.equal(rangesOf([9, 3, 7, 8, 3]), '3,7-9');
    assert.deepEqual(rangesIn('3,7-9'), [
      [3, 3],
      [7, 9],
    ]);
  });

  it('drops whole months after the time that is set, with an entry that the check accepts', async () => {
    const folder = await filled();
    const clock = () => Date.parse('2026-04-20T00:00:00Z');
    const store = await open({ folder, clock, auditMonths: 2 });
    await store.retain();
    const [newest] = await store.audited(1);
    assert.deepEqual(
      [newest?.action, newest?.target, newest?.source, newest?.facts?.last],
      ['dropMonth', { kind: 'trail', id: '2026-01' }, 'broker', 3],
    );
    await store.retain();
    await store.close();
    assert.deepEqual(
      (await readdir(`${folder}/audit`)).filter((name) => !name.includes('names')),
      ['2026-02.jsonl', '2026-03.jsonl', '2026-04.jsonl'],
    );
    assert.deepEqual(await problemsOf(folder), []);
    await rm(`${folder}/audit/2026-02.jsonl`);
    assert.match((await problemsOf(folder)).join(), /entries before 7 are missing/);
  });

  it('keeps an older clock from changing a file of before', async () => {
    const folder = await filled();
    const store = await open({ folder });
    await store.commit([{ kind: 'audit', entry: auditEntry('late', { at: '2026-01-20T10:00:00.000Z' }) }]);
    await store.close();
    assert.match(await readFile(`${folder}/audit/2026-03.jsonl`, 'utf8'), /"id":"late"/);
    assert.deepEqual(await problemsOf(folder), []);
  });

  it('has each entry once after a crash, wherever it was between the journal and its two files', async () => {
    const folder = await newFolder();
    const moments: string[] = [];
    let copying: Promise<unknown> = Promise.resolve();
    const copy = () => {
      copying = copying.then(async () => {
        const to = await newFolder();
        await crashCopy(folder, to);
        moments.push(to);
      });
      return copying;
    };
    const disk: Disk = {
      ...nodeDisk,
      async open(path, flags, mode) {
        if (path.includes('/audit/')) await copy();
        return nodeDisk.open(path, flags, mode);
      },
    };
    const store = await open({ folder }, disk);
    for (let n = 1; n <= 5; n++) {
      await store.commit([{ kind: 'audit', entry: auditEntry(`e${n}`) }]);
      await store.audited(1);
    }
    await copying;
    await store.close();
    assert.equal(moments.length, 10, 'before each write');
    for (const [i, moment] of moments.entries()) {
      const names = `${moment}/audit/2026-03.names.jsonl`;
      if (i % 2 === 1) await writeFile(names, `{"id":"e`, { flag: 'a' });
      const restarted = await open({ folder: moment });
      const entries = await restarted.audited(9);
      const numbers = entries.map(({ number }) => number).reverse();
      assert.deepEqual(
        numbers,
        numbers.map((_, at) => at + 1),
      );
      assert.deepEqual(
        entries.map(({ id }) => id).reverse(),
        numbers.map((number) => `e${number}`),
      );
      for (const { names: named } of entries) assert.equal(named?.name, 'INC0010001');
      assert.equal(entries.length, Math.floor(i / 2) + 1);
      await restarted.close();
      const { problems, cut } = await checkTrail(moment);
      assert.deepEqual([problems, cut], [[], 0]);
    }
  });

  it('keeps its entries in the journal while it cannot be written, and has them all afterwards', async () => {
    const folder = await newFolder();
    let isFull = false;
    const disk: Disk = {
      ...nodeDisk,
      async open(path, flags, mode) {
        if (isFull && path.includes('/audit/')) throw Object.assign(new Error('no space left'), { code: 'ENOSPC' });
        return nodeDisk.open(path, flags, mode);
      },
    };
    const store = await open({ folder }, disk);
    await store.commit([{ kind: 'audit', entry: auditEntry('e1') }]);
    isFull = true;
    await store.commit([{ kind: 'audit', entry: auditEntry('e2') }]);
    await store.commit([{ kind: 'audit', entry: auditEntry('e3') }]);
    await assert.rejects(store.compact(), /no space left/, 'the journal must not be forgotten');
    await assert.rejects(store.audited(1));
    assert.equal(logged.filter((text) => /audit trail .* cannot be written/.test(text)).length, 1);
    const copy = await newFolder();
    await crashCopy(folder, copy);
    const crashed = await open({ folder: copy });
    isFull = false;
    for (const one of [crashed, store]) {
      assert.deepEqual(
        (await one.audited(9)).map(({ id }) => id),
        ['e3', 'e2', 'e1'],
      );
      await one.close();
    }
    assert.deepEqual(await problemsOf(folder), []);
  });

  it('is opened in a folder of the version before, which had none', async () => {
    const folder = await newFolder();
    const store = await open({ folder });
    await store.commit([{ kind: 'setting', key: 'a', value: 1 }]);
    await store.close();
    await rm(`${folder}/audit`, { recursive: true });
    const again = await open({ folder });
    assert.deepEqual([await again.setting('a'), await again.audited(9), logged], [1, [], []]);
    await again.close();
  });
});
