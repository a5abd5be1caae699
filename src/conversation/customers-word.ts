import type { Plan, PlannedItem } from '../store/store.js';
import { isCancelling, phaseOf, vendorState } from './item-life.js';
import { FAILURES } from './plan.js';
import { itemsOfLeg, legOf } from './plan-legs.js';

/* What the customer has decided about items, and what is not written to its order because of that. All pure. */

/** The legs of items that the customer has just cancelled for good: before their vendor had them, or after it was done with them. */
export function newlyWithdrawn(plan: Plan, since: string): string[] {
  const isNew = ({ cancellation }: PlannedItem) => cancellation?.since === since;
  const isDecided = (item: PlannedItem) => ['withdrawn', 'ended'].includes(phaseOf(item, legOf(plan, item.leg ?? '')));
  return plan.items.filter((item) => isNew(item) && isDecided(item)).map(({ leg = '' }) => leg);
}

/** The items of a leg whose cancellation a message shows to be refused. */
export function newlyRefused(before: Plan | undefined, plan: Plan, leg: string): string[] {
  return newly(before, plan, leg, ({ cancellation }) => cancellation?.state === 'refused');
}

/** The items of a leg that a message shows to be delivered although the customer has cancelled them, and nobody has refused that. */
export function newlyDelivered(before: Plan | undefined, plan: Plan, name: string): string[] {
  return newly(before, plan, name, (item, from) => {
    const leg = legOf(from, name);
    const state = leg && phaseOf(item, leg) === 'ended' ? vendorState(item, leg) : undefined;
    return isCancelling(item) && state !== undefined && !FAILURES.includes(state);
  });
}

/** The items of a leg of which something holds in a plan, and did not in the plan before. */
function newly(before: Plan | undefined, plan: Plan, leg: string, holds: (item: PlannedItem, plan: Plan) => boolean): string[] {
  const held = new Set(before?.items.filter((item) => holds(item, before)).map(({ id }) => id));
  return itemsOfLeg(plan, leg)
    .filter((item) => holds(item, plan) && !held.has(item.id))
    .map(({ id }) => id);
}

/** The line of an item is not written: the customer has cancelled it, and its vendor has not decided; or it is not there. */
export function isCustomersWord(plan: Plan, item: PlannedItem): boolean {
  if (item.missing) return true;
  return item.cancellation?.of === 'item' && isUndecided(plan, item);
}

/** The customer has cancelled the whole order, and the vendor of an item has not decided yet. */
export function isCancelledWithOrder(plan: Plan, item: PlannedItem): boolean {
  return item.cancellation?.of === 'order' && isUndecided(plan, item);
}

function isUndecided(plan: Plan, item: PlannedItem): boolean {
  return isCancelling(item) && !['ended', 'withdrawn'].includes(phaseOf(item, legOf(plan, item.leg ?? '')));
}
