import assert from 'node:assert/strict';
import { isOrderCancelled, itemsToLeaveOut } from '../../src/conversation/leg-results.js';
import type { Json } from '../../src/model/message.js';
import type { DeliveryRecord, ItemCancellation } from '../../src/store/store.js';
import { conversation, leg, plan, says } from './orders.js';

/** An update of the customer's order that was queued after the customer cancelled something, and made before that. */
const update = { id: '5', leg: '' } as DeliveryRecord;
const telling = (state: 'acknowledged' | 'inProgress' | 'cancelled') => ({
  generic: { progress: says(['1', state]) as unknown as Json },
});
const cancelled = (more: Partial<ItemCancellation> = {}) => ({
  cancellation: { state: 'wanted' as const, of: 'item' as const, since: '4', ...more },
});
const orderOf = (...given: Parameters<typeof leg>) => conversation(plan([leg(...given)]));

describe('an update of the customer’s order', () => {
  it('leaves out an item that the customer has cancelled, until its vendor has decided', () => {
    const open = orderOf('mobile', ['1'], { progress: says(['1', 'inProgress']), item: cancelled() });
    assert.deepEqual([...itemsToLeaveOut(open, update, telling('inProgress'))], ['1']);
    const refused = orderOf('mobile', ['1'], { progress: says(['1', 'inProgress']), item: cancelled({ state: 'refused' }) });
    assert.deepEqual([...itemsToLeaveOut(refused, update, telling('inProgress'))], []);
  });

  it('leaves out an older state of an item that was cancelled before it was ordered', () => {
    const withdrawn = orderOf('mobile', ['1'], { dropped: 'it was cancelled', item: cancelled() });
    assert.deepEqual([...itemsToLeaveOut(withdrawn, update, telling('acknowledged'))], ['1']);
    assert.deepEqual([...itemsToLeaveOut(withdrawn, update, telling('cancelled'))], []);
  });

  it('leaves the state of a cancelled order as it is, until all is decided', () => {
    const open = orderOf('mobile', ['1'], { progress: says(['1', 'inProgress']), item: cancelled({ of: 'order' }) });
    assert.ok(isOrderCancelled(open, update));
    const over = orderOf('mobile', ['1'], { progress: says(['1', 'cancelled']), item: cancelled({ of: 'order' }) });
    assert.ok(!isOrderCancelled(over, update));
  });
});
