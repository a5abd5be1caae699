import { CANCELLING_STATES, type GenericMessage, type Json, type OrderItem } from '../model/message.js';
import type { Plan, PlannedLeg } from '../store/store.js';
import type { FanOutLeg, FanOutRules, ItemRule } from './fan-out-rules.js';
import { fingerprint, sameFingerprint } from './fingerprint.js';
import { isOver } from './plan.js';
import { matchesPattern } from './route-condition.js';

/** Plans which leg gets which part of a message. `fits`: whether a leg's condition holds (static targets). Pure. */
export function planFor(
  before: Plan | undefined,
  node: string,
  rules: FanOutRules,
  message: GenericMessage,
  fits: (leg: FanOutLeg) => boolean,
): { plan: Plan; unassigned: OrderItem[] } {
  const plan: Plan = before ?? { node, onFailure: rules.onFailure, legs: [] };
  const legs = plan.legs.map((leg) => ({ ...leg }));
  const join = ({ name, after }: FanOutLeg): PlannedLeg => {
    let leg = legs.find((l) => l.leg === name && l.dropped === undefined);
    if (!leg) {
      leg = { leg: name, items: [], lastSent: {}, progress: [], ...(after?.length && { after }) };
      legs.push(leg);
    }
    return leg;
  };
  const unassigned: OrderItem[] = [];
  if (rules.by === 'target') {
    for (const leg of rules.legs) if (legs.some((l) => l.leg === leg.name) || fits(leg)) join(leg);
  } else {
    const known = new Set(legs.flatMap((l) => l.items));
    for (const item of message.fields.items ?? []) {
      if (known.has(item.id)) continue;
      const target = rules.legs.find((leg) => (leg.takes ?? []).some((rule) => matchesRule(rule, item)));
      if (target) join(target).items = [...join(target).items, item.id];
      else unassigned.push(item);
    }
  }
  const same =
    before && legs.length === before.legs.length && legs.every((l, i) => l.items.length === before.legs[i]?.items.length);
  return { plan: same ? before : { ...plan, legs: withPredecessors(legs) }, unassigned };
}

/** A leg waits only for planned legs: an order without a SIM does not wait for one. */
function withPredecessors(legs: PlannedLeg[]): PlannedLeg[] {
  return legs.map((leg) => {
    const after = leg.after?.filter((p) => legs.some((l) => l.leg === p.leg));
    return { ...leg, after: after?.length ? after : undefined };
  });
}

function matchesRule({ field, is }: ItemRule, item: OrderItem): boolean {
  let value: unknown = item;
  for (const name of field.split('.')) value = (value as Record<string, unknown> | undefined)?.[name];
  if (value === undefined) return false;
  const text = String(value).toLowerCase();
  return is.some((pattern) => matchesPattern(pattern.trim().toLowerCase(), text));
}

export interface LegMessage {
  leg: string;
  message: GenericMessage;
}

/** The message for each leg, without what the leg was already sent. Pure. */
export function legMessages(plan: Plan, message: GenericMessage): LegMessage[] {
  const recipients = commentRecipients(plan, message);
  return plan.legs.flatMap((leg) => {
    if (leg.dropped !== undefined) return [];
    const part = leg.items.length ? partOf(leg, message) : { fields: message.fields, changed: message.changed };
    const changed = isOver(leg) ? [] : part.changed;
    const receivesComments = recipients.includes(leg.leg);
    const comments = receivesComments ? message.comments : [];
    const attachments = receivesComments ? message.attachments : [];
    if (changed?.length === 0 && !comments.length && !attachments.length) return [];
    const event = changed?.includes('state') ? ('cancelled' as const) : message.event;
    return [
      {
        leg: leg.leg,
        message: { ...message, event, fields: part.fields, comments, attachments, ...(changed && { changed }) },
      },
    ];
  });
}

/** The part of an order for one leg: its items, without a state (which the vendor reports) except for a cancellation. */
function partOf(leg: PlannedLeg, message: GenericMessage): { fields: GenericMessage['fields']; changed?: string[] } {
  const { state, stateReason, progress: _progress, items: _items, ...rest } = message.fields;
  const items = itemsOf(leg, message);
  const gone = items.filter((item) => isCancelled(message.fields, item.id));
  const cancel = isCancelledLeg(leg, message);
  const fields = {
    ...rest,
    items,
    ...(gone.length && { progress: gone.map(({ id }) => ({ id, state: 'cancelled' as const })) }),
    ...(cancel && { state: 'cancelled' as const, ...(stateReason && { stateReason }) }),
  };
  if (Object.keys(leg.lastSent).length === 0) return { fields };
  // The leg was sent the order before. If a crash lost the end of that message, this one has no list of changes.
  const changedNames = message.changed ?? Object.keys(message.fields);
  const changed = changedNames.filter((name) => !SPLIT_FIELDS.includes(name));
  if (changed.length === changedNames.length) return { fields, changed };
  // A leg that is being cancelled does not need the other changes.
  if (cancel) return { fields, changed: leg.cancelled ? [] : ['state', 'stateReason'] };
  const differ = items.filter((item) => !sameFingerprint(leg.lastSent[item.id], sentItemValue(message.fields, item)));
  if (differ.length) changed.push('items');
  if (differ.some((item) => gone.includes(item))) changed.push('progress');
  return { fields, changed };
}

/** Fields of an order that are split by item. */
const SPLIT_FIELDS = ['items', 'progress', 'state'];

/** Does the customer cancel the whole leg: the order, or every item of the leg? */
function isCancelledLeg(leg: PlannedLeg, message: GenericMessage): boolean {
  const items = itemsOf(leg, message);
  const whole = message.fields.state !== undefined && CANCELLING_STATES.includes(message.fields.state);
  return whole || (items.length > 0 && items.every((item) => isCancelled(message.fields, item.id)));
}

function itemsOf(leg: PlannedLeg, message: GenericMessage): OrderItem[] {
  return (message.fields.items ?? []).filter((item) => leg.items.includes(item.id));
}

function isCancelled({ progress }: GenericMessage['fields'], id: string): boolean {
  const state = progress?.find((p) => p.id === id)?.state;
  return state !== undefined && CANCELLING_STATES.includes(state);
}

/**
 * The values of an item that are compared with the last sent ones: all that the customer decides. Prices come from the vendor.
 */
function sentItemValue(fields: GenericMessage['fields'], { price: _price, ...item }: OrderItem): Json {
  return { ...item, ...(isCancelled(fields, item.id) && { cancelled: true }) } as unknown as Json;
}

/**
 * The plan after a delivery of these values was queued for a leg. Saved in the same commit, so that the values are sent exactly
 * once. `changed`: names of the values that the delivery changes: one that only adds a comment shows the items, and sends none.
 */
export function planAfterQueued(
  plan: Plan,
  name: string,
  { items, progress, state }: GenericMessage['fields'],
  changed: readonly string[],
): Plan {
  const sendsItems = changed.some((field) => SPLIT_FIELDS.includes(field));
  return {
    ...plan,
    legs: plan.legs.map((leg) => {
      if (leg.leg !== name) return leg;
      const lastSent = { ...leg.lastSent };
      const isFirst = Object.keys(lastSent).length === 0;
      if (sendsItems || isFirst)
        for (const item of items ?? []) lastSent[item.id] = fingerprint(sentItemValue({ progress }, item));
      return { ...leg, lastSent, ...(state !== undefined && CANCELLING_STATES.includes(state) && { cancelled: true }) };
    }),
  };
}

/**
 * The legs that receive the customer's comments: those waiting for an answer, otherwise the one that commented last, so that an
 * answer reaches only the vendor that asked. If none has asked, all open legs.
 */
function commentRecipients(plan: Plan, message: GenericMessage): string[] {
  const open = plan.legs.filter((l) => l.dropped === undefined && !isOver(l));
  if (message.event === 'created') return open.map((l) => l.leg);
  const waiting = open.filter((l) => l.items.length > 0 && l.state === 'pending');
  if (waiting.length) return waiting.map((l) => l.leg);
  const asked = plan.legs.find((l) => l.leg === plan.asked && l.dropped === undefined);
  return asked ? [asked.leg] : open.map((l) => l.leg);
}
