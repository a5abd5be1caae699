import { choiceKey } from '../../model/choice.js';
import { type Attributes, textOf } from '../tmf/attributes.js';

/* The states of a cancellation's task (TaskStateType; v5 adds rejected and cancelled). */

/** A refused cancellation: v4 has one of them, v5 both. */
const REFUSED = new Set(['rejected', 'terminatedwitherror']);

/** One that is still open; one of the two official v4 files has accepted. */
const OPEN = new Set(['acknowledged', 'accepted', 'inprogress']);

/** A task that has ended as if the order was cancelled; v5 has cancelled, for one that was given up. */
const ENDED = new Set(['done', 'completed', 'cancelled']);

export function isRefused(cancel: Attributes): boolean {
  return REFUSED.has(stateOf(cancel));
}

export function isOpen(cancel: Attributes): boolean {
  return OPEN.has(stateOf(cancel));
}

export function isEnded(cancel: Attributes): boolean {
  return ENDED.has(stateOf(cancel));
}

function stateOf({ state }: Attributes): string {
  return choiceKey(textOf(state) ?? '');
}
