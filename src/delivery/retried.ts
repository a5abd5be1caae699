import type { DeliveryRecord } from '../store/store.js';

/** Fields that an undo clears where the former state had none: the store does not keep undefined fields, so `was` lacks them. */
export const CLEARED_DELIVERY = {
  notBefore: undefined,
  blocking: undefined,
  error: undefined,
  decision: undefined,
  lookLeft: undefined,
  onlyLook: undefined,
  doubtAt: undefined,
};

/**
 * A delivery to send again, after a look-up whether it was written after all; its former state is kept for an undo until it is sent.
 * `doubtAt`: the address at which its answer was lost, if one was; `now`: ISO 8601.
 */
export function retried(record: DeliveryRecord, doubtAt: string | undefined, now: string): DeliveryRecord {
  return {
    ...record,
    ...CLEARED_DELIVERY,
    state: 'inDoubt',
    tries: 0,
    // After a decision the settling time starts over. Otherwise one lookup is enough, unless the settling time of a lost answer
    // is still running.
    ...(record.state !== 'needsDecision' && { lookLeft: record.lookLeft ?? 0 }),
    doubtAt,
    onlyLook: lookupOnly(record),
    updatedAt: now,
    undo: { action: 'replay', was: undoState(record) },
  };
}

/** Whether a delivery may only be looked up: the partner may have it, and another write could duplicate it. */
export function lookupOnly({ decision, onlyLook }: DeliveryRecord): boolean | undefined {
  return decision === 'unresolved' || decision === 'addressChanged' ? true : onlyLook;
}

/** The fields that an undo restores. */
export function undoState(record: DeliveryRecord): Partial<DeliveryRecord> {
  const { state, tries, notBefore, blocking, error, decision, lookLeft, onlyLook, doubtAt } = record;
  return { state, tries, notBefore, blocking, error, decision, lookLeft, onlyLook, doubtAt };
}
