import assert from 'node:assert/strict';
import { serviceNowApi } from '../../../src/endpoints/servicenow/answers.js';
import { poll } from '../../../src/endpoints/servicenow/poll.js';
import type { HttpAnswer, HttpClient, HttpRequest } from '../../../src/http/http.js';
import type { Json } from '../../../src/model/message.js';
import { parseQuery, type Row } from '../../../src/sandbox/servicenow-query.js';
import { TABLES } from '../../../src/sandbox/servicenow-tables.js';

/** An instance whose clock is set by the test. */
class Instance {
  /** Seconds after noon. */
  clock = 0;
  readonly tables: Record<string, Row[]> = { incident: [], sys_journal_field: [], sys_attachment: [] };
  /** Ignores every query, as an instance does with a query that it does not understand. */
  deaf = false;
  pages = 0;
  /** Ids of hidden rows, which are taken out of a page. */
  hidden = new Set<string>();
  /** Announces a next page. */
  links = false;

  readonly api = serviceNowApi({
    name: 'Acme',
    baseUrl: 'http://acme',
    close: () => undefined,
    request: async (request: HttpRequest) => this.answer(request),
    mask: (text) => text,
  } as Partial<HttpClient> as HttpClient);

  /** Changes a record a number of seconds after noon. */
  changed(id: string, at: number, modCount = 0): void {
    this.tables.incident!.push({ sys_id: id, number: id, sys_updated_on: time(at), sys_mod_count: String(modCount) });
  }

  private answer({ path, query = {} }: HttpRequest): HttpAnswer<never> {
    const table = path.split('/').at(-1)!;
    const { columns } = TABLES[table]!;
    const { matches, compare } = parseQuery(String(query.sysparm_query ?? ''), {
      has: (name) => columns.has(name),
      read: (row, name) => row[name] ?? '',
    });
    const rows = this.deaf ? [...this.tables[table]!] : this.tables[table]!.filter(matches).sort(compare);
    if (query.sysparm_query) this.pages++;
    const limit = Number(query.sysparm_limit);
    const result = rows.slice(0, limit).filter((row) => !this.hidden.has(row.sys_id ?? ''));
    const next = this.links && rows.length > limit ? { link: `<http://acme${path}?sysparm_offset=${limit}>;rel="next"` } : {};
    return {
      status: 200,
      headers: { date: new Date(`${time(this.clock).replace(' ', 'T')}Z`).toUTCString(), ...next },
      body: { result } as never,
    };
  }
}

function time(seconds: number): string {
  return new Date(Date.UTC(2026, 2, 1, 12, 0, seconds)).toISOString().slice(0, 19).replace('T', ' ');
}

describe('a poll of ServiceNow', () => {
  let instance: Instance;
  let cursor: Json | undefined;
  beforeEach(() => {
    instance = new Instance();
    cursor = undefined;
  });
  /** Polls until there is no more; returns the keys found. */
  const sweep = async () => {
    const keys: string[] = [];
    for (let more = true; more; ) {
      // The cursor as it comes back from the store.
      const step = await poll(instance.api, 'incident', 'incident', cursor && JSON.parse(JSON.stringify(cursor)));
      keys.push(...step.hints.map((hint) => hint.key));
      cursor = step.cursor;
      more = step.more;
    }
    return keys;
  };
  const ids = (keys: string[]) => keys.map((key) => key.split('|')[1]);

  it('reads the last seconds again, because rows of them may still be arriving', async () => {
    await sweep();
    instance.changed('a', 9);
    instance.changed('b', 10);
    assert.deepEqual(ids(await sweep()), ['a', 'b']);
    instance.changed('c', 10);
    assert.deepEqual(ids(await sweep()), ['a', 'b', 'c'], 'their keys are known');
  });

  for (const minutes of [-20, 0, 20])
    it(`uses the times of rows, even where answers are dated ${minutes} minutes differently`, async () => {
      instance.changed('before', 0);
      instance.clock = minutes * 60;
      assert.deepEqual(await sweep(), []);
      for (const [id, at] of [
        ['a', 5],
        ['b', 700],
        ['c', 1_500],
      ] as const) {
        instance.clock = at + minutes * 60;
        instance.changed(id, at);
        assert.ok(ids(await sweep()).includes(id), id);
      }
      instance.clock += 10;
      await sweep();
      instance.clock += 10;
      assert.deepEqual(ids(await sweep()), [], 'nor is it read again and again');
    });

  it('finds what was committed late, behind the watermark', async () => {
    await sweep();
    instance.clock = 10;
    instance.changed('early', 3);
    instance.changed('a', 10);
    await sweep();
    instance.changed('late', 8);
    assert.deepEqual(ids(await sweep()), ['late', 'a'], 'and does not go back further than it must');
  });

  it('finds what was committed behind a page while rows kept arriving', async () => {
    instance.changed('before', -10);
    await sweep();
    const found = new Set<string>();
    // With each page there is a new row, and a row in the second that the page before had reached.
    for (let at = 1; at < 40; at++) {
      instance.clock = at;
      instance.changed(`z${at}`, at);
      if (at > 1) instance.changed(`late${at}`, at - 1);
      const step = await poll(instance.api, 'incident', 'incident', cursor);
      for (const id of ids(step.hints.map((hint) => hint.key))) found.add(id!);
      cursor = step.cursor;
    }
    const missed = instance.tables.incident!.map(({ sys_id }) => sys_id).filter((id) => !found.has(id!) && id !== 'before');
    assert.ok(missed.length <= 2, `not found: ${missed}`);
  });

  it('never reports what existed before it began, however often it looks back', async () => {
    instance.changed('old', -60);
    await sweep();
    for (instance.clock = 10; instance.clock < 3_000; instance.clock += 100) assert.deepEqual(await sweep(), []);
  });

  for (const links of [true, false])
    it(`finds what comes after hundreds of hidden rows, ${links ? 'at once where the answer announces more' : 'within minutes'}`, async () => {
      instance.links = links;
      instance.changed('first', -100);
      instance.hidden.add('first');
      await sweep();
      for (let i = 0; i < 301; i++) {
        instance.changed(`hidden${i}`, 10 + i);
        instance.hidden.add(`hidden${i}`);
      }
      instance.changed('a', 320);
      instance.clock = 330;
      const found = new Set<string>();
      for (; instance.clock < (links ? 340 : 700); instance.clock += 30) for (const id of ids(await sweep())) found.add(id!);
      assert.deepEqual([...found], ['a']);
    });

  it('gives the same change the same key, and the next change another key', async () => {
    await sweep();
    instance.changed('a', 5);
    instance.clock = 6;
    const before = await sweep();
    instance.clock = 7;
    assert.deepEqual(await sweep(), before);
    instance.tables.incident!.length = 0;
    instance.changed('a', 5, 1);
    assert.notDeepEqual(await sweep(), before);
  });

  it('reads thousands of rows of one second page by page, each once, and what changes meanwhile', async () => {
    await sweep();
    instance.clock = 30;
    const many = Array.from({ length: 450 }, (_, i) => `r${String(i).padStart(4, '0')}`);
    for (const id of many) instance.changed(id, 20);
    instance.changed('after', 21);
    const step = await poll(instance.api, 'incident', 'incident', cursor);
    assert.ok(step.more && step.hints.length < 450);
    instance.changed('meanwhile', 31);
    instance.clock = 40;
    cursor = step.cursor;
    const rest = ids(await sweep());
    assert.deepEqual([...ids(step.hints.map((h) => h.key)), ...rest], [...many, 'after', 'meanwhile']);
  });

  it('accepts only rows that match its query', async () => {
    instance.changed('old', -100);
    await sweep();
    instance.deaf = true;
    instance.clock = 10;
    const before = cursor;
    // Matching rows may be among the rest: nothing is skipped, and the poll is repeated.
    await assert.rejects(sweep(), { code: 'SWB_PARTNER_ANSWER', retry: true });
    assert.equal(cursor, before);
    instance.deaf = false;
    assert.deepEqual(await sweep(), []);
  });

  it('finds comments and files by their own times, even if the record did not change', async () => {
    instance.changed('a'.repeat(32), -1000);
    await sweep();
    const own = { sys_created_on: time(5), name: 'incident', element: 'comments' };
    instance.tables.sys_journal_field!.push({ ...own, sys_id: 'j', element_id: 'a'.repeat(32) });
    instance.tables.sys_attachment!.push({ ...own, sys_id: 'f', table_name: 'incident', table_sys_id: 'a'.repeat(32) });
    instance.clock = 10;
    assert.deepEqual(await sweep(), ['jrn|j', 'att|f']);
  });
});
