import { choiceKey } from '../../model/choice.js';
import { FINAL_STATES, type GenericComment } from '../../model/message.js';
import { sentence } from '../../text/sentence.js';
import type { CancellationOutcome } from '../endpoint.js';
import { type Attributes, entries, textOf } from '../tmf/attributes.js';
import { isCancellingState } from './cancelling-states.js';
import { isEnded, isRefused } from './task-states.js';

/* What a provider decides about a cancellation, by the state of its task. */

/** States of an order after which no cancellation matters, as providers write them. */
const ENDED = new Set([...FINAL_STATES, 'closed_complete'].map(choiceKey));

/** Attributes in which providers give the reason; the standard has none for it. */
const REASONS = ['reason', 'stateReason', 'stateChangeReason', 'statusChangeReason', 'message', 'description'];

/** Why a cancellation was refused, in the provider's words; '' where it says nothing. */
export function refusalReason(cancel: Attributes = {}): string {
  return REASONS.map((name) => textOf(cancel[name])).find(Boolean) ?? textOf(entries(cancel.note).at(-1)?.text) ?? '';
}

/** Whether an order shows that it is cancelled or being cancelled, or has come to another end. */
export function isSettled(order: Attributes): boolean {
  const state = textOf(order.state);
  return isCancellingState(state) || ENDED.has(choiceKey(state ?? ''));
}

/** A cancellation that the provider did not do; one that it does shows in the order's state. */
export function decisionOf(
  order: Attributes,
  cancel: Attributes | undefined,
): { comment: GenericComment; outcome: CancellationOutcome }[] {
  const isWithoutEffect = cancel !== undefined && isEnded(cancel) && order.state !== undefined && !isSettled(order);
  if (!cancel || !(isRefused(cancel) || isWithoutEffect)) return [];
  const reason = refusalReason(cancel);
  const text = isWithoutEffect
    ? sentence(['Cancellation confirmed, but the order is not cancelled'])
    : sentence([reason ? `Cancellation refused: ${reason}` : 'Cancellation refused']);
  const id = `cancel|${textOf(cancel.id) ?? ''}|${textOf(cancel.state)}`;
  return [
    {
      comment: { id, text, visibility: 'public' },
      outcome: { state: isWithoutEffect ? 'withoutEffect' : 'refused', ...(reason && { reason }), comment: id },
    },
  ];
}
