import { FINAL_STATES, type Json } from '../../model/message.js';
import type { Api } from '../api.js';
import type { Hint, PollResult } from '../endpoint.js';
import { type Attributes, entries, isoTime, textOf } from '../tmf/attributes.js';
import { digest } from '../tmf/digest.js';
import { type ListOptions, type OpenEnd, pages, serverTime } from '../tmf/list.js';
import { referenceOf } from './dialect.js';

/** Looked back before the watermark: clocks of the provider's servers differ by minutes. Milliseconds. */
const OVERLAP = 600_000;

/** Where nothing is shown of the last hours, the first look is from so long ago on: times may be those of any zone. Milliseconds. */
const ANY_ZONE = 12 * 3_600_000;

/**
 * Where the poll stands: the newest time that an order showed, as far as it is not ahead of the provider's clock, and how each order that concerns us
 * looked. Times need not be in UTC, nor say their zone: west of it they are behind the clock, and the newest of them is the watermark.
 */
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
  let newest = before?.since ?? new Date(Date.parse(now) - ANY_ZONE).toISOString();
  const hints: Hint[] = [];
  const whole = (end: OpenEnd) => end === 'short' || end === 'hidden';
  for await (const page of pages(api, path, {}, 'poll orders', { absent, whole })) {
    for (const order of page) {
      const id = String(order.id);
      const times = timesOf(order);
      for (const time of times) if (time <= now && time > newest) newest = time;
      const look = digest(LOOKS.map((name) => order[name] ?? null));
      const known = before?.orders[id];
      const over = OVER.has((textOf(order.state) ?? '').toLowerCase());
      const recent = from !== undefined && times.some((time) => time >= from);
      const concerns = known !== undefined || recent || (!over && referenceOf(order) !== undefined);
      const rests = over && known === look && !recent;
      if (!concerns || rests) continue;
      orders[id] = look;
      if (before && known !== look) hints.push(hintOf(id, look, order));
    }
  }
  return { hints, cursor: { since: newest, orders }, more: false };
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
