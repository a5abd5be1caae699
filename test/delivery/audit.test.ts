import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AuditLog } from '../../src/delivery/audit.js';
import { LowdbStore } from '../../src/store/lowdb-store.js';

const ANNA = { name: 'anna' };
const HOUR = 3_600_000;

describe('the log of what users did', () => {
  let folder: string;
  let store: LowdbStore;
  let now: number;
  let log: AuditLog;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'switchboard-audit-'));
    store = new LowdbStore({ folder });
    await store.open();
    now = Date.parse('2026-11-30T10:00:00Z');
    log = new AuditLog(store, () => now);
  });
  afterEach(async () => {
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const read = (id: string, by = ANNA) => log.reading({ by, action: 'read', target: { kind: 'message', id, name: `INC${id}` } });
  const texts = async () => (await log.list(99, true)).map(({ by, action, target }) => `${by} ${action} ${target.name}`);

  it('has one entry an hour for a message that a view shows again and again, by user', async () => {
    for (let i = 0; i < 5; i++) {
      await read('1');
      now += 3_000;
    }
    await read('2');
    await read('1', { name: 'bert' });
    assert.deepEqual(await texts(), ['bert read INC1', 'anna read INC2', 'anna read INC1']);
    now += HOUR;
    await read('1');
    assert.equal((await texts())[0], 'anna read INC1');
    assert.deepEqual(await log.list(99), [], 'the list of actions is not flooded');
  });

  it('has an entry of its own for what is shown without masks, and says so', async () => {
    const target = { kind: 'message', id: '1', name: 'INC1' } as const;
    for (const people of [false, true, false, true])
      await log.reading({ by: ANNA, action: 'read', target, ...(people && { facts: { people } }) });
    assert.deepEqual(
      (await log.list(99, true)).map(({ people }) => people),
      [true, undefined],
    );
  });

  it('notes a reading that could not be noted the next time', async () => {
    await store.close();
    await assert.rejects(read('1'), { code: 'SWB_CLOSED' });
    await store.open();
    await read('1');
    assert.deepEqual(await texts(), ['anna read INC1']);
  });

  it('shows a bulk action as one entry, and has one for each of its parts', async () => {
    const parts = Array.from({ length: 500 }, (_, n) =>
      log.note({ by: { ...ANNA, many: true }, action: 'skip', target: { kind: 'message', id: `m${n}`, name: `N${n}` } }),
    );
    await log.add({ by: ANNA, action: 'suspend', target: { kind: 'endpoint', id: 'e', name: 'Acme' } });
    await store.commit(parts);
    await log.add({ by: ANNA, action: 'skip', target: { kind: 'message', id: 'm0', name: 'all', count: 500 } });
    assert.deepEqual(
      (await log.list(2)).map(({ target }) => target.name),
      ['all', 'Acme'],
    );
    let lines = 0;
    for await (const _ of log.lines({})) lines++;
    assert.equal(lines, 502);
  });

  it('is exported as lines of JSON that can be checked without us', async () => {
    for (const reason of ['Jane said "no".', undefined, 'x'])
      await log.add({ by: ANNA, action: 'skip', target: { kind: 'message', id: 'm1', name: 'INC1' }, reason });
    for (const name of [undefined, 'a "store"']) {
      let previous = '0'.repeat(64);
      const reasons: unknown[] = [];
      for await (const line of log.lines({}, name)) {
        const { named, store: of, ...entry } = JSON.parse(line);
        reasons.push(named.reason);
        assert.deepEqual([entry.previous, of], [previous, name]);
        previous = createHash('sha256').update(JSON.stringify(entry)).digest('hex');
      }
      assert.deepEqual(reasons, ['Jane said "no".', undefined, 'x']);
    }
  });

  it('takes over the entries of a version before', async () => {
    const old = (number: number) => ({
      at: `2026-0${1 + (number % 3)}-01T10:00:00.000Z`,
      by: 'anna',
      action: 'skip',
      target: { kind: 'message', id: `m${number}`, name: `INC${number}` },
      reason: 'a test',
    });
    // The newest has replaced the oldest.
    for (let number = 0; number < 1003; number++)
      await store.commit([{ kind: 'setting', key: `audit/${number % 1000}`, value: old(number) }], { durable: false });
    await store.commit([{ kind: 'setting', key: 'audit', value: 1003 }]);
    for (let restart = 0; restart < 2; restart++) await log.adoptOld();
    const entries = await log.list(2000);
    assert.equal(entries.length, 1000);
    const { source, outcome, ...newest } = entries[0]!;
    assert.deepEqual(newest, old(1002));
    assert.deepEqual([source, outcome, entries.at(-1)?.target.name], ['view', 'done', 'INC3']);
    assert.equal(await store.setting('audit'), undefined);
    assert.equal(await store.setting('audit/5'), undefined);
    assert.doesNotMatch(readFileSync(join(folder, 'audit', '2026-03.jsonl'), 'utf8'), /INC/);
  });
});
