import { isDeepStrictEqual } from 'node:util';
import {
  type GenericFields,
  type GenericMessage,
  isCancellingState,
  isFinalState,
  type Json,
  type OrderItem,
} from '../model/message.js';
import type { ItemCancellation, Plan, PlannedItem, PlannedLeg } from '../store/store.js';
import type { Recipients } from './comment-recipients.js';
import { type FanOutLeg, type FanOutRules, type ItemRule, LEG_NAME_LENGTH, rowIdOf } from './fan-out-rules.js';
import { fingerprint, sameFingerprint } from './fingerprint.js';
import { isCancelling, phaseOf } from './item-life.js';
import { withMissing } from './missing-items.js';
import { isOver, itemsOfLeg, legOf, rowOf, takesItems } from './plan.js';
import { matchesPattern } from './route-condition.js';

/**
 * Plans which leg gets which part of a message. An item that its vendor's order can no longer take is ordered there once more, with a
 * leg of its own. An order that was split stays split, and one that was not stays whole, whatever the node does now. Pure.
 * @param since an id made now
 * @param fits whether a leg's condition holds (static targets)
 * @param situation what else is known of the order
 */
export function planFor(
  before: Plan | undefined,
  node: string,
  rules: FanOutRules,
  message: GenericMessage,
  since: string,
  fits: (leg: FanOutLeg) => boolean,
  { isFixed = () => false, elsewhere = [] }: Situation = {},
): { plan: Plan; unassigned: OrderItem[] } {
  const start: Plan = before ?? { node, onFailure: rules.onFailure, legs: [], items: [] };
  const splits = start.legs.length > 0 ? isSplit(start) : rules.by === 'item';
  // A party that is new to a case gets nothing of one that is over.
  const isLate = before !== undefined && isFinalState(message.fields.state);
  const planned = splits
    ? withItems(start, rules, message, since, { isFixed, elsewhere })
    : withTargets(start, rules, (row) => !isLate && fits(row));
  const plan = withPredecessors({ ...planned.plan, node, onFailure: rules.onFailure });
  return { plan: before && isDeepStrictEqual(before, plan) ? before : plan, unassigned: planned.unassigned };
}

/** What is known of an order beyond its plan. */
export interface Situation {
  /** Whether what a leg has ordered takes no further items, by what its party's system can do. */
  isFixed?: (leg: PlannedLeg) => boolean;
  /** Items that no leg took, and that another party got instead: they stay there. */
  elsewhere?: readonly string[];
}

interface Planned {
  plan: Plan;
  unassigned: OrderItem[];
}

function withTargets(plan: Plan, rules: FanOutRules, fits: (leg: FanOutLeg) => boolean): Planned {
  let legs = plan.legs;
  for (const row of rules.legs) {
    const isKnown = legs.some((leg) => rowOf(leg) === rowIdOf(row));
    if (!isKnown && fits(row)) legs = [...legs, newLeg(row, legs, rules.legs)];
  }
  return { plan: { ...plan, legs }, unassigned: [] };
}

function withItems(
  start: Plan,
  rules: FanOutRules,
  message: GenericMessage,
  since: string,
  { isFixed, elsewhere }: Required<Situation>,
): Planned {
  const unassigned: OrderItem[] = [];
  const all = cancelsOrder(start, message);
  let plan = start;
  for (const item of message.fields.items ?? []) {
    const known = plan.items.find(({ id }) => id === item.id) ?? { id: item.id };
    const of = all ? 'order' : cancelsItem(known, item, message) ? 'item' : undefined;
    const next = of
      ? withCancellation(known, of, since)
      : isWantedAgain(known, message.fields)
        ? withoutCancellation(known)
        : known;
    if (phaseOf(next, legOf(plan, next.leg ?? '')) !== 'unplanned') {
      plan = withItem(plan, next);
      continue;
    }
    const row = rules.legs.find((leg) => leg.takes?.some((rule) => matchesRule(rule, item)));
    if (row && !elsewhere.includes(item.id)) plan = withLeg(plan, next, row, rules.legs, isFixed);
    else unassigned.push(item);
  }
  return { plan: withMissing(plan, message.fields.items ?? []), unassigned };
}

function withCancellation(item: PlannedItem, of: ItemCancellation['of'], since: string): PlannedItem {
  return item.cancellation && isCancelling(item) ? item : { ...item, cancellation: { state: 'wanted', of, since } };
}

/**
 * Does the customer no longer cancel an item that had not reached anybody? Its line, or the order, shows so: it says "cancelled" in
 * our words too, once we have confirmed that.
 */
function isWantedAgain({ id, cancellation, sent }: PlannedItem, { state, progress }: GenericFields): boolean {
  if (cancellation?.state !== 'wanted' || sent !== undefined) return false;
  const shown = cancellation.of === 'order' ? state : progress?.find((one) => one.id === id)?.state;
  return shown !== undefined && !isCancellingState(shown);
}

function withoutCancellation({ cancellation: _cancellation, ...item }: PlannedItem): PlannedItem {
  return { ...item, leg: undefined };
}

function withItem(plan: Plan, item: PlannedItem): Plan {
  const isKnown = plan.items.some(({ id }) => id === item.id);
  return { ...plan, items: isKnown ? plan.items.map((one) => (one.id === item.id ? item : one)) : [...plan.items, item] };
}

/** The plan in which an item is ordered with the leg of a row that can still take it, or with a new one. */
function withLeg(
  plan: Plan,
  item: PlannedItem,
  row: FanOutLeg,
  rows: readonly FanOutLeg[],
  isFixed: (leg: PlannedLeg) => boolean,
): Plan {
  const mayTake = (leg: PlannedLeg) => leg.leg !== item.refused?.leg && takesItems(plan, leg) && !isFixed(leg);
  const open = plan.legs.find((leg) => rowOf(leg) === rowIdOf(row) && mayTake(leg));
  const leg = open ?? newLeg(row, plan.legs, rows);
  const next = { id: item.id, leg: leg.leg, ...(item.notified && { notified: item.notified }) };
  return withItem(open ? plan : { ...plan, legs: [...plan.legs, leg] }, next);
}

/** A leg for a row, beside the legs there are. */
function newLeg(row: FanOutLeg, legs: readonly PlannedLeg[], rows: readonly FanOutLeg[]): PlannedLeg {
  const leg = freeName(row.name, legs, rows);
  const id = rowIdOf(row);
  const idOf = (name: string) => rowIdOf(rows.find((other) => other.name === name) ?? { name });
  const after = row.after?.map((predecessor) => ({ ...predecessor, leg: idOf(predecessor.leg) }));
  return { leg, ...(leg !== id && { row: id }), ...(after?.length && { after }) };
}

/** A name for a further leg of a row: `mobile-2`. It is part of our reference at the vendor. */
function freeName(name: string, legs: readonly PlannedLeg[], rows: readonly FanOutLeg[]): string {
  const taken = new Set([...legs.map(({ leg }) => leg), ...rows.map((row) => row.name).filter((other) => other !== name)]);
  for (let n = 1; ; n++) {
    const end = n === 1 ? '' : `-${n}`;
    const free = `${name.slice(0, LEG_NAME_LENGTH - end.length)}${end}`;
    if (!taken.has(free)) return free;
  }
}

/** A leg waits only for planned legs: an order without a SIM does not wait for one. */
function withPredecessors(plan: Plan): Plan {
  const legs = plan.legs.map((leg) => {
    const after = leg.after?.filter((p) => plan.legs.some((l) => rowOf(l) === p.leg));
    return after?.length === leg.after?.length ? leg : { ...leg, after: after?.length ? after : undefined };
  });
  return { ...plan, legs };
}

function matchesRule({ field, is }: ItemRule, item: OrderItem): boolean {
  let value: unknown = item;
  for (const name of field.split('.')) value = (value as Record<string, unknown> | undefined)?.[name];
  if (value === undefined) return false;
  const text = String(value).toLowerCase();
  return is.some((pattern) => matchesPattern(pattern.trim().toLowerCase(), text));
}

/** Does the customer cancel the whole order? A state that we wrote there is not the customer's word. */
function cancelsOrder({ notified }: Plan, { fields, changed }: GenericMessage): boolean {
  const { state } = fields;
  return isCancellingState(state) && state !== notified && (changed === undefined || changed.includes('state'));
}

function cancelsItem(item: PlannedItem, shown: OrderItem, { fields, changed }: GenericMessage): boolean {
  const state = fields.progress?.find((p) => p.id === item.id)?.state;
  const isByState = isCancellingState(state) && state !== item.notified;
  const isByQuantity = isNone(shown) && item.notified !== 'cancelled';
  if (!isByState && !isByQuantity) return false;
  // A cancellation that was refused may still be shown: only a change asks for it once more.
  const isOpen = item.cancellation === undefined || isCancelling(item);
  const isChanged = isByState ? changed?.includes('progress') : !sameFingerprint(item.sent, sentItemValue(shown));
  return isOpen || changed === undefined || isChanged === true;
}

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

function isSplit(plan: Plan): boolean {
  return plan.items.length > 0;
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

/** Whether an item, as the customer has it now, was changed when its vendor was done with it (late-changes.ts). */
export function isLateChange(known: PlannedItem, leg: PlannedLeg, item: OrderItem): boolean {
  if (known.sent === undefined || phaseOf(known, leg) !== 'ended') return false;
  return !sameFingerprint(known.sent, sentItemValue(item));
}

/** Whether none of an item is wanted, which is the same as to cancel it; for an existing product, it may be another change. */
function isNone({ quantity, action = 'add' }: OrderItem): boolean {
  return quantity === 0 && action === 'add';
}

/** An item without a quantity of none, which is no valid one at many vendors: it is cancelled instead. */
function withoutNone(item: OrderItem): OrderItem {
  const { quantity: _quantity, ...rest } = item;
  return isNone(item) ? rest : item;
}

/** Fields of an order that are split by item. */
const SPLIT_FIELDS = ['items', 'progress', 'state'];

/** Does the customer cancel everything that a leg still has to deliver? */
function cancelsLeg(leg: PlannedLeg, items: readonly PlannedItem[]): boolean {
  const open = items.filter((item) => phaseOf(item, leg) !== 'ended');
  return open.length > 0 && open.every(isCancelling);
}

/**
 * The values of an item that are compared with the last sent ones: all that the customer decides. A cancellation is kept by itself,
 * because it can be refused.
 */
export function sentItemValue(item: OrderItem): Json {
  return asJson(withoutNone(withoutPrice(item)));
}

/** What the customer decides of an item: the price of one that was ordered comes from its vendor. */
function withoutPrice({ price: _price, ...item }: OrderItem): OrderItem {
  return item;
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
  return {
    ...plan,
    items: plan.items.map((item) => (item.leg === name ? after(item) : item)),
    legs: plan.legs.map((leg) =>
      leg.leg === name
        ? { ...leg, ...(cancelsAll && { cancelled: true }), ...(!isSplit(plan) && { queued: true as const }) }
        : leg,
    ),
  };
}

/** What the vendor has said of another quantity is over. */
function quantityOf({ quantity }: OrderItem, before: PlannedItem): Pick<PlannedItem, 'quantity' | 'vendorQuantity'> {
  return quantity === undefined || quantity === before.quantity ? {} : { quantity, vendorQuantity: undefined };
}

function asJson(value: object): Json {
  return value as unknown as Json;
}
