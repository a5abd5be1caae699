import { PartnerError } from '../../errors.js';
import type { HttpRequest } from '../../http/http.js';
import type { Api, ListAnswer, ListExpectations } from '../api.js';
import { isPart, totalOf } from '../evidence.js';
import { smallerPage } from '../page-size.js';
import type { Attributes } from './attributes.js';

const LIMIT = 100;
/** The largest page that a provider has not refused, where it refused one. */
const limits = new WeakMap<Api, number>();
/** Pages looked through at most: a bound for providers that ignore offset and give the first page for ever. */
const MAX_PAGES = 1_000;

/**
 * How pages can end where there may be more: the provider repeats them, refuses a further one, says itself that these are not all, or has given
 * empty pages in the place of the rest: of what may not be seen.
 */
export type OpenEnd = 'repeated' | 'refused' | 'short' | 'hidden';

export interface ListOptions extends Pick<ListExpectations, 'absent' | 'single' | 'required'> {
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
  { whole, ...expectations }: ListOptions = {},
): AsyncGenerator<Attributes[]> {
  const seen = new Set<string>();
  let offset = 0;
  const request = () => ({ method: 'GET', path, query: { ...filter, offset, limit: limits.get(api) ?? LIMIT }, what }) as const;
  let expected: number | undefined;
  let end: OpenEnd = 'repeated';
  for (let page = 0; page < MAX_PAGES; page++) {
    const answer = await pageOf(api, request, { ...expectations, page: true }, offset > 0);
    if (answer === 'past') {
      if (expected === undefined || offset >= expected) return;
      end = 'short';
      break;
    }
    if (answer === 'refused') {
      end = expected !== undefined && offset < expected ? 'short' : 'refused';
      break;
    }
    const { records, status, headers } = answer;
    const found = records as Attributes[];
    const total = totalOf(headers);
    expected = total ?? expected;
    const fresh = found.filter((resource) => !seen.has(String(resource.id)));
    for (const resource of fresh) seen.add(String(resource.id));
    if (fresh.length > 0) yield fresh;
    offset += found.length;
    // The last of several pages is a part, too.
    const isEnd = total === undefined ? offset > 0 || !isPart(status, headers) : offset >= total;
    if (found.length === 0 && !isEnd) {
      // Where records may not be seen, others may be behind them.
      end = total === undefined ? 'short' : 'hidden';
      offset += limits.get(api) ?? LIMIT;
      if (total !== undefined && offset < total) continue;
    }
    if (found.length === 0 ? isEnd : total !== undefined && isEnd) return;
    if (fresh.length === 0) break;
  }
  if (!whole?.(end)) return;
  throw api.unexpected(request(), WORDS[end](seen.size));
}

const lacking = () => 'with no records, but not with all there are';
const WORDS: Record<OpenEnd, (count: number) => string> = {
  repeated: (count) => `with the same ${count} again: it gives no further pages, and there may be more`,
  refused: (count) => `with a refusal of what follows the first ${count}, and there may be more`,
  short: lacking,
  hidden: lacking,
};

/** One page; a smaller one where its size is refused. `past`: there is none at that place (416); `refused`: nor is it said that there is none. */
async function pageOf(
  api: Api,
  request: () => HttpRequest,
  expectations: ListExpectations,
  follows: boolean,
): Promise<ListAnswer | 'past' | 'refused'> {
  for (;;) {
    try {
      return await api.list(request(), expectations);
    } catch (error) {
      if (!(error instanceof PartnerError)) throw error;
      if (follows && error.status === 416) return 'past';
      const smaller = smallerPage(limits.get(api) ?? LIMIT, error);
      if (smaller !== undefined) limits.set(api, smaller);
      else if (follows && error.status === 400) return 'refused';
      else throw error;
    }
  }
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
