import { backoff, DEFAULT_DELAYS, type Delays } from '../backoff.js';
import { DecisionError, type DecisionKind, PartnerError, SwitchboardError } from '../errors.js';
import type { DeliveryState } from '../store/store.js';
import { say } from '../text/say.js';
import { type Culprit, triesOfFinal } from './culprit.js';
import { FileError } from './file-error.js';

export interface RetryPolicy extends Delays {
  /** Tries before a delivery becomes a dead letter. */
  maxTries: number;
}

export const DEFAULT_RETRY: RetryPolicy = { ...DEFAULT_DELAYS, maxTries: 12 };

/** Tries of an update that the partner refuses with a conflict: about a minute. */
const CONFLICT_TRIES = 6;

/** How many times the first delay a file waits for room, or for the virus scanner: half a minute. */
const FILE_WAIT = 15;

/** How often an order with ambiguous items is read again. */
const ITEM_READS = 3;

/** Settling time after a lost answer, milliseconds: by then lists, indexes and replicas of the partner should show the write. */
export const DEFAULT_SETTLING = 120_000;

export interface Verdict {
  state: Extract<DeliveryState, 'pending' | 'inDoubt' | 'failed' | 'needsDecision'>;
  /** The decision that a user has to make. */
  decision?: DecisionKind;
  /** Milliseconds to wait before the next try. */
  wait: number;
  /** Whether this try counts towards maxTries. Tries do not count while the partner is down or limits our rate. */
  counts: boolean;
  /** Whether the failure suggests that the whole partner is unhealthy; for the circuit breaker. */
  unhealthy: boolean;
}

/** An answer was lost, and the partner does not show the write yet: it is looked up again before it is sent again. */
export class LookupPendingError extends SwitchboardError {
  /**
   * @param elapsed milliseconds since the delivery came into doubt
   * @param left milliseconds until the last lookup
   */
  constructor(
    what: string,
    where: string,
    readonly elapsed: number,
    readonly left: number,
    hint = say`Switchboard keeps checking, because the partner may still be processing it. It is sent again only if it is not found by the end of the settling time.`,
  ) {
    super('SWB_PARTNER_ANSWER', what, { where, hint });
  }
}

/**
 * Next state of a delivery after a failed try (RFC 9110 §15; facts in each endpoint's README). `inDoubt`: an earlier try may have
 * reached the partner. `looking`: this try was still looking for that one's write. `culprit`: by the neutral probe; nothing fails
 * while the whole endpoint is in trouble.
 */
export function verdict(
  error: unknown,
  tries: number,
  policy: RetryPolicy,
  random: () => number,
  { inDoubt = false, looking = false, culprit = 'record' }: { inDoubt?: boolean; looking?: boolean; culprit?: Culprit } = {},
): Verdict {
  const found = ofTry(error, tries, policy, random, { inDoubt, culprit });
  // No failure of a look-up says anything of the write that is looked for (docs/promises.md, what counts as proof); what is wrong on
  // our side does not pass by itself.
  const isOurs = error instanceof SwitchboardError && !(error instanceof PartnerError);
  if (!looking || isOurs || found.state !== 'failed') return found;
  if (tries >= policy.maxTries) return { ...found, state: 'needsDecision', decision: 'unresolved' };
  return { ...found, state: 'inDoubt', wait: waitAfter(error, backoff(policy, tries, random)) };
}

function ofTry(
  error: unknown,
  tries: number,
  policy: RetryPolicy,
  random: () => number,
  { inDoubt, culprit }: { inDoubt: boolean; culprit: Culprit },
): Verdict {
  const again = (state: Verdict['state'], more: Partial<Verdict> = {}): Verdict => ({
    state,
    wait: backoff(policy, tries, random),
    counts: true,
    unhealthy: false,
    ...more,
  });
  const ended = (decision?: DecisionKind, unhealthy = false): Verdict => ({
    state: decision ? 'needsDecision' : 'failed',
    ...(decision && { decision }),
    wait: 0,
    counts: true,
    unhealthy,
  });
  const left = tries < policy.maxTries;
  if (error instanceof LookupPendingError)
    // The wait is as long as the time since the doubt began, so lookups become less frequent; the last one is at the end of the
    // period.
    return again('inDoubt', { wait: Math.min(error.left, Math.max(policy.baseDelay, error.elapsed)), counts: false });
  // The read of an order's items may be stale: it is repeated before a user has to decide.
  if (error instanceof DecisionError)
    return error.kind === 'items' && left && tries <= ITEM_READS ? again('pending') : ended(error.kind);
  if (!(error instanceof PartnerError)) {
    if (!(error instanceof SwitchboardError)) return ended();
    if (error.code === 'SWB_WRONG_ENTITY') return ended('wrongEntity');
    if (error.code === 'SWB_CLOSED') return again('pending', { wait: 0, counts: false });
    if (error instanceof FileError && error.waits)
      return again('pending', { wait: Math.min(policy.maxDelay, policy.baseDelay * FILE_WAIT), counts: false });
    return left && (error.code === 'SWB_STORE' || error.code === 'SWB_CONFLICT') ? again('inDoubt') : ended();
  }
  const state = error.outcome === 'unknown' ? 'inDoubt' : 'pending';
  // A paused endpoint holds its deliveries itself.
  if (culprit === 'endpoint') return again(state, { wait: 0, counts: false });
  if (culprit === 'unreachable') return again(state, { wait: waitFor(error), counts: false, unhealthy: !error.otherPartner });
  if (isPassingConflict(error)) return left && tries < CONFLICT_TRIES ? again('inDoubt', { wait: waitFor(error) }) : ended();
  if (error.code === 'SWB_WRONG_ENTITY') return left ? again(state) : ended('wrongEntity');
  const unhealthy = !error.concernsRecord && !error.otherPartner;
  if (error.outcome === 'unknown')
    return left ? again(state, { wait: waitFor(error), unhealthy: unhealthy && error.retry }) : ended('unresolved', unhealthy);
  if (!error.retry) return tries < triesOfFinal(error) ? again(state) : ended();
  const limited = isLimited(error);
  // A file that cannot be fetched must not be tried for ever.
  if (error.otherPartner && !limited) return left ? again(state, { wait: waitFor(error) }) : ended();
  // A record that stays locked fails in the end. A partner that keeps giving invalid answers will not confirm the write later
  // either, so a user has to decide.
  if (error.concernsRecord || (error.code === 'SWB_PARTNER_ANSWER' && inDoubt))
    return left ? again(state, { wait: waitFor(error), unhealthy }) : ended(inDoubt ? 'unresolved' : undefined, unhealthy);
  return again(state, { wait: waitFor(error), counts: false, unhealthy: unhealthy && !limited });

  function waitFor(failure: PartnerError): number {
    return waitAfter(failure, backoff(policy, tries, random));
  }
}

/**
 * Whether the partner refuses a write because of the state of its record: it exists already, or another user is changing it
 * (409; 412 where the partner checks it by itself).
 */
export function isConflict(error: unknown): error is PartnerError {
  return error instanceof PartnerError && error.code === 'SWB_PARTNER_REFUSED' && [409, 412].includes(error.status ?? 0);
}

/** Whether it is a conflict that will pass, as `mayPass` makes it: of an existing record. */
export function isPassingConflict(error: unknown): boolean {
  return isConflict(error) && error.retry && error.concernsRecord;
}

/** Whether the partner limits our rate. */
export function isLimited(error: unknown): error is PartnerError {
  return error instanceof PartnerError && error.code === 'SWB_PARTNER_LIMIT';
}

/** Milliseconds until the next try: as long as the partner asks for, and at least `wait`. */
export function waitAfter(error: unknown, wait: number): number {
  return error instanceof PartnerError ? Math.max(error.retryAfter ?? 0, wait) : wait;
}
