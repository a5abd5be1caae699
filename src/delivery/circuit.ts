/** closed: everything is sent. open: nothing is sent. halfOpen: one probe at a time is sent. */
export type CircuitState = 'closed' | 'open' | 'halfOpen';

/**
 * Circuit breaker of one endpoint. Several failures in a row that suggest the partner is down open it: nothing is sent for a
 * while, then one probe. A successful probe closes the circuit, a failed one opens it for longer. This protects a struggling
 * partner, and keeps the log short.
 */
export class Circuit {
  /** The last failure was an invalid answer: the partner is up, but does not answer as its API should. */
  strange = false;
  private failures = 0;
  /** Whose failures these are. */
  private readonly failing = new Set<string>();
  private openings = 0;
  private openUntil = 0;
  private pausedUntil = 0;

  constructor(
    /** The steady clock. */
    private readonly clock: () => number,
    private readonly threshold = 5,
    private readonly baseDelay = 5_000,
    private readonly maxDelay = 60_000,
  ) {}

  get state(): CircuitState {
    if (this.failures < this.threshold) return 'closed';
    return this.clock() < this.openUntil ? 'open' : 'halfOpen';
  }

  /** Time by that clock before which nothing is sent; 0 = now. */
  get resumesAt(): number {
    const open = this.state === 'open' ? this.openUntil : 0;
    return Math.max(open, this.pausedUntil > this.clock() ? this.pausedUntil : 0);
  }

  succeeded(): void {
    this.failures = 0;
    this.failing.clear();
    this.openings = 0;
  }

  /** Whether one more failure opens the circuit, or keeps it open. */
  get isAtLimit(): boolean {
    return this.failures + 1 >= this.threshold;
  }

  /** Whether no other delivery has failed. */
  isAlone(delivery: string): boolean {
    return [...this.failing].every((other) => other === delivery);
  }

  /**
   * @param isUp a neutral probe works all the same: some deliveries may go on, so that one is tried after the same short wait each time
   */
  failed(delivery: string, { strange = false, isUp = false } = {}): void {
    this.strange = strange;
    this.failures++;
    this.failing.add(delivery);
    if (this.failures < this.threshold) return;
    if (isUp) this.openings = 0;
    this.openUntil = this.clock() + Math.min(this.maxDelay, this.baseDelay * 2 ** this.openings);
    this.openings++;
  }

  /** The partner limits our rate: send nothing for as long as it asks. */
  pause(milliseconds: number): void {
    this.pausedUntil = Math.max(this.pausedUntil, this.clock() + milliseconds);
  }
}
