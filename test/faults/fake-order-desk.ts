import type { Kind } from './behaviours.js';
import type { Row } from './encoded-query.js';
import { type Answer, type Request, Versions } from './fake-partner.js';
import { FakeServiceNow, formatTime, id, NO_RECORD, TABLE, USER } from './fake-servicenow.js';

export const ORDER = 'sn_ind_tmt_orm_order';
export const LINE = 'sn_ind_tmt_orm_order_line_item';
const VALUE = 'sn_ind_tmt_orm_order_characteristic_value';

const DATES = ['requested_start_date', 'requested_end_date', 'expected_end_date', 'actual_end_date'];
/** Columns by table; a column that is not listed is ignored, as the Table API does. */
const COLUMNS: Record<string, string[]> = {
  [ORDER]: [
    ...['state', 'short_description', 'description', 'account', 'contact', 'external_id', 'correlation_id', 'priority'],
    ...['correlation_display', 'order_currency', ...DATES],
  ],
  [LINE]: [
    ...['order', 'state', 'external_id', 'action', 'quantity', 'category', 'product_offering', 'product_specification'],
    ...['short_description', 'correlation_display', 'nrc', 'mrc', 'currency', ...DATES],
  ],
  [VALUE]: ['order_line_item', 'characteristic', 'value'],
};
const PREFIX: Record<string, string> = { [ORDER]: 'ORD', [LINE]: 'ORL' };
const JOURNALS = ['comments', 'work_notes'];
export const CANCELLED = 'canceled';

export interface NewLine {
  id: string;
  category: string;
  offering: string;
  quantity: number;
  characteristics?: Record<string, string>;
}

/** A customer's instance with order management: orders, their lines, and a business rule on both tables (docs/servicenow.md). */
export class FakeOrderDesk extends FakeServiceNow {
  readonly tables = new Map(Object.keys(COLUMNS).map((table) => [table, new Map<string, Versions<Row>>()]));
  /** When an answer first showed the broker an order or line as cancelled, by sys_id. */
  readonly shownCancelled = new Map<string, number>();
  rule?: { url: string; secret: string };
  private numbers = 1_000;

  // Actions of users.

  place(mark: string, lines: NewLine[]): Row {
    const order = this.insert(ORDER, { short_description: mark, state: 'new', account: 'acc1', order_currency: 'EUR' }, 'agent');
    for (const line of lines) this.addLine(order.sys_id!, line);
    return order;
  }

  addLine(order: string, { id: external_id, category, offering, quantity, characteristics = {} }: NewLine): Row {
    const columns = { order, external_id, category, product_offering: offering, product_specification: `spec-${offering}` };
    const line = this.insert(LINE, { ...columns, quantity: String(quantity), action: 'add', state: 'new' }, 'agent');
    for (const [characteristic, value] of Object.entries(characteristics))
      this.insert(VALUE, { order_line_item: line.sys_id!, characteristic, value }, 'agent');
    return line;
  }

  change(table: string, sysId: string, fields: Row, by = 'agent'): Row {
    const kept = this.tables.get(table)!.get(sysId)!;
    this.fill(table, kept.value, fields, by);
    Object.assign(kept.value, {
      sys_updated_on: formatTime(this.now),
      sys_updated_by: by,
      sys_mod_count: String(Number(kept.value.sys_mod_count) + 1),
    });
    kept.keep();
    this.tell(table, kept.value, 'update');
    return kept.value;
  }

  row(table: string, sysId: string): Row {
    return this.tables.get(table)!.get(sysId)!.value;
  }

  linesOf(order: string): Row[] {
    return [...this.tables.get(LINE)!.values()].map(({ value }) => value).filter((row) => row.order === order);
  }

  /** Everything that was written for people to read on an order and its lines. */
  texts(order: string): string[] {
    const ids = [order, ...this.linesOf(order).map(({ sys_id }) => sys_id)];
    return this.journals.filter(({ value }) => ids.includes(value.element_id)).map(({ value }) => value.value!);
  }

  private insert(table: string, fields: Row, by: string): Row {
    const time = formatTime(this.now);
    const stamps = { sys_created_on: time, sys_created_by: by, sys_updated_on: time, sys_updated_by: by, sys_mod_count: '0' };
    const row: Row = { sys_id: id(), sys_class_name: table, ...stamps };
    if (PREFIX[table]) row.number = `${PREFIX[table]}${String(++this.numbers).padStart(7, '0')}`;
    for (const column of COLUMNS[table]!) row[column] = '';
    this.fill(table, row, fields, by);
    this.tables.get(table)!.set(row.sys_id!, new Versions(row));
    this.tell(table, row, 'insert');
    return row;
  }

  private fill(table: string, row: Row, fields: Row, by: string): void {
    const writer = by === USER.name ? 'broker' : 'people';
    for (const [column, given] of Object.entries(fields)) {
      const text = String(given ?? '');
      if (JOURNALS.includes(column)) {
        if (text) this.pushEntry(row.sys_id!, column, text, this.now, by, table);
      } else if (COLUMNS[table]!.includes(column)) {
        const before = row[column];
        row[column] = text;
        this.history.push({ at: Date.now(), record: row.sys_id!, field: column, value: text, before, by: writer });
      }
    }
  }

  private tell(table: string, row: Row, operation: string): void {
    if (!this.rule || table === VALUE) return;
    const { sys_id, number, order, sys_updated_on, sys_mod_count, sys_updated_by } = row;
    const body = { table, sys_id, number, operation, sys_updated_on, sys_mod_count, sys_updated_by, ...(order && { order }) };
    void this.notify(this.rule.url, { 'x-switchboard-secret': this.rule.secret }, body);
  }

  // The API.

  protected override kind(request: Request): Kind {
    return request.path.endsWith('/batch') ? 'other' : super.kind(request);
  }

  protected override act(request: Request): Answer {
    const { method, path, query, body } = request;
    const [, table = '', sysId] = TABLE.exec(path) ?? [];
    const rows = this.tables.get(table);
    if (!rows || (method === 'GET' && !sysId)) return super.act(request);
    const shown = (row: Row): Answer => ({ status: method === 'POST' ? 201 : 200, body: { result: this.show(row, query) } });
    if (method === 'POST') return shown(this.insert(table, JSON.parse(String(body)) as Row, USER.name));
    const kept = rows.get(sysId!);
    if (!kept) return NO_RECORD;
    return shown(method === 'GET' ? kept.value : this.change(table, sysId!, JSON.parse(String(body)) as Row, USER.name));
  }

  protected override rows(table: string): Row[] {
    const kept = this.tables.get(table);
    if (!kept) return super.rows(table);
    const rows = [...kept.values()].map(({ value }) => value);
    if (table !== VALUE) return rows;
    const orderOf = (line = '') => this.tables.get(LINE)!.get(line)?.value.order ?? '';
    return rows.map((row) => ({ ...row, 'order_line_item.order': orderOf(row.order_line_item) }));
  }

  protected override show(row: Row, query: URLSearchParams): Record<string, unknown> {
    const shown = super.show(row, query);
    if (row.state === CANCELLED && 'state' in shown && !this.shownCancelled.has(row.sys_id!))
      this.shownCancelled.set(row.sys_id!, Date.now());
    return shown;
  }
}
