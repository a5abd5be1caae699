import { createHash, createHmac, randomBytes } from 'node:crypto';
import { Behaviours } from './behaviours.js';
import type { LoggedRequest, PushCounts } from './exchange.js';
import { Faults } from './faults.js';
import { TokenEndpoint } from './oauth.js';
import { dictionaryRows } from './servicenow-dictionary.js';
import { CATALOGUE } from './servicenow-order-tables.js';
import type { Columns, Row } from './servicenow-query.js';
import { JOURNALS, priorityOf, TABLES } from './servicenow-tables.js';

/** The business rule that sends changes to a webhook (docs/servicenow.md). */
export interface Webhook {
  url: string;
  secret: string;
  /** Header of the shared secret, or of the signature. */
  header?: string;
  /** Sign the body with HMAC-SHA256 instead of sending the secret. */
  hmac?: boolean;
  /** Retries after a failure; a real script has none. */
  retries?: number;
  /** Tables whose changes it sends; absent = all. */
  tables?: string[];
}

/** The columns in which people cancel: the audit has their changes only; that of a real instance has all. */
const AUDITED = ['state', 'request_state', 'stage'];

/** A user's shopping cart in the service catalogue. */
export interface Cart {
  id: string;
  items: { id: string; catItem: string; quantity: string; variables: Record<string, string> }[];
}

/** A customer's ServiceNow, in memory: tables, journals, attachments, users, business rule. `as` is the acting user. */
export class ServiceNowDesk {
  readonly requests: LoggedRequest[] = [];
  readonly faults = new Faults();
  readonly behaviours = new Behaviours();
  readonly passwords: Record<string, string>;
  readonly tokens: TokenEndpoint;
  /** Users with read-only access, for permission tests. */
  readonly readOnly = new Set<string>();
  readonly apiKey = randomBytes(16).toString('hex');
  /** The business rules. */
  webhooks: Webhook[] = [];
  /** Data policy: resolving an incident requires close_code and close_notes. */
  requiresResolution = true;
  /** Rule on the lines of an order or request: a change of a line also updates its parent. */
  lineChangesTouchParent = false;
  /** Rule on the lines of an order: the order is completed when all its lines are completed. */
  lineStatesRollUp = false;
  /** Maximum page size; the answer does not show that there are more rows unless `counts` is set. */
  pageSize: number | undefined;
  /** Sends the total count even if the request disables it. */
  counts = false;
  /** Whether the Batch API can be used. */
  batches = false;
  /** Shopping carts by user. */
  readonly carts = new Map<string, Cart>();
  private readonly tables = new Map<string, Map<string, Row>>();
  /** The rows of a new instance. They are made once: there are thousands. */
  private readonly initial: { table: string; row: Row }[] = [];
  private readonly files = new Map<string, Buffer>();
  /** Journal and attachment rows by their record: a real instance has an index there too. */
  private readonly partsOf = new Map<string, Row[]>();
  private readonly byReference = new Map<string, Row[]>();
  /** Added to all record numbers. */
  numberOffset = 0;
  private numbers = new Map<string, number>();
  readonly pushes: PushCounts = { started: 0, finished: 0 };

  constructor(
    private readonly changed: (table: string, row: Row) => void = () => undefined,
    client = { id: 'switchboard', secret: randomBytes(16).toString('hex') },
    password = randomBytes(12).toString('base64url'),
  ) {
    this.passwords = { switchboard: password, agent: password, admin: password };
    this.client = client;
    this.tokens = new TokenEndpoint(client, this.passwords);
    this.reset();
  }

  readonly client: { id: string; secret: string };

  reset(): void {
    for (const map of [this.tables, this.files, this.partsOf, this.byReference, this.numbers, this.carts]) map.clear();
    this.requests.length = 0;
    this.faults.clear();
    this.behaviours.reset();
    this.pageSize = undefined;
    this.counts = false;
    for (const name of Object.keys(TABLES)) this.tables.set(name, new Map());
    if (this.initial.length === 0) this.fill();
    else for (const { table, row } of this.initial) this.tables.get(table)?.set(row.sys_id, { ...row });
  }

  private fill(): void {
    for (const user of Object.keys(this.passwords))
      this.insert('sys_user', { user_name: user, name: user, time_zone: 'GMT', active: 'true' }, 'system');
    const described = new Map<string, string>();
    for (const { table, fields, extends: parent = '' } of dictionaryRows(TABLES)) {
      const row = this.insert(table, { ...fields, super_class: described.get(parent) ?? '' }, 'system');
      if (table === 'sys_db_object') described.set(row.name ?? '', row.sys_id);
    }
    for (const { name, category, variables } of CATALOGUE) {
      const item = this.insert('sc_cat_item', { name, category, short_description: name, active: 'true' }, 'system');
      for (const variable of variables)
        this.insert('item_option_new', { name: variable, question_text: variable, cat_item: item.sys_id }, 'system');
    }
    for (const [table, rows] of this.tables) for (const row of rows.values()) this.initial.push({ table, row: { ...row } });
  }

  rows(table: string): Row[] {
    return [...(this.tables.get(table)?.values() ?? [])];
  }

  row(table: string, sysId: string): Row | undefined {
    return this.tables.get(table)?.get(sysId);
  }

  /** The columns of a table, and through its references those of others: `request.number`. */
  columns(table: string): Columns {
    return {
      has: (path) => {
        const [name = '', ...rest] = path.split('.');
        if (!TABLES[table]?.columns.has(name)) return false;
        const next = TABLES[table]?.references[name];
        return rest.length === 0 || (next !== undefined && this.columns(next).has(rest.join('.')));
      },
      read: (row, path) => {
        const [name = '', ...rest] = path.split('.');
        const next = TABLES[table]?.references[name];
        const value = row[name] ?? '';
        if (rest.length === 0) return value;
        const other = next && this.row(next, value);
        return other ? this.columns(next).read(other, rest.join('.')) : '';
      },
    };
  }

  /** The display value of a column: for a reference the name of the referenced row. */
  displayed(table: string, row: Row, column: string): string {
    const value = row[column] ?? '';
    const other = this.row(TABLES[table]?.references[column] ?? '', value);
    return other?.name || other?.number || value;
  }

  /** Rows found through an index; undefined if the field has none. */
  indexed(table: string, field: string, values: string[]): Row[] | undefined {
    const find = this.index(table, field);
    return find && values.flatMap(find);
  }

  private index(table: string, field: string): ((value: string) => Row[]) | undefined {
    if (table === 'sys_journal_field' && field === 'element_id')
      return (id) => (this.partsOf.get(id) ?? []).filter((r) => r.element_id === id);
    if (table === 'sys_audit' && field === 'documentkey')
      return (id) => (this.partsOf.get(id) ?? []).filter((r) => r.documentkey === id);
    if (table === 'sys_attachment' && field === 'table_sys_id')
      return (id) => (this.partsOf.get(id) ?? []).filter((r) => 'file_name' in r);
    if (field === 'correlation_id')
      return (value) =>
        (this.byReference.get(value) ?? []).filter((r) => r.sys_class_name === table && r.correlation_id === value);
    if (field === 'sys_id') return (id) => [this.row(table, id)].filter((r): r is Row => r !== undefined);
    return undefined;
  }

  journal(sysId: string): Row[] {
    return this.indexed('sys_journal_field', 'element_id', [sysId]) ?? [];
  }

  attachments(sysId: string): Row[] {
    return this.indexed('sys_attachment', 'table_sys_id', [sysId]) ?? [];
  }

  attachmentBytes(attachmentId: string): Buffer | undefined {
    return this.files.get(attachmentId);
  }

  create(table: string, fields: Record<string, string>, as = 'agent'): Row {
    const row = this.insert(table, fields, as);
    this.runRules(table, row, 'insert');
    this.parentRules(table, row, as);
    return row;
  }

  update(table: string, sysId: string, fields: Record<string, string>, as = 'agent'): Row {
    const row = this.existing(table, sysId);
    this.behaviours.beforeChange(sysId, row);
    const before = { ...row };
    this.apply(table, row, fields, as);
    this.audit(table, before, row, as);
    this.touch(row, as);
    this.runRules(table, row, 'update');
    this.parentRules(table, row, as);
    return row;
  }

  /** Custom rules on lines; a standard instance has none. */
  private parentRules(table: string, row: Row, as: string): void {
    const column = ['order', 'request'].find((name) => row[name]);
    const parentTable = column && TABLES[table]?.references[column];
    const parent = parentTable && this.row(parentTable, row[column] ?? '');
    if (!parent || !column) return;
    const siblings = this.lineStatesRollUp ? this.rows(table).filter((line) => line[column] === parent.sys_id) : [];
    const completed = siblings.length > 0 && siblings.every((line) => line.state === 'completed');
    if (completed && parent.state !== 'completed') this.update(parentTable, parent.sys_id, { state: 'completed' }, as);
    else if (this.lineChangesTouchParent) this.update(parentTable, parent.sys_id, {}, as);
  }

  comment(table: string, sysId: string, text: string, as = 'agent'): Row {
    return this.update(table, sysId, { comments: text }, as);
  }

  workNote(table: string, sysId: string, text: string, as = 'agent'): Row {
    return this.update(table, sysId, { work_notes: text }, as);
  }

  attach(table: string, sysId: string, name: string, mimeType: string, bytes: Buffer, as = 'agent'): Row {
    const record = this.existing(table, sysId);
    const hash = createHash('sha256').update(bytes).digest('hex');
    const row = this.insert(
      'sys_attachment',
      { file_name: name, content_type: mimeType, size_bytes: String(bytes.length), table_name: table, table_sys_id: sysId, hash },
      as,
    );
    this.files.set(row.sys_id, bytes);
    this.part(sysId, row);
    this.runRules(table, record, 'attachment'); // an attachment does not change the record
    return row;
  }

  private existing(table: string, sysId: string): Row {
    const row = this.row(table, sysId);
    if (!row) throw new Error(`There is no record ${sysId} in table ${table}.`);
    return row;
  }

  private insert(table: string, fields: Record<string, string>, as: string): Row {
    const definition = TABLES[table];
    if (!definition) throw new Error(`There is no table ${table}.`);
    const now = serviceNowTime();
    const row: Row = { sys_id: randomBytes(16).toString('hex') };
    for (const column of definition.columns) row[column] ??= '';
    Object.assign(row, definition.defaults, {
      sys_created_on: now,
      sys_created_by: as,
      sys_updated_on: now,
      sys_updated_by: as,
      sys_mod_count: '0',
      sys_class_name: table,
    });
    if (definition.prefix) {
      const next = (this.numbers.get(definition.prefix) ?? 10_000) + 1;
      this.numbers.set(definition.prefix, next);
      row.number = `${definition.prefix}00${this.numberOffset + next}`;
      Object.assign(row, { opened_at: now });
    }
    this.tables.get(table)?.set(row.sys_id, row);
    this.behaviours.recordCreated(row.sys_id);
    this.apply(table, row, fields, as);
    return row;
  }

  /** As on a real instance, unknown columns and invalid choices are silently ignored, and long texts are truncated. */
  private apply(table: string, row: Row, fields: Record<string, string>, as: string): void {
    const definition = TABLES[table];
    if (!definition) return;
    for (const [name, given] of Object.entries(fields)) {
      if (!definition.columns.has(name) || name.startsWith('sys_')) continue;
      const value = String(given);
      if (JOURNALS.has(name)) {
        if (value)
          this.part(
            row.sys_id,
            this.insert('sys_journal_field', { element: name, element_id: row.sys_id, name: table, value }, as),
          );
        continue;
      }
      const choices = definition.choices[name];
      if (choices && !choices.includes(value)) continue;
      if (name === 'priority' && definition.matrix) continue;
      row[name] = value.slice(0, definition.lengths[name] ?? value.length);
    }
    if (definition.matrix) row.priority = priorityOf(row.impact ?? '', row.urgency ?? '');
    if (table === 'incident') {
      row.incident_state = row.state ?? '';
      if (row.state !== '3') row.hold_reason = '';
      if (row.state === '6' && !row.resolved_at) Object.assign(row, { resolved_at: serviceNowTime(), resolved_by: as });
      if (row.state === '7' && !row.closed_at) row.closed_at = serviceNowTime();
    }
    if (fields.correlation_id)
      this.byReference.set(fields.correlation_id, [...(this.byReference.get(fields.correlation_id) ?? []), row]);
  }

  private audit(table: string, before: Row, row: Row, as: string): void {
    for (const name of AUDITED) {
      const [oldvalue = '', newvalue = ''] = [before[name], row[name]];
      if (oldvalue === newvalue) continue;
      const entry = { tablename: table, fieldname: name, documentkey: row.sys_id, oldvalue, newvalue, user: as };
      this.part(row.sys_id, this.insert('sys_audit', entry, as));
    }
  }

  private touch(row: Row, as: string): void {
    Object.assign(row, {
      sys_updated_on: serviceNowTime(),
      sys_updated_by: as,
      sys_mod_count: String(Number(row.sys_mod_count) + 1),
    });
  }

  private part(sysId: string, row: Row): void {
    const list = this.partsOf.get(sysId);
    if (list) list.push(row);
    else this.partsOf.set(sysId, [row]);
  }

  /** The first business rule. */
  get webhook(): Webhook | undefined {
    return this.webhooks[0];
  }

  set webhook(webhook: Webhook | undefined) {
    this.webhooks = webhook ? [webhook] : [];
  }

  /** Runs the business rules: notifies the page and posts to the webhooks after the write, without waiting for the answers. */
  private runRules(table: string, row: Row, operation: string): void {
    this.changed(table, row);
    const webhooks = this.webhooks.filter(({ tables }) => !tables || tables.includes(table));
    if (webhooks.length === 0 || !TABLES[table]?.prefix) return;
    const { sys_id, number = '', sys_updated_on = '', sys_mod_count = '', sys_updated_by = '' } = row;
    const event_id = randomBytes(8).toString('hex');
    const parent = ['order', 'request'].find((name) => row[name]);
    const line = parent && { [parent]: row[parent] };
    const change = { table, sys_id, number, operation, sys_updated_on, sys_mod_count, sys_updated_by, event_id };
    const body = JSON.stringify({ ...change, ...line });
    for (const webhook of webhooks) void this.push(webhook, body);
  }

  private async push(webhook: Webhook, body: string): Promise<void> {
    this.pushes.started++;
    await this.post(webhook, body, webhook.retries ?? 0);
    this.pushes.finished++;
  }

  private async post(webhook: Webhook, body: string, retries: number): Promise<void> {
    const proof = webhook.hmac ? createHmac('sha256', webhook.secret).update(body).digest('hex') : webhook.secret;
    try {
      const answer = await fetch(webhook.url, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', [webhook.header ?? 'x-switchboard-secret']: proof },
        body,
      });
      await answer.arrayBuffer();
      if (answer.ok || retries === 0) return;
    } catch {
      if (retries === 0) return; // a failed push is only logged on a real instance
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
    return this.post(webhook, body, retries - 1);
  }
}

/** The current time in ServiceNow's format: UTC, to the second. */
export function serviceNowTime(): string {
  return new Date().toISOString().slice(0, 19).replace('T', ' ');
}
