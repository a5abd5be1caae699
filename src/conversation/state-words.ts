import type { State } from '../model/message.js';

/** The states that read as a sentence with the name of a leg. */
const WORDS: Partial<Record<State, string>> = {
  failed: ' failed',
  rejected: ' was rejected',
  cancelled: ' was cancelled',
  completed: ' completed',
  partial: ' was partially completed',
  held: ': on hold',
};

/** The state of a leg in words, for comments and reasons written to partners: "mobile failed", "devices: pending". */
export function legInState(leg: string, state: State): string {
  return `${leg}${WORDS[state] ?? `: ${state}`}`;
}
