import type { DeliveryRecord, ErrorRecord, MessageRecord, Seen } from './store.js';

/**
 * What a record has to say although it went on: what was left out of a settled message, or what the partner did not keep of a delivered one.
 * What failed or waits for a person is no warning: it counts as such. The code makes no difference.
 */
export function warningOf(record: MessageRecord | DeliveryRecord): ErrorRecord | undefined {
  if (isDelivery(record)) return record.state === 'delivered' ? record.error : undefined;
  return record.state === 'settled' ? record.warning : undefined;
}

/** Whether a record has a warning, and whether a person has looked at it; undefined where it has none. */
export function warnedOf(record: MessageRecord | DeliveryRecord): 'seen' | 'unseen' | undefined {
  const warning = warningOf(record);
  return warning && (warning.seen ? 'seen' : 'unseen');
}

/** The record with its warning marked as seen, or (undefined) as not seen. A later warning takes its place and is new. */
export function withSeen<R extends MessageRecord | DeliveryRecord>(record: R, seen: Seen | undefined): R {
  const warning = warningOf(record);
  return warning ? { ...record, [isDelivery(record) ? 'error' : 'warning']: { ...warning, seen } } : record;
}

function isDelivery(record: MessageRecord | DeliveryRecord): record is DeliveryRecord {
  return 'lane' in record;
}
