import { PartnerError } from '../../errors.js';
import type { Json } from '../../model/message.js';
import { say } from '../../text/say.js';
import type { Api } from '../api.js';
import type { Hint, PollResult } from '../endpoint.js';
import { type Attributes, isAttributes, isoTime } from '../tmf/attributes.js';
import { digest } from '../tmf/digest.js';
import { type ListOptions, type OpenEnd, pages, serverTime } from '../tmf/list.js';

/**
 * How far before the watermark a poll reads again: the clocks of a provider's servers differ by minutes, and lists lag. Keys drop
 * repeats. Milliseconds.
 */
const OVERLAP = 600_000;
/** How far the first poll looks back: the provider's times may be in any time zone, without saying so. Milliseconds. */
const ANY_ZONE = 12 * 3_600_000;

/** The position of the poll: the newest lastUpdate seen that is not ahead of the provider's clock. */
type Cursor = { since: string };

/**
 * One poll of a provider without a hub: the tickets changed since the watermark, with a short overlap. A provider that ignores
 * the filter returns all tickets; unchanged ones are dropped here. The key covers everything that a ticket shows, because some
 * changes do not touch lastUpdate.
 *
 * Times need not be in UTC or name their zone. West of UTC, the newest time shown is behind the provider's clock and becomes the
 * watermark; east, or with a fast clock, it is ahead, and the clock becomes the watermark. So no later change is dated before the
 * watermark.
 */
export async function poll(api: Api, path: string, absent: ListOptions['absent'], cursor: Json | undefined): Promise<PollResult> {
  const mark = cursor as Cursor | undefined;
  const now = await serverTime(api, path, absent);
  if (!mark) return { hints: [], cursor: { since: await firstMark(api, path, absent, now) }, more: false };
  const from = new Date(Date.parse(mark.since) - OVERLAP).toISOString();
  const hints: Hint[] = [];
  let newest = mark.since;
  // Without any tickets the watermark stays, so that nothing is missed; with some, it would move past what a short list left out.
  const mustBeComplete = (end: OpenEnd) => end === 'short' && hints.length > 0;
  for await (const page of changedSince(api, path, from, { absent, mustBeComplete })) {
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

/** Tickets changed since a time; all tickets where the provider refuses that filter. */
async function* changedSince(api: Api, path: string, from: string, options: ListOptions): AsyncGenerator<Attributes[]> {
  try {
    yield* pages(api, path, { 'lastUpdate.gt': from }, say`poll tickets`, options);
  } catch (error) {
    if (!(error instanceof PartnerError) || error.status !== 400) throw error;
    yield* pages(api, path, {}, say`poll tickets`, options);
  }
}

/** The newest time of change, in whatever zone; the start of the search where no ticket changed in the last hours. */
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
  const key = `poll|${id}|${digest([stableContent(ticket)])}`;
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

/**
 * What a ticket shows, without what may differ at each read: signatures in URLs, and the ids of notes, which some providers
 * renumber. Pure.
 */
function stableContent(value: Json): Json {
  if (Array.isArray(value)) return value.map(stableContent);
  if (!isAttributes(value)) return value;
  const isNote = typeof value.text === 'string';
  const shown = Object.entries(value).filter(([name]) => !(isNote && name === 'id'));
  return Object.fromEntries(
    shown.map(([name, is]) => [
      name,
      /^(url|href)$/.test(name) && typeof is === 'string' ? (is.split('?')[0] ?? '') : stableContent(is),
    ]),
  );
}
