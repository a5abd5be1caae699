import assert from 'node:assert/strict';
import { until } from './node-red.js';
import { LiveRig } from './rig.js';

/** A flow of a user's own that sends a ticket on only where a field has a value. */
const GATE = {
  id: 'gate',
  type: 'function',
  z: 'sb1-flow',
  x: 100,
  y: 100,
  outputs: 1,
  func: "if (msg.payload.fields.channel) return msg; msg.switchboard.drop = 'not yet'; return null;",
  wires: [['sb1-map-tmf']],
};

describe('a ticket that a flow passes on once a field gets its first value', () => {
  let rig: LiveRig;
  before(async () => {
    rig = await LiveRig.start(
      { version: 'v4', customer: 'webhook', provider: 'hub' },
      { 'sb1-sn': { integrationUser: 'switchboard' }, 'sb1-corr-sn': { wires: [['gate'], ['gate'], []] } },
      [GATE],
    );
  });
  after(() => rig?.stop());

  it('is passed on without a further read', async () => {
    const { sys_id, number } = rig.open('gated', { contact_type: '' });
    await until('the first message', () => rig.message(String(number), (message) => message.state === 'ignored'));
    rig.sandbox.servicenow.update('incident', String(sys_id), { contact_type: 'phone' });
    await until('the ticket', () => rig.tickets('gated').length === 1);
    const passed = await rig.message(String(number), ({ origin, state }) => origin === 'webhook' && state === 'delivered');
    assert.equal(passed?.emissions, 1, 'the first read counted');
  });
});
