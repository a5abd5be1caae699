import assert from 'node:assert/strict';
import { startSandbox } from '../../src/sandbox/sandbox.js';

describe('the record numbers of the sandbox', () => {
  it('start above a given offset, so that they differ from those of earlier runs', async () => {
    const sandbox = await startSandbox({ numberOffset: 5_000_000 });
    try {
      const ticket = sandbox.tmf('v4').create({ name: 'one' });
      const order = sandbox.orders('v5').create({});
      const incident = sandbox.servicenow.create('incident', {});
      assert.deepEqual([ticket.id, order.id, incident.number], ['TT-5100001', 'PO-5500001', 'INC005010001']);
    } finally {
      await sandbox.close();
    }
  });

  it('differ between the desks of the routing example, so that a search by number finds one ticket only', async () => {
    const sandbox = await startSandbox();
    try {
      const { customers, providers } = sandbox.routed;
      const incidents = [sandbox.servicenow, ...Object.values(customers)].map((desk) => desk.create('incident', {}).number);
      const tickets = [sandbox.tmf('v4'), ...Object.values(providers)].map((desk) => desk.create({}).id);
      assert.equal(new Set(incidents).size, 4);
      assert.equal(new Set(tickets).size, 3);
    } finally {
      await sandbox.close();
    }
  });
});
