import { SwitchboardError } from '../../errors.js';
import type { HttpRequest } from '../../http/http.js';
import { sameReference } from '../../model/reference.js';
import { say } from '../../text/say.js';
import type { Api, ListExpectations } from '../api.js';
import { type LineTable, referenceColumns } from './lines.js';
import { pages, wholeList } from './pages.js';
import { columnText, type Row, shownText } from './row.js';

/** Raw values, references as bare ids. */
export const RAW = { sysparm_exclude_reference_link: true };
/** Values with display values, which hold the names of referenced records. */
export const SHOWN = { ...RAW, sysparm_display_value: 'all' };
/** The column that every row must have: changes are found by it. */
export const ROW = ['sys_updated_on'];
/** Page size for finding one of our entries: it is usually among the newest. */
const NEWEST = 100;
/** The most rows of metadata tables, where nothing else limits a list. */
export const MAX_NAMES = 10_000;
/** Records read together: their ids must fit a URL of 2,000 characters. */
export const BATCH = 40;

/** The lines of records of one table, by number, each with its named values. */
export async function linesOf(api: Api, lines: LineTable, parents: string[], entityType: string): Promise<Row[]> {
  const { table, parent, values } = lines;
  const what = say`read the lines of ${entityType}`;
  const [rows, named] = await Promise.all([
    queryAll(api, table, any(parent, parents), `${what} (${table})`, SHOWN, oneOf(parent, parents)),
    queryAll(
      api,
      values.table,
      any(`${values.line}.${parent}`, parents),
      `${what} (${values.table})`,
      { ...SHOWN, sysparm_fields: ['sys_id', values.line, values.name, values.value].join(',') },
      { required: [values.line] },
    ),
  ]);
  const byLine = byColumn(named, values.line);
  return rows
    .sort((a, b) => (columnText(a.number) < columnText(b.number) ? -1 : 1))
    .map((row) => {
      const own = byLine.get(columnText(row.sys_id)) ?? [];
      return {
        ...row,
        [values.as]: Object.fromEntries(own.map((value) => [shownText(value[values.name]), columnText(value[values.value])])),
      };
    });
}

/** The records of lines, by the ids of the lines; lines that are gone or hidden are left out. */
export async function parentsOf(api: Api, { table, parent }: LineTable, lineIds: Set<string>): Promise<Map<string, string>> {
  const found = await Promise.all(
    batches([...lineIds]).map((ids) =>
      queryTable(
        api,
        table,
        any('sys_id', ids),
        say`read the lines' records (${table})`,
        ids.length,
        { sysparm_fields: `sys_id,${parent}` },
        { ...oneOf('sys_id', ids), required: [parent] },
      ),
    ),
  );
  return new Map(found.flat().map((row) => [columnText(row.sys_id), columnText(row[parent])]));
}

/** The rows that hold a line's named values. */
export function valueRows(api: Api, { values }: LineTable, lineId: string, what: string): Promise<Row[]> {
  const fields = { ...SHOWN, sysparm_fields: ['sys_id', values.line, values.name, values.value].join(',') };
  const expected = oneOf(values.line, [lineId]);
  return queryAll(api, values.table, `${values.line}=${lineId}`, what, fields, expected);
}

/**
 * Journal entries of records, oldest first; for a user without the right to read them (audit_viewer) ServiceNow returns none, not
 * an error.
 */
export async function journalOf(api: Api, ids: string[]): Promise<Row[]> {
  const found = await Promise.all(
    batches(ids).map((some) => {
      const query = `${any('element_id', some)}^elementINcomments,work_notes^ORDERBYsys_created_on`;
      return queryAll(api, 'sys_journal_field', query, say`read the journal`, {}, entriesOf(some));
    }),
  );
  return byTime(found.flat());
}

/** The journal of a record, newest first, page by page. */
export function newestOf(api: Api, id: string): AsyncGenerator<Row[]> {
  const query = `element_id=${sysId(id)}^elementINcomments,work_notes^ORDERBYDESCsys_created_on`;
  return pages(api, tableList('sys_journal_field', query, say`read the newest journal entries`), NEWEST, entriesOf([id]));
}

/** Whether the user may read journals at all: without the right the instance returns none, not an error. */
export async function showsJournals(api: Api): Promise<boolean> {
  const columns = { sysparm_fields: 'sys_id' };
  return (await queryTable(api, 'sys_journal_field', '', say`look for any journal entry`, 1, columns)).length > 0;
}

/** The attachments of records of one table, oldest first. */
export function attachmentsOf(api: Api, table: string, ids: string[]): Promise<Row[]> {
  return wholeList(api, attachmentList(table, ids), filesOf(ids));
}

/** The attachments of a record, newest first, page by page. */
export function newestFilesOf(api: Api, table: string, id: string): AsyncGenerator<Row[]> {
  return pages(api, attachmentList(table, [id], 'DESC'), NEWEST, filesOf([id]));
}

function attachmentList(table: string, ids: string[], order: '' | 'DESC' = ''): HttpRequest {
  const query = { sysparm_query: `${any('table_sys_id', ids.map(sysId))}^table_name=${table}^ORDERBY${order}sys_created_on` };
  return { method: 'GET', path: '/api/now/attachment', query, what: say`list attachments` };
}

function filesOf(ids: string[]): ListExpectations {
  return { ...oneOf('table_sys_id', ids), required: ['table_sys_id', 'file_name'] };
}

/** The first rows that a query finds, at most `limit`. */
export async function queryTable(
  api: Api,
  table: string,
  query: string,
  what: string,
  limit: number,
  columns: Record<string, string | boolean> = {},
  expected: ListExpectations = {},
): Promise<Row[]> {
  const found: Row[] = [];
  for await (const rows of pages(api, tableList(table, query, what, columns), limit, expected)) {
    found.push(...rows.slice(0, limit));
    if (found.length >= limit) break;
  }
  return found;
}

/** All rows that a query finds. Throws PartnerError, SWB_TOO_LARGE, where there are too many. */
function queryAll(
  api: Api,
  table: string,
  query: string,
  what: string,
  columns: Record<string, string | boolean>,
  expected: ListExpectations,
): Promise<Row[]> {
  return wholeList(api, tableList(table, query, what, columns), expected);
}

function tableList(table: string, query: string, what: string, columns: Record<string, string | boolean> = {}): HttpRequest {
  return {
    method: 'GET',
    path: `/api/now/v2/table/${table}`,
    query: { ...RAW, ...withId(columns), sysparm_query: query, sysparm_no_count: true },
    what,
  };
}

/** Always requests sys_id as well, because it identifies a row. */
function withId({ sysparm_fields, ...columns }: Record<string, string | boolean>): Record<string, string | boolean> {
  if (typeof sysparm_fields !== 'string') return columns;
  const fields = new Set(['sys_id', ...sysparm_fields.split(',')]);
  return { ...columns, sysparm_fields: [...fields].join(',') };
}

/** The record that carries our reference. Throws SWB_WRONG_ENTITY where several carry it. */
export async function findByReference(api: Api, table: string, entityType: string, reference: string): Promise<Row | undefined> {
  const [column = ''] = referenceColumns(table);
  const what = say`look up ${entityType} by ${reference}`;
  const rows = await queryTable(api, table, `${column}=${queryValue(reference)}`, what, 10, {}, { single: true });
  const [found, another] = rows.filter((row) => sameReference(columnText(row[column]), reference));
  if (!found && rows.length > 0)
    throw api.unmatched({ method: 'GET', what }, say`The column ${column} is missing, or cannot be queried.`);
  if (!another) return found;
  throw new SwitchboardError(
    'SWB_WRONG_ENTITY',
    say`Several ${entityType} records carry our reference ${reference}: ${columnText(found?.number)}, ${columnText(another.number)}.`,
    { where: api.name, hint: say`Clear ${column} in the copies, then replay.` },
  );
}

/** The record with this number. */
export async function findByNumber(api: Api, table: string, number: string, entityType: string): Promise<Row | undefined> {
  const isIt = (row: Row) => columnText(row.number).toLowerCase() === number.toLowerCase();
  const what = say`look up ${entityType} ${number}`;
  const rows = await queryTable(api, table, `number=${queryValue(number)}`, what, 10, {}, { single: true, matches: isIt });
  return rows[0];
}

/** An encoded query has no quoting: a ^ in a value would start another condition. */
export function queryValue(text: string): string {
  if (!/[\^\r\n]/.test(text)) return text;
  throw new SwitchboardError('SWB_PAYLOAD', say`"${text}" cannot be queried because it contains a ^ or a line break.`, {
    field: 'sysparm_query',
  });
}

/** Any other text in a query or a path could become another condition or another URL. */
export function sysId(id: string): string {
  if (/^[0-9a-z]{1,32}$/i.test(id)) return id;
  throw new SwitchboardError('SWB_PAYLOAD', say`"${id.slice(0, 40)}" is not a sys_id.`, { field: 'sys_id' });
}

/** The condition for one id, or for any of several ids. */
export function any(column: string, ids: string[]): string {
  return ids.length === 1 ? `${column}=${ids[0]}` : `${column}IN${ids.join(',')}`;
}

function entriesOf(ids: readonly string[]): ListExpectations {
  return { ...oneOf('element_id', ids), required: ['element_id', 'element', 'value'] };
}

/** The records have one of the requested values: ServiceNow ignores an invalid clause and returns any rows. */
export function oneOf(column: string, values: readonly string[]): Pick<ListExpectations, 'matches'> {
  return { matches: (row) => values.includes(columnText(row[column])) };
}

function batches(ids: string[]): string[][] {
  return Array.from({ length: Math.ceil(ids.length / BATCH) }, (_, i) => ids.slice(i * BATCH, (i + 1) * BATCH));
}

export function byTime(entries: Row[]): Row[] {
  const time = (row: Row) => columnText(row.sys_created_on);
  return [...entries].sort((a, b) => (time(a) < time(b) ? -1 : time(a) > time(b) ? 1 : 0));
}

export function byColumn(rows: Row[], column: string): Map<string, Row[]> {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const key = columnText(row[column]);
    const group = groups.get(key);
    if (group) group.push(row);
    else groups.set(key, [row]);
  }
  return groups;
}
