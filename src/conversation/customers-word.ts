import type { State } from '../model/message.js';
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
  const isRefused = (item: PlannedItem | undefined) => item?.cancellation?.state === 'refused';
  const wasRefused = ({ id }: PlannedItem) => isRefused(before?.items.find((item) => item.id === id));
  return itemsOfLeg(plan, leg)
    .filter((item) => isRefused(item) && !wasRefused(item))
    .map(({ id }) => id);
}

/** The items of a leg that a message shows to be delivered although the customer has cancelled them, and nobody has refused that. */
export function newlyDelivered(before: Plan | undefined, plan: Plan, name: string): string[] {
  const stateIn = (from: Plan | undefined, item: PlannedItem | undefined) => {
    const leg = legOf(from, name);
    return item && leg && phaseOf(item, leg) === 'ended' ? vendorState(item, leg) : undefined;
  };
  const isDelivered = (state: State | undefined) => state !== undefined && !FAILURES.includes(state);
  return itemsOfLeg(plan, name)
    .filter((item) => isCancelling(item) && isDelivered(stateIn(plan, item)))
    .filter(
      ({ id }) =>
        !isDelivered(
          stateIn(
            before,
            before?.items.find((item) => item.id === id),
          ),
        ),
    )
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
