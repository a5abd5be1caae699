import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '../live/node-red.js';
import { Partner } from './partner.js';
import { Rig } from './rig.js';

/** A vendor that shows a requested cancellation only later, or never. */
class Vendor extends Partner {
  shows = false;
  constructor() {
    super('provider');
  }
  async findCancellation() {
    this.calls.push('look');
    return this.shows ? ('requested' as const) : undefined;
  }
}

describe('a cancellation in doubt', () => {
  let folder: string;
  let rig: Rig;
  let vendor: Vendor;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'switchboard-cancel-'));
    rig = new Rig(folder);
    vendor = new Vendor();
    rig.provider = vendor;
  });
  afterEach(async () => {
    await rig.stop().catch(() => undefined);
    rmSync(folder, { recursive: true, force: true });
  });

  const asked = () => vendor.calls.filter((call) => call.startsWith('update ')).length;
  const lookups = () => vendor.calls.filter((call) => call === 'look').length;
  const delivery = async () => (await rig.deliveries()).find((d) => d.state !== 'delivered');
  const cancelled = async (fault: 'queued' | 'unshown') => {
    await rig.start();
    await rig.receive('customer', { id: 'A', version: '1', fields: { title: 'one' } });
    await rig.idle();
    vendor.faults.push(fault);
    await rig.receive('customer', { id: 'A', version: '2', fields: { title: 'one', state: 'cancelled' } });
  };

  it('is looked up during the settling time, and is done once it shows', async () => {
    rig.settling = 60_000;
    await cancelled('queued');
    await until('the second lookup', () => lookups() >= 2);
    assert.match((await delivery())?.error?.message ?? '', /the cancellation is not shown yet/);
    vendor.shows = true;
    await rig.idle();
    assert.equal(asked(), 1);
    assert.equal(await delivery(), undefined);
    const texts = (await rig.deliveries()).flatMap((d) => d.attempts.map((attempt) => attempt.what));
    assert.ok(texts.includes('found the cancellation that an earlier try requested'), texts.join());
  });

  it('is requested again once it is certainly not there', async () => {
    await cancelled('queued');
    await rig.idle();
    assert.equal(asked(), 2);
    assert.ok(lookups() >= 2, vendor.calls.join());
    assert.equal(vendor.tickets[0]?.fields.state, 'cancelled');
  });

  it('needs a decision, and is not requested again, when it was confirmed but does not show', async () => {
    await cancelled('unshown');
    await until('the decision', async () => (await delivery())?.state === 'needsDecision');
    assert.equal((await delivery())?.decision, 'unresolved');
    assert.match((await delivery())?.error?.message ?? '', /does not show the cancellation/);
    assert.equal(asked(), 1);
    assert.ok(lookups() >= 2, vendor.calls.join());
  });
});
