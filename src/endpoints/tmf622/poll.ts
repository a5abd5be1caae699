import { FINAL_STATES, type Json } from '../../model/message.js';
import type { Api } from '../api.js';
import type { Hint, PollResult } from '../endpoint.js';
import { type Attributes, entries, isoTime, textOf } from '../tmf/attributes.js';
import { digest } from '../tmf/digest.js';
import { type ListOptions, type OpenEnd, pages, serverTime } from '../tmf/list.js';
import { referenceOf } from './dialect.js';

/** Looked back before the last poll: clocks of the provider's servers differ. Milliseconds. */
const OVERLAP = 5_000;

/** Where the poll stands: when it was, by the provider's clock, and how each order that concerns us looked. */
type Cursor = { since: string; orders: { [id: string]: string } };

/** The standard has no time of change: what an order tells of times at all. */
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
/** States after which nothing more is expected, as providers write them. */
const OVER = new Set([...FINAL_STATES.map((state) => state.toLowerCase()), 'canceled', 'closed_complete']);
/** What makes an order look different. */
const LOOKS = [
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
 * One poll of a provider without a hub. TMF622 cannot be asked for changes, so all orders are listed and compared with how they looked: those
 * that carry our reference, and others from the time on that they show a change. An order that has ended is looked at until it rests.
 */
export async function poll(api: Api, path: string, absent: ListOptions['absent'], cursor: Json | undefined): Promise<PollResult> {
  const before = cursor as Cursor | undefined;
  const now = await serverTime(api, path, absent);
  const from = before && new Date(Date.parse(before.since) - OVERLAP).toISOString();
  const orders: Cursor['orders'] = {};
  const hints: Hint[] = [];
  const whole = (end: OpenEnd) => end === 'short';
  for await (const page of pages(api, path, {}, 'poll orders', { absent, whole })) {
    for (const order of page) {
      const id = String(order.id);
      const look = digest(LOOKS.map((name) => order[name] ?? null));
      const known = before?.orders[id];
      const over = OVER.has((textOf(order.state) ?? '').toLowerCase());
      const recent = from !== undefined && timesOf(order).some((time) => time >= from);
      const concerns = known !== undefined || recent || (!over && referenceOf(order) !== undefined);
      const rests = over && known === look && !recent;
      if (!concerns || rests) continue;
      orders[id] = look;
      if (before && known !== look) hints.push(hintOf(id, look, order));
    }
  }
  return { hints, cursor: { since: now, orders }, more: false };
}

function timesOf(order: Attributes): string[] {
  return [...TIMES.map((name) => order[name]), ...entries(order.note).map((note) => note.date)].flatMap(
    (given) => isoTime(given) ?? [],
  );
}

function hintOf(id: string, look: string, order: Attributes): Hint {
  return {
    entityType: 'productOrder',
    id,
    number: id,
    key: `poll|${id}|${look}`,
    payload: { id, state: order.state ?? null },
  };
}
