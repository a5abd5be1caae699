import { DecisionError } from '../errors.js';
import type { GenericMessage, OrderItem } from '../model/message.js';
import { say } from '../text/say.js';

/**
 * Throws where several items of an order have one id: which of them a state, a change or a vendor is for could only be guessed.
 * `where`: the name of the endpoint.
 */
export function requireDistinctItems({ source, fields: { items = [] } }: GenericMessage, where: string | undefined): void {
  const ids = items.map(({ id }) => id);
  const id = ids.find((one, index) => ids.indexOf(one) !== index);
  if (id === undefined) return;
  const names = items.filter((item) => item.id === id).map(nameOf);
  throw new DecisionError(
    'items',
    'SWB_PAYLOAD',
    say`${source.number ?? source.id}: Several items have the id ${id}: ${names.join(', ')}.`,
    {
      where,
      field: 'items.id',
      hint: say`Nothing of this message was passed on. Give each item an id of its own there, then replay this message.`,
    },
  );
}

function nameOf({ offering, specification, category, action }: OrderItem): string {
  return offering?.name ?? offering?.id ?? specification?.name ?? specification?.id ?? category ?? action ?? say`no offering`;
}
