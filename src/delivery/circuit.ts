/** closed: all may pass. open: nobody. halfOpen: one probe at a time. */
export type CircuitState = 'closed' | 'open' | 'halfOpen';

/**
 * Circuit breaker of one endpoint: after several failures in a row that say the partner is unhealthy, nothing is sent for a while, then one
 * probe; its success closes the circuit, its failure opens it for longer. Spares a struggling partner, and the log.
 */
export class Circuit {
  /** The last failure was an answer that makes no sense: the partner is there. */
  strange = false;
  private failures = 0;
  private openings = 0;
  private until = 0;
  private pausedUntil = 0;

  constructor(
    /** The steady clock. */
    private readonly clock: () => number,
    private readonly threshold = 5,
    private readonly base = 5_000,
    private readonly most = 60_000,
  ) {}

  get state(): CircuitState {
    if (this.failures < this.threshold) return 'closed';
    return this.clock() < this.until ? 'open' : 'halfOpen';
  }

  /** By that clock, before which nothing is to be sent; 0 = now. */
  get resumesAt(): number {
    const open = this.state === 'open' ? this.until : 0;
    return Math.max(open, this.pausedUntil > this.clock() ? this.pausedUntil : 0);
  }

  succeeded(): void {
    this.failures = 0;
    this.openings = 0;
  }

  failed(strange = false): void {
    this.strange = strange;
    this.failures++;
    if (this.failures < this.threshold) return;
    this.until = this.clock() + Math.min(this.most, this.base * 2 ** this.openings);
    this.openings++;
  }

  /** The partner limits our rate: wait as long as it asks. */
  pause(milliseconds: number): void {
    this.pausedUntil = Math.max(this.pausedUntil, this.clock() + milliseconds);
  }
}
