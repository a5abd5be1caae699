import type { GenericComment, GenericMessage, Json } from '../model/message.js';
import type { Plan } from '../store/store.js';
import { fingerprint } from './fingerprint.js';
import { isLateChange, sentItemValue } from './item-values.js';
import { legOf } from './plan-legs.js';
import { legInState } from './state-words.js';

/** A change of an item that came when its vendor was done with it, so that it reaches nobody. */
export interface LateChange {
  item: string;
  leg: string;
  /** What was not sent, as `PlannedItem.sent`. */
  value: Json;
  /** What became of the leg, in words. */
  end: string;
}

/** The changes in a customer's message that come too late. Pure. */
export function lateChanges(plan: Plan, { fields, changed }: GenericMessage): LateChange[] {
  if (!changed?.includes('items')) return [];
  return (fields.items ?? []).flatMap((shown) => {
    const item = plan.items.find(({ id }) => id === shown.id);
    const leg = legOf(plan, item?.leg ?? '');
    if (!item || !leg || !isLateChange(item, leg, shown)) return [];
    const value = fingerprint(sentItemValue(shown));
    return [{ item: item.id, leg: leg.leg, value, end: legInState(leg.leg, item.reported?.state ?? leg.state ?? 'completed') }];
  });
}

/** The plan in which a late change was reported to the customer, so that it is reported once. */
export function withLateChange(plan: Plan, { item, value }: LateChange): Plan {
  return { ...plan, items: plan.items.map((one) => (one.id === item ? { ...one, sent: value } : one)) };
}

/** What the customer reads about it. */
export function lateComment({ item, value, end }: LateChange): GenericComment {
  return {
    id: `late|${item}|${String(value)}`,
    text: `The change of item ${item} was not passed on: ${end}. Add a new line for what is still needed.`,
    visibility: 'public',
  };
}
