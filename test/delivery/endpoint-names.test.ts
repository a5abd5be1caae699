import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '../live/node-red.js';
import { Partner } from './partner.js';
import { Rig } from './rig.js';

describe('the names of endpoints', () => {
  let folder: string;
  let rig: Rig;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'switchboard-names-'));
    rig = await new Rig(folder).start();
  });
  afterEach(async () => {
    await rig.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  const stored = () => rig.store.setting('endpointNames') as Promise<Record<string, string> | undefined>;

  it('are kept for endpoints that were deleted, also over a restart', async () => {
    rig.add(Object.assign(new Partner('former'), { name: 'Former Telecom' }));
    await until('the name to be stored', async () => (await stored())?.former === 'Former Telecom');
    assert.equal(rig.broker.nameOf('former'), 'Former Telecom');
    await rig.broker.removeEndpoint('former');
    assert.equal(rig.broker.nameOf('former'), 'Former Telecom (deleted)');
    await rig.stop();
    rig = await new Rig(folder).start();
    await until('the names to be read', () => rig.broker.nameOf('former') !== undefined);
    assert.equal(rig.broker.nameOf('former'), 'Former Telecom (deleted)');
    assert.deepEqual(rig.broker.deletedEndpoints(), [{ id: 'former', name: 'Former Telecom (deleted)' }]);
  });

  it('are the last known ones', async () => {
    for (const name of ['Old', 'New']) rig.add(Object.assign(new Partner('former'), { name }));
    await until('the name to be stored', async () => (await stored())?.former === 'New');
  });

  it('are unknown for what was never an endpoint', () => assert.equal(rig.broker.nameOf('other'), undefined));
});
