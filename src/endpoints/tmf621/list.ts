import { PartnerError } from '../../errors.js';
import type { HttpClient } from '../../http/http.js';
import type { Ticket } from './dialect.js';

const LIMIT = 100;
/** Pages looked through at most: a bound for providers that ignore offset and give the first page for ever. */
const MOST_PAGES = 1_000;

/**
 * Pages of a ticket list. Servers cap the limit as they like, answer 200 or 206, and may say 404 for an empty list (ServiceNow): the end is
 * where the total is reached, where a page is empty, or where it brings nothing new.
 */
export async function* pages(
  http: HttpClient,
  path: string,
  filter: Record<string, string>,
  what: string,
): AsyncGenerator<Ticket[]> {
  const seen = new Set<string>();
  let offset = 0;
  for (let page = 0; page < MOST_PAGES; page++) {
    const { tickets, total } = await one(http, path, { ...filter, offset, limit: LIMIT }, what);
    const fresh = tickets.filter((t) => !seen.has(String(t.id)));
    if (fresh.length === 0) return;
    for (const ticket of fresh) seen.add(String(ticket.id));
    yield fresh;
    offset += tickets.length;
    if (total !== undefined && offset >= total) return;
  }
}

async function one(
  http: HttpClient,
  path: string,
  query: Record<string, string | number>,
  what: string,
): Promise<{ tickets: Ticket[]; total?: number }> {
  try {
    const { body, headers } = await http.request<Ticket[]>({ method: 'GET', path, query, what });
    const total = Number(headers['x-total-count'] ?? Number.NaN);
    return { tickets: Array.isArray(body) ? body : [], ...(Number.isFinite(total) && { total }) };
  } catch (error) {
    if (error instanceof PartnerError && error.status === 404) return { tickets: [] };
    throw error;
  }
}
