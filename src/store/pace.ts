/** Milliseconds of work after which the event loop gets its turn. */
const SLICE = 4;

/** Keeps long background work from holding up the event loop: `await pace.breathe()` between small steps. */
export class Pace {
  private since = performance.now();

  /** Lets other work go first when this one has had its slice of time. */
  async breathe(): Promise<void> {
    if (performance.now() - this.since < SLICE) return;
    await new Promise<void>((resolve) => setImmediate(resolve));
    this.since = performance.now();
  }
}
