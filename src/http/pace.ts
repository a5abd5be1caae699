import { Timer } from '../timer.js';

/** `grace`: milliseconds until the average rate counts; `rate`: the lowest one, bytes per second. */
export interface PaceLimits {
  grace: number;
  rate: number;
}

/** How far a transfer got. */
export interface Progress {
  bytes: number;
  seconds: number;
}

/**
 * Watches a transfer, and calls `late` once if it falls behind: a sender that drips is never silent, and a large file may take long
 * without being stuck. Each byte earns time; without any, it is an ordinary time-out.
 */
export class Pace {
  private readonly start = performance.now();
  private timer: Timer;
  private bytes = 0;

  constructor(
    private readonly limits: PaceLimits,
    private readonly late: (progress: Progress) => void,
  ) {
    this.timer = new Timer(limits.grace, () => this.check());
  }

  passed(bytes: number): void {
    this.bytes += bytes;
  }

  stop(): void {
    this.timer.cancel();
  }

  private check(): void {
    const { grace, rate } = this.limits;
    const took = performance.now() - this.start;
    const left = grace + (this.bytes / rate) * 1000 - took;
    if (left <= 0) this.late({ bytes: this.bytes, seconds: Math.round(took / 1000) });
    else this.timer = new Timer(left, () => this.check());
  }
}
