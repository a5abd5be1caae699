import { SwitchboardError } from '../errors.js';

/** First and longest wait after a failure of the store, milliseconds. For a second, the store itself does not try again. */
const FIRST = 1_100;
const LONGEST = 8_000;

/** Waits while the store fails, and logs only the first failure of a series: the store says by itself what is wrong. */
export class StoreBackOff {
  /** Nothing is tried before this time, by the steady clock. */
  until = 0;
  private wait = 0;

  constructor(
    private readonly steady: () => number,
    private readonly log: (level: 'info' | 'error', text: string) => void,
  ) {}

  /** Something could not be read or committed. */
  failed(what: string, error: unknown): void {
    // The store was closed by a deploy or at the end of the process: what is not recorded is repeated.
    const level = error instanceof SwitchboardError && error.code === 'SWB_CLOSED' ? 'info' : 'error';
    if (this.wait === 0) this.log(level, `${what}: ${error instanceof Error ? error.message : String(error)}`);
    // Failures of the same moment count once.
    if (this.until > this.steady()) return;
    this.wait = Math.min(LONGEST, this.wait * 2 || FIRST);
    this.until = this.steady() + this.wait;
  }

  /** Something was committed. */
  succeeded(): void {
    this.wait = 0;
  }
}
