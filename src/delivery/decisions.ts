import type { DecisionKind } from '../errors.js';

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
