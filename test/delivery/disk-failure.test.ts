import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '../live/node-red.js';
import { FaultyDisk } from '../store/faulty-disk.js';
import { Rig } from './rig.js';

describe('when the disk fails under a delivery', () => {
  let folder: string;
  let disk: FaultyDisk;
  let rig: Rig;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'switchboard-disk-'));
    disk = new FaultyDisk();
    rig = await new Rig(folder, disk).start();
  });
  afterEach(async () => {
    disk.broken.clear();
    await rig.stop().catch(() => undefined);
    rmSync(folder, { recursive: true, force: true });
  });

  for (const [what, expected] of [
    ['create', ['one']],
    ['comment', ['one', 'hello']],
  ] as const) {
    it(`looks up whether a ${what} was written when its result could not be recorded, and writes nothing twice`, async () => {
      if (what === 'comment') {
        await rig.receive('customer', { id: 'A', version: '1', fields: { title: 'one' } });
        await rig.idle();
      }
      // Earlier deliveries are on disk before the disk fails.
      await rig.store.commit([{ kind: 'setting', key: 'before', value: true }]);
      // The disk fails after the start of the delivery is stored, and before its result is.
      disk.breaksAt = '"state":"delivered"';
      await rig.receive('customer', {
        id: 'A',
        version: '2',
        fields: { title: 'one' },
        comments: what === 'comment' ? ['hello'] : [],
      });
      await until('the partner to have it', () =>
        what === 'create' ? rig.provider.tickets.length : rig.provider.tickets[0]?.comments.length,
      );
      await until('the failure to be noticed', () => rig.log.some((line) => line.includes('could not be recorded')));
      await until('the failure to be logged', () => rig.log.some((line) => line.includes('could not be recorded')));
      disk.breaksAt = undefined;
      disk.broken.clear();
      await until('the delivery to be done', async () => (await rig.deliveries()).every((d) => d.state === 'delivered'));
      assert.equal(rig.provider.tickets.length, 1);
      assert.deepEqual([rig.provider.tickets[0]?.fields.title, ...(rig.provider.tickets[0]?.comments ?? [])], expected);
    });
  }

  it('emits a message that was accepted before less and less often, and logs that once', async () => {
    disk.breaksAt = '"state":"settled"';
    const [started, usual] = [performance.now(), rig.log.length];
    await rig.receive('customer', { id: 'A', version: '1', fields: { title: 'one' } });
    await until('the third emission', () => rig.emitted.length >= 3);
    // The waits double: one second, and two.
    assert.ok(performance.now() - started > 2_900);
    const logged = rig.log.slice(usual);
    assert.equal(logged.length, 1, logged.join('\n'));
    assert.match(logged[0]!, /^Message \S+ waits for the store: The store cannot write to .*no space left/);
    disk.breaksAt = undefined;
    disk.broken.clear();
    await rig.idle();
    assert.equal(rig.provider.tickets.length, 1);
  });

  it('continues by itself with what waited once the disk works again', async () => {
    disk.broken.add('write');
    await assert.rejects(rig.receive('customer', { id: 'A', version: '1', fields: { title: 'one' } }), { code: 'SWB_STORE' });
    disk.broken.clear();
    await until('the store to accept it', async () => {
      await rig.receive('customer', { id: 'A', version: '1', fields: { title: 'one' } });
      return true;
    });
    await rig.idle();
    assert.equal(rig.provider.tickets.length, 1);
  });
});
