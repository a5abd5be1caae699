import { isDeepStrictEqual } from 'node:util';
import { CANCELLING_STATES, type GenericFields, type GenericMessage, type Json, type OrderItem } from '../model/message.js';
import type { ItemCancellation, Plan, PlannedItem, PlannedLeg } from '../store/store.js';
import type { Recipients } from './comment-recipients.js';
import { type FanOutLeg, type FanOutRules, type ItemRule, LEG_NAME_LENGTH } from './fan-out-rules.js';
import { fingerprint, sameFingerprint } from './fingerprint.js';
import { isCancelling, phaseOf } from './item-life.js';
import { isOver, itemsOfLeg, legOf, rowOf, takesItems } from './plan.js';
import { matchesPattern } from './route-condition.js';

/**
 * Plans which leg gets which part of a message. An item that its vendor's order can no longer take is ordered there once more, with a
 * leg of its own. Pure.
 * @param since an id made now
 * @param fits whether a leg's condition holds (static targets)
 */
export function planFor(
  before: Plan | undefined,
  node: string,
  rules: FanOutRules,
  message: GenericMessage,
  since: string,
  fits: (leg: FanOutLeg) => boolean,
): { plan: Plan; unassigned: OrderItem[] } {
  const start: Plan = before ?? { node, onFailure: rules.onFailure, legs: [], items: [] };
  const planned = rules.by === 'target' ? withTargets(start, rules, fits) : withItems(start, rules, message, since);
  const plan = withPredecessors({ ...planned.plan, onFailure: rules.onFailure });
  return { plan: before && isDeepStrictEqual(before, plan) ? before : plan, unassigned: planned.unassigned };
}

interface Planned {
  plan: Plan;
  unassigned: OrderItem[];
}

function withTargets(plan: Plan, rules: FanOutRules, fits: (leg: FanOutLeg) => boolean): Planned {
  const isNew = (row: FanOutLeg) => !plan.legs.some((leg) => rowOf(leg) === row.name) && fits(row);
  return {
    plan: { ...plan, legs: [...plan.legs, ...rules.legs.filter(isNew).map((row) => newLeg(row, row.name))] },
    unassigned: [],
  };
}

function withItems(start: Plan, rules: FanOutRules, message: GenericMessage, since: string): Planned {
  const unassigned: OrderItem[] = [];
  const all = cancelsOrder(start, message);
  let plan = start;
  for (const item of message.fields.items ?? []) {
    const known = plan.items.find(({ id }) => id === item.id) ?? { id: item.id };
    const next = withCancellation(known, all ? 'order' : cancelsItem(known, message) ? 'item' : undefined, since);
    if (phaseOf(next, legOf(plan, next.leg ?? '')) !== 'unplanned') {
      plan = withItem(plan, next);
      continue;
    }
    const row = rules.legs.find((leg) => leg.takes?.some((rule) => matchesRule(rule, item)));
    if (row) plan = withLeg(plan, next, row, rules.legs);
    else unassigned.push(item);
  }
  return { plan, unassigned };
}

/** The item with its cancellation, if the customer cancels it now; without one that had not reached anybody, if not any more. */
function withCancellation(item: PlannedItem, of: ItemCancellation['of'] | undefined, since: string): PlannedItem {
  const { cancellation, ...rest } = item;
  if (of) return cancellation && isCancelling(item) ? item : { ...item, cancellation: { state: 'wanted', of, since } };
  const isReopened = cancellation?.state === 'wanted' && item.sent === undefined;
  return isReopened ? { ...rest, leg: undefined } : item;
}

function withItem(plan: Plan, item: PlannedItem): Plan {
  const isKnown = plan.items.some(({ id }) => id === item.id);
  return { ...plan, items: isKnown ? plan.items.map((one) => (one.id === item.id ? item : one)) : [...plan.items, item] };
}

/** The plan in which an item is ordered with the leg of a row that can still take it, or with a new one. */
function withLeg(plan: Plan, item: PlannedItem, row: FanOutLeg, rows: readonly FanOutLeg[]): Plan {
  const open = plan.legs.find((leg) => rowOf(leg) === row.name && leg.leg !== item.refused?.leg && takesItems(plan, leg));
  const leg = open ?? newLeg(row, freeName(row.name, plan, rows));
  const next = { id: item.id, leg: leg.leg, ...(item.notified && { notified: item.notified }) };
  return withItem(open ? plan : { ...plan, legs: [...plan.legs, leg] }, next);
}

function newLeg({ name, after }: FanOutLeg, leg: string): PlannedLeg {
  return { leg, ...(leg !== name && { row: name }), ...(after?.length && { after }) };
}

/** A name for a further leg of a row: `mobile-2`. It is part of our reference at the vendor. */
function freeName(name: string, plan: Plan, rows: readonly FanOutLeg[]): string {
  const taken = new Set([...plan.legs.map(({ leg }) => leg), ...rows.map((row) => row.name).filter((other) => other !== name)]);
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
  return isCancelled(state) && state !== notified && (changed === undefined || changed.includes('state'));
}

function cancelsItem(item: PlannedItem, { fields, changed }: GenericMessage): boolean {
  const state = fields.progress?.find((p) => p.id === item.id)?.state;
  if (!isCancelled(state) || state === item.notified) return false;
  // A cancellation that was refused may still be shown: only a change of the states asks for it once more.
  const isOpen = item.cancellation === undefined || isCancelling(item);
  return isOpen || changed === undefined || changed.includes('progress');
}

function isCancelled(state: GenericFields['state']): boolean {
  return state !== undefined && CANCELLING_STATES.includes(state);
}

export interface LegMessage {
  leg: string;
  /** The row of the fan-out node that the leg was made by. */
  row: string;
  message: GenericMessage;
}

/** The message for each leg, without what the leg was already sent. Pure. */
export function legMessages(plan: Plan, message: GenericMessage, recipients: Recipients): LegMessage[] {
  return plan.legs.flatMap((leg) => {
    if (leg.dropped !== undefined) return [];
    const part = isSplit(plan) ? partOf(plan, leg, message) : { fields: message.fields, changed: message.changed };
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
  // What was cancelled before its vendor got it is left out.
  const items = shown.filter(({ id }) => own.has(id) && !(own.get(id)?.sent === undefined && isCancelling(own.get(id)!)));
  const isFirst = [...own.values()].every((item) => item.sent === undefined);
  if (isFirst) return items.length > 0 ? { fields: { ...rest, items } } : undefined;
  const gone = items.filter(({ id }) => isCancelling(own.get(id)!));
  const cancel = cancelsLeg(leg, [...own.values()]);
  const fields = {
    ...rest,
    items: items.map((item) => (own.get(item.id)?.sent === undefined ? item : withoutPrice(item))),
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
 * The values of an item that are compared with the last sent ones: all that the customer decides. A cancellation is kept by itself,
 * because it can be refused.
 */
export function sentItemValue(item: OrderItem): Json {
  return asJson(withoutPrice(item));
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
  const gone = new Set(progress.filter((item) => isCancelled(item.state)).map(({ id }) => id));
  const cancelsAll = isCancelled(state);
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
    legs: plan.legs.map((leg) => (leg.leg === name && cancelsAll ? { ...leg, cancelled: true } : leg)),
  };
}

/** What the vendor has said of another quantity is over. */
function quantityOf({ quantity }: OrderItem, before: PlannedItem): Pick<PlannedItem, 'quantity' | 'vendorQuantity'> {
  return quantity === undefined || quantity === before.quantity ? {} : { quantity, vendorQuantity: undefined };
}

function asJson(value: object): Json {
  return value as unknown as Json;
}
