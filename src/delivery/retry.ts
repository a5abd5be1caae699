import { DecisionError, type DecisionKind, PartnerError, SwitchboardError } from '../errors.js';
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

/** Times that an order is read again whose items are not clear. */
const READ_AGAIN = 3;

/** Time after which lists, indexes, replicas and slow rules are believed to have caught up with a write whose answer was lost, milliseconds. */
export const DEFAULT_SETTLING = 120_000;

/** Exponential backoff with equal jitter: between half and the whole of base · 2^(tries-1), never above `most`. */
export function backoff(policy: RetryPolicy, tries: number, random: () => number): number {
  const full = Math.min(policy.most, policy.base * 2 ** Math.max(0, tries - 1));
  return Math.round(full / 2 + (full / 2) * random());
}

export interface Verdict {
  state: Extract<DeliveryState, 'pending' | 'inDoubt' | 'failed' | 'needsDecision'>;
  /** What a person is asked. */
  decision?: DecisionKind;
  /** Milliseconds to wait before the next try. */
  wait: number;
  /** Whether this try counts towards maxTries: a partner that is down or limits our rate costs no tries, however long that lasts. */
  counts: boolean;
  /** Whether the partner as a whole looks unwell, for the circuit breaker. */
  unwell: boolean;
}

/** An answer was lost, and the partner does not show what was written: it is looked for again before anything is written once more. */
export class StillLooking extends SwitchboardError {
  /**
   * @param elapsed milliseconds since the doubt began
   * @param left milliseconds until the last look
   */
  constructor(
    what: string,
    where: string,
    readonly elapsed: number,
    readonly left: number,
    hint = 'It is looked for again, because the partner may still be working on it, and sent again only when it is surely not there.',
  ) {
    super('SWB_PARTNER_ANSWER', what, { where, hint });
  }
}

/** What becomes of a delivery after a failed try (RFC 9110 §15; facts in each endpoint's README). `inDoubt`: an earlier try may have reached the partner. */
export function verdict(error: unknown, tries: number, policy: RetryPolicy, random: () => number, inDoubt = false): Verdict {
  const again = (state: Verdict['state'], more: Partial<Verdict> = {}): Verdict => ({
    state,
    wait: backoff(policy, tries, random),
    counts: true,
    unwell: false,
    ...more,
  });
  const ended = (decision?: DecisionKind, unwell = false): Verdict => ({
    state: decision ? 'needsDecision' : 'failed',
    ...(decision && { decision }),
    wait: 0,
    counts: true,
    unwell,
  });
  const left = tries < policy.maxTries;
  if (error instanceof StillLooking)
    // The looks are as far apart as the doubt is old: soon at first, then seldom, the last one at the end of the period.
    return again('inDoubt', { wait: Math.min(error.left, Math.max(policy.base, error.elapsed)), counts: false });
  // What was read of an order's items may be behind: it is read again before a person is asked.
  if (error instanceof DecisionError)
    return error.kind === 'items' && left && tries <= READ_AGAIN ? again('pending') : ended(error.kind);
  if (!(error instanceof PartnerError)) {
    if (!(error instanceof SwitchboardError)) return ended();
    if (error.code === 'SWB_WRONG_ENTITY') return ended('wrongEntity');
    return left && (error.code === 'SWB_STORE' || error.code === 'SWB_CONFLICT') ? again('inDoubt') : ended();
  }
  const state = error.outcome === 'unknown' ? 'inDoubt' : 'pending';
  if (error.code === 'SWB_WRONG_ENTITY') return left ? again(state) : ended('wrongEntity');
  const unwell = !error.concernsRecord && !error.otherPartner;
  if (error.outcome === 'unknown')
    return left ? again(state, { wait: waitFor(error), unwell: unwell && error.retry }) : ended('unresolved', unwell);
  if (!error.retry) return ended();
  // A partner that answers, and never what it was asked, will not say some day: what is in doubt is put before a person.
  if (error.code === 'SWB_PARTNER_ANSWER' && (inDoubt || error.concernsRecord))
    return left ? again(state, { wait: waitFor(error), unwell }) : ended(inDoubt ? 'unresolved' : undefined, unwell);
  const limited = error.code === 'SWB_PARTNER_LIMIT';
  return again(state, { wait: waitFor(error), counts: false, unwell: unwell && !limited });

  function waitFor({ retryAfter = 0 }: PartnerError): number {
    return Math.max(retryAfter, backoff(policy, tries, random));
  }
}
