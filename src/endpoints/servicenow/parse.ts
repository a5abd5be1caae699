import type { GenericAttachment, GenericComment, GenericRelation, Json } from '../../model/message.js';
import { isReference } from '../../model/reference.js';
import type { ParsedEntity, RawEntity } from '../endpoint.js';
import { plainText } from './html.js';
import { itemIds, parsedItemId } from './line-ids.js';
import { LINES, LINES_FIELD, type LineTable } from './lines.js';
import { columnText, type Row, shownText } from './row.js';

/** What an in node emits for a ServiceNow record. */
export interface ServiceNowEntity extends RawEntity {
  table: string;
  record: Row;
  /** Rows of its line table, each with its named values; absent where such records have no lines. */
  lines?: Row[];
  /** Rows of sys_journal_field, of the record and of its lines, oldest first. */
  journal?: Row[];
  /** Rows of the attachment API. */
  attachments?: Row[];
  /** The record no longer exists. */
  deleted?: true;
}

export interface ParseContext {
  endpoint: string;
  entityType: string;
  baseUrl: string;
}

/** Raw times are in UTC without a zone (ServiceNow, Table API); '' and invalid texts give undefined. */
export function serviceNowTimeToIso(text: string): string | undefined {
  const found = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)$/.exec(text);
  return found ? `${found[1]}T${found[2]}.000Z` : undefined;
}

/** Splits a record into its parts. Pure. */
export function parse(raw: RawEntity, context: ParseContext): ParsedEntity {
  const { table, record, lines, journal = [], attachments = [], deleted } = raw as ServiceNowEntity;
  const text = (column: string) => columnText(record?.[column]);
  const id = text('sys_id');
  const reference = referenceOf(record, lines);
  const numbers = new Map(lines?.map((line) => [columnText(line.sys_id), columnText(line.number)]));
  return {
    source: {
      endpoint: context.endpoint,
      entityType: context.entityType,
      id,
      ...(text('number') && { number: text('number') }),
      url: `${context.baseUrl}/nav_to.do?uri=${encodeURIComponent(`${table}.do?sys_id=${id}`)}`,
      version: versionOf(record, lines),
      ...(text('sys_updated_by') && { changedBy: text('sys_updated_by') }),
      ...(serviceNowTimeToIso(text('sys_updated_on')) && { changedAt: serviceNowTimeToIso(text('sys_updated_on')) }),
      ...(reference && { reference }),
    },
    record: { ...flatRow(record ?? {}), ...(lines && { [LINES_FIELD]: flatLines(lines, LINES[table]) }) },
    comments: journal.flatMap((entry) => commentOf(entry, numbers.get(columnText(entry.element_id))) ?? []),
    attachments: attachments.map(attachmentOf),
    relations: relationsOf(record),
    ...(deleted && { deleted }),
  };
}

/** Our reference, where a record carries it; a new request has it in the variables of its items first. */
export function referenceOf(record: Row | undefined, lines: Row[] = []): string | undefined {
  const columns = ['correlation_id', 'external_id'].map((column) => columnText(record?.[column]));
  const variables = lines.flatMap((line) => Object.values((line.variables ?? {}) as Row).map(columnText));
  return [...columns, ...variables].find(isReference);
}

/** Columns as text; a reference with a display value also gets `<column>_name`. */
export function flatRow(row: Row): Record<string, Json> {
  const flat: Record<string, Json> = {};
  for (const [column, value] of Object.entries(row)) {
    const text = columnText(value);
    flat[column] = text;
    const shown = shownText(value);
    if (shown !== text && /^[0-9a-f]{32}$/.test(text)) flat[`${column}_name`] = shown;
  }
  return flat;
}

/** Left out of lines, so that a line that was only touched does not count as changed. */
const COUNTERS = ['sys_mod_count', 'sys_updated_on', 'sys_updated_by'];

function flatLines(lines: Row[], table: LineTable | undefined): Json {
  const ids = table && itemIds(lines, table);
  return lines.map((line) => {
    const flat = flatLine(line, table?.values.as ?? '');
    const id = ids?.get(line);
    return table && id !== undefined && parsedItemId(flat, table) !== id ? { ...flat, [table.id]: id } : flat;
  });
}

function flatLine(line: Row, as: string): Record<string, Json> {
  const { [as]: values = {}, ...columns } = line;
  const flat = flatRow(columns);
  for (const counter of COUNTERS) delete flat[counter];
  // Our reference among the variables is only for our look-ups; the other party does not need it.
  const named = Object.entries(values as Record<string, string>).filter(([, value]) => value !== '' && !isReference(value));
  return { ...flat, ...(named.length && { [as]: Object.fromEntries(named) }) };
}

/**
 * sys_mod_count counts every write; the time covers what a business rule wrote without counting. A record with lines is as new as
 * the newest of them; there the time comes first, because a deleted line takes its count with it.
 */
export function versionOf(record: Row, lines?: Row[]): string {
  const count = columnText(record?.sys_mod_count).padStart(8, '0');
  const time = columnText(record?.sys_updated_on);
  if (!lines) return `${count}|${time}`;
  const all = [record, ...lines];
  const newest = all.map((row) => columnText(row.sys_updated_on)).reduce((a, b) => (a > b ? a : b), '');
  const writes = all.reduce((sum, row) => sum + 1 + Number(columnText(row.sys_mod_count) || 0), 0);
  return `${newest}|${String(writes).padStart(8, '0')}`;
}

/**
 * `comments` are visible to the customer, `work_notes` are internal (ServiceNow, journal fields). `line`: the number of the line
 * that the entry is about. Undefined for an entry without text.
 */
function commentOf(entry: Row, line: string | undefined): GenericComment | undefined {
  const at = serviceNowTimeToIso(columnText(entry.sys_created_on));
  const text = plainText(columnText(entry.value));
  if (text === '') return undefined;
  return {
    id: columnText(entry.sys_id),
    text: line ? `${line}: ${text}` : text,
    author: columnText(entry.sys_created_by),
    ...(at && { at }),
    visibility: columnText(entry.element) === 'comments' ? 'public' : 'internal',
  };
}

function attachmentOf(row: Row): GenericAttachment {
  const size = Number(columnText(row.size_bytes));
  const at = serviceNowTimeToIso(columnText(row.sys_created_on));
  const hash = columnText(row.hash);
  return {
    id: columnText(row.sys_id),
    name: columnText(row.file_name),
    mimeType: columnText(row.content_type) || 'application/octet-stream',
    ...(Number.isFinite(size) && columnText(row.size_bytes) !== '' && { size }),
    ...(/^[0-9a-f]{64}$/.test(hash) && { hash }),
    author: columnText(row.sys_created_by),
    ...(at && { at }),
  };
}

function relationsOf(record: Row): GenericRelation[] {
  const parent = columnText(record?.parent_incident) || columnText(record?.parent);
  return parent ? [{ type: 'parent', id: parent }] : [];
}
