import type { ServiceNowDesk } from './servicenow.js';
import type { Row } from './servicenow-query.js';

/** Input for an order line: columns as text, characteristics by name. */
export type NewLine = Record<string, string | Record<string, string>> & { characteristics?: Record<string, string> };

export interface PlacedOrder {
  order: Row;
  lines: Row[];
}

/** Places an order with its lines, by default in the telecom tables. */
export function placeOrder(
  desk: ServiceNowDesk,
  order: Record<string, string>,
  lines: NewLine[],
  as = 'agent',
  family: 'sn_ind_tmt_orm' | 'sn_csm_om' = 'sn_ind_tmt_orm',
): PlacedOrder {
  const placed = desk.create(`${family}_order`, order, as);
  return {
    order: placed,
    lines: lines.map(({ characteristics = {}, ...columns }) => {
      const line = desk.create(`${family}_order_line_item`, { ...(columns as Record<string, string>), order: placed.sys_id }, as);
      for (const [characteristic, value] of Object.entries(characteristics))
        desk.create(`${family}_order_characteristic_value`, { order_line_item: line.sys_id, characteristic, value }, as);
      return line;
    }),
  };
}

/** The current lines of an order. */
export function linesOf(desk: ServiceNowDesk, orderId: string, family = 'sn_ind_tmt_orm'): Row[] {
  return desk.rows(`${family}_order_line_item`).filter((row) => row.order === orderId);
}

export function characteristicsOf(desk: ServiceNowDesk, lineId: string, family = 'sn_ind_tmt_orm'): Record<string, string> {
  const rows = desk.rows(`${family}_order_characteristic_value`).filter((row) => row.order_line_item === lineId);
  return Object.fromEntries(rows.map((row) => [row.characteristic ?? '', row.value ?? '']));
}
