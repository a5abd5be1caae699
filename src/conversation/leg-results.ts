import { type GenericComment, type ItemProgress, isCancellingState, type OrderItem } from '../model/message.js';
import type { ConversationRecord, DeliveryRecord, Plan, PlannedItem } from '../store/store.js';
import { cancellationComment, note, planAfterCancelling } from './cancellation-results.js';
import { isCancelledWithOrder, isCustomersWord } from './customers-word.js';
import type { EntityRequest } from './entity-request.js';
import { isCancelling, statusOf, withVendorQuantity } from './item-life.js';
import { legOf, planWithLeg } from './plan-legs.js';

/* What the result of a delivery says about the items of its leg. */

/** The items that a request orders or changes, by our ids. */
function itemsIn({ generic }: EntityRequest): string[] {
  return ((generic.items ?? []) as unknown as OrderItem[]).map(({ id }) => id);
}

/** The items that a request cancels; `all`: it cancels the whole entity. */
export function cancelledIn({ generic }: EntityRequest): string[] | 'all' {
  if (isCancellingState(generic.state)) return 'all';
  const progress = (generic.progress ?? []) as unknown as ItemProgress[];
  return progress.filter(({ state }) => isCancellingState(state)).map(({ id }) => id);
}

/** The items of a leg that its vendor does not have, and that the customer no longer wants: they are not to be sent. */
export function withdrawnItems(plan: Plan, leg: string): Set<string> {
  const items = plan.items.filter((item) => item.leg === leg && !item.ordered && isCancelling(item));
  return new Set(items.map(({ id }) => id));
}

/** The items of a create that are not wanted any more, or never were: an order may have cancelled items when it is first read. */
export function itemsNotToOrder(plan: Plan | undefined, leg: string, request: EntityRequest): Set<string> {
  const cancelled = cancelledIn(request);
  return new Set([...(plan ? withdrawnItems(plan, leg) : []), ...(cancelled === 'all' ? [] : cancelled)]);
}

/**
 * The items that an update must not write: at a vendor those that it does not have, because they were cancelled or are ordered with
 * another leg; at the customer those that it has cancelled, where the update was made of an earlier state of them.
 */
export function itemsToLeaveOut(
  { plan }: ConversationRecord,
  { leg }: DeliveryRecord,
  { generic }: Pick<EntityRequest, 'generic'>,
): Set<string> {
  if (!plan) return new Set();
  const isVendor = plan.legs.some((one) => one.leg === leg);
  const told = new Map(((generic.progress ?? []) as unknown as ItemProgress[]).map(({ id, state }) => [id, state]));
  const isStale = (item: PlannedItem) =>
    item.cancellation !== undefined &&
    (isCustomersWord(plan, item) || told.get(item.id) !== statusOf(item, legOf(plan, item.leg ?? '')).state);
  const isLeftOut = (item: PlannedItem) => (isVendor ? item.leg !== leg || (!item.ordered && isCancelling(item)) : isStale(item));
  return new Set(plan.items.filter(isLeftOut).map((item) => item.id));
}

/** Whether the customer has cancelled the whole order, and an update was queued before, or nothing is decided about it yet. */
export function isOrderCancelled({ plan }: ConversationRecord, { id, leg }: DeliveryRecord): boolean {
  if (!plan || plan.legs.some((one) => one.leg === leg)) return false;
  const isNewer = ({ cancellation }: PlannedItem) => cancellation?.of === 'order' && cancellation.since > id;
  return plan.items.some((item) => isNewer(item) || isCancelledWithOrder(plan, item));
}

/**
 * The plan after a vendor has taken what a request orders. What was left out of it because it was cancelled is nowhere.
 * @param shown the quantities that the vendor's answer has, by our ids
 */
export function planAfterSent(
  plan: Plan,
  leg: string,
  request: EntityRequest,
  shown: ReadonlyMap<string, number> = new Map(),
): Plan {
  const sent = new Set(itemsIn(request));
  const withdrawn = withdrawnItems(plan, leg);
  const after = (item: PlannedItem): PlannedItem => {
    if (item.leg !== leg) return item;
    if (item.ordered) return sent.has(item.id) ? withVendorQuantity(item, shown.get(item.id) ?? item.quantity) : item;
    if (sent.has(item.id)) return { ...item, ordered: true, refused: undefined };
    return withdrawn.has(item.id) ? { ...item, leg: undefined } : item;
  };
  return planWithLeg({ ...plan, items: plan.items.map(after) }, leg, { refused: undefined, stuck: undefined });
}

/** The plan after a create of which nothing was left to order. */
export function planAfterWithdrawal(plan: Plan, leg: string): Plan {
  const dropped = 'it was cancelled before it was ordered';
  return planWithLeg(plan, leg, { dropped });
}

/** The plan after a user has given up a leg that was not created, or has taken that back (no `reason`). */
export function planAfterSkip(plan: Plan, leg: string, reason?: string): Plan {
  return planWithLeg(plan, leg, { dropped: reason });
}

/** The plan after a vendor has refused a create. What was added to the leg since was not refused: it needs another leg. */
export function planAfterRefusedCreate(
  plan: Plan,
  leg: string,
  request: EntityRequest,
  refused: string,
): { plan: Plan; added: string[] } {
  const sent = itemsIn(request);
  const isAdded = (item: PlannedItem) => item.leg === leg && !sent.includes(item.id) && !isCancelling(item);
  const added = plan.items.filter(isAdded).map(({ id }) => id);
  const items = plan.items.map((item) => (added.includes(item.id) ? { ...item, leg: undefined, sent: undefined } : item));
  return { plan: planWithLeg({ ...plan, items }, leg, { refused }), added };
}

/** What the vendor of a leg has refused with an update. */
export interface RefusedUpdate {
  plan: Plan;
  /** Items that it would have added: they are ordered with another leg. */
  added: string[];
  /** What the customer reads about it. */
  comments: GenericComment[];
}

/**
 * The plan after a vendor has refused an update, or a user has skipped it: nothing of it was done. `key`: identifies the update;
 * `again`: what it would have added is to be ordered in another way, and what it would have changed is to be sent without that;
 * `differs`: whether it would have changed an item.
 */
export function planAfterRefusedUpdate(
  plan: Plan,
  leg: string,
  request: EntityRequest,
  reason: string,
  { key, again, differs = () => true }: { key: string; again: boolean; differs?: (item: string) => boolean },
): RefusedUpdate {
  const cancelled = cancelledIn(request);
  const own = plan.items.filter((item) => item.leg === leg);
  const sent = itemsIn(request);
  const added = own.filter((item) => !item.ordered && sent.includes(item.id) && !isCancelling(item)).map(({ id }) => id);
  const gone = cancelled === 'all' ? own.map(({ id }) => id) : cancelled;
  const changed = request.changed.some((name) => request.sources[name]?.includes('items')) && cancelled !== 'all';
  const kept = changed ? sent.filter((id) => !added.includes(id) && !gone.includes(id) && differs(id)) : [];
  const isResent = again && added.length > 0;
  const items = plan.items.map((item): PlannedItem => {
    if (item.leg !== leg) return item;
    if (added.includes(item.id)) return { ...item, ...(again && { leg: undefined, sent: undefined }), refused: { leg, reason } };
    // It was refused together with what it would have added: on its own, it may be accepted.
    return isResent && kept.includes(item.id) ? { ...item, sent: '' } : item;
  });
  return {
    plan: planAfterCancelling({ ...plan, items }, leg, cancelled, 'refused', reason),
    added,
    comments: [
      ...cancellationComment(plan, leg, cancelled, { id: key, refused: reason }),
      ...(kept.length > 0 && !isResent
        ? [note(`change|${key}`, `${leg} did not accept the change of item ${kept.join(', ')}: ${reason}`)]
        : []),
    ],
  };
}
