import type { Api, ListQuestion } from '../api.js';
import { isPart, totalOf } from '../evidence.js';
import type { Attributes } from './attributes.js';

const LIMIT = 100;
/** Pages looked through at most: a bound for providers that ignore offset and give the first page for ever. */
const MOST_PAGES = 1_000;

/** How pages can end where there may be more: the provider repeats them, or says itself that these are not all. */
export type OpenEnd = 'repeated' | 'short';

export interface ListOptions extends Pick<ListQuestion, 'absent' | 'lone' | 'needs'> {
  /** Asked at an end that need not be the end: must the list be whole? Then it is thrown that this is not known. */
  whole?: (end: OpenEnd) => boolean;
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
  let end: OpenEnd = 'repeated';
  for (let page = 0; page < MOST_PAGES; page++) {
    const { records, status, headers } = await api.list(request(), { ...question, page: true });
    const found = records as Attributes[];
    const total = totalOf(headers);
    const fresh = found.filter((resource) => !seen.has(String(resource.id)));
    for (const resource of fresh) seen.add(String(resource.id));
    if (fresh.length > 0) yield fresh;
    offset += found.length;
    // The last of several pages is a part, too.
    const isEnd = total === undefined ? offset > 0 || !isPart(status, headers) : offset >= total;
    if (found.length === 0 && !isEnd) end = 'short';
    if (found.length === 0 ? isEnd : total !== undefined && isEnd) return;
    if (fresh.length === 0) break;
  }
  if (!whole?.(end)) return;
  const same = `with the same ${seen.size} again: it gives no further pages, and there may be more`;
  throw api.strange(request(), end === 'repeated' ? same : 'with no records, but not with all there are');
}

/** The provider's clock, from its Date header. */
export async function serverTime(api: Api, path: string, absent?: ListOptions['absent']): Promise<string> {
  const { headers } = await api.list(
    { method: 'GET', path, query: { limit: 1 }, what: 'read the clock' },
    { absent, page: true },
  );
  const time = Date.parse(headers.date ?? '');
  return Number.isNaN(time) ? new Date().toISOString() : new Date(time).toISOString();
}
