import assert from 'node:assert/strict';
import { LowdbStore } from '../../src/store/lowdb-store.js';
import { allOf, cursorOf, pagesOf } from '../../src/store/pages.js';
import type { Change } from '../../src/store/store.js';
import { inAnyState } from './any-state.js';
import { newFolder, removeFolders } from './folders.js';
import { conversation, link, message } from './records.js';

const COUNT = 300;
const id = (n: number) => String(n).padStart(4, '0');

describe('lists and searches over many shards', () => {
  let store: LowdbStore;
  before(async () => {
    store = new LowdbStore({ folder: await newFolder(), shardBytes: 5000 });
    await store.open();
    const filled = inAnyState(Object.create(store) as LowdbStore);
    for (let n = 0; n < COUNT; n++) {
      const changes: Change[] = [
        {
          kind: 'conversation',
          record: conversation(`c${id(n)}`, {
            title: n % 2 ? 'Line is down' : 'Cable is cut',
            links: [link(`A${id(n)}`, { number: `INC${n}` })],
            updatedAt: `2026-03-01T10:00:00.${String(n).padStart(3, '0')}Z`,
          }),
        },
        { kind: 'message', record: message(`m${id(n)}`, { conversation: `c${id(n)}`, state: 'settled' }) },
      ];
      await filled.commit(changes);
    }
    await store.close();
    await store.open();
    // Some are changes that are not in a shard yet.
    for (let n = 0; n < COUNT; n += 50) {
      const record = (await store.conversation(`c${id(n)}`))!;
      await store.commit([
        { kind: 'conversation', record: { ...record, title: 'Line is slow', updatedAt: '2026-03-02T10:00:00.000Z' } },
      ]);
    }
  });
  after(async () => {
    await store.close();
    await removeFolders();
  });

  const found = (search: string, patience?: number) => store.listConversations({ limit: 10, search, patience });

  it('finds an exact number, id or reference at once, if it need not be complete, and goes on from there', async () => {
    for (const [search, expected] of [
      ['inc12', 'c0012'],
      ['A0012', 'c0012'],
      ['SWB-C0012', 'c0012'],
      ['c0012', 'c0012'],
    ] as const) {
      const page = await found(search, 1000);
      assert.deepEqual(
        page.map((record) => record.id),
        [expected],
        search,
      );
      assert.notEqual(page.next, undefined);
    }
    const all = new Set<string>();
    for await (const page of pagesOf((next) => store.listConversations({ search: 'inc12', patience: 1000, ...next }), 10))
      for (const record of page) all.add(record.id);
    assert.deepEqual([...all].sort(), ['c0012', ...Array.from({ length: 10 }, (_, i) => `c012${i}`)]);
    const messages = await store.listMessages({ limit: 10, search: 'inc12', patience: 1000 });
    assert.deepEqual(
      messages.map((record) => record.id),
      ['m0012'],
    );
  });

  it('returns what it has found when its time is over, and all of it page by page', async () => {
    for (const query of [{ search: 'line' }, { search: 'slow' }, {}]) {
      const complete = await store.listConversations({ ...query, limit: COUNT });
      assert.equal(complete.next, undefined);
      const first = await store.listConversations({ ...query, limit: COUNT, patience: 0 });
      assert.ok(first.length < COUNT && first.next !== undefined);
      const all = new Set<string>();
      for await (const page of pagesOf((next) => store.listConversations({ ...query, patience: 0, ...next }), 50))
        for (const record of page) all.add(record.id);
      assert.deepEqual([...all].sort(), complete.map((record) => record.id).sort(), JSON.stringify(query));
    }
  });

  it('goes on after any record, whatever changes meanwhile', async () => {
    const ids: string[] = [];
    for await (const page of pagesOf((next) => store.listMessages(next), 7)) {
      ids.push(...page.map((record) => record.id));
      const [oldest] = await store.listMessages({ limit: 1, before: 'm0003' });
      await store.commit([{ kind: 'message', record: { ...oldest!, number: String(ids.length) } }]);
      if (ids.length % 70 === 0) await store.compact();
    }
    assert.deepEqual(
      ids,
      Array.from({ length: COUNT }, (_, n) => `m${id(COUNT - 1 - n)}`),
    );
    const [newest] = await store.listConversations({ limit: 1 });
    assert.equal(cursorOf(newest!), '2026-03-02T10:00:00.000Z|c0250');
  });

  it('lists an exact match once, however far the search goes on, and finds composed and decomposed letters alike', async () => {
    const title = 'Störung';
    await store.commit([
      { kind: 'conversation', record: conversation('umlaut', { title, links: [link('U1', { number: 'INC77777' })] }) },
    ]);
    for (const search of ['INC77777', title.normalize('NFC'), title.normalize('NFD')]) {
      const found = await allOf((page) => store.listConversations({ search, patience: 1_000, ...page }), 1);
      assert.deepEqual(
        found.map(({ id }) => id),
        ['umlaut'],
        search,
      );
    }
  });

  it('gives the event loop its turns while it looks through many changed records of which none matches', async () => {
    const many = new LowdbStore({ folder: await newFolder() });
    await many.open();
    await many.commit(Array.from({ length: 1000 }, (_, n) => ({ kind: 'message', record: message(`m${id(n)}`) }) as Change));
    const { now } = performance;
    let looks = 0;
    let turns = 0;
    const turn = () => {
      turns++;
      immediate = setImmediate(turn);
    };
    let immediate = setImmediate(turn);
    try {
      // Each look at the clock takes a millisecond, on any machine.
      performance.now = () => looks++;
      assert.deepEqual([...(await many.listMessages({ limit: 10, search: 'nothing' }))], []);
    } finally {
      performance.now = now;
      clearImmediate(immediate);
    }
    await many.close();
    assert.ok(turns > 100, `${turns} turns`);
  });
});
