import assert from 'node:assert/strict';
import { Throttle } from '../../src/http/throttle.js';

describe('a partner that limits our rate', () => {
  let now: number;
  let throttle: Throttle;
  beforeEach(() => {
    now = 1_000_000;
    throttle = new Throttle(
      { baseDelay: 2_000, maxDelay: 300_000 },
      () => now,
      () => 1,
    );
  });
  /** The waits after rejections, each of the first request after the wait before. */
  const waits = (count: number, asked?: number) =>
    Array.from({ length: count }, () => {
      now += throttle.left;
      return throttle.rejected(asked);
    });

  it('gets requests after longer and longer waits where it does not ask for one, up to five minutes', () => {
    assert.deepEqual(
      waits(10),
      [2, 4, 8, 16, 32, 64, 128, 256, 300, 300].map((s) => s * 1000),
    );
    now += throttle.left;
    assert.equal(throttle.left, 0);
  });

  it('gets them after as long as it asks', () => {
    assert.deepEqual(waits(3, 7_000), [7_000, 7_000, 7_000]);
    assert.equal(waits(1)[0], 2_000);
  });

  it('slows us down once for the requests that were under way together', () => {
    assert.equal(throttle.rejected(), 2_000);
    now += 500;
    assert.equal(throttle.rejected(), 1_500);
    assert.equal(throttle.rejected(9_000), 9_000, 'what it asks for counts');
  });

  it('gets them at full speed again once one of them worked', () => {
    waits(5);
    now += throttle.left;
    throttle.passed();
    assert.equal(throttle.left, 0);
    assert.equal(throttle.rejected(), 2_000);
  });
});
