import type { TmfRecord } from './tmf-record.js';

/** A vendor does not sell an offering: the item that asks for it is rejected, or the whole order. */
export interface Rejection {
  what: 'item' | 'order';
  reason: string;
}

export interface RejectedItem {
  item: string;
  reason: string;
}

/** Rejects the items that nobody began and that the rejections, by id of the offering, speak of; gives what was rejected. */
export function rejectItems(items: TmfRecord[], rejections: ReadonlyMap<string, Rejection>): RejectedItem[] {
  const fresh = items.filter((item) => item.state === 'acknowledged');
  const refusal = (item: TmfRecord) => rejections.get(String((item.productOffering as TmfRecord | undefined)?.id));
  const whole = fresh.map(refusal).find((one) => one?.what === 'order');
  return fresh.flatMap((item) => {
    const reason = whole?.reason ?? refusal(item)?.reason;
    if (reason === undefined) return [];
    item.state = 'rejected';
    return [{ item: String(item.id), reason }];
  });
}
