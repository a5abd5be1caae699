import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MAX_WAIT } from '../../src/store/store.js';
import { until } from '../live/node-red.js';
import { Rig } from './rig.js';

const HOUR = 3_600_000;

/** The wall clock is set while or between runs; nothing is skipped, sent twice or left to wait for that. */
describe('when the clock is set', () => {
  let folder: string;
  let rig: Rig;
  /** Milliseconds by which the wall clock is ahead. */
  let ahead: number;
  const clock = () => Date.now() + ahead;
  /** Milliseconds that pass at once by the steady clock. */
  let passed: number;
  const steady = () => performance.now() + passed;
  beforeEach(async () => {
    ahead = 0;
    passed = 0;
    folder = mkdtempSync(join(tmpdir(), 'switchboard-clocks-'));
    rig = new Rig(folder);
    rig.clock = clock;
  });
  afterEach(async () => {
    await rig.stop().catch(() => undefined);
    rmSync(folder, { recursive: true, force: true });
  });

  const restart = async (more: Partial<Pick<Rig, 'settling' | 'steady'>> = {}) => {
    await rig.stop();
    const { customer, provider, settling } = rig;
    rig = Object.assign(new Rig(folder), { customer, provider, settling, clock, ...more });
    await rig.start();
  };
  const receive = (version: string, title: string) =>
    rig.receive('customer', { id: 'A', version, fields: { title } }, `${version} ${title}`);
  const calls = (name: string) => rig.provider.calls.filter((call) => call.startsWith(name)).length;
  /** So many looks are made and recorded. */
  const looked = async (times: number) => {
    await until(`look ${times}`, () => calls('find') >= times);
    await until('it to be recorded', async () => (await first()).state === 'inDoubt');
  };
  const first = async () => (await rig.deliveries()).at(-1)!;

  for (const by of [-3 * HOUR, 3 * HOUR])
    it(`by ${by / HOUR} hours, what is in doubt is looked for since it was begun by the partner’s clock`, async () => {
      rig.settling = 60_000;
      await rig.start();
      await receive('1', 'one');
      await rig.quiet();
      Object.defineProperty(rig.provider, 'clockAhead', { get: () => Date.now() + 5 * HOUR - clock() });
      rig.provider.faults.push('lost');
      rig.provider.hidden.add(rig.provider.tickets[0]!.id);
      const begun = Date.now() + 5 * HOUR;
      await rig.receive('customer', { id: 'A', version: '2', fields: { title: 'one' }, comments: ['hello'] });
      await until('it to be looked for', async () => rig.provider.soughtSince.length > 0);
      ahead = by;
      rig.provider.soughtSince.length = 0;
      await restart({ steady: () => Date.now() + MAX_WAIT });
      await until('it to be looked for again', async () => rig.provider.soughtSince.length > 0);
      rig.provider.hidden.clear();
      await rig.quiet();
      assert.deepEqual(rig.provider.tickets[0]?.comments, ['hello']);
      for (const since of rig.provider.soughtSince) assert.ok(Math.abs(Date.parse(since) - begun) < HOUR / 2, since);
    });

  for (const [how, by] of [
    ['back', -HOUR],
    ['ahead', HOUR],
  ] as const) {
    it(`${how} between two starts, what is received then is written, after what was received before`, async () => {
      await rig.start();
      await receive('1', 'one');
      await rig.quiet();
      await receive('2', 'two');
      await rig.quiet();
      const before = await rig.deliveries();
      ahead = by;
      await restart();
      await receive('3', 'three');
      await rig.quiet();
      assert.equal(rig.provider.tickets[0]?.fields.title, 'three');
      const [newest, ...others] = await rig.deliveries();
      assert.deepEqual(
        others.map(({ id }) => id),
        before.map(({ id }) => id),
      );
      assert.match(newest?.attempts[0]?.what ?? '', /^updated title/);
    });

    it(`${how} during a run, a doubt is settled over its time`, async () => {
      rig.settling = 60_000;
      rig.steady = steady;
      await rig.start();
      rig.provider.faults.push('queued');
      await receive('1', 'one');
      await looked(1);
      ahead = by;
      passed += 30_000;
      rig.broker.worker('provider')?.look();
      await looked(calls('find') + 1);
      assert.equal(calls('create'), 1);
      assert.ok(((await first()).lookLeft ?? 0) <= 30_000);
      passed += 60_000;
      rig.broker.worker('provider')?.look();
      await rig.quiet();
      assert.equal(calls('create'), 2);
    });

    it(`${how} between two starts, what was left of a doubt is left`, async () => {
      rig.settling = 60_000;
      rig.steady = steady;
      await rig.start();
      rig.provider.faults.push('queued');
      await receive('1', 'one');
      await looked(1);
      passed += 40_000;
      rig.broker.worker('provider')?.look();
      await looked(calls('find') + 1);
      const { lookLeft } = await first();
      assert.ok(lookLeft !== undefined && lookLeft <= 20_000, String(lookLeft));
      ahead = by;
      const looks = calls('find');
      await restart({ steady: () => steady() + 10 * HOUR });
      await looked(looks + 1);
      const then = (await first()).lookLeft ?? 0;
      assert.ok(then > 0 && then <= lookLeft, `${then} of ${lookLeft}`);
      assert.equal(calls('create'), 1);
      passed += then;
      rig.broker.worker('provider')?.look();
      await rig.quiet();
      assert.equal(calls('create'), 2);
    });
  }

  it('back between two starts, a retry that was due in a moment is made in a moment', async () => {
    ahead = 10 * HOUR;
    rig.provider.faults.push('down');
    rig.steady = () => clock();
    await rig.start();
    await rig.broker.interventions.suspend('provider', '', { name: '' });
    await receive('1', 'one');
    const waiting = await until('the delivery', async () => (await rig.deliveries())[0]);
    await rig.store.commit([{ kind: 'delivery', record: { ...waiting, notBefore: clock() + 30_000 } }]);
    await rig.broker.interventions.resume('provider', { name: '' });
    ahead = 0;
    await restart({ steady: undefined });
    const due = (await rig.store.nextDue('delivery', 'provider')) ?? Number.POSITIVE_INFINITY;
    const left = due - rig.broker.steady();
    assert.ok(left > 0 && left <= 35_000, String(left));
    assert.equal(calls('create'), 0);
  });

  it('ahead during a run, a partner that is down is not asked more often', async () => {
    // It stands still: whatever is tried again is tried because of the wall clock.
    const now = steady();
    rig.steady = () => now + passed;
    rig.provider.faults.push(...Array<'down'>(50).fill('down'));
    await rig.start();
    await receive('1', 'one');
    const tried = () => until('the try to be over', async () => (await first())?.attempts.length === calls('create'));
    await until('the first try', () => calls('create') >= 1);
    await tried();
    const before = calls('create');
    for (let i = 0; i < 10; i++) {
      ahead += HOUR;
      rig.broker.worker('provider')?.look();
    }
    await receive('1', 'again');
    await until('what came since', async () => (await rig.store.counts()).messages.received === 0);
    assert.equal(calls('create'), before);
    passed += 1_000;
    rig.broker.worker('provider')?.look();
    await until('the next try', () => calls('create') > before);
  });

  it('a record from before the time left was kept is looked for over the whole of it', async () => {
    rig.settling = 60_000;
    await rig.start();
    rig.provider.faults.push('queued');
    await receive('1', 'one');
    await until('the doubt', async () => (await first())?.state === 'inDoubt');
    await rig.broker.interventions.suspend('provider', '', { name: '' });
    await until('nothing to be under way', () => rig.broker.worker('provider')?.status.inFlight === 0);
    const { lookLeft: _, ...older } = await first();
    await rig.store.commit([
      { kind: 'delivery', record: { ...older, notBefore: undefined, lookUntil: 1 } as unknown as typeof older },
    ]);
    await rig.broker.interventions.resume('provider', { name: '' });
    const looks = calls('find');
    await until('a look', () => calls('find') > looks);
    await until('it to be recorded', async () => (await first()).state === 'inDoubt');
    assert.ok(((await first()).lookLeft ?? 0) > 50_000);
    assert.equal(calls('create'), 1);
  });
});
