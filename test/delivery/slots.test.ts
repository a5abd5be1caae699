import assert from 'node:assert/strict';
import { Slots } from '../../src/delivery/slots.js';

describe('slots', () => {
  it('run a limited number of tasks at once, in order, whether they succeed or not', async () => {
    const slots = new Slots(2);
    const begun: number[] = [];
    const ends: (() => void)[] = [];
    const tasks = Array.from({ length: 5 }, (_, n) =>
      slots.run(async () => {
        begun.push(n);
        await new Promise<void>((end) => ends.push(end));
        if (n === 0) throw new Error('failed');
        return n;
      }),
    );
    const results = Promise.allSettled(tasks);
    assert.deepEqual(begun, [0, 1]);
    for (let n = 0; n < 5; n++) {
      ends[n]?.();
      await Promise.allSettled([tasks[n]]);
      await new Promise(setImmediate);
      assert.ok(begun.length <= n + 3);
    }
    assert.deepEqual(
      (await results).map((result) => (result.status === 'fulfilled' ? result.value : 'failed')),
      ['failed', 1, 2, 3, 4],
    );
    assert.deepEqual(begun, [0, 1, 2, 3, 4]);
  });
});
