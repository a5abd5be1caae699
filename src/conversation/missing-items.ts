import type { GenericComment, OrderItem } from '../model/message.js';
import type { Plan } from '../store/store.js';
import { phaseOf } from './item-life.js';
import { legOf } from './plan-legs.js';

/** An item that its vendor has, or will get, and that the customer's order does not show any more. */
export interface MissingItem {
  item: string;
  leg: string;
}

/**
 * The plan with the items that the order does not show any more. They are not cancelled: a reading may lack lines that the integration
 * user cannot see now. One without any line says nothing. Pure.
 */
export function withMissing(plan: Plan, shown: readonly OrderItem[]): Plan {
  if (shown.length === 0) return plan;
  const items = plan.items.map((item) => {
    const { missing: _missing, ...rest } = item;
    return shown.some(({ id }) => id === item.id) ? rest : { ...rest, missing: true as const };
  });
  return { ...plan, items };
}

/** The items that the customer's order has lost since the plan before. Pure. */
export function newlyMissing(plan: Plan, before: Plan | undefined): MissingItem[] {
  return plan.items.flatMap((item) => {
    const was = before?.items.find(({ id }) => id === item.id);
    const isWanted = ['planned', 'ordered'].includes(phaseOf(item, legOf(plan, item.leg ?? '')));
    return item.missing && !was?.missing && isWanted && item.leg !== undefined ? [{ item: item.id, leg: item.leg }] : [];
  });
}

/** What the customer reads about it. `key`: of the reading that lacks it. */
export function missingComment({ item, leg }: MissingItem, key: string): GenericComment {
  return {
    id: `missing|${item}|${key}`,
    text: `Item ${item} is no longer in the order, but it is not cancelled: it stays ordered at ${leg}. To cancel it, add a line with the id ${item} again and cancel that, or agree on it with ${leg}.`,
    visibility: 'public',
  };
}
