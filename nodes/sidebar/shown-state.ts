import { ANSWERS } from '../../src/delivery/decisions.js';
import type { DeliveryRecord, DeliveryState, MessageRecord } from '../../src/store/store.js';
import { warningOf, warningState } from '../../src/store/warning.js';
import type { Action, ShownState, ShownWarning, Undoable, WaitView } from './views.js';

const DELIVERY: Record<DeliveryState, ShownState> = {
  pending: 'waiting',
  sending: 'waiting',
  inDoubt: 'inDoubt',
  delivered: 'delivered',
  failed: 'failed',
  needsDecision: 'needsDecision',
  skipped: 'skipped',
  merged: 'merged',
};

/** The message is shown with the state of the delivery that needs attention most. */
const WORST_FIRST: DeliveryState[] = [
  'needsDecision',
  'failed',
  'inDoubt',
  'pending',
  'sending',
  'delivered',
  'merged',
  'skipped',
];

/** States in which a delivery needs nothing any more. */
const DONE: DeliveryState[] = ['delivered', 'merged', 'skipped'];

export function shownDelivery(record: DeliveryRecord): ShownState {
  return DELIVERY[record.state];
}

export function shownMessage(record: MessageRecord, deliveries: DeliveryRecord[], wait?: WaitView): ShownState {
  if (isUnread(record) || wait?.kind === 'noNode') return 'waiting';
  if (record.state === 'received') return 'inFlow';
  if (record.state !== 'settled') return record.state;
  const worst = WORST_FIRST.find((state) => deliveries.some((delivery) => delivery.state === state));
  const isDone = worst === undefined || DONE.includes(worst);
  // A replay may find nothing more to do for a message of which something could not be sent.
  if (isDone && (record.outcome === 'unrouted' || record.outcome === 'ignored')) return record.outcome;
  return worst ? DELIVERY[worst] : 'delivered';
}

/** The entity of the message could not be read yet: the message is not in its flow, and waits to be read again. */
function isUnread({ state, error }: MessageRecord): boolean {
  return state === 'received' && error !== undefined;
}

/** Combines the warnings of several records: the unseen ones, or all if every warning was seen. */
export function shownWarning(records: (MessageRecord | DeliveryRecord)[]): ShownWarning | undefined {
  const all = records.flatMap((record) => warningOf(record) ?? []);
  const unseen = all.filter(({ seen }) => !seen);
  const shown = unseen.length > 0 ? unseen : all;
  return shown.length > 0 ? { text: shown.map(({ message }) => message).join(' '), seen: unseen.length === 0 } : undefined;
}

/** The action that an undo would revert. */
export function undoable(record: MessageRecord | DeliveryRecord): Undoable | undefined {
  return warningState(record) === 'seen' ? 'seen' : record.undo?.action;
}

/**
 * The actions offered to the user; the broker refuses any other. `deliveries`: of the message, where what failed of it may be created again.
 */
export function messageActions(record: MessageRecord, deliveries: DeliveryRecord[] = []): Action[] {
  if (record.state === 'needsDecision') {
    // The question of a fan-out node has no payload to edit.
    return [...answers(record), ...(record.decision === 'legFailed' ? [] : (['edit'] as const))];
  }
  if (record.state === 'failed') return ['replay', 'edit', 'skip'];
  if (record.state === 'skipped') return ['replay', 'edit', ...(record.undo ? (['undo'] as const) : [])];
  const hasFailed = deliveries.some(({ state }) => state === 'failed');
  const again: Action[] = record.outcome === 'unrouted' ? ['replay', 'edit', 'skip'] : hasFailed ? ['replay'] : [];
  return [...(record.state === 'settled' ? again : []), ...warningActions(record)];
}

export function deliveryActions(record: DeliveryRecord): Action[] {
  const edit: Action[] = /^(attachment|alike|putBack):/.test(record.part) ? [] : ['edit'];
  const undo: Action[] = record.undo ? ['undo'] : [];
  if (record.state === 'needsDecision') return [...answers(record), ...edit];
  if (record.state === 'failed') return ['replay', ...edit, 'skip'];
  if (record.state === 'skipped') return ['replay', ...edit, ...undo];
  // A waiting delivery can be edited or skipped, and replayed if an attempt has failed already.
  const waits = record.state === 'pending' || record.state === 'inDoubt';
  if (!waits) return warningActions(record);
  return [...(record.tries > 0 || record.waitsFor === 'link' ? (['replay'] as const) : []), ...edit, 'skip', ...undo];
}

function warningActions(record: MessageRecord | DeliveryRecord): Action[] {
  const warned = warningState(record);
  return warned ? [warned === 'seen' ? 'undo' : 'seen'] : [];
}

function answers({ decision }: MessageRecord | DeliveryRecord): readonly Action[] {
  return decision ? ANSWERS[decision] : [];
}
