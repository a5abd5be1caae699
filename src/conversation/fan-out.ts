import { isDeepStrictEqual } from 'node:util';
import { type GenericFields, type GenericMessage, isCancellingState, isFinalState, type OrderItem } from '../model/message.js';
import type { ItemCancellation, Plan, PlannedItem, PlannedLeg } from '../store/store.js';
import { type FanOutLeg, type FanOutRules, type ItemRule, LEG_NAME_LENGTH, rowIdOf } from './fan-out-rules.js';
import { sameFingerprint } from './fingerprint.js';
import { isCancelling, phaseOf } from './item-life.js';
import { isNone, sentItemValue } from './item-values.js';
import { withMissing } from './missing-items.js';
import { dropUnreachable, takesItems } from './plan.js';
import { isSplit, legOf, legsOfRow, planWaitingFor, rowOf } from './plan-legs.js';
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
  const plan = dropUnreachable(withPredecessors({ ...planned.plan, node, onFailure: rules.onFailure }));
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
  return planWaitingFor(plan, ({ leg: row }) => legsOfRow(plan, row).length > 0);
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
