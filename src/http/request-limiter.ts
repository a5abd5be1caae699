import { pause } from '../timer.js';

/** Limits the number of concurrent tasks and the number started per second; other tasks wait in a queue. */
export class RequestLimiter {
  private running = 0;
  private readonly queue: (() => void)[] = [];
  /** When the rate limit allows the next task to start. */
  private nextStart = 0;

  constructor(
    private readonly concurrency: number,
    /** Per second; 0 = no limit. */
    private readonly rate: number,
    /** The steady clock, milliseconds. */
    private readonly clock: () => number,
  ) {}

  /** Resolves when the task may start, with a function that releases the slot; call it once. */
  async acquire(): Promise<() => void> {
    if (this.running >= this.concurrency) await new Promise<void>((turn) => this.queue.push(turn));
    else this.running++;
    if (this.rate > 0) {
      const now = this.clock();
      const start = Math.max(now, this.nextStart);
      this.nextStart = start + 1000 / this.rate;
      if (start > now) await pause(start - now);
    }
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
