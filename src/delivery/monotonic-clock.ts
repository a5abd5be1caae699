import { randomUUID } from 'node:crypto';
import { Timer } from '../timer.js';

/** Elapsed time within one process, independent of the wall clock. Readings of different processes cannot be compared. */
export interface MonotonicClock {
  /** Identifies the process: only readings of the same run can be compared. */
  readonly run: string;
  /** Milliseconds since a fixed moment of this run; never decreases. */
  elapsed(): number;
  /** Runs a task after a delay. Returns a function that cancels it. */
  after(milliseconds: number, task: () => void): () => void;
}

export const MONOTONIC_CLOCK: MonotonicClock = {
  run: randomUUID(),
  elapsed: () => performance.now(),
  after(milliseconds, task) {
    const timer = new Timer(milliseconds, task).unref();
    return () => timer.cancel();
  },
};
