import { type ItemProgress, isCancellingState, isFinalState, type State } from '../model/message.js';
import type { PlannedItem, PlannedLeg } from '../store/store.js';
import { legInState } from './state-words.js';

/**
 * Where an item of a fanned-out order is in its life, from the customer's order to its vendor and back. Each phase follows from what
 * is known of the item and its leg:
 *
 * | phase | the item |
 * |---|---|
 * | `unplanned` | is for no leg yet, or its vendor did not take it and it needs another order there |
 * | `withdrawn` | was cancelled by the customer before its vendor had it |
 * | `dropped` | was not ordered: a leg that it waited for failed, or a user skipped its order |
 * | `refused` | was not taken by its vendor |
 * | `planned` | waits to be sent |
 * | `ordered` | is at its vendor |
 * | `cancelling` | is at its vendor, and the customer has cancelled it |
 * | `ended` | is in a final state at its vendor |
 */
export type ItemPhase = 'unplanned' | 'withdrawn' | 'dropped' | 'refused' | 'planned' | 'ordered' | 'cancelling' | 'ended';

/** The phase of an item. `leg`: its leg. Pure. */
export function phaseOf(item: PlannedItem, leg: PlannedLeg | undefined): ItemPhase {
  if (!item.ordered && item.cancellation && isNowhere(leg)) return 'withdrawn';
  if (!leg) return 'unplanned';
  if (!item.ordered && (leg.refused !== undefined || item.refused !== undefined))
    return item.cancellation ? 'withdrawn' : 'refused';
  if (!item.ordered && leg.dropped !== undefined) return 'dropped';
  if (isFinalState(vendorState(item, leg))) return 'ended';
  if (isCancelling(item)) return 'cancelling';
  return item.ordered ? 'ordered' : 'planned';
}

/** Whether no vendor has the order of a leg, or is about to get it. */
function isNowhere(leg: PlannedLeg | undefined): boolean {
  return !leg || leg.dropped !== undefined || leg.refused !== undefined || leg.stuck === true;
}

/** Whether the customer's cancellation of an item is under way: the vendor was not asked yet, or has not decided. */
export function isCancelling({ cancellation }: PlannedItem): boolean {
  return cancellation?.state === 'wanted' || cancellation?.state === 'requested';
}

/**
 * What the vendor says of an item: of the item, otherwise of its whole order. When its order is finished, its items are too,
 * whatever was last reported for them.
 */
export function vendorState({ reported }: PlannedItem, leg: PlannedLeg): State | undefined {
  const isEnded = isFinalState(leg.state) && leg.state !== 'partial' && !isFinalState(reported?.state);
  return isEnded ? leg.state : (reported?.state ?? leg.state);
}

/** The status of an item as the customer is to see it. */
export interface ItemStatus extends ItemProgress {
  state: State;
  /** The customer cancelled it, and it is not delivered: it does not count for the state of the whole order. */
  isWithdrawn?: true;
}

/** The status of an item, without its vendor. Pure. */
export function statusOf(item: PlannedItem, leg: PlannedLeg | undefined): ItemStatus {
  const { id, cancellation, refused, reported } = item;
  const status = (state: State, reason: string | undefined): ItemStatus => ({
    id,
    state,
    ...(reason && { stateReason: reason }),
    ...(cancellation && state === 'cancelled' && { isWithdrawn: true as const }),
  });
  const phase = phaseOf(item, leg);
  if (phase === 'withdrawn') return status('cancelled', undefined);
  if (!leg || phase === 'unplanned') return status('acknowledged', refused?.reason);
  if (phase === 'dropped') return status('cancelled', leg.dropped);
  if (phase === 'refused') return status('rejected', leg.refused ?? refused?.reason);
  const said = vendorState(item, leg) ?? 'acknowledged';
  const isOpen = phase === 'cancelling' && !isCancellingState(said);
  const why = [
    cancellationNote(item, said),
    said === 'cancelled' ? undefined : quantityNote(item),
    reported?.stateReason ?? (said === leg.state ? leg.stateReason : undefined),
  ];
  const done = said === 'completed' ? leg.completedAt : undefined;
  const at = done ?? reported?.expectedCompletionAt ?? leg.expectedCompletionAt;
  return {
    ...status(isOpen ? 'assessingCancellation' : said, why.filter(Boolean).join(' ') || undefined),
    ...(at && { expectedCompletionAt: at }),
  };
}

/** What became of a cancellation that did not end the item; undefined while nothing is to be said of it. */
function cancellationNote({ cancellation }: PlannedItem, said: State): string | undefined {
  if (!cancellation || said === 'cancelled') return undefined;
  const why = cancellation.reason ? `: ${cancellation.reason}` : '';
  if (cancellation.state === 'refused') return `Cancellation refused${why}.`;
  if (cancellation.state === 'withoutEffect') return 'Cancellation requested, but the vendor has not cancelled it.';
  return isFinalState(said) && said !== 'rejected' && said !== 'failed'
    ? `${legInState('It', said)} before it was cancelled.`
    : undefined;
}

/** What the vendor delivers instead of what was ordered. */
function quantityNote({ quantity, vendorQuantity }: PlannedItem): string | undefined {
  return vendorQuantity === undefined ? undefined : `Quantity at the vendor: ${vendorQuantity}, ordered: ${quantity}.`;
}

/** An item at its vendor, which has another quantity of it than the customer has ordered, or the same. */
export function withVendorQuantity(item: PlannedItem, shown: number | undefined): PlannedItem {
  if (shown === undefined || item.quantity === undefined) return item;
  const { vendorQuantity: _before, ...rest } = item;
  return shown === item.quantity ? rest : { ...rest, vendorQuantity: shown };
}
