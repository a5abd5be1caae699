import type { GenericAttachment, GenericComment, GenericRelation, Json } from '../../model/message.js';
import type { Parsed, RawEntity } from '../endpoint.js';

/** A row as the Table API gives it: every scalar is text; a reference is {link, value}, a bare id, or ''. */
export type Row = Record<string, unknown>;

/** What an in node emits for a ServiceNow record. */
export interface ServiceNowEntity extends RawEntity {
  table: string;
  record: Row;
  /** Rows of sys_journal_field, oldest first. */
  journal?: Row[];
  /** Rows of the attachment API. */
  attachments?: Row[];
}

export interface ParseContext {
  endpoint: string;
  entityType: string;
  baseUrl: string;
}

/** The text of a column, whichever way it is given (ServiceNow, Table API: sysparm_display_value, sysparm_exclude_reference_link). */
export function columnText(value: unknown): string {
  if (value === undefined || value === null) return '';
  if (typeof value !== 'object') return String(value);
  const { value: inner } = value as { value?: unknown };
  return inner === undefined || inner === null ? '' : String(inner);
}

/** Raw times are UTC without saying so (ServiceNow, Table API); '' and nonsense give undefined. */
export function serviceNowTimeToIso(text: string): string | undefined {
  const found = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)$/.exec(text);
  return found ? `${found[1]}T${found[2]}.000Z` : undefined;
}

/** Takes a record apart. Pure. */
export function parse(raw: RawEntity, context: ParseContext): Parsed {
  const { table, record, journal = [], attachments = [] } = raw as ServiceNowEntity;
  const text = (column: string) => columnText(record?.[column]);
  const flat: Record<string, Json> = {};
  for (const [column, value] of Object.entries(record ?? {})) flat[column] = columnText(value);
  const id = text('sys_id');
  const reference = text('correlation_id');
  return {
    source: {
      endpoint: context.endpoint,
      entityType: context.entityType,
      id,
      ...(text('number') && { number: text('number') }),
      url: `${context.baseUrl}/nav_to.do?uri=${encodeURIComponent(`${table}.do?sys_id=${id}`)}`,
      version: versionOf(record),
      ...(text('sys_updated_by') && { changedBy: text('sys_updated_by') }),
      ...(serviceNowTimeToIso(text('sys_updated_on')) && { changedAt: serviceNowTimeToIso(text('sys_updated_on')) }),
      ...(/^SWB-/.test(reference) && { reference }),
    },
    record: flat,
    comments: journal.map(commentOf),
    attachments: attachments.map(attachmentOf),
    relations: relationsOf(record),
  };
}

/** sys_mod_count counts every write; the time tells apart what a rule wrote without counting. */
export function versionOf(record: Row): string {
  return `${columnText(record?.sys_mod_count).padStart(8, '0')}|${columnText(record?.sys_updated_on)}`;
}

/** `comments` are the customer's to see, `work_notes` are internal (ServiceNow, journal fields). */
function commentOf(entry: Row): GenericComment {
  const at = serviceNowTimeToIso(columnText(entry.sys_created_on));
  return {
    id: columnText(entry.sys_id),
    text: plainText(columnText(entry.value)),
    author: columnText(entry.sys_created_by),
    ...(at && { at }),
    visibility: columnText(entry.element) === 'comments' ? 'public' : 'internal',
  };
}

/** Journals may hold HTML between [code] marks (ServiceNow, rendering journal entries as HTML): only its words travel. */
export function plainText(text: string): string {
  return text
    .replace(/\[code\]([\s\S]*?)\[\/code\]/gi, (_all, html: string) => html.replace(/<br\s*\/?>/gi, '\n').replace(/<[^>]*>/g, ''))
    .trim();
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
