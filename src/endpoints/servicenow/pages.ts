import { PartnerError } from '../../errors.js';
import type { HttpRequest } from '../../http/http.js';
import type { Api, ListAnswer, ListExpectations } from '../api.js';
import { saysNext, totalOf } from '../evidence.js';
import { smallerPage } from '../page-size.js';
import { columnText, type Row } from './parse.js';

/** Rows that are asked for at once; ServiceNow's own default is 10,000. */
const PAGE = 1000;
/** Rows of one whole list. What is longer is refused in words: a part of a list is none. */
export const MAX_ROWS = 20_000;
/** Pages are cut at round numbers; rows that may not be seen are taken out of a page afterwards: one of so many may be such a rest. */
const ROUND = 10;
const REST = 50;

/**
 * A list, page by page: an instance may give fewer rows than are asked for at once. That there are more is said by its headers; where it keeps
 * quiet, a round number of rows is asked about, and a large one. What has more than one page is read again in an order without ties, because rows of one second may
 * come in another order each time; a page begins with the last row of the one before it, so it is never past the end and shows that nothing was
 * taken out meanwhile. Rows added meanwhile come at the end, or move the others on.
 * @param request its query ends with the order of the rows, or has none
 * @param size rows of one page; fewer where the instance refuses as many
 */
export async function* pages(api: Api, request: HttpRequest, size: number, question: ListExpectations = {}): AsyncGenerator<Row[]> {
  const given = new Set<string>();
  const read = new Set<string>();
  let from = request;
  let before = 0;
  let limit = size;
  for (;;) {
    const offset = before > 1 ? read.size - 1 : read.size;
    const asked = offset > 0 ? { ...from, query: { ...from.query, sysparm_offset: offset } } : from;
    const answer = await onePage(api, asked, limit, { ...question, page: given.size > 0 });
    limit = answer.limit;
    const { records, headers, status } = answer;
    const ids = records.map((row) => columnText(row.sys_id));
    const isNew = ids.some((id) => !read.has(id));
    if (from !== request && before > 1 && ids.length > 0 && !ids.some((id) => read.has(id)))
      throw api.unexpected(request, 'with a list that was cut while it was read');
    const rows = records.filter((row) => !given.has(columnText(row.sys_id)));
    for (const id of ids) given.add(id);
    for (const id of ids) read.add(id);
    yield rows;
    const total = totalOf(headers);
    const isTold = total === undefined ? status === 206 || saysNext(headers) : total > read.size;
    const isSuspected = total === undefined && (ids.length % ROUND === 0 || ids.length >= REST || ids.length === limit);
    if (from === request && (isTold || (isNew && before > 0))) {
      from = withoutTies(request);
      read.clear();
      before = 0;
      continue;
    }
    before = ids.length;
    if (!isTold && !isSuspected) return;
    if (isNew) continue;
    const isEnd = ids.length === 0 && total === undefined;
    if (!isTold || isEnd) return;
    throw api.unexpected(request, `with ${given.size} rows again, and not with all there are`);
  }
}

function withoutTies(request: HttpRequest): HttpRequest {
  const { sysparm_query = '' } = request.query ?? {};
  const order = `ORDERBY${/ORDERBYDESC/.test(String(sysparm_query)) ? 'DESC' : ''}sys_id`;
  return { ...request, query: { ...request.query, sysparm_query: sysparm_query ? `${sysparm_query}^${order}` : order } };
}

/** All rows of a list. Throws PartnerError, SWB_TOO_LARGE, where there are more than MAX_ROWS. */
export async function wholeList(api: Api, request: HttpRequest, question: ListExpectations = {}): Promise<Row[]> {
  const found: Row[] = [];
  for await (const rows of pages(api, request, PAGE, question)) {
    found.push(...rows);
    if (found.length > MAX_ROWS) throw tooLong(api, request);
  }
  return found;
}

export function tooLong(api: Api, { what }: Pick<HttpRequest, 'what'>): PartnerError {
  return new PartnerError('SWB_TOO_LARGE', `${what}: there are more than ${MAX_ROWS} rows.`, {
    where: api.name,
    hint: 'It is not read in part. Go on with a new record, or have old entries archived.',
    outcome: 'notDone',
    retry: false,
    ofRecord: true,
  });
}

/**
 * One page of at most so many rows; where these are too many for the instance, of as many as it names, or of half.
 * A further one (`question.page`) that is past the end is empty, also where that is answered as an error.
 */
export async function onePage(
  api: Api,
  request: HttpRequest,
  limit: number,
  question: ListExpectations,
): Promise<ListAnswer & { limit: number }> {
  try {
    const answer = await api.list({ ...request, query: { ...request.query, sysparm_limit: limit } }, question);
    return { ...answer, limit };
  } catch (error) {
    if (!(error instanceof PartnerError)) throw error;
    const fewer = smallerPage(limit, error);
    if (fewer !== undefined) return onePage(api, request, fewer, question);
    if (question.page && (error.status === 416 || error.status === 400)) return { records: [], status: 200, headers: {}, limit };
    throw error;
  }
}
