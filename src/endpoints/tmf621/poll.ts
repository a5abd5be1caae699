import { PartnerError } from '../../errors.js';
import type { Json } from '../../model/message.js';
import type { Api } from '../api.js';
import type { Hint, PollResult } from '../endpoint.js';
import { type Attributes, isAttributes, isoTime } from '../tmf/attributes.js';
import { digest } from '../tmf/digest.js';
import { type ListOptions, type OpenEnd, pages, serverTime } from '../tmf/list.js';

/** Read again before the watermark: clocks of the provider's servers differ by minutes, and lists lag. What shows nothing new is told once. Milliseconds. */
const OVERLAP = 600_000;
/** Looked back at first: a provider's times may be those of any zone, without saying so. Milliseconds. */
const ANY_ZONE = 12 * 3_600_000;

/** Where the poll stands: the newest lastUpdate seen, as far as it is not ahead of the provider's clock. */
type Cursor = { since: string };

/**
 * One poll of a provider without a hub: what changed since the watermark, again over a short overlap. Providers that ignore the filter give
 * all tickets; those that did not change are left out here. All that a ticket shows counts into the key: some changes do not touch lastUpdate.
 *
 * Times need not be in UTC, nor say their zone. West of it the newest that is shown is behind the provider's clock, and is the watermark; east, or with
 * a clock that is fast, it is ahead, and the clock is the watermark. So nothing that is shown later is before it.
 */
export async function poll(api: Api, path: string, absent: ListOptions['absent'], cursor: Json | undefined): Promise<PollResult> {
  const mark = cursor as Cursor | undefined;
  const now = await serverTime(api, path, absent);
  if (!mark) return { hints: [], cursor: { since: await firstMark(api, path, absent, now) }, more: false };
  const from = new Date(Date.parse(mark.since) - OVERLAP).toISOString();
  const hints: Hint[] = [];
  let newest = mark.since;
  // Where nothing came the watermark stays, so that nothing is missed; else it moves over what a short list has left out.
  const whole = (end: OpenEnd) => end === 'short' && hints.length > 0;
  for await (const page of changedSince(api, path, from, { absent, whole })) {
    for (const ticket of page) {
      const at = isoTime(ticket.lastUpdate) ?? isoTime(ticket.creationDate);
      if (at !== undefined && at < from) continue;
      if (at !== undefined && at > newest && at <= now) newest = at;
      else if (at !== undefined && at > now && now > newest) newest = now;
      hints.push(hintOf(ticket));
    }
  }
  return { hints, cursor: { since: newest }, more: false };
}

/** Tickets changed since a time; all of them where the provider refuses to be asked so. */
async function* changedSince(api: Api, path: string, from: string, options: ListOptions): AsyncGenerator<Attributes[]> {
  try {
    yield* pages(api, path, { 'lastUpdate.gt': from }, 'poll tickets', options);
  } catch (error) {
    if (!(error instanceof PartnerError) || error.status !== 400) throw error;
    yield* pages(api, path, {}, 'poll tickets', options);
  }
}

/** The newest time of change there is, in whatever zone; the clock's where nothing is shown of the last hours. */
async function firstMark(api: Api, path: string, absent: ListOptions['absent'], now: string): Promise<string> {
  const from = new Date(Date.parse(now) - ANY_ZONE).toISOString();
  let newest: string | undefined;
  for await (const page of changedSince(api, path, from, { absent })) {
    for (const ticket of page) {
      const at = isoTime(ticket.lastUpdate) ?? isoTime(ticket.creationDate);
      if (at !== undefined && at >= from && (newest === undefined || at > newest)) newest = at;
    }
  }
  return newest === undefined ? from : newest < now ? newest : now;
}

function hintOf(ticket: Attributes): Hint {
  const id = String(ticket.id);
  const key = `poll|${id}|${digest([lookOf(ticket)])}`;
  const version = isoTime(ticket.lastUpdate);
  return {
    entityType: 'troubleTicket',
    id,
    number: id,
    ...(version && { expects: { version } }),
    key,
    payload: { id, lastUpdate: ticket.lastUpdate ?? null, status: ticket.status ?? null },
  };
}

/** What a ticket shows, without what may be another at each read: the keys in signed addresses, and ids of notes where providers count anew. Pure. */
function lookOf(value: Json): Json {
  if (Array.isArray(value)) return value.map(lookOf);
  if (!isAttributes(value)) return value;
  const isNote = typeof value.text === 'string';
  const shown = Object.entries(value).filter(([name]) => !(isNote && name === 'id'));
  return Object.fromEntries(
    shown.map(([name, is]) => [
      name,
      /^(url|href)$/.test(name) && typeof is === 'string' ? (is.split('?')[0] ?? '') : lookOf(is),
    ]),
  );
}
