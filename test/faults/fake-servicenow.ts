import { createHash, randomBytes } from 'node:crypto';
import { type Kind, LIST_LAG, REPLICA_LAG } from './behaviours.js';
import { type Row, select } from './encoded-query.js';
import { type Answer, FakePartner, type Request, Versions } from './fake-partner.js';

export type { Row } from './encoded-query.js';

export const USER = { name: 'switchboard', password: 'a password' };
export const SERVICENOW_ENV = { SANDBOX_SERVICENOW_USER: USER.name, SANDBOX_SERVICENOW_PASSWORD: USER.password };

export const id = () => randomBytes(16).toString('hex');
/** Formats a time as ServiceNow does: GMT, to the second. */
export const formatTime = (time: number) => new Date(time).toISOString().slice(0, 19).replace('T', ' ');
/** Priority by impact and urgency. */
const PRIORITY = ['1', '2', '3', '4', '5'];
export const TABLE = /^\/api\/now\/(?:v\d\/)?table\/(\w+)(?:\/(\w+))?$/;
const ATTACHMENT = /^\/api\/now\/(?:v\d\/)?attachment(?:\/(\w+))?(\/file)?$/;

/** A customer's instance: incidents with journal and attachments by the Table API, a business rule that calls a webhook. */
export class FakeServiceNow extends FakePartner {
  readonly incidents = new Map<string, Versions<Row>>();
  readonly journals: Versions<Row>[] = [];
  readonly attachments: Versions<Row>[] = [];
  readonly contents = new Map<string, Buffer>();
  hook?: { url: string; secret: string };
  /** Entries of the same second are listed in random order. */
  shuffled = false;
  /** Names of the records that reference columns refer to, by their ids. */
  readonly names = new Map<string, string>();
  private last = 10_000;

  // Actions of users.

  create(fields: Row, by = 'agent'): Row {
    const time = formatTime(this.now);
    const row: Row = {
      sys_id: id(),
      sys_class_name: 'incident',
      number: `INC${String(++this.last).padStart(7, '0')}`,
      state: '1',
      active: 'true',
      impact: '3',
      urgency: '3',
      priority: '5',
      sys_created_on: time,
      sys_created_by: by,
      sys_updated_on: time,
      sys_updated_by: by,
      sys_mod_count: '0',
    };
    for (const column of COLUMNS) row[column] ??= '';
    this.write(row, fields, by, true);
    this.incidents.set(row.sys_id!, new Versions(row));
    this.call(row, 'insert');
    return row;
  }

  update(sysId: string, fields: Row, by = 'agent'): Row {
    const kept = this.incidents.get(sysId)!;
    this.write(kept.value, fields, by);
    Object.assign(kept.value, {
      sys_updated_on: formatTime(this.now),
      sys_updated_by: by,
      sys_mod_count: String(Number(kept.value.sys_mod_count) + 1),
    });
    kept.keep();
    this.call(kept.value, 'update');
    return kept.value;
  }

  attach(sysId: string, name: string, content: Buffer, by = 'agent', type = 'text/plain'): Row {
    const time = formatTime(this.now);
    const { fileName } = by === USER.name ? this.transformation : {};
    const row: Row = {
      sys_id: id(),
      table_name: 'incident',
      table_sys_id: sysId,
      file_name: fileName ? fileName(name) : name,
      content_type: type,
      size_bytes: String(content.length),
      hash: createHash('sha256').update(content).digest('hex'),
      sys_created_on: time,
      sys_created_by: by,
      sys_updated_on: time,
      sys_updated_by: by,
    };
    row.download_link = `${this.root}/api/now/attachment/${row.sys_id}/file`;
    this.attachments.push(new Versions(row));
    this.contents.set(row.sys_id!, content);
    return row;
  }

  comments(sysId: string): string[] {
    return this.journals.filter(({ value }) => value.element_id === sysId).map(({ value }) => value.value!);
  }

  files(sysId: string): { name: string; content: string }[] {
    return this.attachments
      .filter(({ value }) => value.table_sys_id === sysId)
      .map(({ value }) => ({ name: value.file_name!, content: String(this.contents.get(value.sys_id!)) }));
  }

  /** Adds old journal entries to an incident without updating it. */
  addOldEntries(sysId: string, entries: { column: string; text: string; at: number }[], by = 'agent'): void {
    for (const { column, text, at } of entries) this.pushEntry(sysId, column, text, at, by);
  }

  editComment(entryId: string, text: string): void {
    const kept = this.journals.find(({ value }) => value.sys_id === entryId)!;
    kept.value.value = text;
    this.update(kept.value.element_id!, {}, 'admin');
  }

  deleteComment(entryId: string): void {
    const at = this.journals.findIndex(({ value }) => value.sys_id === entryId);
    const [gone] = this.journals.splice(at, 1);
    this.update(gone!.value.element_id!, {}, 'admin');
  }

  deleteFile(fileId: string): void {
    const at = this.attachments.findIndex(({ value }) => value.sys_id === fileId);
    const [gone] = this.attachments.splice(at, 1);
    this.update(gone!.value.table_sys_id!, {}, 'admin');
  }

  deleteRecord(sysId: string): void {
    const row = this.incidents.get(sysId)!.value;
    this.incidents.delete(sysId);
    this.call(row, 'delete');
  }

  protected pushEntry(sysId: string, element: string, text: string, at: number, by: string, name = 'incident'): void {
    const entry = { sys_id: id(), name, element, element_id: sysId, value: text };
    this.journals.push(new Versions<Row>({ ...entry, sys_created_on: formatTime(at), sys_created_by: by }));
  }

  private write(row: Row, fields: Row, by: string, isNew = false): void {
    const { note, field } = by === USER.name ? this.transformation : {};
    const writer = by === USER.name ? 'broker' : 'people';
    for (const [column, given] of Object.entries(fields)) {
      const text = String(given ?? '');
      if (column === 'comments' || column === 'work_notes') {
        if (text) this.pushEntry(row.sys_id!, column, note ? note(text) : text, this.now, by);
      } else if (COLUMNS.includes(column)) {
        const before = row[column];
        const kept = field ? field(column, text, isNew) : text;
        if (kept !== undefined) row[column] = String(kept);
        this.history.push({ at: Date.now(), record: row.sys_id!, field: column, value: row[column], before, by: writer });
      }
    }
    if (row.state !== '3') row.hold_reason = '';
    row.priority = PRIORITY[Number(row.impact) + Number(row.urgency) - 2] ?? '5';
  }

  private call(row: Row, operation: string): void {
    if (!this.hook) return;
    const { sys_id, number, sys_updated_on, sys_mod_count, sys_updated_by } = row;
    const body = { table: 'incident', sys_id, number, operation, sys_updated_on, sys_mod_count, sys_updated_by };
    void this.notify(this.hook.url, { 'x-switchboard-secret': this.hook.secret }, body);
  }

  // The API.

  protected kind({ method, path }: Request): Kind {
    const table = TABLE.exec(path);
    const attachment = ATTACHMENT.exec(path);
    if (method === 'POST') return 'create';
    if (method === 'PATCH' || method === 'PUT') return 'change';
    if (attachment?.[1] && attachment[2]) return 'file';
    return table?.[2] ? 'read' : 'list';
  }

  protected refusal({ headers }: Request): Answer | undefined {
    const basic = `Basic ${Buffer.from(`${USER.name}:${USER.password}`).toString('base64')}`;
    if (headers.authorization === basic) return undefined;
    return {
      status: 401,
      body: {
        error: { message: 'User is not authenticated', detail: 'Required to provide Auth information' },
        status: 'failure',
      },
    };
  }

  protected failure() {
    return { error: { message: 'Transaction cancelled: maximum execution time exceeded', detail: '' }, status: 'failure' };
  }

  protected failureBesideResult() {
    return { result: [], ...this.failure() };
  }

  protected otherRecord({ path }: Request): unknown {
    const [, , own] = TABLE.exec(path) ?? [];
    const other = [...this.incidents.values()].find(({ value }) => value.sys_id !== own);
    return { result: other?.value ?? {} };
  }

  protected act(request: Request): Answer {
    const { method, path, query, body } = request;
    const [, table, sysId] = TABLE.exec(path) ?? [];
    const shown = (row: Row) => this.show(row, query);
    if (table === 'incident' && method === 'POST') {
      const fields = JSON.parse(body.toString()) as Row;
      if (this.behaviours.unique && fields.correlation_id) {
        const there = [...this.incidents.values()].some(({ value }) => value.correlation_id === fields.correlation_id);
        if (there) {
          this.behaviours.count('create: 409, reference exists');
          return {
            status: 409,
            body: { error: { message: 'Operation Failed', detail: 'Unique Key violation detected' }, status: 'failure' },
          };
        }
      }
      return { status: 201, body: { result: shown(this.create(fields, USER.name)) } };
    }
    if (table === 'incident' && sysId) {
      const kept = this.incidents.get(sysId);
      const hidden = !kept || (this.behaviours.notYet && kept.age < REPLICA_LAG && kept.value.sys_created_by === USER.name);
      const row = method === 'GET' ? kept?.seen(this.lag) : kept?.value;
      if (hidden || !row) return NO_RECORD;
      if (method === 'GET') return { status: 200, body: { result: shown(row) } };
      return { status: 200, body: { result: shown(this.update(sysId, JSON.parse(body.toString()) as Row, USER.name)) } };
    }
    if (table && method === 'GET') {
      const { page, headers } = this.page(table, query);
      return { status: 200, headers, body: { result: page.map(shown) } };
    }
    const [, file, content] = ATTACHMENT.exec(path) ?? [];
    if (path.endsWith('/attachment/file') && method === 'POST') {
      const on = query.get('table_sys_id')!;
      if (!this.incidents.has(on)) return NO_RECORD;
      const type = String(request.headers['content-type'] ?? 'application/octet-stream');
      return { status: 201, body: { result: this.attach(on, query.get('file_name')!, body, USER.name, type) } };
    }
    if (file && content) {
      const bytes = this.contents.get(file);
      return bytes ? { status: 200, raw: bytes, headers: { 'Content-Type': 'application/octet-stream' } } : NO_RECORD;
    }
    if (ATTACHMENT.test(path) && method === 'GET') {
      const { page, headers } = this.page('sys_attachment', query);
      return { status: 200, headers, body: { result: page } };
    }
    this.unknown.add(`${method} ${path}`);
    return {
      status: 404,
      body: { error: { message: 'Requested URI does not represent any resource', detail: null }, status: 'failure' },
    };
  }

  protected page(table: string, query: URLSearchParams): { page: Row[]; headers: Record<string, string> } {
    const rows = select(this.rows(table), query.get('sysparm_query') ?? '', this.shuffled && table === 'sys_journal_field');
    const from = Number(query.get('sysparm_offset') ?? 0);
    const page = rows.slice(from, from + Math.min(this.pageLimit, Number(query.get('sysparm_limit') ?? 10_000)));
    return { page, headers: { 'X-Total-Count': String(rows.length) } };
  }

  /** The columns of a row that were asked for, with the values that people see. */
  protected show(row: Row, query: URLSearchParams): Record<string, unknown> {
    const columns = query.get('sysparm_fields')?.split(',') ?? Object.keys(row);
    const isShown = query.get('sysparm_display_value') === 'all';
    const value = (text = '') => (isShown ? { display_value: this.names.get(text) ?? text, value: text } : text);
    return Object.fromEntries(columns.filter((name) => row[name] !== undefined).map((name) => [name, value(row[name])]));
  }

  protected get lag(): number {
    return this.behaviours.replica ? REPLICA_LAG : 0;
  }

  /**
   * A table as lists return it. An attachment does not update its record, so a delayed one would never be noticed: attachments
   * are never delayed.
   */
  protected rows(table: string): Row[] {
    if (table === 'sys_attachment') return this.attachments.map(({ value }) => value);
    const kept = table === 'incident' ? [...this.incidents.values()] : table === 'sys_journal_field' ? this.journals : [];
    return kept
      .filter(({ age }) => table !== 'incident' || !this.behaviours.lag || age > LIST_LAG)
      .map((one) => one.seen(this.lag))
      .filter((row) => row !== undefined);
  }
}

const COLUMNS = [
  ...['short_description', 'description', 'state', 'hold_reason', 'impact', 'urgency', 'priority', 'category', 'subcategory'],
  ...['caller_id', 'assigned_to', 'assignment_group', 'business_service', 'cmdb_ci', 'contact_type', 'correlation_id'],
  ...['correlation_display', 'close_code', 'close_notes', 'opened_at', 'resolved_at', 'closed_at', 'due_date'],
];
export const NO_RECORD: Answer = {
  status: 404,
  body: {
    error: { message: 'No Record found', detail: "Record doesn't exist or ACL restricts the record retrieval" },
    status: 'failure',
  },
};
