import { PartnerError } from '../../errors.js';
import type { HttpRequest } from '../../http/http.js';
import { say } from '../../text/say.js';
import type { Api, ListAnswer, ListExpectations } from '../api.js';
import { saysNext, totalOf } from '../evidence.js';
import { smallerPage } from '../page-size.js';
import { Paging, tooLong } from '../paging.js';
import { columnText, type Row } from './row.js';

/** Page size; ServiceNow's own default is 10,000. */
const PAGE = 1000;
/** The most rows of one complete list. A longer one is refused: a partial list must not pass for a complete one. */
export const MAX_ROWS = 20_000;
/**
 * Instances cut pages at round numbers. ACLs remove rows afterwards, so a page with this many rows may be the rest of a full one.
 */
const ROUND = 10;
const LARGE = 50;

/**
 * A list, page by page: an instance may return fewer rows than requested. Its headers say whether there are more; where they do
 * not, a round number of rows, or a large one, means that there may be more. A list with more than one page is read again in an
 * order without ties, because rows of the same second may change places between requests. Each page begins with the last row of
 * the one before: so no page is past the end, and a missing row shows that rows were removed meanwhile. Rows added meanwhile come
 * at the end, or move the others on.
 * @param request its query ends with the order of the rows, or has no order
 * @param size rows of one page; fewer where the instance refuses that many
 */
export async function* pages(
  api: Api,
  request: HttpRequest,
  size: number,
  expected: ListExpectations = {},
): AsyncGenerator<Row[]> {
  const given = new Set<string>();
  const read = new Set<string>();
  let from = request;
  let before = 0;
  let limit = size;
  const page = new Paging();
  for (;;) {
    const offset = before > 1 ? read.size - 1 : read.size;
    const pageRequest = offset > 0 ? { ...from, query: { ...from.query, sysparm_offset: offset } } : from;
    const answer = await onePage(api, pageRequest, limit, { ...expected, ...(given.size > 0 && { page }) });
    limit = answer.limit;
    const { records, headers, status } = answer;
    const ids = records.map((row) => columnText(row.sys_id));
    const isNew = ids.some((id) => !read.has(id));
    if (from !== request && before > 1 && ids.length > 0 && !ids.some((id) => read.has(id)))
      throw api.unexpected(request, say`with a list that lost rows while it was read`);
    const rows = records.filter((row) => !given.has(columnText(row.sys_id)));
    for (const id of ids) given.add(id);
    for (const id of ids) read.add(id);
    yield rows;
    const total = totalOf(headers);
    const isAnnounced = total === undefined ? status === 206 || saysNext(headers) : total > read.size;
    const isSuspected = total === undefined && (ids.length % ROUND === 0 || ids.length >= LARGE || ids.length === limit);
    if (from === request && (isAnnounced || (isNew && before > 0))) {
      from = withoutTies(request);
      read.clear();
      before = 0;
      continue;
    }
    before = ids.length;
    if (!isAnnounced && !isSuspected) return;
    if (isNew) continue;
    const isEnd = ids.length === 0 && total === undefined;
    if (!isAnnounced || isEnd) return;
    throw api.unexpected(request, say`with the same ${given.size} rows again, although there are more`);
  }
}

function withoutTies(request: HttpRequest): HttpRequest {
  const { sysparm_query = '' } = request.query ?? {};
  const order = `ORDERBY${/ORDERBYDESC/.test(String(sysparm_query)) ? 'DESC' : ''}sys_id`;
  return { ...request, query: { ...request.query, sysparm_query: sysparm_query ? `${sysparm_query}^${order}` : order } };
}

/** All rows of a list. Throws PartnerError, SWB_TOO_LARGE, where there are more than MAX_ROWS. */
export async function wholeList(api: Api, request: HttpRequest, expected: ListExpectations = {}): Promise<Row[]> {
  const found: Row[] = [];
  for await (const rows of pages(api, request, PAGE, expected)) {
    if (found.length + rows.length > MAX_ROWS) throw tooManyRows(api, request);
    found.push(...rows);
  }
  return found;
}

export function tooManyRows({ name }: Api, request: Pick<HttpRequest, 'what'>): PartnerError {
  return tooLong(name, request, say`there are more than ${MAX_ROWS} rows`);
}

/**
 * One page with at most `limit` rows; where the instance refuses that many, the number that it names, or half.
 * A further page (`expected.page`) past the end is empty, even where the instance answers it with an error.
 */
export async function onePage(
  api: Api,
  request: HttpRequest,
  limit: number,
  expected: ListExpectations,
): Promise<ListAnswer & { limit: number }> {
  try {
    const answer = await api.list({ ...request, query: { ...request.query, sysparm_limit: limit } }, expected);
    return { ...answer, limit };
  } catch (error) {
    if (!(error instanceof PartnerError)) throw error;
    const fewer = smallerPage(limit, error);
    if (fewer !== undefined) return onePage(api, request, fewer, expected);
    if (expected.page && (error.status === 416 || error.status === 400)) return { records: [], status: 200, headers: {}, limit };
    throw error;
  }
}
