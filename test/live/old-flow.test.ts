import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { until } from './node-red.js';
import { LiveRig } from './rig.js';

describe('a flow file of version 0.1.0', () => {
  let rig: LiveRig;
  before(async () => {
    rig = await LiveRig.start({ version: 'v4', customer: 'webhook', provider: 'hub', file: 'test/live/flow-0.1.0.json' });
  });
  after(() => rig?.stop());

  it('runs: a ticket goes to the provider by the mapping in the flow, and a note comes back', async () => {
    const incident = rig.open('Line down');
    await until('the ticket', () => rig.tickets('Line down').length === 1);
    const [ticket] = rig.tickets('Line down');
    assert.equal(ticket?.severity, 'Minor');
    rig.sandbox.tmf('v4').addNote(String(ticket?.id), 'Technician on the way');
    await until('the comment', () =>
      rig.sandbox.servicenow.journal(incident.sys_id!).some((entry) => entry.value?.includes('Technician on the way')),
    );
    await rig.quiet();
    const { messages, deliveries } = await rig.counts();
    assert.deepEqual([messages.failed, deliveries.failed, deliveries.needsDecision], [0, 0, 0]);
    assert.doesNotMatch(rig.live.output(), /\[error\]/);
  });

  it('is saved with one line per setting, so that changes of its mapping can be read in git', async () => {
    await rig.deploy();
    const saved = readFileSync(join(rig.folder, 'user', 'flows.json'), 'utf8');
    assert.match(saved, /\n +"rules": \[\n +\{\n +"field": /);
  });
});
