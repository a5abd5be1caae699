import { SwitchboardError } from '../errors.js';
import type { GenericMessage, OrderItem } from '../model/message.js';
import { say } from '../text/say.js';

/* Why an order of a customer cannot be fanned out. */

/** Why an order with items for no leg is not sent. */
export function unassignedError(items: OrderItem[]): SwitchboardError {
  const isOne = items.length === 1;
  const names = items.map((i) => `${i.id} (${i.offering?.name ?? i.offering?.id ?? i.category ?? say`no offering`})`).join(', ');
  return new SwitchboardError(
    'SWB_UNASSIGNED',
    isOne ? say`No leg matches the item ${names}.` : say`No leg matches the items ${names}.`,
    {
      field: 'items',
      hint: isOne
        ? say`Add a row for it in the fan-out node, deploy, then replay the message. No part of the order was sent.`
        : say`Add a row for them in the fan-out node, deploy, then replay the message. No part of the order was sent.`,
    },
  );
}

/** Throws where a customer orders less than nothing of an item: vendors take that in different ways. */
export function requireQuantities({ source, fields: { items = [] } }: GenericMessage): void {
  const wrong = items.filter(({ quantity = 1 }) => quantity < 0).map(({ id, quantity }) => `${id} (${quantity})`);
  if (wrong.length === 0) return;
  throw new SwitchboardError(
    'SWB_PAYLOAD',
    say`${source.number ?? source.id}: The quantity of item ${wrong.join(', ')} is less than 0.`,
    {
      field: 'items.quantity',
      hint: say`No part of this message was passed on. Correct the quantity there: the change is read by itself.`,
    },
  );
}
