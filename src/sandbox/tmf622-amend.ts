import { isDeepStrictEqual } from 'node:util';
import { entries, type TmfRecord } from './tmf-record.js';
import type { OrderDesk } from './tmf622.js';
import { itemsOf, type Order } from './tmf622-order.js';
import { isFinal } from './tmf622-states.js';

/** Why something cannot be done: the request is wrong (400), or the order does not stand so (409). */
export interface AmendProblem {
  status: 400 | 409;
  message: string;
}

/** What is wrong with the items of an order among themselves, whatever their shape; undefined when nothing. */
export function itemProblem(order: TmfRecord): string | undefined {
  const ids = itemsOf(order).map((item) => item.id);
  const twice = ids.find((id, index) => ids.indexOf(id) !== index);
  if (twice !== undefined) return `There are two items ${twice}.`;
  const related = itemsOf(order).flatMap((item) => entries(item.productOrderItemRelationship).map((r) => r.id));
  const lost = related.find((id) => id !== undefined && !ids.includes(id));
  return lost === undefined ? undefined : `productOrderItemRelationship names item ${lost}, which is not in the order.`;
}

/**
 * The items of an order as a PATCH amends them: quantities, characteristics, new items, items called off by their state. By merge patch the
 * list is the whole one; a vendor that keeps its items by id takes those that change.
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
      return { status: 400, message: `Item ${item.id}: ${state} is not for the customer to set.` };
    const after = { ...(byId && before), ...item, state };
    if (!isDeepStrictEqual(after, before)) changes++;
    if (before && isFinal(before.state) && !isDeepStrictEqual(after, before))
      return { status: 409, message: `Item ${item.id} is ${before.state}: it can no longer be changed.` };
    result.set(item.id, after);
  }
  const missing = [...old.keys()].find((id) => !result.has(id));
  if (missing !== undefined)
    return { status: 400, message: `Item ${missing} is missing: give all items, and call one off by its state.` };
  const wrong = itemProblem({ productOrderItem: given });
  if (wrong && !byId) return { status: 400, message: wrong };
  if (changes > 0 && desk.isPastPointOfNoReturn(String(order.id)))
    return { status: 409, message: `Order ${order.id} is behind its point of no return.` };
  if (changes > 0 && !desk.amendableIn.has(String(order.state)))
    return { status: 409, message: `Order ${order.id} is ${order.state}: its items cannot be changed.` };
  return [...result.values()];
}
