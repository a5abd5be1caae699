import assert from 'node:assert/strict';
import { Timer } from '../src/timer.js';

const DAY = 86_400_000;

/** Timers that run when the test says so. */
class FakeTimeouts {
  readonly delays: number[] = [];
  private readonly original = globalThis.setTimeout;
  private due: (() => void) | undefined;

  begin(): void {
    globalThis.setTimeout = ((task: () => void, delay: number) => {
      this.delays.push(delay);
      this.due = task;
      return { unref: () => undefined };
    }) as unknown as typeof setTimeout;
  }

  next(): void {
    const task = this.due;
    this.due = undefined;
    task?.();
  }

  end(): void {
    globalThis.setTimeout = this.original;
  }
}

describe('a timer', () => {
  let timeouts: FakeTimeouts;
  beforeEach(() => {
    timeouts = new FakeTimeouts();
    timeouts.begin();
  });
  afterEach(() => timeouts.end());

  it('of 60 days ends after 60 days, although timers of Node.js end after at most 24.8', () => {
    let ended = false;
    new Timer(60 * DAY, () => {
      ended = true;
    });
    for (let steps = 0; steps < 10 && !ended; steps++) timeouts.next();
    assert.ok(ended);
    assert.equal(
      timeouts.delays.reduce((sum, delay) => sum + delay, 0),
      60 * DAY,
    );
    assert.ok(timeouts.delays.every((delay) => delay <= 2 ** 31 - 1));
  });

  it('without end never ends, and never waits less than Node.js can', () => {
    new Timer(Number.POSITIVE_INFINITY, () => assert.fail('it ended'));
    for (let steps = 0; steps < 100; steps++) timeouts.next();
    assert.ok(timeouts.delays.every((delay) => delay === 2 ** 31 - 1));
  });

  it('that is short is one timer of Node.js', () => {
    let ended = false;
    new Timer(5, () => {
      ended = true;
    });
    timeouts.next();
    assert.deepEqual([ended, timeouts.delays], [true, [5]]);
  });
});
