import type { TmfRecord } from './tmf-record.js';

/** An offering the vendor does not sell: the item with it is rejected, or the whole order. */
export interface Rejection {
  what: 'item' | 'order';
  reason: string;
}

export interface RejectedItem {
  item: string;
  reason: string;
}

/** Rejects acknowledged items whose offering is in `rejections` (by offering id); returns the rejected items. */
export function rejectItems(items: TmfRecord[], rejections: ReadonlyMap<string, Rejection>): RejectedItem[] {
  const acknowledged = items.filter((item) => item.state === 'acknowledged');
  const rejectionOf = (item: TmfRecord) => rejections.get(String((item.productOffering as TmfRecord | undefined)?.id));
  const whole = acknowledged.map(rejectionOf).find((one) => one?.what === 'order');
  return acknowledged.flatMap((item) => {
    const reason = whole?.reason ?? rejectionOf(item)?.reason;
    if (reason === undefined) return [];
    item.state = 'rejected';
    return [{ item: String(item.id), reason }];
  });
}
