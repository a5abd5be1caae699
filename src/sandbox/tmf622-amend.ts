import { isDeepStrictEqual } from 'node:util';
import { entries, type TmfRecord } from './tmf-record.js';
import type { OrderDesk } from './tmf622.js';
import { itemsOf, type Order } from './tmf622-order.js';
import { isFinal } from './tmf622-states.js';

/** Why an order cannot be amended: the request is invalid (400), or the state of the order does not allow it (409). */
export interface AmendProblem {
  status: 400 | 409;
  message: string;
}

/** The first inconsistency between the items of an order; undefined if there is none. */
export function itemProblem(order: TmfRecord): string | undefined {
  const ids = itemsOf(order).map((item) => item.id);
  const twice = ids.find((id, index) => ids.indexOf(id) !== index);
  if (twice !== undefined) return `Item id ${twice} is used twice.`;
  const related = itemsOf(order).flatMap((item) => entries(item.productOrderItemRelationship).map((r) => r.id));
  const lost = related.find((id) => id !== undefined && !ids.includes(id));
  return lost === undefined ? undefined : `productOrderItemRelationship names item ${lost}, which is not in the order.`;
}

/**
 * The items of an order after a PATCH: changed quantities and characteristics, new items, items cancelled by their state. A merge
 * patch contains the whole list; a vendor that merges items by id accepts only the changed ones.
 */
export function amendItems(desk: OrderDesk, order: Order, given: TmfRecord[]): TmfRecord[] | AmendProblem {
  const byId = desk.listMode === 'append';
  const old = new Map(entries(order.productOrderItem).map((item) => [item.id, item]));
  const result = new Map<unknown, TmfRecord>(byId ? old : []);
  let changes = 0;
  for (const item of given) {
    const before = old.get(item.id);
    const state = item.state ?? before?.state ?? 'acknowledged';
    if (state !== 'cancelled' && state !== (before?.state ?? 'acknowledged'))
      return { status: 400, message: `Item ${item.id}: the customer may not set the state ${state}.` };
    const after = { ...(byId && before), ...item, state };
    if (!isDeepStrictEqual(after, before)) changes++;
    if (before && isFinal(before.state) && !isDeepStrictEqual(after, before))
      return { status: 409, message: `Item ${item.id} is ${before.state}: it can no longer be changed.` };
    result.set(item.id, after);
  }
  const missing = [...old.keys()].find((id) => !result.has(id));
  if (missing !== undefined)
    return { status: 400, message: `Item ${missing} is missing. Send all items, and cancel an item by its state.` };
  const wrong = itemProblem({ productOrderItem: given });
  if (wrong && !byId) return { status: 400, message: wrong };
  if (changes > 0 && desk.isPastPointOfNoReturn(String(order.id)))
    return { status: 409, message: `Order ${order.id} has passed its point of no return.` };
  if (changes > 0 && !desk.amendableIn.has(String(order.state)))
    return { status: 409, message: `Order ${order.id} is ${order.state}: its items cannot be changed.` };
  return [...result.values()];
}
