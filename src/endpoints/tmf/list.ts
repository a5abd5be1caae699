import type { Api, ListQuestion } from '../api.js';
import type { Attributes } from './attributes.js';

const LIMIT = 100;
/** Pages looked through at most: a bound for providers that ignore offset and give the first page for ever. */
const MOST_PAGES = 1_000;

export interface ListOptions extends ListQuestion {
  /** Asked at an end that need not be the end: must the list be whole? Then it is thrown that this is not known. */
  whole?: () => boolean;
}

/**
 * Pages of a list of resources. Servers cap the limit as they like, answer 200 or 206: the end is where the total is reached, where a page is
 * empty, or where it brings nothing new, because the provider ignores offset: then there may be more.
 */
export async function* pages(
  api: Api,
  path: string,
  filter: Record<string, string>,
  what: string,
  { whole, ...question }: ListOptions = {},
): AsyncGenerator<Attributes[]> {
  const seen = new Set<string>();
  let offset = 0;
  const request = () => ({ method: 'GET', path, query: { ...filter, offset, limit: LIMIT }, what }) as const;
  for (let page = 0; page < MOST_PAGES; page++) {
    const { records, headers } = await api.list(request(), question);
    const found = records as Attributes[];
    const total = Number(headers['x-total-count'] ?? Number.NaN);
    const fresh = found.filter((resource) => !seen.has(String(resource.id)));
    for (const resource of fresh) seen.add(String(resource.id));
    if (fresh.length > 0) yield fresh;
    offset += found.length;
    if (found.length === 0 || offset >= total) return;
    if (fresh.length === 0) break;
  }
  if (whole?.())
    throw api.strange(request(), `with the same ${seen.size} again: it gives no further pages, and there may be more`);
}

/** The provider's clock, from its Date header. */
export async function serverTime(api: Api, path: string, absent?: ListOptions['absent']): Promise<string> {
  const { headers } = await api.list({ method: 'GET', path, query: { limit: 1 }, what: 'read the clock' }, { absent });
  const time = Date.parse(headers.date ?? '');
  return Number.isNaN(time) ? new Date().toISOString() : new Date(time).toISOString();
}
