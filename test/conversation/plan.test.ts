import assert from 'node:assert/strict';
import { conversationState } from '../../src/conversation/correlate.js';
import {
  continueWithout,
  dropUnreachable,
  hasFailed,
  planAfter,
  releaseDeliveries,
  unmetPredecessors,
} from '../../src/conversation/plan.js';
import type { DeliveryRecord } from '../../src/store/store.js';
import { conversation, leg, plan, says } from './orders.js';

const CANCELLED = { state: 'requested', of: 'item', since: '' } as const;
const AFTER_SIM = [{ leg: 'sim', states: ['completed' as const] }];
const waiting = (name: string, more: Partial<DeliveryRecord> = {}) =>
  ({ id: `d-${name}`, leg: name, state: 'pending', waitsFor: AFTER_SIM, ...more }) as DeliveryRecord;
const reported = (of: ReturnType<typeof plan>, name: string, state: 'completed' | 'failed' | 'inProgress') =>
  planAfter(of, name, { fields: { state }, hasPublicComment: false });

describe('the plan of a fanned-out order', () => {
  const twoLegs = plan([leg('sim', ['1']), leg('delivery', ['2'], { after: AFTER_SIM })]);

  it('releases a delivery when its predecessor reaches the required state', () => {
    assert.deepEqual(releaseDeliveries(reported(twoLegs, 'sim', 'inProgress'), [waiting('delivery')], ''), []);
    const [change] = releaseDeliveries(reported(twoLegs, 'sim', 'completed'), [waiting('delivery')], 'now');
    assert.ok(change?.kind === 'delivery' && change.record.waitsFor === undefined && change.record.state === 'pending');
  });

  it('keeps waiting for the second of two predecessors', () => {
    const both = [...AFTER_SIM, { leg: 'phone', states: ['completed' as const] }];
    const three = plan([leg('sim', ['1']), leg('phone', ['3']), leg('delivery', ['2'], { after: both })]);
    const [change] = releaseDeliveries(reported(three, 'sim', 'completed'), [waiting('delivery', { waitsFor: both })], '');
    assert.deepEqual(change?.kind === 'delivery' && change.record.waitsFor, [both[1]]);
  });

  it('drops legs that can never start, and legs that wait for those', () => {
    const chain = plan([
      leg('sim', ['1']),
      leg('delivery', ['2'], { after: AFTER_SIM }),
      leg('survey', ['3'], { after: [{ leg: 'delivery', states: ['completed'] }] }),
    ]);
    const after = reported(chain, 'sim', 'failed');
    assert.deepEqual(
      after.legs.map((l) => l.dropped),
      [undefined, 'sim failed', 'delivery was dropped'],
    );
    const open = [waiting('delivery'), waiting('delivery', { id: 'comment', part: 'comment:1', waitsFor: undefined })];
    assert.deepEqual(
      releaseDeliveries(after, open, '').map((c) => c.kind === 'delivery' && [c.record.id, c.record.state]),
      [
        ['d-delivery', 'skipped'],
        ['comment', 'skipped'],
      ],
    );
  });

  it('does not wait for what the customer has cancelled, whether its vendor had it or not', () => {
    const unsent = plan([leg('sim', ['1'], { item: { cancellation: CANCELLED }, dropped: 'x' }), leg('delivery', ['2'])]);
    assert.deepEqual(unmetPredecessors(unsent, '', AFTER_SIM), []);
    const sent = plan([leg('sim', ['1'], { item: { ordered: true, cancellation: CANCELLED } })]);
    assert.deepEqual(unmetPredecessors(sent, '', AFTER_SIM), AFTER_SIM, 'its vendor may refuse');
    assert.deepEqual(
      unmetPredecessors(planAfter(sent, 'sim', { fields: { state: 'cancelled' }, hasPublicComment: false }), '', AFTER_SIM),
      [],
    );
    const byVendor = plan([leg('sim', ['1'], { state: 'cancelled' })]);
    assert.deepEqual(unmetPredecessors(byVendor, '', AFTER_SIM), AFTER_SIM);
  });

  it('waits for all orders of a row', () => {
    const two = plan([leg('sim', ['1'], { state: 'completed' }), leg('sim-2', ['3'], { row: 'sim' })]);
    assert.deepEqual(unmetPredecessors(two, '', AFTER_SIM), AFTER_SIM);
    const after = planAfter(two, 'sim-2', { fields: { state: 'completed' }, hasPublicComment: false });
    assert.deepEqual(unmetPredecessors(after, '', AFTER_SIM), []);
  });

  it('keeps what a vendor says of another vendor’s item apart', () => {
    const two = plan([leg('sim', ['1']), leg('phone', ['2'])]);
    const after = planAfter(two, 'phone', {
      fields: { progress: says(['1', 'failed'], ['2', 'completed']) },
      hasPublicComment: false,
    });
    assert.deepEqual(
      after.items.map(({ id, reported }) => [id, reported?.state]),
      [
        ['1', undefined],
        ['2', 'completed'],
      ],
    );
  });

  it('lets what waits go on without a leg that failed, if a user says so', () => {
    const asks = plan([leg('sim', ['1'], { state: 'failed' }), leg('delivery', ['2'], { after: AFTER_SIM })], {
      onFailure: 'ask',
    });
    const [change] = releaseDeliveries(continueWithout(asks, 'sim'), [waiting('delivery')], 'now');
    assert.ok(change?.kind === 'delivery' && change.record.waitsFor === undefined);
  });

  it('drops nothing if a user decides', () => {
    const asks = plan([leg('sim', ['1'], { state: 'failed' }), leg('delivery', ['2'], { after: AFTER_SIM })], {
      onFailure: 'ask',
    });
    assert.equal(dropUnreachable(asks), asks);
  });

  it('remembers the report of each item, and which leg commented last', () => {
    const first = planAfter(twoLegs, 'sim', {
      fields: { state: 'inProgress', progress: says(['1', 'inProgress']) },
      hasPublicComment: true,
    });
    const then = planAfter(first, 'sim', { fields: { progress: says(['1', 'completed']) }, hasPublicComment: false });
    assert.deepEqual(
      [then.asked, then.legs[0]?.state, then.items[0]?.reported],
      [['sim'], 'inProgress', { id: '1', state: 'completed' }],
    );
  });

  it('distinguishes a failure from a requested cancellation', () => {
    const failed = (more: Parameters<typeof leg>[2]) => {
      const of = plan([leg('a', ['1'], more)]);
      return hasFailed(of, of.legs[0]!);
    };
    assert.ok(failed({ state: 'cancelled' }));
    assert.ok(!failed({ state: 'cancelled', cancelled: true }));
    assert.ok(!failed({ state: 'cancelled', item: { cancellation: CANCELLED } }), 'item by item');
    assert.ok(failed({ state: 'rejected', cancelled: true }));
    assert.ok(failed({ refused: 'unknown offering' }));
    assert.ok(!failed({ state: 'completed' }));
  });

  it('keeps the conversation open while a leg is pending', () => {
    const ended = (legs: Parameters<typeof plan>[0]) => {
      const c = conversation(plan(legs), { sim: 'PO-1' });
      return conversationState({ ...c, links: c.links.map((l) => ({ ...l, lastKnown: { state: 'completed' } })) });
    };
    const sim = leg('sim', ['1'], { state: 'completed' });
    assert.equal(ended([sim, leg('delivery', ['2'])]), 'open');
    assert.equal(ended([sim, leg('delivery', ['2'], { dropped: 'x' })]), 'closed');
  });
});
