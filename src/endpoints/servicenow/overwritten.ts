import type { Json } from '../../model/message.js';
import { say } from '../../text/say.js';
import type { Api } from '../api.js';
import { oneOf, queryTable, sysId } from './query.js';
import { columnText, type Row } from './row.js';

/** The columns in which people cancel. */
const STATES = ['state', 'request_state', 'stage'];
/** Audit rows of these columns that are read, newest first. */
const NEWEST = 20;

/** What our write of a row replaced without having read it: columns with the values that somebody had just saved. */
export interface Overwritten {
  columns: Record<string, Json>;
  /** False where the instance does not show it: the user may not read the audit, or the table has none. */
  isKnown: boolean;
}

/**
 * The states that somebody saved between our read of a row and our write to it. ServiceNow has no conditional write, but
 * counts writes (sys_mod_count), and keeps what each replaced (ServiceNow, Viewing Sys Audit: sys_audit). Never throws.
 * @param written the columns that we wrote
 * @param answer the row after it
 */
export async function overwrittenStates(
  api: Api,
  table: string,
  before: Row,
  written: Record<string, Json>,
  answer: Row,
): Promise<Overwritten | undefined> {
  const names = STATES.filter((name) => name in written && name in before);
  const writes = Number(columnText(answer.sys_mod_count)) - Number(columnText(before.sys_mod_count));
  if (names.length === 0 || !(writes > 1)) return undefined;
  const id = sysId(columnText(answer.sys_id));
  const query = `documentkey=${id}^fieldnameIN${names.join(',')}^ORDERBYDESCsys_created_on`;
  const what = say`read what was overwritten (${table})`;
  const rows = await queryTable(api, 'sys_audit', query, what, NEWEST, {}, oneOf('documentkey', [id])).catch(() => []);
  const columns: Record<string, Json> = {};
  for (const name of names) {
    const ours = rows.find((row) => row.fieldname === name && columnText(row.newvalue) === columnText(written[name]));
    const replaced = ours && columnText(ours.oldvalue);
    if (replaced !== undefined && replaced !== columnText(before[name])) columns[name] = replaced;
  }
  return { columns, isKnown: rows.length > 0 };
}
