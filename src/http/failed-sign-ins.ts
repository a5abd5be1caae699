interface Source {
  /** Failures that still count: one less with each `INTERVAL`. */
  level: number;
  at: number;
}

/** Failures of one source that are answered as such, before it has to wait; then one in so many milliseconds. */
const BURST = 20;
const INTERVAL = 3_000;

/**
 * Counts failed sign-ins by where they come from. Only failures are limited: partners share addresses and send once, so a valid
 * secret is accepted whatever else came from its address. Of more than `max` sources, those that failed least recently are forgotten.
 */
export class FailedSignIns {
  private readonly sources = new Map<string, Source>();

  constructor(
    /** The steady clock, milliseconds. */
    private readonly clock: () => number,
    private readonly max = 10_000,
  ) {}

  /** Counts a failure. Returns the milliseconds after which the source is answered again; 0: it still is. */
  failed(source: string): number {
    const level = this.levelOf(source) + 1;
    this.sources.delete(source);
    this.sources.set(source, { level: Math.min(level, BURST + 1), at: this.clock() });
    const [oldest] = this.sources.keys();
    if (this.sources.size > this.max && oldest !== undefined) this.sources.delete(oldest);
    return level > BURST ? Math.ceil((level - BURST) * INTERVAL) : 0;
  }

  /** The number of sources that have to wait. */
  get limited(): number {
    return [...this.sources.keys()].filter((source) => this.levelOf(source) >= BURST).length;
  }

  private levelOf(source: string): number {
    const known = this.sources.get(source);
    return known ? Math.max(0, known.level - (this.clock() - known.at) / INTERVAL) : 0;
  }
}
