import { say } from '../../text/say.js';
import type { Api } from '../api.js';
import { MAX_ROWS, tooManyRows } from './pages.js';
import { serviceNowTimeToIso } from './parse.js';
import { columnText, type Row } from './row.js';

/** How far the Date header, which a gateway may write, can be from the clock that dates rows, milliseconds. */
export const MAX_CLOCK_SKEW = 1_800_000;

/** The newest rows of a list, among which our own writing may be. */
export interface RecentRows {
  /** Rows created since, newest first. */
  rows: Row[];
  /** Whether the list is empty. */
  isEmpty: boolean;
}

/**
 * The rows of a list that were created since a time; a row without a time counts. Throws PartnerError, SWB_TOO_LARGE.
 * @param since ISO time by the dates of the instance's answers; '' = all
 * @param isEnough whether the rows hold what is looked for, so that older ones need not be read
 */
export async function createdSince(
  api: Api,
  list: AsyncGenerator<Row[]>,
  since: string,
  isEnough: (rows: Row[]) => boolean = () => false,
): Promise<RecentRows> {
  const found: Row[] = [];
  let isEmpty = true;
  const from = Date.parse(since) - MAX_CLOCK_SKEW;
  for await (const rows of list) {
    const isBefore = (row: Row) => Date.parse(serviceNowTimeToIso(columnText(row.sys_created_on)) ?? '') < from;
    const recent = rows.filter((row) => !isBefore(row));
    if (found.length + recent.length > MAX_ROWS) throw tooManyRows(api, { what: say`look for what was written` });
    found.push(...recent);
    if (rows.length > 0) isEmpty = false;
    if (recent.length < rows.length || isEnough(recent)) break;
  }
  return { rows: found, isEmpty };
}
