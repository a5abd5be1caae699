import assert from 'node:assert/strict';
import { ReplayWindow } from '../../src/http/replay-window.js';

describe('a signed request that comes again', () => {
  let now: number;
  let done: string[];
  let window: ReplayWindow<string>;
  beforeEach(() => {
    now = 0;
    done = [];
    window = new ReplayWindow(() => now, 3);
  });
  const send = (signature: string) =>
    window.once(signature, now + 100, async () => {
      done.push(signature);
      return `answer ${done.length}`;
    });

  it('is answered as the first one was, and has no effect', async () => {
    assert.equal(await send('a'), 'answer 1');
    assert.equal(await send('a'), 'answer 1');
    assert.deepEqual(await Promise.all([send('b'), send('b')]), ['answer 2', 'answer 2'], 'also while the first is at work');
    assert.deepEqual(done, ['a', 'b']);
  });

  it('takes effect if the first one failed', async () => {
    await assert.rejects(
      window.once('a', 100, () => Promise.reject(new Error('full'))),
      /full/,
    );
    assert.equal(await send('a'), 'answer 1');
  });

  it('is forgotten when its time stamp is too old, or many have come since', async () => {
    for (const one of ['a', 'b', 'c', 'd']) await send(one);
    await send('d');
    await send('a');
    assert.deepEqual(done, ['a', 'b', 'c', 'd', 'a']);
    now = 101;
    await send('e');
    now = 0;
    await send('d');
    assert.deepEqual(done.slice(5), ['e', 'd'], 'the old ones made room');
  });
});
