import assert from 'node:assert/strict';
import { monotonicWallClock, steadyClock } from '../src/steady-clock.js';

describe('the steady clock', () => {
  it('starts at the wall clock and advances with elapsed time, however the wall clock is set', () => {
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

  it('continues from the time of an earlier process if the wall clock was set back since', () => {
    const [elapsed, now] = [() => 50, () => 1_000_000];
    assert.equal(steadyClock(now, elapsed, 2_000_000)(), 2_000_000);
    assert.equal(steadyClock(now, elapsed, 900_000)(), 1_000_000);
  });
});

describe('the monotonic wall clock', () => {
  it('follows a wall clock that is set ahead, and continues if it is set back', () => {
    let [wall, steady] = [1_000, 1_000];
    const rising = monotonicWallClock(
      () => wall,
      () => steady,
    );
    const later = (by: number, set = 0) => {
      wall += by + set;
      steady += by;
      return rising();
    };
    assert.deepEqual(
      [later(5), later(5, 1_000), later(5, -5_000), later(5), later(5, 6_000)],
      [1_005, 2_010, 2_015, 2_020, 3_025],
    );
  });
});
