import assert from 'node:assert/strict';
import type { MessageList } from '../../nodes/sidebar/views.js';
import { until } from './node-red.js';
import { LiveRig } from './rig.js';

const UPDATES = 40;

describe('updates of a ticket while its provider cannot take them', () => {
  let rig: LiveRig;
  before(async () => {
    rig = await LiveRig.start({ version: 'v4', customer: 'webhook', provider: 'hub' }, { 'sb1-tmf': { retryDelay: '0.05' } });
  });
  after(() => rig?.stop());

  it('are merged into a few requests, and shown with the one that wrote them', async () => {
    const provider = rig.sandbox.tmf('v4');
    const incident = rig.open('a long night');
    await until('the ticket', () => rig.tickets('a long night')[0]);
    await rig.quiet();
    provider.faults.add({ method: 'PATCH', kind: 'status', status: 503 });
    const settled = async () => (await rig.counts()).messages.settled ?? 0;
    const before = await settled();
    for (let n = 1; n <= UPDATES; n++) {
      rig.sandbox.servicenow.update('incident', incident.sys_id, { description: `measured ${n} times` });
      await until('the update to be queued', async () => (await settled()) === before + n);
    }
    assert.ok(((await rig.counts()).deliveries.merged ?? 0) >= UPDATES - 3);
    const sent = provider.requests.length;
    provider.faults.clear();
    await rig.quiet();
    const patches = provider.requests.slice(sent).filter(({ method }) => method === 'PATCH');
    assert.ok(patches.length <= 4, `${patches.length} requests`);
    assert.equal(rig.tickets('a long night')[0]?.description, `measured ${UPDATES} times`);
    const { messages } = await rig.get<MessageList>('/switchboard/messages?state=merged');
    assert.ok(messages.every(({ deliveries }) => deliveries.every(({ mergedInto }) => mergedInto?.state === 'delivered')));
    assert.ok(messages.length >= UPDATES - 3);
  });
});
