import assert from 'node:assert/strict';
import { errorRecord } from '../../src/delivery/error-record.js';
import { PartnerError, SwitchboardError } from '../../src/errors.js';

const AT = '2026-03-01T10:00:00.000Z';

describe('error record', () => {
  it('keeps the status that a partner answered with', () => {
    const error = new PartnerError('SWB_PARTNER_ANSWER', 'The order is locked.', {
      outcome: 'notDone',
      retry: false,
      status: 409,
    });
    const { code, message, at, status } = errorRecord(error, AT);
    assert.deepEqual({ code, message, at, status }, { code: error.code, message: error.message, at: AT, status: 409 });
  });

  it('has no status where the partner did not answer', () => {
    const error = new PartnerError('SWB_PARTNER_ANSWER', 'The connection was reset.', { outcome: 'unknown', retry: true });
    assert.equal('status' in errorRecord(error, AT), false);
  });

  it('keeps the code and the message of our own errors', () => {
    const error = new SwitchboardError('SWB_PAYLOAD', 'A comment needs a text.', { where: 'ACME', hint: 'Add a text.' });
    assert.deepEqual(errorRecord(error, AT), { code: 'SWB_PAYLOAD', message: error.message, at: AT });
  });

  it('reports any other error as an error of the flow', () => {
    assert.deepEqual(errorRecord(new TypeError('x is undefined'), AT), { code: 'SWB_FLOW', message: 'x is undefined', at: AT });
    assert.deepEqual(errorRecord('out of order', AT), { code: 'SWB_FLOW', message: 'out of order', at: AT });
  });
});
