import type { Json, OrderItem } from '../model/message.js';
import type { PlannedItem, PlannedLeg } from '../store/store.js';
import { sameFingerprint } from './fingerprint.js';
import { phaseOf } from './item-life.js';

/* What of an item is sent, and compared with what was sent before. All pure. */

/**
 * The values of an item that are compared with the last sent ones: all that the customer decides. A cancellation is kept by itself,
 * because it can be refused.
 */
export function sentItemValue(item: OrderItem): Json {
  return withoutNone(withoutPrice(item)) as unknown as Json;
}

/** What the customer decides of an item: the price of one that was ordered comes from its vendor. */
export function withoutPrice({ price: _price, ...item }: OrderItem): OrderItem {
  return item;
}

/** Whether an item, as the customer has it now, was changed when its vendor was done with it (late-changes.ts). */
export function isLateChange(known: PlannedItem, leg: PlannedLeg, item: OrderItem): boolean {
  if (known.sent === undefined || phaseOf(known, leg) !== 'ended') return false;
  return !sameFingerprint(known.sent, sentItemValue(item));
}

/** Whether none of an item is wanted, which is the same as to cancel it; for an existing product, it may be another change. */
export function isNone({ quantity, action = 'add' }: OrderItem): boolean {
  return quantity === 0 && action === 'add';
}

/** An item without a quantity of none, which is no valid one at many vendors: it is cancelled instead. */
export function withoutNone(item: OrderItem): OrderItem {
  const { quantity: _quantity, ...rest } = item;
  return isNone(item) ? rest : item;
}
