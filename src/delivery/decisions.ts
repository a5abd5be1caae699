import type { DecisionKind } from '../errors.js';
import type { ErrorRecord } from '../store/store.js';

/** replay: look it up, or try, again. sendAgain: the partner does not have it; look it up once, then send. skip: do nothing. */
export type Answer = 'replay' | 'sendAgain' | 'skip';

/** The answers to choose from, by the kind of decision. */
export const ANSWERS: Record<DecisionKind, readonly Answer[]> = {
  unresolved: ['replay', 'sendAgain', 'skip'],
  addressChanged: ['replay', 'sendAgain', 'skip'],
  wrongEntity: ['replay', 'skip'],
  items: ['replay', 'skip'],
  cancelling: ['replay', 'skip'],
  legFailed: ['replay', 'skip'],
};

/** The decision that the error of a message asks for; undefined where the message simply failed. */
function decisionOf({ code }: ErrorRecord): DecisionKind | undefined {
  if (code === 'SWB_DECISION') return 'legFailed';
  if (code === 'SWB_WRONG_ENTITY') return 'wrongEntity';
  return undefined;
}

/** State of a message that an error stopped in, or before, its flow. `asked`: the decision named by the thrower, if any. */
export function stateAfterError(
  error: ErrorRecord,
  asked?: DecisionKind,
): { state: 'failed' | 'needsDecision'; error: ErrorRecord; decision?: DecisionKind } {
  const decision = asked ?? decisionOf(error);
  return decision ? { state: 'needsDecision', error, decision } : { state: 'failed', error };
}
