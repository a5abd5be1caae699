export interface Delays {
  /** Milliseconds before the first retry. */
  baseDelay: number;
  /** Longest wait, milliseconds. */
  maxDelay: number;
}

export const DEFAULT_DELAYS: Delays = { baseDelay: 2_000, maxDelay: 300_000 };

/** Exponential backoff with equal jitter: between half and the whole of baseDelay · 2^(tries-1), at most `maxDelay`. */
export function backoff({ baseDelay, maxDelay }: Delays, tries: number, random: () => number): number {
  const full = Math.min(maxDelay, baseDelay * 2 ** Math.max(0, tries - 1));
  return Math.round(full / 2 + (full / 2) * random());
}
