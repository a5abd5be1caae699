import { PartnerError } from '../../errors.js';
import type { HttpClient } from '../../http/http.js';
import type { Attributes } from './attributes.js';

const LIMIT = 100;
/** Pages looked through at most: a bound for providers that ignore offset and give the first page for ever. */
const MOST_PAGES = 1_000;

/**
 * Pages of a list of resources. Servers cap the limit as they like, answer 200 or 206, and may say 404 for an empty list (ServiceNow): the
 * end is where the total is reached, where a page is empty, or where it brings nothing new.
 */
export async function* pages(
  http: HttpClient,
  path: string,
  filter: Record<string, string>,
  what: string,
): AsyncGenerator<Attributes[]> {
  const seen = new Set<string>();
  let offset = 0;
  for (let page = 0; page < MOST_PAGES; page++) {
    const { found, total } = await one(http, path, { ...filter, offset, limit: LIMIT }, what);
    const fresh = found.filter((resource) => !seen.has(String(resource.id)));
    if (fresh.length === 0) return;
    for (const resource of fresh) seen.add(String(resource.id));
    yield fresh;
    offset += found.length;
    if (total !== undefined && offset >= total) return;
  }
}

async function one(
  http: HttpClient,
  path: string,
  query: Record<string, string | number>,
  what: string,
): Promise<{ found: Attributes[]; total?: number }> {
  try {
    const { body, headers } = await http.request<Attributes[]>({ method: 'GET', path, query, what });
    const total = Number(headers['x-total-count'] ?? Number.NaN);
    return { found: Array.isArray(body) ? body : [], ...(Number.isFinite(total) && { total }) };
  } catch (error) {
    if (error instanceof PartnerError && error.status === 404) return { found: [] };
    throw error;
  }
}

/** The provider's clock, from its Date header. */
export async function serverTime(http: HttpClient, path: string): Promise<string> {
  try {
    const { headers } = await http.request({ method: 'GET', path, query: { limit: 1 }, what: 'read the clock' });
    const time = Date.parse(headers.date ?? '');
    if (!Number.isNaN(time)) return new Date(time).toISOString();
  } catch (error) {
    if ((error as { status?: number }).status !== 404) throw error; // an empty list, for some
  }
  return new Date().toISOString();
}
