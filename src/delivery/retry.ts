import { PartnerError, SwitchboardError } from '../errors.js';
import type { DeliveryState } from '../store/store.js';

export interface RetryPolicy {
  /** Milliseconds before the first retry. */
  base: number;
  /** Longest wait, milliseconds. */
  most: number;
  /** Tries before a delivery becomes a dead letter. */
  maxTries: number;
}

export const DEFAULT_RETRY: RetryPolicy = { base: 2_000, most: 300_000, maxTries: 12 };

/** Exponential backoff with equal jitter: between half and the whole of base · 2^(tries-1), never above `most`. */
export function backoff(policy: RetryPolicy, tries: number, random: () => number): number {
  const full = Math.min(policy.most, policy.base * 2 ** Math.max(0, tries - 1));
  return Math.round(full / 2 + (full / 2) * random());
}

export interface Verdict {
  state: Extract<DeliveryState, 'pending' | 'inDoubt' | 'failed'>;
  /** Milliseconds to wait before the next try. */
  wait: number;
  /** Whether this try counts towards maxTries: a partner that is down or limits our rate costs no tries, however long that lasts. */
  counts: boolean;
  /** Whether the partner as a whole looks unwell, for the circuit breaker. */
  unwell: boolean;
}

/** What becomes of a delivery after a failed try (RFC 9110 §15; facts in each endpoint's README). */
export function verdict(error: unknown, tries: number, policy: RetryPolicy, random: () => number): Verdict {
  if (!(error instanceof PartnerError)) {
    const passing =
      error instanceof SwitchboardError &&
      (error.code === 'SWB_STORE' || error.code === 'SWB_CONFLICT') &&
      tries < policy.maxTries;
    return {
      state: passing ? 'inDoubt' : 'failed',
      wait: passing ? backoff(policy, tries, random) : 0,
      counts: true,
      unwell: false,
    };
  }
  if (!error.retry) {
    return error.outcome === 'unknown' && tries < policy.maxTries
      ? { state: 'inDoubt', wait: backoff(policy, tries, random), counts: true, unwell: false }
      : { state: 'failed', wait: 0, counts: true, unwell: false };
  }
  const limited = error.code === 'SWB_PARTNER_LIMIT';
  const down = error.outcome === 'notDone';
  const wait = Math.max(error.retryAfter ?? 0, backoff(policy, tries, random));
  const state = error.outcome === 'unknown' ? 'inDoubt' : 'pending';
  if (down || limited) return { state, wait, counts: false, unwell: !limited };
  return tries < policy.maxTries
    ? { state, wait, counts: true, unwell: true }
    : { state: 'failed', wait: 0, counts: true, unwell: true };
}
