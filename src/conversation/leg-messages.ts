import { type GenericFields, type GenericMessage, isCancellingState, type OrderItem } from '../model/message.js';
import type { Plan, PlannedItem, PlannedLeg } from '../store/store.js';
import type { Recipients } from './comment-recipients.js';
import { fingerprint, sameFingerprint } from './fingerprint.js';
import { isCancelling, phaseOf } from './item-life.js';
import { isLateChange, sentItemValue, withoutNone, withoutPrice } from './item-values.js';
import { isOver } from './plan.js';
import { isSplit, itemsOfLeg, planWithLeg, rowOf } from './plan-legs.js';

export interface LegMessage {
  leg: string;
  /** Id of the row of the fan-out node that the leg was made by. */
  row: string;
  message: GenericMessage;
}

/** The message for each leg, without what the leg was already sent. Pure. */
export function legMessages(plan: Plan, message: GenericMessage, recipients: Recipients): LegMessage[] {
  return plan.legs.flatMap((leg) => {
    if (leg.dropped !== undefined) return [];
    const part = isSplit(plan) ? partOf(plan, leg, message) : wholeFor(leg, message);
    if (!part) return [];
    const changed = isOver(leg) ? [] : part.changed;
    const comments = message.comments.filter(({ id }) => recipients.comments.get(id)?.includes(leg.leg));
    const attachments = recipients.files.includes(leg.leg) ? message.attachments : [];
    if (changed?.length === 0 && !comments.length && !attachments.length) return [];
    const { changed: _changed, ...rest } = message;
    const event = part.changed === undefined ? 'created' : changed?.includes('state') ? 'cancelled' : message.event;
    const legMessage: GenericMessage = {
      ...rest,
      event,
      fields: part.fields,
      comments,
      attachments,
      ...(changed && { changed }),
    };
    return [{ leg: leg.leg, row: rowOf(leg), message: legMessage }];
  });
}

/** The whole message; for a leg that was added since the case began, all of it is new. */
function wholeFor(
  { queued, state }: PlannedLeg,
  { fields, changed }: GenericMessage,
): Pick<GenericMessage, 'fields' | 'changed'> {
  const isKnown = queued || state !== undefined;
  return { fields, ...(isKnown && { changed }) };
}

/**
 * The part of an order for one leg: its items, without a state (which the vendor reports) except for a cancellation. Undefined where
 * the leg has nothing to order.
 */
function partOf(
  plan: Plan,
  leg: PlannedLeg,
  message: GenericMessage,
): { fields: GenericMessage['fields']; changed?: string[] } | undefined {
  const { state, stateReason, progress: _progress, items: shown = [], ...rest } = message.fields;
  const own = new Map(itemsOfLeg(plan, leg.leg).map((item) => [item.id, item]));
  // What was cancelled before its vendor got it is left out, and a change of what its vendor is done with.
  const items = shown.filter((item) => {
    const known = own.get(item.id);
    return known !== undefined && !(known.sent === undefined && isCancelling(known)) && !isLateChange(known, leg, item);
  });
  const isFirst = [...own.values()].every((item) => item.sent === undefined);
  if (isFirst) return items.length > 0 ? { fields: { ...rest, items } } : undefined;
  const gone = items.filter(({ id }) => isCancelling(own.get(id)!));
  const cancel = cancelsLeg(leg, [...own.values()]);
  const fields = {
    ...rest,
    items: items.map((item) => withoutNone(own.get(item.id)?.sent === undefined ? item : withoutPrice(item))),
    ...(gone.length && { progress: gone.map(({ id }) => ({ id, state: 'cancelled' as const })) }),
    ...(cancel && { state: 'cancelled' as const, ...(stateReason && { stateReason }) }),
  };
  // The leg was sent the order before. If a crash lost the end of that message, this one has no list of changes.
  const names = message.changed ?? Object.keys(message.fields);
  const changed = names.filter((name) => !SPLIT_FIELDS.includes(name));
  // A leg that is being cancelled does not need the other changes.
  if (cancel) return { fields, changed: leg.cancelled ? [] : ['state', 'stateReason'] };
  // A comment only shows the items; a cancellation that no vendor was asked for yet goes with it all the same.
  const mayDiffer = changed.length < names.length;
  const isWanted = ({ id }: OrderItem) => own.get(id)?.cancellation?.state === 'wanted';
  const isSent = (item: OrderItem) => sameFingerprint(own.get(item.id)?.sent, sentItemValue(item));
  const differ = items.filter((item) => isWanted(item) || (mayDiffer && !isSent(item)));
  if (differ.length) changed.push('items');
  if (differ.some((item) => gone.includes(item))) changed.push('progress');
  return { fields, changed };
}

/** Fields of an order that are split by item. */
const SPLIT_FIELDS = ['items', 'progress', 'state'];

/** Does the customer cancel everything that a leg still has to deliver? */
function cancelsLeg(leg: PlannedLeg, items: readonly PlannedItem[]): boolean {
  const open = items.filter((item) => phaseOf(item, leg) !== 'ended');
  return open.length > 0 && open.every(isCancelling);
}

/**
 * The plan after a delivery of these values was queued for a leg. Saved in the same commit, so that the values are sent exactly
 * once. `changed`: names of the values that the delivery changes: one that only adds a comment shows the items, and sends none.
 */
export function planAfterQueued(
  plan: Plan,
  name: string,
  { items = [], progress = [], state }: GenericFields,
  changed: readonly string[],
): Plan {
  const isFirst = itemsOfLeg(plan, name).every((item) => item.sent === undefined);
  if (!isFirst && !changed.some((field) => SPLIT_FIELDS.includes(field))) return plan;
  const values = new Map(items.map((item) => [item.id, item]));
  const gone = new Set(progress.filter((item) => isCancellingState(item.state)).map(({ id }) => id));
  const cancelsAll = isCancellingState(state);
  const after = (item: PlannedItem): PlannedItem => {
    const value = values.get(item.id);
    const isAsked = item.cancellation?.state === 'wanted' && (cancelsAll || gone.has(item.id));
    return {
      ...item,
      ...(value && { sent: fingerprint(sentItemValue(value)), ...quantityOf(value, item) }),
      ...(isAsked && { cancellation: { ...item.cancellation!, state: 'requested' as const } }),
    };
  };
  const all = plan.items.map((item) => (item.leg === name ? after(item) : item));
  const done = { ...(cancelsAll && { cancelled: true as const }), ...(!isSplit(plan) && { queued: true as const }) };
  return planWithLeg({ ...plan, items: all }, name, done);
}

/** What the vendor has said of another quantity is over. */
function quantityOf({ quantity }: OrderItem, before: PlannedItem): Pick<PlannedItem, 'quantity' | 'vendorQuantity'> {
  return quantity === undefined || quantity === before.quantity ? {} : { quantity, vendorQuantity: undefined };
}
