/** Milliseconds of work after which the event loop gets a turn. */
const SLICE = 4;

/** Keeps long background work from blocking the event loop: `await slice.yieldIfDue()` between small steps. */
export class TimeSlice {
  private since = performance.now();

  /** Yields to the event loop when the time slice is used up. */
  async yieldIfDue(): Promise<void> {
    if (performance.now() - this.since < SLICE) return;
    await new Promise<void>((resolve) => setImmediate(resolve));
    this.since = performance.now();
  }
}
