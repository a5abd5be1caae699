import { ANSWERS } from '../../src/delivery/decisions.js';
import type { DeliveryRecord, DeliveryState, MessageRecord } from '../../src/store/store.js';
import { warningState, warningOf } from '../../src/store/warning.js';
import type { Action, Shown, ShownWarning, Undoable } from './views.js';

const DELIVERY: Record<DeliveryState, Shown> = {
  pending: 'waiting',
  sending: 'waiting',
  inDoubt: 'inDoubt',
  delivered: 'delivered',
  failed: 'failed',
  needsDecision: 'needsDecision',
  skipped: 'skipped',
};

/** Of several deliveries the one that most needs a person names the whole. */
const WORST_FIRST: DeliveryState[] = ['needsDecision', 'failed', 'inDoubt', 'pending', 'sending', 'delivered', 'skipped'];

export function shownDelivery(record: DeliveryRecord): Shown {
  return DELIVERY[record.state];
}

export function shownMessage(record: MessageRecord, deliveries: DeliveryRecord[]): Shown {
  if (isUnread(record)) return 'waiting';
  if (record.state === 'received') return 'inFlow';
  if (record.state !== 'settled') return record.state;
  if (record.outcome === 'unrouted' || record.outcome === 'ignored') return record.outcome;
  const worst = WORST_FIRST.find((state) => deliveries.some((delivery) => delivery.state === state));
  return worst ? DELIVERY[worst] : 'delivered';
}

/** What the message is about could not be read: it is not in its flow, but waits to be read again. */
export function isUnread({ state, error }: MessageRecord): boolean {
  return state === 'received' && error !== undefined;
}

/** The warnings of several records in one: those that nobody has looked at, or else all of them. */
export function shownWarning(records: (MessageRecord | DeliveryRecord)[]): ShownWarning | undefined {
  const all = records.flatMap((record) => warningOf(record) ?? []);
  const unseen = all.filter(({ seen }) => !seen);
  const told = unseen.length > 0 ? unseen : all;
  return told.length > 0 ? { text: told.map(({ message }) => message).join(' '), seen: unseen.length === 0 } : undefined;
}

/** What an undo would take back. */
export function undoable(record: MessageRecord | DeliveryRecord): Undoable | undefined {
  return warningState(record) === 'seen' ? 'seen' : record.undo?.action;
}

/** What a person may do; the broker refuses the rest. */
export function messageActions(record: MessageRecord): Action[] {
  if (record.state === 'needsDecision') {
    // What a fan-out node asks is no payload that a person could change.
    return [...answers(record), ...(record.decision === 'legFailed' ? [] : (['edit'] as const))];
  }
  if (record.state === 'failed') return ['replay', 'edit', 'skip'];
  if (record.state === 'skipped') return ['replay', 'edit', ...(record.undo ? (['undo'] as const) : [])];
  const again: Action[] = record.state === 'settled' && record.outcome === 'unrouted' ? ['replay', 'edit'] : [];
  return [...again, ...warningActions(record)];
}

export function deliveryActions(record: DeliveryRecord): Action[] {
  const edit: Action[] = /^(attachment|alike|putBack):/.test(record.part) ? [] : ['edit'];
  const undo: Action[] = record.undo ? ['undo'] : [];
  if (record.state === 'needsDecision') return [...answers(record), ...edit];
  if (record.state === 'failed') return ['replay', ...edit, 'skip'];
  if (record.state === 'skipped') return ['replay', ...edit, ...undo];
  // One that has been tried in vain may be hurried, changed or given up before its tries are used up; one that waits, changed or given up.
  const waits = record.state === 'pending' || record.state === 'inDoubt';
  if (!waits) return warningActions(record);
  return [...(record.tries > 0 ? (['replay'] as const) : []), ...edit, 'skip', ...undo];
}

function warningActions(record: MessageRecord | DeliveryRecord): Action[] {
  const warned = warningState(record);
  return warned ? [warned === 'seen' ? 'undo' : 'seen'] : [];
}

function answers({ decision }: MessageRecord | DeliveryRecord): readonly Action[] {
  return decision ? ANSWERS[decision] : [];
}
