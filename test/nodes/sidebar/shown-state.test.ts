import assert from 'node:assert/strict';
import { shownMessage } from '../../../nodes/sidebar/shown-state.js';
import type { DeliveryRecord, DeliveryState, MessageRecord } from '../../../src/store/store.js';

describe('the shown state of a message', () => {
  const ignored = { state: 'settled', outcome: 'ignored' } as MessageRecord;
  const shown = (...states: DeliveryState[]) =>
    shownMessage(
      ignored,
      states.map((state) => ({ state }) as DeliveryRecord),
    );

  it('is never ignored while something of it has failed or waits', () => {
    assert.deepEqual(
      [shown('failed'), shown('pending'), shown('delivered', 'inDoubt'), shown('needsDecision')],
      ['failed', 'waiting', 'inDoubt', 'needsDecision'],
    );
    assert.deepEqual([shown(), shown('delivered')], ['ignored', 'ignored']);
  });
});
