import { randomUUID } from 'node:crypto';

/** Time as it passes in one process, whatever its clock is set to. What was measured in another process compares with nothing. */
export interface MonotonicClock {
  /** Names the process: readings of one run compare with each other only. */
  readonly run: string;
  /** Milliseconds since some moment of this run; never goes back. */
  elapsed(): number;
  /** Does something after so many milliseconds; gives the function that calls it off. */
  after(milliseconds: number, task: () => void): () => void;
}

export const MONOTONIC_CLOCK: MonotonicClock = {
  run: randomUUID(),
  elapsed: () => performance.now(),
  after(milliseconds, task) {
    const timer = setTimeout(task, milliseconds);
    timer.unref();
    return () => clearTimeout(timer);
  },
};
