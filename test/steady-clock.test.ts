import assert from 'node:assert/strict';
import { steadyClock } from '../src/steady-clock.js';

describe('the steady clock', () => {
  it('begins with the wall clock and goes on as time passes, however that is set', () => {
    let [wall, elapsed] = [1_000_000, 50];
    const steady = steadyClock(
      () => wall,
      () => elapsed,
    );
    assert.equal(steady(), 1_000_000);
    wall -= 900_000;
    elapsed += 10;
    assert.equal(steady(), 1_000_010);
  });
});
