import { SwitchboardError } from '../errors.js';
import type { GenericMessage, OrderItem } from '../model/message.js';
import { say } from '../text/say.js';

/* Why an order of a customer cannot be fanned out. */

/** Throws where several items of an order have one id: one of them would go to the vendor of another. */
export function requireOwnIds({ fields: { items = [] } }: GenericMessage): void {
  const ids = items.map(({ id }) => id);
  const twice = ids.find((id, at) => ids.indexOf(id) < at);
  if (twice === undefined) return;
  throw new SwitchboardError('SWB_PAYLOAD', say`Several items of the order have the id ${twice}.`, {
    field: 'items.id',
    hint: say`Give each item an id of its own, in the mapping or in the other party’s record.`,
  });
}

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
