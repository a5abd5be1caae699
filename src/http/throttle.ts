import { backoff, type Delays } from '../backoff.js';

/**
 * How long requests wait because the partner limits our rate (429). Where it does not say for how long (no Retry-After, or 0), each
 * further rejection makes the wait longer, until a request works again: a constant rate would keep the limit exceeded.
 */
export class Throttle {
  private rejections = 0;
  private until = 0;

  constructor(
    private readonly delays: Delays,
    /** The steady clock, milliseconds. */
    private readonly clock: () => number,
    private readonly random: () => number = Math.random,
  ) {}

  /** Milliseconds until the next request may be sent; 0 = now. */
  get left(): number {
    return Math.max(0, Math.ceil(this.until - this.clock()));
  }

  /** A request was rejected. Returns how long to wait. `asked`: as the partner says, milliseconds. */
  rejected(asked = 0): number {
    if (asked > 0) this.wait(asked);
    // Requests that were under way together are rejected together, and count once.
    else if (this.left === 0) this.wait(backoff(this.delays, ++this.rejections, this.random));
    return this.left;
  }

  /** A request was answered: the limit is not exceeded any more. */
  passed(): void {
    this.rejections = 0;
  }

  private wait(milliseconds: number): void {
    this.until = Math.max(this.until, this.clock() + milliseconds);
  }
}
