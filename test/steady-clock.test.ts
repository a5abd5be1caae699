import assert from 'node:assert/strict';
import { monotonicWallClock, steadyClock } from '../src/steady-clock.js';

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

  it('goes on where an earlier process was, though the wall clock was set back since', () => {
    const [elapsed, now] = [() => 50, () => 1_000_000];
    assert.equal(steadyClock(now, elapsed, 2_000_000)(), 2_000_000);
    assert.equal(steadyClock(now, elapsed, 900_000)(), 1_000_000);
  });
});

describe('the rising clock', () => {
  it('follows a wall clock that is set ahead, and goes on where that is set back', () => {
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
