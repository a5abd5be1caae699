import { SwitchboardError } from '../errors.js';
import type { OrderItem } from '../model/message.js';
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
