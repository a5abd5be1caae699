import type { DeliveryRecord, ErrorRecord, MessageRecord, SeenMark } from './store.js';

/**
 * The warning of a successful record: what was left out of a settled message, or what the partner did not keep of a delivery.
 * A failed or undecided record has no warning, whatever the code of its error: it is counted by its state.
 */
export function warningOf(record: MessageRecord | DeliveryRecord): ErrorRecord | undefined {
  if (isDelivery(record)) return record.state === 'delivered' ? record.error : undefined;
  return record.state === 'settled' ? record.warning : undefined;
}

/** Whether the warning of a record was acknowledged; undefined if there is no warning. */
export function warningState(record: MessageRecord | DeliveryRecord): 'seen' | 'unseen' | undefined {
  const warning = warningOf(record);
  return warning && (warning.seen ? 'seen' : 'unseen');
}

/** The record with its warning marked as seen, or (undefined) as unseen. A later warning replaces it and is unseen again. */
export function markWarningSeen<R extends MessageRecord | DeliveryRecord>(record: R, seen: SeenMark | undefined): R {
  const warning = warningOf(record);
  return warning ? { ...record, [isDelivery(record) ? 'error' : 'warning']: { ...warning, seen } } : record;
}

function isDelivery(record: MessageRecord | DeliveryRecord): record is DeliveryRecord {
  return 'lane' in record;
}
