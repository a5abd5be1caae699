import { choiceKey } from '../../model/choice.js';
import { FINAL_STATES, type Json } from '../../model/message.js';
import { say } from '../../text/say.js';
import type { Api } from '../api.js';
import type { Hint, PollResult } from '../endpoint.js';
import { type Attributes, entries, isoTime, textOf } from '../tmf/attributes.js';
import { digest } from '../tmf/digest.js';
import { type ListOptions, type OpenEnd, pages, serverTime } from '../tmf/list.js';
import type { Cancellations } from './cancellation.js';
import { referenceOf } from './dialect.js';
import { hintOf as eventHint, orderOf, readEvent } from './events.js';
import { isOpen } from './task-states.js';

/** How far before the watermark a poll looks: the clocks of a provider's servers differ by minutes. Milliseconds. */
const OVERLAP = 600_000;

/** How far the first poll looks back if no order changed in the last hours: times may be in any time zone. Milliseconds. */
const ANY_ZONE = 12 * 3_600_000;

/**
 * The position of the poll: the newest time shown by an order that is not ahead of the provider's clock, and a fingerprint of
 * each relevant order. Times need not be in UTC or name their zone: west of UTC they are behind the clock, and the newest of them
 * becomes the watermark.
 */
type Cursor = {
  since: string;
  orders: { [id: string]: string };
  /** The states of the cancellations of these orders, by the ids of their tasks. */
  cancels?: { [task: string]: string };
};

/** All times of an order, because the standard has no time of change. */
const TIMES = [
  'orderDate',
  'creationDate',
  'completionDate',
  'cancellationDate',
  'lastUpdate',
  'lastUpdateDate',
  'lastUpdated',
  'lastModifiedDate',
  'modificationDate',
];
/** Final states, as providers write them. */
const FINAL = new Set([...FINAL_STATES, 'canceled', 'closed_complete'].map(choiceKey));
/** Attributes in the fingerprint of an order. */
const FINGERPRINT_ATTRIBUTES = [
  ...TIMES,
  'state',
  'expectedCompletionDate',
  'requestedStartDate',
  'requestedCompletionDate',
  'cancellationReason',
  'description',
  'category',
  'priority',
  'note',
  'productOrderItem',
  'orderTotalPrice',
  'productOrderErrorMessage',
  'productOrderJeopardyAlert',
  'productOrderMilestone',
];

/**
 * One poll of a provider without a hub. TMF622 cannot be queried for changes, so all orders are listed and compared with their
 * fingerprints: those with our reference, and others from the time of their first change on. A finished order is compared until
 * it no longer changes.
 */
export async function poll(
  api: Api,
  path: string,
  { absent, tasks }: { absent: ListOptions['absent']; tasks: Pick<Cancellations, 'changed'> },
  cursor: Json | undefined,
): Promise<PollResult> {
  const before = cursor as Cursor | undefined;
  const now = await serverTime(api, path, absent);
  const from = before && new Date(Date.parse(before.since) - OVERLAP).toISOString();
  const orders: Cursor['orders'] = {};
  let newest = before?.since ?? new Date(Date.parse(now) - ANY_ZONE).toISOString();
  const hints: Hint[] = [];
  const mustBeComplete = (end: OpenEnd) => end === 'short' || end === 'hidden';
  for await (const page of pages(api, path, {}, say`poll orders`, { absent, mustBeComplete })) {
    for (const order of page) {
      const id = String(order.id);
      const times = timesOf(order);
      for (const time of times) if (time <= now && time > newest) newest = time;
      const fingerprint = digest(FINGERPRINT_ATTRIBUTES.map((name) => order[name] ?? null));
      const known = before?.orders[id];
      const isFinal = FINAL.has(choiceKey(textOf(order.state) ?? ''));
      const recent = from !== undefined && times.some((time) => time >= from);
      const concerns = known !== undefined || recent || (!isFinal && referenceOf(order) !== undefined);
      const isSettled = isFinal && known === fingerprint && !recent;
      if (!concerns || isSettled) continue;
      orders[id] = fingerprint;
      if (before && known !== fingerprint) hints.push(hintOf(id, fingerprint, order));
    }
  }
  const { cancels, decided } = await pollTasks(tasks, before, orders);
  return { hints: [...hints, ...decided], cursor: { since: newest, orders, ...(cancels && { cancels }) }, more: false };
}

/**
 * The cancellations that were decided since the last poll. The order need not show it, so each is a hint by itself, in the form of
 * the event that a hub would have sent.
 */
async function pollTasks(
  tasks: Pick<Cancellations, 'changed'>,
  before: Cursor | undefined,
  orders: Cursor['orders'],
): Promise<{ cancels?: Cursor['cancels']; decided: Hint[] }> {
  const known = before?.cancels ?? {};
  const all = await tasks.changed(Object.values(known).some((state) => isOpen({ state })));
  if (!all) return { ...(before?.cancels && { cancels: before.cancels }), decided: [] };
  const ours = all.filter((task) => (orderOf(task) ?? '') in orders);
  const cancels = Object.fromEntries(ours.map(({ id, state }) => [String(id), textOf(state) ?? '']));
  const isDecided = (task: Attributes) => !isOpen(task) && cancels[String(task.id)] !== known[String(task.id)];
  return { cancels, decided: before?.cancels ? ours.filter(isDecided).map(hintOfTask) : [] };
}

function hintOfTask(task: Attributes): Hint {
  const payload = { eventType: 'CancelProductOrderStateChangeEvent', event: { cancelProductOrder: task } };
  const hint = eventHint(readEvent(payload), orderOf(task) ?? '');
  return { ...hint, key: `poll|cancel|${String(task.id)}|${textOf(task.state) ?? ''}`, payload, event: true };
}

function timesOf(order: Attributes): string[] {
  return [...TIMES.map((name) => order[name]), ...entries(order.note).map((note) => note.date)].flatMap(
    (given) => isoTime(given) ?? [],
  );
}

function hintOf(id: string, fingerprint: string, order: Attributes): Hint {
  return {
    entityType: 'productOrder',
    id,
    number: id,
    key: `poll|${id}|${fingerprint}`,
    payload: { id, state: order.state ?? null },
  };
}
