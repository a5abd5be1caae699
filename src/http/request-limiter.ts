import { pause } from '../timer.js';

/** Spaces the starts of tasks, so that no more than `rate` start per second. */
export class RateLimit {
  /** When the next task may start. */
  private nextStart = 0;

  constructor(
    /** Per second; 0 = no limit. */
    private readonly rate: number,
    /** The steady clock, milliseconds. */
    private readonly clock: () => number,
  ) {}

  /** Resolves when the task may start. */
  async turn(): Promise<void> {
    if (this.rate <= 0) return;
    const now = this.clock();
    const start = Math.max(now, this.nextStart);
    this.nextStart = start + 1000 / this.rate;
    if (start > now) await pause(start - now);
  }
}

/** Limits the number of concurrent tasks, and their rate, which several limiters may share; other tasks wait in a queue. */
export class RequestLimiter {
  private running = 0;
  private readonly queue: (() => void)[] = [];

  constructor(
    private readonly concurrency: number,
    private readonly rate: RateLimit,
  ) {}

  /** Resolves when the task may start, with a function that releases the slot; call it once. */
  async acquire(): Promise<() => void> {
    if (this.running >= this.concurrency) await new Promise<void>((turn) => this.queue.push(turn));
    else this.running++;
    await this.rate.turn();
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      const next = this.queue.shift();
      if (next) next();
      else this.running--;
    };
  }
}
