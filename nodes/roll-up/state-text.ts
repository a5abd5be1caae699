import type { State } from '../../src/model/message.js';
import { say } from '../../src/text/say.js';

const TEXTS: Record<State, () => string> = {
  acknowledged: () => say`acknowledged`,
  inProgress: () => say`in progress`,
  pending: () => say`pending`,
  held: () => say`on hold`,
  resolved: () => say`resolved`,
  closed: () => say`closed`,
  cancelled: () => say`cancelled`,
  rejected: () => say`rejected`,
  draft: () => say`draft`,
  completed: () => say`completed`,
  partial: () => say`partially completed`,
  failed: () => say`failed`,
  assessingCancellation: () => say`assessing cancellation`,
  pendingCancellation: () => say`pending cancellation`,
};

/** A state in the language of the runtime. */
export function stateText(state: State): string {
  return TEXTS[state]();
}
