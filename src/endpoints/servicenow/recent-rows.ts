import type { Api } from '../api.js';
import { MAX_ROWS, tooLong } from './pages.js';
import { columnText, type Row, serviceNowTimeToIso } from './parse.js';

/** A header Date may be written by a gateway: so far it and the clock that dates rows are believed to be apart, milliseconds. */
export const MAX_CLOCK_SKEW = 1_800_000;

/** What may be of our writing in a list that is given newest first. */
export interface RecentRows {
  /** Rows made since, newest first. */
  rows: Row[];
  /** Whether the list holds nothing at all. */
  isEmpty: boolean;
}

/**
 * The rows of a list that were made since a time. What has no time counts. Throws PartnerError, SWB_TOO_LARGE.
 * @param since ISO time as the instance's answers are dated; '' = all
 * @param isEnough whether rows hold what is looked for: older ones are not read then
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
    found.push(...recent);
    if (rows.length > 0) isEmpty = false;
    if (recent.length < rows.length || isEnough(recent)) break;
    if (found.length > MAX_ROWS) throw tooLong(api, { what: 'look for what was written' });
  }
  return { rows: found, isEmpty };
}
