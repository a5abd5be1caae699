import { PartnerError, SwitchboardError } from '../../errors.js';
import type { HttpClient } from '../../http/http.js';
import { Gatherer } from '../gatherer.js';
import { columnText, type Row, type ServiceNowEntity } from './parse.js';

/** Raw values, references as bare ids. */
export const RAW = { sysparm_exclude_reference_link: true };
/** Rows of one list; ServiceNow's own default is 10,000. */
export const MOST_ENTRIES = 1000;
/** Records read together: their ids fit an address of 2,000 characters. */
const BATCH = 40;

/** Columns that are needed whatever the mappings read. */
const SYSTEM_COLUMNS = [
  'sys_id',
  'number',
  'sys_mod_count',
  'sys_updated_on',
  'sys_updated_by',
  'sys_created_on',
  'correlation_id',
  'parent',
  'parent_incident',
];

/** Reads the records of one table, each with its journal and attachments: three requests for one record, and for forty. */
export class RecordReader {
  private readonly gatherer: Gatherer<ServiceNowEntity>;

  /** `fields`: columns to read; none = all of them. */
  constructor(
    private readonly http: HttpClient,
    private readonly entityType: string,
    private readonly table: string,
    private readonly fields: string[],
  ) {
    this.gatherer = new Gatherer((ids) => this.batch(ids), BATCH);
  }

  /** Throws PartnerError, SWB_PARTNER_NOT_FOUND when it is missing or hidden. */
  async read(id: string): Promise<ServiceNowEntity> {
    return this.gatherer.get(sysId(id));
  }

  private async batch(ids: string[]): Promise<PromiseSettledResult<ServiceNowEntity>[]> {
    const [only] = ids;
    if (ids.length === 1 && only) return Promise.allSettled([this.single(only)]);
    const [records, journal, attached] = await Promise.all([
      this.rows(ids),
      journalOf(this.http, ids),
      attachmentsOf(this.http, this.table, ids),
    ]);
    // What is not among them, or may not be all of it, is asked for alone: so it gets an answer, or an error, of its own.
    const whole = journal.length < MOST_ENTRIES && attached.length < MOST_ENTRIES;
    const journals = byColumn(journal, 'element_id');
    const attachments = byColumn(attached, 'table_sys_id');
    const found = byColumn(records, 'sys_id');
    return Promise.allSettled(
      ids.map(async (id) => {
        const record = found.get(id)?.[0];
        if (!record || !whole) return this.single(id);
        return { table: this.table, record, journal: journals.get(id) ?? [], attachments: attachments.get(id) ?? [] };
      }),
    );
  }

  private async single(id: string): Promise<ServiceNowEntity> {
    const [record, journal, attachments] = await Promise.all([
      this.row(id),
      journalOf(this.http, [id]),
      attachmentsOf(this.http, this.table, [id]),
    ]);
    return { table: this.table, record, journal, attachments };
  }

  private async row(id: string): Promise<Row> {
    const { body } = await this.http.request<{ result?: Row }>({
      method: 'GET',
      path: `/api/now/v2/table/${this.table}/${id}`,
      query: { ...RAW, ...this.columns() },
      what: `read ${this.entityType}`,
    });
    if (body?.result) return body.result;
    throw new PartnerError('SWB_PARTNER_ANSWER', `The read of ${this.entityType} ${id} was answered without a record.`, {
      where: this.http.name,
      outcome: 'notDone',
      retry: true,
    });
  }

  private rows(ids: string[]): Promise<Row[]> {
    return queryTable(this.http, this.table, any('sys_id', ids), `read ${this.entityType}`, ids.length, this.columns());
  }

  private columns(): Record<string, string> {
    return this.fields.length ? { sysparm_fields: [...new Set([...SYSTEM_COLUMNS, ...this.fields])].join(',') } : {};
  }
}

/** Journal entries of records, oldest first; without the right to read them (audit_viewer) ServiceNow gives none, not an error. */
export async function journalOf(http: HttpClient, ids: string[]): Promise<Row[]> {
  const query = `${any('element_id', ids)}^elementINcomments,work_notes^ORDERBYsys_created_on`;
  const rows = await queryTable(http, 'sys_journal_field', query, 'read the journal', MOST_ENTRIES);
  // An invalid clause is ignored and any rows come back: believe only what was asked for.
  return rows.filter((row) => ids.includes(columnText(row.element_id)));
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
  columns: Record<string, string> = {},
): Promise<Row[]> {
  const { body } = await http.request<{ result?: Row[] }>({
    method: 'GET',
    path: `/api/now/v2/table/${table}`,
    query: { ...RAW, ...columns, sysparm_query: query, sysparm_limit: limit, sysparm_no_count: true },
    what,
  });
  return body?.result ?? [];
}

/** Anything else in a query or a path could become another condition, or another address. */
export function sysId(id: string): string {
  if (/^[0-9a-z]{1,32}$/i.test(id)) return id;
  throw new SwitchboardError('SWB_PAYLOAD', `«${id.slice(0, 40)}» is no sys_id.`, { field: 'sys_id' });
}

/** The condition for one id, or for any of several. */
function any(column: string, ids: string[]): string {
  return ids.length === 1 ? `${column}=${ids[0]}` : `${column}IN${ids.join(',')}`;
}

function byColumn(rows: Row[], column: string): Map<string, Row[]> {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const key = columnText(row[column]);
    const group = groups.get(key);
    if (group) group.push(row);
    else groups.set(key, [row]);
  }
  return groups;
}
