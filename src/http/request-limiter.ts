/** Lets so many tasks run at the same time, and so many begin per second; the others wait in line. */
export class Limits {
  private running = 0;
  private readonly line: (() => void)[] = [];
  /** When the next task may begin, by the rate. */
  private nextStart = 0;

  constructor(
    private readonly concurrency: number,
    /** Per second; 0 = no limit. */
    private readonly rate: number,
    /** The steady clock, milliseconds. */
    private readonly clock: () => number,
  ) {}

  /** Resolves when it is one's turn; give the place back with the function it resolves with, once. */
  async enter(): Promise<() => void> {
    if (this.running >= this.concurrency) await new Promise<void>((turn) => this.line.push(turn));
    else this.running++;
    if (this.rate > 0) {
      const now = this.clock();
      const start = Math.max(now, this.nextStart);
      this.nextStart = start + 1000 / this.rate;
      if (start > now) await new Promise((resolve) => setTimeout(resolve, start - now));
    }
    let inside = true;
    return () => {
      if (!inside) return;
      inside = false;
      const next = this.line.shift();
      if (next) next();
      else this.running--;
    };
  }
}
