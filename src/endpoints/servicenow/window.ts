import type { Api } from '../api.js';
import type { Page } from './pages.js';
import { MOST_ROWS, tooLong } from './pages.js';
import { columnText, type Row, serviceNowTimeToIso } from './parse.js';

/** A header Date may be written by a gateway: so far it and the clock that dates rows are believed to be apart, milliseconds. */
export const APART = 1_800_000;

/** What may be of our writing in a list that is given newest first. */
export interface Recent {
  /** Rows made since, newest first. */
  rows: Row[];
  /** Whether the list holds nothing at all. */
  isEmpty: boolean;
}

/**
 * The rows of a list that were made since a time of ours. Our clock and the instance's may be hours apart: the time is moved by the difference,
 * which the instance's answers tell. What has no time counts. Throws PartnerError, SWB_TOO_LARGE.
 * @param since ISO time by our clock; '' = all
 * @param isEnough whether rows hold what is looked for: older ones are not read then
 */
export async function madeSince(
  api: Api,
  list: AsyncGenerator<Page>,
  since: string,
  clock: () => number,
  isEnough: (rows: Row[]) => boolean = () => false,
): Promise<Recent> {
  const found: Row[] = [];
  let isEmpty = true;
  for await (const { rows, date = clock() } of list) {
    const from = Date.parse(since) + date - clock() - APART;
    const isBefore = (row: Row) => Date.parse(serviceNowTimeToIso(columnText(row.sys_created_on)) ?? '') < from;
    const recent = rows.filter((row) => !isBefore(row));
    found.push(...recent);
    if (rows.length > 0) isEmpty = false;
    if (recent.length < rows.length || isEnough(recent)) break;
    if (found.length > MOST_ROWS) throw tooLong(api, { what: 'look for what was written' });
  }
  return { rows: found, isEmpty };
}
