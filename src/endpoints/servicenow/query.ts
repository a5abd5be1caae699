import { SwitchboardError } from '../../errors.js';
import type { HttpClient } from '../../http/http.js';
import { type LineTable, referenceColumns } from './lines.js';
import { columnText, type Row, shownText } from './parse.js';

/** Raw values, references as bare ids. */
export const RAW = { sysparm_exclude_reference_link: true };
/** Values with what a person sees beside them: names of what is referred to. */
export const SHOWN = { ...RAW, sysparm_display_value: 'all' };
/** Rows of one list; ServiceNow's own default is 10,000. */
export const MOST_ENTRIES = 1000;
/** Lines and their values, for which nothing smaller bounds a list. */
export const MOST_LINES = 10_000;
/** Records read together: their ids fit an address of 2,000 characters. */
export const BATCH = 40;

/** The lines of records of one table, in their own order, each with its named values. */
export async function linesOf(http: HttpClient, lines: LineTable, parents: string[], entityType: string): Promise<Row[]> {
  const { table, parent, values } = lines;
  const what = `read the lines of ${entityType}`;
  const [rows, named] = await Promise.all([
    queryTable(http, table, any(parent, parents), `${what} (${table})`, MOST_LINES, SHOWN),
    queryTable(http, values.table, any(`${values.line}.${parent}`, parents), `${what} (${values.table})`, MOST_LINES, {
      ...SHOWN,
      sysparm_fields: ['sys_id', values.line, values.name, values.value].join(','),
    }),
  ]);
  const byLine = byColumn(named, values.line);
  return rows
    .filter((row) => parents.includes(columnText(row[parent])))
    .sort((a, b) => (columnText(a.number) < columnText(b.number) ? -1 : 1))
    .map((row) => {
      const own = byLine.get(columnText(row.sys_id)) ?? [];
      return {
        ...row,
        [values.as]: Object.fromEntries(own.map((value) => [shownText(value[values.name]), columnText(value[values.value])])),
      };
    });
}

/** The records that lines belong to, by the lines' ids; lines that are gone or hidden are left out. */
export async function parentsOf(
  http: HttpClient,
  { table, parent }: LineTable,
  lineIds: Set<string>,
): Promise<Map<string, string>> {
  const found = await Promise.all(
    batches([...lineIds]).map((ids) =>
      queryTable(http, table, any('sys_id', ids), `read the lines' records (${table})`, ids.length, {
        sysparm_fields: `sys_id,${parent}`,
      }),
    ),
  );
  return new Map(found.flat().map((row) => [columnText(row.sys_id), columnText(row[parent])]));
}

/** The rows that hold a line's named values. */
export function valueRows(http: HttpClient, { values }: LineTable, lineId: string, what: string): Promise<Row[]> {
  const fields = { ...SHOWN, sysparm_fields: ['sys_id', values.line, values.name, values.value].join(',') };
  return queryTable(http, values.table, `${values.line}=${lineId}`, what, MOST_LINES, fields).then((rows) =>
    rows.filter((row) => columnText(row[values.line]) === lineId),
  );
}

/** Journal entries of records, oldest first; without the right to read them (audit_viewer) ServiceNow gives none, not an error. */
export async function journalOf(http: HttpClient, ids: string[]): Promise<Row[]> {
  const wanted = new Set(ids);
  const found = await Promise.all(
    batches(ids).map((some) => {
      const query = `${any('element_id', some)}^elementINcomments,work_notes^ORDERBYsys_created_on`;
      return queryTable(http, 'sys_journal_field', query, 'read the journal', MOST_ENTRIES);
    }),
  );
  // An invalid clause is ignored and any rows come back: believe only what was asked for.
  return found.flat().filter((row) => wanted.has(columnText(row.element_id)));
}

/** The attachments of records of one table, oldest first. */
export async function attachmentsOf(http: HttpClient, table: string, ids: string[]): Promise<Row[]> {
  const { body } = await http.request<{ result?: Row[] }>({
    method: 'GET',
    path: '/api/now/attachment',
    query: {
      sysparm_query: `${any('table_sys_id', ids)}^table_name=${table}^ORDERBYsys_created_on`,
      sysparm_limit: MOST_ENTRIES,
    },
    what: 'list attachments',
  });
  return (body?.result ?? []).filter((row) => ids.includes(columnText(row.table_sys_id)));
}

export async function queryTable(
  http: HttpClient,
  table: string,
  query: string,
  what: string,
  limit = MOST_ENTRIES,
  columns: Record<string, string | boolean> = {},
): Promise<Row[]> {
  const { body } = await http.request<{ result?: Row[] }>({
    method: 'GET',
    path: `/api/now/v2/table/${table}`,
    query: { ...RAW, ...columns, sysparm_query: query, sysparm_limit: limit, sysparm_no_count: true },
    what,
  });
  return body?.result ?? [];
}

/** The record that carries our reference. Throws SWB_WRONG_ENTITY where several do. */
export async function findByReference(
  http: HttpClient,
  table: string,
  entityType: string,
  reference: string,
): Promise<Row | undefined> {
  const [column = ''] = referenceColumns(table);
  const rows = await queryTable(http, table, `${column}=${queryValue(reference)}`, `look up ${entityType} by ${reference}`, 10);
  // An invalid clause is ignored and arbitrary rows come back: only a row that carries the reference counts.
  const [found, another] = rows.filter((row) => columnText(row[column]) === reference);
  if (!another) return found;
  throw new SwitchboardError(
    'SWB_WRONG_ENTITY',
    `Several ${entityType} records carry our reference ${reference}: ${columnText(found?.number)}, ${columnText(another.number)}.`,
    { where: http.name, hint: `Clear ${column} in the copies, then replay.` },
  );
}

/** The record that people know by this number. */
export async function findByNumber(
  http: HttpClient,
  table: string,
  number: string,
  entityType: string,
): Promise<Row | undefined> {
  const rows = await queryTable(http, table, `number=${queryValue(number)}`, `look up ${entityType} ${number}`, 10);
  return rows.find((row) => columnText(row.number).toLowerCase() === number.toLowerCase());
}

/** An encoded query has no way to quote: a value with ^ in it would become another condition. */
export function queryValue(text: string): string {
  if (!/[\^\r\n]/.test(text)) return text;
  throw new SwitchboardError('SWB_PAYLOAD', `«${text}» cannot be looked for: it holds a ^ or a line end.`, {
    field: 'sysparm_query',
  });
}

/** Anything else in a query or a path could become another condition, or another address. */
export function sysId(id: string): string {
  if (/^[0-9a-z]{1,32}$/i.test(id)) return id;
  throw new SwitchboardError('SWB_PAYLOAD', `«${id.slice(0, 40)}» is no sys_id.`, { field: 'sys_id' });
}

/** The condition for one id, or for any of several. */
export function any(column: string, ids: string[]): string {
  return ids.length === 1 ? `${column}=${ids[0]}` : `${column}IN${ids.join(',')}`;
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
