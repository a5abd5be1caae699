import assert from 'node:assert/strict';
import { type ChangeOrigin, ownerOf, SAME_MOMENT, shownWins } from '../../src/conversation/ownership.js';

const customer = (at?: number): ChangeOrigin => ({ side: 'customer', at });
const provider = (at?: number): ChangeOrigin => ({ side: 'provider', at });

describe('the winner of a conflict', () => {
  it('is the later change, if the changes are not simultaneous', () => {
    assert.ok(shownWins('state', 'newest', customer(SAME_MOMENT + 1), provider(0)));
    assert.ok(!shownWins('state', 'newest', provider(0), customer(SAME_MOMENT + 1)));
  });

  it('is the owner’s value, if the changes are simultaneous or a time is unknown', () => {
    assert.equal(ownerOf('state'), 'provider');
    assert.equal(ownerOf('title'), 'customer');
    assert.ok(!shownWins('state', 'newest', customer(SAME_MOMENT), provider(0)));
    assert.ok(shownWins('title', 'newest', customer(0), provider(SAME_MOMENT)));
    assert.ok(shownWins('state', 'newest', provider(), customer(1)));
    assert.ok(!shownWins('title', 'newest', provider(9e12), customer()));
  });

  it('is the side named in the party’s rule, whenever it made the change', () => {
    assert.ok(shownWins('title', 'provider', provider(0), customer(9e9)));
    assert.ok(!shownWins('title', 'provider', customer(9e9), provider(0)));
  });

  it('is the party’s own value, if its rule forbids overwriting', () => {
    for (const rule of ['never', 'appendOnly'] as const) assert.ok(shownWins('state', rule, customer(0), provider(9e9)));
  });

  it('is the same seen from both sides, so that both end with the same value', () => {
    const times = [undefined, 0, 3_000, SAME_MOMENT, SAME_MOMENT + 1, 60_000];
    for (const field of ['state', 'title', 'priority'])
      for (const a of times)
        for (const b of times)
          assert.notEqual(
            shownWins(field, 'newest', customer(a), provider(b)),
            shownWins(field, 'newest', provider(b), customer(a)),
          );
  });
});
