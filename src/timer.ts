/** The longest delay of a Node.js timer, milliseconds (24.8 days): a longer one ends after 1 ms, which turns a wait into a busy loop. */
const LONGEST = 2 ** 31 - 1;

/**
 * Runs a task once after any delay. Every delay that depends on a setting, a partner or a user is measured with this class, never
 * with `setTimeout`.
 */
export class Timer {
  private timeout: NodeJS.Timeout | undefined;
  private holdsProcess = true;

  /** `milliseconds`: may be Infinity. */
  constructor(
    milliseconds: number,
    private readonly task: () => void,
  ) {
    this.wait(milliseconds);
  }

  cancel(): void {
    clearTimeout(this.timeout);
  }

  /** The process may end before the task has run. */
  unref(): this {
    this.holdsProcess = false;
    this.timeout?.unref();
    return this;
  }

  private wait(left: number): void {
    this.timeout =
      left > LONGEST ? setTimeout(() => this.wait(left - LONGEST), LONGEST) : setTimeout(this.task, Math.max(0, left));
    if (!this.holdsProcess) this.timeout.unref();
  }
}

/** Resolves after any number of milliseconds. */
export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => new Timer(milliseconds, resolve));
}
