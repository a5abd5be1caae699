import assert from 'node:assert/strict';
import { readdir, stat } from 'node:fs/promises';
import { LowdbStore, type LowdbStoreOptions } from '../../src/store/lowdb-store.js';
import type { Change } from '../../src/store/store.js';
import { inAnyState } from './any-state.js';
import { everything } from './everything.js';
import { newFolder, removeFolders } from './folders.js';
import { conversation, delivery, link, message } from './records.js';

const DAY = 86_400_000;
const START = Date.parse('2026-03-01T10:00:00.000Z');
const BODY = 'x'.repeat(1000);

describe('retention', () => {
  let now: number;
  let folder: string;
  let store: LowdbStore;
  let logged: string[];
  const open = async (options: Partial<LowdbStoreOptions> = {}) => {
    folder ??= await newFolder();
    const log = (level: string, text: string) => logged.push(`${level}: ${text}`);
    store = inAnyState(new LowdbStore({ folder, clock: () => now, retentionDays: 30, segmentBytes: 3000, log, ...options }));
    await store.open();
  };
  const reopen = async () => {
    await store.close();
    await store.open();
  };
  const at = () => new Date(now).toISOString();
  const journalBytes = async () => {
    const names = await readdir(`${folder}/journal`);
    const sizes = await Promise.all(names.map(async (name) => (await stat(`${folder}/journal/${name}`)).size));
    return sizes.reduce((sum, size) => sum + size, 0);
  };
  /** A closed conversation with bodies, created now. */
  const closed = (n: number): Change[] => [
    {
      kind: 'conversation',
      record: conversation(`c${n}`, { state: 'closed', links: [link(`A${n}`)], createdAt: at(), updatedAt: at() }),
    },
    {
      kind: 'message',
      record: message(`m${n}`, { conversation: `c${n}`, state: 'settled', receivedAt: at() }),
      bodies: { received: BODY + n },
    },
    {
      kind: 'delivery',
      record: delivery(`d${n}`, { conversation: `c${n}`, state: 'delivered', createdAt: at(), updatedAt: at() }),
      bodies: { request: BODY + n },
    },
  ];
  /** One record of each open kind, each with its own body. */
  const openThings = (): Change[] => [
    { kind: 'conversation', record: conversation('open', { links: [link('O')] }) },
    { kind: 'conversation', record: conversation('shut', { state: 'closed', links: [link('S')] }) },
    { kind: 'message', record: message('m-received'), bodies: { received: 'received' } },
    { kind: 'message', record: message('m-failed', { state: 'failed', conversation: 'shut' }), bodies: { received: 'failed' } },
    {
      kind: 'message',
      record: message('m-needsDecision', { state: 'needsDecision', decision: 'legFailed', conversation: 'shut' }),
      bodies: { received: 'asked' },
    },
    {
      kind: 'message',
      record: message('m-settled', { state: 'settled', conversation: 'open' }),
      bodies: { received: 'settled', read: 'r' },
    },
    ...(['pending', 'sending', 'inDoubt', 'needsDecision', 'failed'] as const).map(
      (state): Change => ({
        kind: 'delivery',
        record: delivery(`d-${state}`, { state, conversation: 'shut' }),
        bodies: { request: state },
      }),
    ),
    {
      kind: 'delivery',
      record: delivery('d-delivered', { state: 'delivered', conversation: 'open' }),
      bodies: { request: 'delivered' },
    },
  ];

  beforeEach(async () => {
    now = START;
    logged = [];
    folder = await newFolder();
  });
  afterEach(() => store.close());
  after(removeFolders);

  it('removes closed conversations after the retention period with all their records, for good', async () => {
    await open();
    await store.commit(closed(1));
    now += 20 * DAY;
    await store.commit(closed(2));
    await store.retain();
    assert.ok(await store.conversation('c1'));
    now += 11 * DAY;
    await store.retain();
    for (const restart of [false, true]) {
      if (restart) await reopen();
      assert.equal(await store.conversation('c1'), undefined);
      assert.equal(await store.message('m1'), undefined);
      assert.equal(await store.delivery('d1'), undefined);
      assert.equal(await store.conversationByLink('acme', 'incident', 'A1'), undefined);
      assert.deepEqual(await store.listMessages({ limit: 9, search: 'sys-m1' }), []);
      assert.ok(await store.conversation('c2'));
      assert.equal((await store.counts()).messages.settled, 1);
    }
    await store.compact();
    await reopen();
    assert.equal(await store.conversation('c1'), undefined);
    await store.commit(closed(1));
  });

  it('counts only warnings of records that still exist', async () => {
    const said = { code: 'SWB_PARTNER_DROPPED', message: 'severity', at: at() };
    const warned = async () => (await store.counts()).warned;
    await open();
    await store.commit(
      closed(1).map((change): Change => {
        if (change.kind === 'message') return { ...change, record: { ...change.record, warning: said } };
        return change.kind === 'delivery' ? { ...change, record: { ...change.record, error: said } } : change;
      }),
    );
    assert.deepEqual(await warned(), { messages: 1, deliveries: 1 });
    now += 31 * DAY;
    await store.retain();
    assert.deepEqual(await warned(), { messages: 0, deliveries: 0 });
    await reopen();
    assert.deepEqual(await warned(), { messages: 0, deliveries: 0 });
  });

  it('keeps a closed conversation while any of its records is open or recent', async () => {
    await open();
    for (const n of [1, 2, 3]) await store.commit(closed(n));
    await store.commit([{ kind: 'delivery', record: delivery('late', { conversation: 'c1', state: 'failed' }) }]);
    now += 31 * DAY;
    await store.commit([
      { kind: 'message', record: message('young', { conversation: 'c2', state: 'settled', receivedAt: at() }) },
    ]);
    await store.retain();
    assert.deepEqual(
      (await store.listConversations({ limit: 9 })).map((record) => record.id),
      ['c2', 'c1'],
    );
  });

  it('removes ignored and skipped messages without a conversation after the retention period, but none that failed or needs a decision', async () => {
    await open();
    await store.commit([
      { kind: 'message', record: message('m1', { state: 'settled', outcome: 'ignored' }) },
      { kind: 'message', record: message('m2', { state: 'skipped' }) },
      { kind: 'message', record: message('m3', { state: 'failed' }) },
      { kind: 'message', record: message('m5', { state: 'needsDecision' }) },
      { kind: 'message', record: message('m4') },
    ]);
    now += 31 * DAY;
    await store.retain();
    assert.deepEqual(
      (await store.listMessages({ limit: 9 })).map((record) => record.id),
      ['m5', 'm4', 'm3'],
    );
  });

  it('never removes open records or their bodies by age, even over restarts and several runs', async () => {
    await open();
    await store.commit(openThings());
    const before = await everything(store);
    for (let round = 1; round <= 3; round++) {
      for (let n = 0; n < 5; n++) await store.commit(closed(round * 10 + n));
      now += 40 * DAY;
      await store.commit([{ kind: 'setting', key: 'round', value: round }]);
      await store.retain();
      await store.retain();
      assert.deepEqual(await everything(store), before, `round ${round}`);
      await reopen();
      assert.deepEqual(await everything(store), before, `round ${round}, restarted`);
    }
    const names = await readdir(`${folder}/journal`);
    assert.ok(!names.includes('00000001.log'), 'the first segment is gone');
    assert.ok((await journalBytes()) < 12_000);
  });

  it('keeps the journal within its size limit by removing the oldest bodies, but none of open records', async () => {
    await open({ retentionBytes: 12_000 });
    await store.commit(openThings());
    const openBodies = async () => {
      const ids = ['m-received', 'm-failed', 'm-settled'];
      return Promise.all(ids.map((id) => store.bodies('message', id)));
    };
    const before = await openBodies();
    for (let n = 1; n <= 40; n++) {
      await store.commit(closed(n));
      if (n % 10 === 0) await store.retain();
    }
    assert.ok((await journalBytes()) <= 15_000, `${await journalBytes()} bytes`);
    for (const restart of [false, true]) {
      if (restart) await reopen();
      assert.deepEqual(await openBodies(), before);
      assert.deepEqual(await store.bodies('delivery', 'd-inDoubt'), { request: 'inDoubt' });
      assert.ok(await store.message('m1'), 'records stay for their days');
      assert.deepEqual(await store.bodies('message', 'm1'), {});
      assert.deepEqual(await store.bodies('message', 'm40'), { received: `${BODY}40` });
    }
  });

  it('checks the size automatically', async () => {
    await open({ retentionBytes: 100_000 });
    const first = async () => (await readdir(`${folder}/journal`)).includes('00000001.log');
    for (let n = 1; await first(); n++) await store.commit(closed(n));
  });

  it('warns if open records alone exceed the size limit', async () => {
    await open({ retentionBytes: 5000 });
    for (let n = 1; n <= 10; n++) {
      await store.commit([{ kind: 'message', record: message(`m${n}`), bodies: { received: BODY } }]);
    }
    await store.retain();
    assert.match(logged.join('\n'), /^warn: .*more than the limit.*open/);
    assert.deepEqual(await store.bodies('message', 'm1'), { received: BODY });
  });

  it('keeps a body that is replaced while old bodies are copied forward', async () => {
    await open();
    await store.commit([{ kind: 'message', record: message('x1'), bodies: { received: 'old', read: 'kept' } }]);
    for (let n = 1; n <= 5; n++) await store.commit(closed(n));
    now += 40 * DAY;
    await store.commit([{ kind: 'setting', key: 'a', value: 1 }]);
    await Promise.all([
      store.retain(),
      store.commit([{ kind: 'message', record: message('x1', { version: 1 }), bodies: { received: 'new' } }]),
    ]);
    assert.deepEqual(await store.bodies('message', 'x1'), { received: 'new', read: 'kept' });
    await reopen();
    assert.deepEqual(await store.bodies('message', 'x1'), { received: 'new', read: 'kept' });
  });
});
