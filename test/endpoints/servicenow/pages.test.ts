import assert from 'node:assert/strict';
import { attachmentsOf, journalOf } from '../../../src/endpoints/servicenow/query.js';
import { RecordReader } from '../../../src/endpoints/servicenow/read.js';
import { raw, Tables } from './tables.js';

const NOON = Date.UTC(2026, 2, 1, 12);

describe('long lists of a ServiceNow instance', () => {
  let tables: Tables;
  beforeEach(() => {
    tables = new Tables();
  });
  /** A number of entries of a record, some in each second. */
  const write = (count: number, element = 'r1', perSecond = 7) => {
    for (let i = 0; i < count; i++) say(`words ${i}`, NOON + Math.floor(i / perSecond) * 1000, element);
  };
  const say = (value: string, at: number, element_id = 'r1') =>
    tables.add('sys_journal_field', { element_id, element: 'comments', name: 'incident', value, sys_created_on: raw(at) });
  const texts = async (ids = ['r1']) => (await journalOf(tables.api, ids)).map((row) => String(row.value));
  const times = async () => (await journalOf(tables.api, ['r1'])).map((row) => String(row.sys_created_on));

  for (const count of [999, 1000, 1001, 3000])
    it(`are read completely: a journal of ${count}, each entry once, the oldest first`, async () => {
      write(count);
      const read = await texts();
      assert.deepEqual([read.length, new Set(read).size], [count, count]);
      const at = await times();
      assert.deepEqual(at, [...at].sort());
    });

  for (const cap of [1, 2, 10, 33, 50])
    it(`are read completely from an instance that returns ${cap} rows at a time`, async () => {
      write(cap === 33 ? 66 : 60);
      tables.cap = cap;
      // The instance does not announce more rows, and 33 is not a round number, so it has to be asked again.
      if (cap === 33 || cap < 10) tables.refusal = { above: cap, words: `limit must be ≤ ${cap}` };
      assert.equal(new Set(await texts()).size, cap === 33 ? 66 : 60);
    });

  it('have each entry although entries of the same second come in any order', async () => {
    write(95, 'r1', 40);
    tables.cap = 10;
    tables.shuffles = true;
    assert.equal(new Set(await texts()).size, 95);
  });

  it('have all that existed, and each once, although others are added meanwhile', async () => {
    write(95);
    tables.cap = 10;
    let added = 0;
    tables.before = () => say(`new ${added++}`, NOON + 3_600_000);
    const read = await texts();
    assert.equal(read.filter((text) => text.startsWith('words')).length, 95);
    assert.equal(new Set(read).size, read.length);
    assert.ok(read.some((text) => text.startsWith('new')));
  });

  it('are read to their end although some rows are hidden', async () => {
    write(2_500);
    tables.hides = ({ value = '' }) => /[37]$/.test(value) || value.endsWith('88');
    assert.equal((await texts()).length, 2_500 - 500 - 25);
  });

  it('are read again when an entry was removed meanwhile', async () => {
    write(95);
    tables.cap = 10;
    tables.before = () => tables.asked.length === 4 && tables.rows.sys_journal_field!.splice(0, 12);
    await assert.rejects(texts(), { code: 'SWB_PARTNER_ANSWER', retry: true });
    assert.equal((await texts()).length, 83);
  });

  for (const [words, most] of [
    ['limit must be ≤ 50', 50],
    ['sysparm_limit: at most 250 rows', 250],
    ['Page size is too large', 250],
  ] as const)
    it(`are requested in smaller pages: "${words}"`, async () => {
      write(300);
      tables.refusal = { above: most, words };
      assert.equal((await texts()).length, 300);
    });

  for (const status of [400, 416])
    it(`end where a page past the end is answered ${status}`, async () => {
      write(20, 'r1', 1);
      tables.cap = 1;
      tables.refusal = { above: 1, words: 'limit must be ≤ 1' };
      tables.pastEnd = status;
      assert.equal((await texts()).length, 20);
    });

  it('are refused with an explanation where they are too long', async () => {
    write(20_001);
    await assert.rejects(texts(), { code: 'SWB_TOO_LARGE', retry: false, message: /more than 20000/ });
  });

  it('of files are read completely, too', async () => {
    for (let i = 0; i < 1200; i++)
      tables.add('sys_attachment', { table_name: 'incident', table_sys_id: 'r1', file_name: `f${i}`, sys_created_on: raw(NOON) });
    assert.equal((await attachmentsOf(tables.api, 'incident', ['r1'])).length, 1200);
  });

  it('are not mixed up when records are read together; one that is too long fails alone', async () => {
    tables.add('incident', { sys_id: 'r1', sys_updated_on: raw(NOON) });
    tables.add('incident', { sys_id: 'r2', sys_updated_on: raw(NOON) });
    tables.add('incident', { sys_id: 'r3', sys_updated_on: raw(NOON) });
    write(1500, 'r1');
    write(1500, 'r2');
    write(17_001, 'r3');
    const read = tables.api.read.bind(tables.api);
    tables.api.read = async (request, id, required) =>
      tables.rows.incident?.find((row) => row.sys_id === id) ?? read(request, id, required);
    const reader = new RecordReader(tables.api, 'incident', 'incident', []);
    const counts = async (...ids: string[]) =>
      (await Promise.all(ids.map((id) => reader.read(id)))).map(({ journal }) => journal?.length);
    assert.deepEqual(await counts('r1', 'r2'), [1500, 1500]);
    assert.deepEqual(await counts('r1', 'r2', 'r3'), [1500, 1500, 17_001]);
    write(3000, 'r3');
    const settled = await Promise.allSettled(['r1', 'r3'].map((id) => reader.read(id)));
    assert.deepEqual(
      settled.map(({ status }) => status),
      ['fulfilled', 'rejected'],
    );
  });
});
