import type { GenericComment } from '../model/message.js';
import type { ItemCancellation, Plan, PlannedItem } from '../store/store.js';
import { isCancelling } from './item-life.js';
import { itemsOfLeg, planWithLeg } from './plan-legs.js';

/* What the answer to a cancellation says about the items of its leg. */

/** The plan after a vendor has refused a cancellation, or done nothing about it. */
export function planAfterCancelling(
  plan: Plan,
  leg: string,
  cancelled: readonly string[] | 'all',
  state: Extract<ItemCancellation['state'], 'refused' | 'withoutEffect'>,
  reason?: string,
): Plan {
  // The reason may come later than the refusal shows.
  const isUnexplained = ({ cancellation }: PlannedItem) => cancellation?.state === 'refused' && cancellation.reason === undefined;
  const isMeant = (item: PlannedItem) => isCancelling(item) || (reason !== undefined && isUnexplained(item));
  return planWithCancellation(plan, leg, cancelled, {
    after: (item, cancellation) => (isMeant(item) ? { ...cancellation, state, ...(reason && { reason }) } : cancellation),
    // It may be asked for once more.
    asked: undefined,
  });
}

/** The plan after a vendor has taken a cancellation, which may have been refused, or without effect, before. */
export function planAfterAsked(plan: Plan, leg: string, cancelled: readonly string[] | 'all'): Plan {
  return planWithCancellation(plan, leg, cancelled, {
    after: (_item, { state, of, since }) => ({ state: state === 'wanted' ? state : 'requested', of, since }),
    asked: true,
  });
}

function planWithCancellation(
  plan: Plan,
  leg: string,
  cancelled: readonly string[] | 'all',
  { after, asked }: { after: (item: PlannedItem, cancellation: ItemCancellation) => ItemCancellation; asked: true | undefined },
): Plan {
  const isAll = cancelled === 'all';
  const items = plan.items.map((item) =>
    item.leg === leg && item.cancellation && (isAll || cancelled.includes(item.id))
      ? { ...item, cancellation: after(item, item.cancellation) }
      : item,
  );
  return isAll ? planWithLeg({ ...plan, items }, leg, { cancelled: asked }) : { ...plan, items };
}

/** What the customer reads of a cancellation that did not happen. `refused`: why; undefined: it was confirmed. */
export function cancellationComment(
  plan: Plan,
  leg: string,
  cancelled: readonly string[] | 'all',
  { id, refused }: { id: string; refused?: string },
): GenericComment[] {
  if (cancelled.length === 0) return [];
  const items = cancelled === 'all' ? itemsOfLeg(plan, leg).map(({ id }) => id) : cancelled;
  const of = items.length > 0 ? ` of item ${items.join(', ')}` : '';
  const what =
    refused === undefined
      ? `${leg} confirmed the cancellation${of}, but did not cancel it`
      : `${of ? `Cancellation${of}` : `${leg}: cancellation`} refused${refused ? `: ${refused}` : ''}`;
  return [note(`cancel|${id}`, what)];
}

/** What the customer reads of items that were delivered although it has cancelled them. */
export function deliveredComment(leg: string, items: readonly string[], id: string): GenericComment[] {
  return items.length > 0 ? [note(`delivered|${id}`, `${leg} completed item ${items.join(', ')} before it was cancelled`)] : [];
}

export function note(id: string, text: string): GenericComment {
  return { id, text: /[.!?]$/.test(text) ? text : `${text}.`, visibility: 'public' };
}
