import type { MonotonicClock } from '../../src/delivery/monotonic-clock.js';

/**
 * A clock that tests advance. For one subscription at a time: after each step it waits until the subscription has planned the
 * next one.
 */
export class ManualClock implements MonotonicClock {
  run = 'run 1';
  private now = 1_000;
  private planned: { at: number; task: () => void } | undefined;
  private onPlanned: (() => void) | undefined;

  elapsed(): number {
    return this.now;
  }

  after(milliseconds: number, task: () => void): () => void {
    const plan = { at: this.now + milliseconds, task };
    this.planned = plan;
    this.onPlanned?.();
    return () => {
      if (this.planned === plan) this.planned = undefined;
    };
  }

  /** Resolves when the next step is planned. */
  next(): Promise<void> {
    if (this.planned) return Promise.resolve();
    return new Promise((resolve) => {
      this.onPlanned = resolve;
    });
  }

  async pass(milliseconds: number): Promise<void> {
    const end = this.now + milliseconds;
    await this.next();
    while (this.planned && this.planned.at <= end) {
      const { at, task } = this.planned;
      this.planned = undefined;
      this.now = at;
      task();
      await this.next();
    }
    this.now = Math.max(this.now, end);
  }

  /** Advances the clock without running planned steps: something takes this long. */
  skip(milliseconds: number): void {
    this.now += milliseconds;
  }

  /** A new process starts, and its time starts over. */
  restart(): void {
    this.run = `run ${Number(this.run.slice(4)) + 1}`;
    this.now = 0;
    this.planned = undefined;
  }
}
