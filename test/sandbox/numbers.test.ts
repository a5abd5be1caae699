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
});
