/** Where a record keeps its lines and their values. */
export interface LineTable {
  table: string;
  /** Column of a line that refers to its record. */
  parent: string;
  /** Column of a line with the id of its order item; where it is empty, the line's number is used instead. */
  id: string;
  /** Rows with a line's named values, shown as one object under `as`. Columns may be dot-walked. */
  values: { as: 'characteristics' | 'variables'; table: string; line: string; name: string; value: string };
  /** Columns that can only be set when the line is created. */
  fixed: string[];
  /** How a line is created: by inserting a row, or by ordering from the service catalogue. */
  creation: 'insert' | 'order';
}

const orders = (family: string): LineTable => ({
  table: `${family}_order_line_item`,
  parent: 'order',
  id: 'external_id',
  values: {
    as: 'characteristics',
    table: `${family}_order_characteristic_value`,
    line: 'order_line_item',
    name: 'characteristic',
    value: 'value',
  },
  fixed: [],
  creation: 'insert',
});

/** Tables whose records have lines (ServiceNow, Order Management; Service Catalog). */
export const LINES: Readonly<Record<string, LineTable>> = {
  sn_ind_tmt_orm_order: orders('sn_ind_tmt_orm'),
  sn_csm_om_order: orders('sn_csm_om'),
  sc_request: {
    table: 'sc_req_item',
    parent: 'request',
    id: 'correlation_id',
    values: {
      as: 'variables',
      table: 'sc_item_option_mtom',
      line: 'request_item',
      name: 'sc_item_option.item_option_new.name',
      value: 'sc_item_option.value',
    },
    fixed: ['cat_item', 'cat_item_name', 'quantity', 'variables'],
    creation: 'order',
  },
};

/** The field that holds a record's lines. */
export const LINES_FIELD = 'lines';

/** The columns that may carry our reference; the first one is queried. Order tables have an external id of their own. */
export function referenceColumns(table: string): string[] {
  return LINES[table]?.creation === 'insert' ? ['external_id', 'correlation_id'] : ['correlation_id'];
}

const BY_LINE = 'line/';

/** Replaces the id of a record of which only a line is known: the record is looked up when it is read. */
export function byLine(lineId: string): string {
  return `${BY_LINE}${lineId}`;
}

/** The line by which a record is read; undefined where the id is the record's own. */
export function lineIn(id: string): string | undefined {
  return id.startsWith(BY_LINE) ? id.slice(BY_LINE.length) : undefined;
}
