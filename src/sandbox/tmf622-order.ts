import { entries, type TmfRecord } from './tmf-record.js';

export type Order = TmfRecord;

/** The items of an order, including those below bundles. */
export function itemsOf(order: TmfRecord): TmfRecord[] {
  return entries(order.productOrderItem).flatMap((item) => [item, ...itemsOf(item)]);
}
