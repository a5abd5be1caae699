import assert from 'node:assert/strict';
import { assertTransition, DELIVERY_TRANSITIONS, MESSAGE_TRANSITIONS, statesAfter } from '../../src/store/transitions.js';
import { pathOf } from './any-state.js';

describe('the transitions of states', () => {
  const tables = { message: MESSAGE_TRANSITIONS, delivery: DELIVERY_TRANSITIONS } as const;

  it('reach every state from a new record, and none that has no row', () => {
    for (const kind of ['message', 'delivery'] as const) {
      const states = Object.keys(tables[kind]).filter((state) => state !== 'new');
      for (const state of states) assert.ok(pathOf(kind, undefined, state), `${kind} ${state}`);
      for (const state of [undefined, ...states])
        for (const next of statesAfter(kind, state)) assert.ok(states.includes(next), `${kind} ${state} → ${next}`);
    }
  });

  it('never lead from a doubt, or from a failure, to a write without a look-up', () => {
    // A delivery in `pending` is sent at once; one in `inDoubt` is looked up first.
    assert.deepEqual(statesAfter('delivery', 'failed'), ['inDoubt', 'skipped']);
    assert.deepEqual(statesAfter('delivery', 'needsDecision'), ['inDoubt', 'skipped']);
    assert.deepEqual(statesAfter('delivery', 'delivered'), []);
  });

  it('name the record and the states of a change that is not allowed', () => {
    assert.throws(() => assertTransition('delivery', 'd1', 'delivered', 'pending'), {
      code: 'SWB_STORE',
      message: /^delivery d1 cannot change from state delivered to pending\. This is an error in Switchboard/,
    });
    assert.throws(() => assertTransition('message', 'm1', undefined, 'settled'), {
      message: /^message m1 cannot be created in state settled\./,
    });
  });
});
