import type { DecisionKind } from '../errors.js';
import type { ErrorRecord } from '../store/store.js';

/** replay: look, or try, again. sendAgain: it is not there, send it once more after one last look. skip: nothing more is done. */
export type Answer = 'replay' | 'sendAgain' | 'skip';

/** What a person may answer, by what is asked. */
export const ANSWERS: Record<DecisionKind, readonly Answer[]> = {
  unresolved: ['replay', 'sendAgain', 'skip'],
  addressChanged: ['replay', 'sendAgain', 'skip'],
  wrongEntity: ['replay', 'skip'],
  items: ['replay', 'skip'],
  legFailed: ['replay', 'skip'],
};

/** What the error of a message asks a person; undefined where the message simply failed. */
function decisionOf({ code }: ErrorRecord): DecisionKind | undefined {
  if (code === 'SWB_DECISION') return 'legFailed';
  if (code === 'SWB_WRONG_ENTITY') return 'wrongEntity';
  return undefined;
}

/** How a message is kept that did not get through its flow, or never entered it, because of an error. `asked`: what its thrower asks, where it said so. */
export function stopped(
  error: ErrorRecord,
  asked?: DecisionKind,
): { state: 'failed' | 'needsDecision'; error: ErrorRecord; decision?: DecisionKind } {
  const decision = asked ?? decisionOf(error);
  return decision ? { state: 'needsDecision', error, decision } : { state: 'failed', error };
}
