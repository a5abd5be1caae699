import { PartnerError } from '../../errors.js';
import type { HttpRequest } from '../../http/http.js';
import { say } from '../../text/say.js';
import type { Api, ListAnswer, ListExpectations } from '../api.js';
import { isPart, totalOf } from '../evidence.js';
import { smallerPage } from '../page-size.js';
import { Paging } from '../paging.js';
import type { Attributes } from './attributes.js';

const LIMIT = 100;
/** The largest page size that a provider accepts, where it has refused a larger one. */
const limits = new WeakMap<Api, number>();

/**
 * How a list can end although there may be more: the provider repeats pages, refuses a further one, says itself that records are
 * missing, or returns empty pages in place of hidden records.
 */
export type OpenEnd = 'repeated' | 'refused' | 'short' | 'hidden';

export interface ListOptions extends Pick<ListExpectations, 'absent' | 'single' | 'required'> {
  /** Called at an end that may not be the end: must the list be complete? If so, an error is thrown. */
  mustBeComplete?: (end: OpenEnd) => boolean;
}

/**
 * Pages of a list of resources. Servers cap the limit as they like and answer 200 or 206. The list ends where the total is
 * reached, at an empty page, or at a page without new records because the provider ignores offset; then there may be more.
 */
export async function* pages(
  api: Api,
  path: string,
  filter: Record<string, string>,
  what: string,
  { mustBeComplete, ...expectations }: ListOptions = {},
): AsyncGenerator<Attributes[]> {
  const seen = new Set<string>();
  let offset = 0;
  const request = () => ({ method: 'GET', path, query: { ...filter, offset, limit: limits.get(api) ?? LIMIT }, what }) as const;
  let expected: number | undefined;
  let end: OpenEnd = 'repeated';
  const page = new Paging();
  for (;;) {
    const answer = await pageOf(api, request, { ...expectations, page }, offset > 0);
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
    // The last of several pages is partial, too.
    const isEnd = total === undefined ? offset > 0 || !isPart(status, headers) : offset >= total;
    if (found.length === 0 && !isEnd) {
      // Hidden records may be followed by visible ones.
      end = total === undefined ? 'short' : 'hidden';
      offset += limits.get(api) ?? LIMIT;
      if (total !== undefined && offset < total) continue;
    }
    if (found.length === 0 ? isEnd : total !== undefined && isEnd) return;
    if (fresh.length === 0) break;
  }
  if (!mustBeComplete?.(end)) return;
  throw api.unexpected(request(), WORDS[end](seen.size));
}

const incomplete = () => say`with no records, but not with all there are`;
const WORDS: Record<OpenEnd, (count: number) => string> = {
  repeated: (count) => say`with the same ${count} records again: the provider returns no further pages, and there may be more`,
  refused: (count) => say`with a refusal of the page after the first ${count} records, and there may be more`,
  short: incomplete,
  hidden: incomplete,
};

/**
 * One page; a smaller one where its size is refused. `past`: there is no page at that offset (416); `refused`: the provider does
 * not say why.
 */
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
    { method: 'GET', path, query: { limit: 1 }, what: say`read the clock` },
    { absent, page: new Paging() },
  );
  const time = Date.parse(headers.date ?? '');
  return Number.isNaN(time) ? new Date().toISOString() : new Date(time).toISOString();
}
