import assert from 'node:assert/strict';
import { type ChangeOrigin, ownerOf, SAME_MOMENT, shownWins } from '../../src/conversation/ownership.js';

const customer = (at?: number): ChangeOrigin => ({ side: 'customer', at });
const provider = (at?: number): ChangeOrigin => ({ side: 'provider', at });

describe('whose word counts', () => {
  it('is the later one’s, where they are further apart than a moment', () => {
    assert.ok(shownWins('state', 'newest', customer(SAME_MOMENT + 1), provider(0)));
    assert.ok(!shownWins('state', 'newest', provider(0), customer(SAME_MOMENT + 1)));
  });

  it('is the owner’s within a moment, or where it is not known when it was said', () => {
    assert.equal(ownerOf('state'), 'provider');
    assert.equal(ownerOf('title'), 'customer');
    assert.ok(!shownWins('state', 'newest', customer(SAME_MOMENT), provider(0)));
    assert.ok(shownWins('title', 'newest', customer(0), provider(SAME_MOMENT)));
    assert.ok(shownWins('state', 'newest', provider(), customer(1)));
    assert.ok(!shownWins('title', 'newest', provider(9e12), customer()));
  });

  it('is that of the side that the party’s rule names, whenever it was said', () => {
    assert.ok(shownWins('title', 'provider', provider(0), customer(9e9)));
    assert.ok(!shownWins('title', 'provider', customer(9e9), provider(0)));
  });

  it('is the party’s own, where nothing is to be written over it', () => {
    for (const rule of ['never', 'appendOnly'] as const) assert.ok(shownWins('state', rule, customer(0), provider(9e9)));
  });

  it('is one of the two, whichever of them is looked at: both sides end equal', () => {
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
