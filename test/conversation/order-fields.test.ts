import assert from 'node:assert/strict';
import { latestDate } from '../../src/conversation/order-fields.js';
import type { ItemProgress, State } from '../../src/model/message.js';

const item = (state: State, expectedCompletionAt?: string): ItemProgress => ({
  id: '1',
  state,
  ...(expectedCompletionAt && { expectedCompletionAt }),
});

describe('the expected date of a whole order', () => {
  it('is the last of those that are open', () => {
    const items = [item('completed', '2026-12-30'), item('inProgress', '2026-12-24'), item('held', '2026-12-26')];
    assert.deepEqual(latestDate(items), { expectedCompletionAt: '2026-12-26' });
  });

  it('is not known while something is open without a date', () => {
    assert.deepEqual(latestDate([item('completed', '2026-11-30'), item('acknowledged')]), {});
  });

  it('is the last one where nothing is open; what is not delivered does not count', () => {
    const items = [item('completed', '2026-11-30'), item('completed', '2026-12-01'), item('rejected', '2027-01-01')];
    assert.deepEqual(latestDate(items), { expectedCompletionAt: '2026-12-01' });
  });
});
