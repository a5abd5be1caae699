import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MAX_WAIT } from '../../src/store/store.js';
import { until } from '../live/node-red.js';
import { Rig } from './rig.js';

const HOUR = 3_600_000;

/** The wall clock is set during or between runs: nothing may be skipped, sent twice or delayed by it. */
describe('when the clock is set', () => {
  let folder: string;
  let rig: Rig;
  /** Offset of the wall clock, milliseconds. */
  let ahead: number;
  const clock = () => Date.now() + ahead;
  /** Offset of the steady clock, milliseconds. */
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
  /** Waits until a number of lookups are made and recorded. */
  const lookedUp = async (times: number) => {
    await until(`lookup ${times}`, () => calls('find') >= times);
    await until('it to be recorded', async () => (await first()).state === 'inDoubt');
  };
  const first = async () => (await rig.deliveries()).at(-1)!;

  for (const by of [-3 * HOUR, 3 * HOUR])
    it(`by ${by / HOUR} hours, a write in doubt is lookedUp up from its start by the partner’s clock`, async () => {
      rig.settling = 60_000;
      await rig.start();
      await receive('1', 'one');
      await rig.idle();
      Object.defineProperty(rig.provider, 'clockAhead', { get: () => Date.now() + 5 * HOUR - clock() });
      rig.provider.faults.push('lost');
      rig.provider.hidden.add(rig.provider.tickets[0]!.id);
      const begun = Date.now() + 5 * HOUR;
      await rig.receive('customer', { id: 'A', version: '2', fields: { title: 'one' }, comments: ['hello'] });
      await until('the lookup', async () => rig.provider.soughtSince.length > 0);
      ahead = by;
      rig.provider.soughtSince.length = 0;
      await restart({ steady: () => Date.now() + MAX_WAIT });
      await until('the next lookup', async () => rig.provider.soughtSince.length > 0);
      rig.provider.hidden.clear();
      await rig.idle();
      assert.deepEqual(rig.provider.tickets[0]?.comments, ['hello']);
      for (const since of rig.provider.soughtSince) assert.ok(Math.abs(Date.parse(since) - begun) < HOUR / 2, since);
    });

  for (const [how, by] of [
    ['back', -HOUR],
    ['ahead', HOUR],
  ] as const) {
    it(`${how} between two starts, new messages are written after the earlier ones`, async () => {
      await rig.start();
      await receive('1', 'one');
      await rig.idle();
      await receive('2', 'two');
      await rig.idle();
      const before = await rig.deliveries();
      ahead = by;
      await restart();
      await receive('3', 'three');
      await rig.idle();
      assert.equal(rig.provider.tickets[0]?.fields.title, 'three');
      const [newest, ...others] = await rig.deliveries();
      assert.deepEqual(
        others.map(({ id }) => id),
        before.map(({ id }) => id),
      );
      assert.match(newest?.attempts[0]?.what ?? '', /^updated title/);
    });

    it(`${how} during a run, the settling time stays the same`, async () => {
      rig.settling = 60_000;
      rig.steady = steady;
      await rig.start();
      rig.provider.faults.push('queued');
      await receive('1', 'one');
      await lookedUp(1);
      ahead = by;
      passed += 30_000;
      rig.broker.worker('provider')?.dispatch();
      await lookedUp(calls('find') + 1);
      assert.equal(calls('create'), 1);
      assert.ok(((await first()).lookLeft ?? 0) <= 30_000);
      passed += 60_000;
      rig.broker.worker('provider')?.dispatch();
      await rig.idle();
      assert.equal(calls('create'), 2);
    });

    it(`${how} between two starts, the remaining settling time stays the same`, async () => {
      rig.settling = 60_000;
      rig.steady = steady;
      await rig.start();
      rig.provider.faults.push('queued');
      await receive('1', 'one');
      await lookedUp(1);
      passed += 40_000;
      rig.broker.worker('provider')?.dispatch();
      await lookedUp(calls('find') + 1);
      const { lookLeft } = await first();
      assert.ok(lookLeft !== undefined && lookLeft <= 20_000, String(lookLeft));
      ahead = by;
      const lookups = calls('find');
      await restart({ steady: () => steady() + 10 * HOUR });
      await lookedUp(lookups + 1);
      const then = (await first()).lookLeft ?? 0;
      assert.ok(then > 0 && then <= lookLeft, `${then} of ${lookLeft}`);
      assert.equal(calls('create'), 1);
      passed += then;
      rig.broker.worker('provider')?.dispatch();
      await rig.idle();
      assert.equal(calls('create'), 2);
    });
  }

  it('back between two starts, a retry that was due soon is made soon', async () => {
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

  it('ahead during a run, a partner that is down gets no more tries', async () => {
    // The steady clock stands still, so that any retry would be caused by the wall clock.
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
      rig.broker.worker('provider')?.dispatch();
    }
    await receive('1', 'again');
    await until('the later messages', async () => (await rig.store.counts()).messages.received === 0);
    assert.equal(calls('create'), before);
    passed += 1_000;
    rig.broker.worker('provider')?.dispatch();
    await until('the next try', () => calls('create') > before);
  });

  it('a record without a remaining time is lookedUp up for the whole settling time', async () => {
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
    const lookups = calls('find');
    await until('a lookup', () => calls('find') > lookups);
    await until('it to be recorded', async () => (await first()).state === 'inDoubt');
    assert.ok(((await first()).lookLeft ?? 0) > 50_000);
    assert.equal(calls('create'), 1);
  });
});
