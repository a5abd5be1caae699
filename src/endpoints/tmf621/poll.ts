import type { Json } from '../../model/message.js';
import type { Api } from '../api.js';
import type { Hint, PollResult } from '../endpoint.js';
import { type Attributes, entries, isoTime } from '../tmf/attributes.js';
import { digest } from '../tmf/digest.js';
import { type ListOptions, type OpenEnd, pages, serverTime } from '../tmf/list.js';

/** Read again before the watermark: clocks of the provider's servers differ, and lastUpdate may have the grain of a second. Milliseconds. */
const OVERLAP = 5_000;

/** Where the poll stands: the newest lastUpdate seen. */
type Cursor = { since: string };

/**
 * One poll of a provider without a hub: what changed since the watermark, again over a short overlap. Providers that ignore the filter give
 * all tickets; those that did not change are left out here. Notes and attachments count into the key: some do not touch lastUpdate.
 */
export async function poll(api: Api, path: string, absent: ListOptions['absent'], cursor: Json | undefined): Promise<PollResult> {
  const mark = cursor as Cursor | undefined;
  if (!mark) return { hints: [], cursor: { since: await serverTime(api, path, absent) }, more: false };
  const from = new Date(Date.parse(mark.since) - OVERLAP).toISOString();
  const hints: Hint[] = [];
  let newest = mark.since;
  // Where nothing came the watermark stays, so that nothing is missed; else it moves over what a short list has left out.
  const whole = (end: OpenEnd) => end === 'short' && hints.length > 0;
  for await (const page of pages(api, path, { 'lastUpdate.gt': from }, 'poll tickets', { absent, whole })) {
    for (const ticket of page) {
      const at = isoTime(ticket.lastUpdate) ?? isoTime(ticket.creationDate);
      if (at !== undefined && at < from) continue;
      if (at !== undefined && at > newest) newest = at;
      hints.push(hintOf(ticket));
    }
  }
  return { hints, cursor: { since: newest }, more: false };
}

function hintOf(ticket: Attributes): Hint {
  const id = String(ticket.id);
  const count = (value: Json | undefined) => entries(value).length;
  const key = `poll|${id}|${digest([ticket.lastUpdate, ticket.status, count(ticket.note), count(ticket.attachment)])}`;
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
