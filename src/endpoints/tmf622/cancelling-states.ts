import { choiceKey } from '../../model/choice.js';
import { CANCELLING_STATES } from '../../model/message.js';
import { type Attributes, textOf } from '../tmf/attributes.js';

/** States of an order that is cancelled or being cancelled, as providers write them. */
const CANCELLING = new Set([...CANCELLING_STATES, 'canceled', 'cancellationInProgress'].map(choiceKey));

/** Whether a state of an order or item says that it is cancelled or being cancelled. */
export function isCancellingState(state: string | undefined): boolean {
  return CANCELLING.has(choiceKey(state ?? ''));
}

/** Whether the order is cancelled or being cancelled. */
export function isCancelling(order: Attributes): boolean {
  return isCancellingState(textOf(order.state));
}
