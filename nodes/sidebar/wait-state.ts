import { linkAt } from '../../src/conversation/correlate.js';
import { endpointState } from '../../src/delivery/endpoint-state.js';
import type { WorkerStatus } from '../../src/delivery/worker.js';
import type { ConversationRecord, DeliveryRecord, Store } from '../../src/store/store.js';
import { shownDelivery } from './shown-state.js';
import type { Blocker, WaitState } from './views.js';

/** States of an earlier delivery that blocks a later one. */
const BLOCKING_STATES = ['pending', 'sending', 'inDoubt', 'failed', 'needsDecision'];
/** Maximum number of earlier deliveries searched for a blocker. */
const MAX_SEARCHED = 500;

/** Why an open delivery is not sent now, and when the next attempt is. */
export async function waitState(
  record: DeliveryRecord,
  store: Store,
  conversation: ConversationRecord | undefined,
  status: WorkerStatus | undefined,
): Promise<WaitState> {
  const { state, notBefore = 0, waitsFor } = record;
  if (state !== 'pending' && state !== 'inDoubt') return { waitsFor };
  if (Array.isArray(waitsFor)) return { waitsFor };
  const before = await blockerOf(record, store, conversation);
  // These wait for a user.
  if (before === 'create_needsDecision' || before === 'create_failed') return { waitsFor: before };
  const endpoint = status ? endpointState(status) : 'up';
  if (endpoint === 'suspended') return { waitsFor: 'endpoint' };
  // Look-ups in a doubt are not attempts.
  const next = Math.max(state === 'pending' ? notBefore : 0, status?.resumesAt ?? 0);
  return {
    waitsFor: endpoint === 'up' ? (before ?? waitsFor) : endpoint,
    nextTry: next ? new Date(next).toISOString() : undefined,
  };
}

/** The delivery that blocks this one: an earlier one of its lane, or, for an attachment, the create of its ticket. */
async function blockerOf(
  record: DeliveryRecord,
  store: Store,
  conversation: ConversationRecord | undefined,
): Promise<Blocker | undefined> {
  const { id, endpoint, entityType, leg, lane, waitsFor } = record;
  const others = await store.listDeliveries({
    conversation: record.conversation,
    endpoint,
    states: BLOCKING_STATES,
    before: id,
    limit: MAX_SEARCHED,
  });
  const linked = conversation && linkAt(conversation, endpoint, entityType, leg);
  const isCreate = (one: DeliveryRecord) => !linked && one.part === 'entity' && one.entityType === entityType && one.leg === leg;
  const holds = (one: DeliveryRecord) => {
    const open = one.state !== 'failed' && one.state !== 'needsDecision';
    return (open || one.blocking) && (one.lane === lane || (waitsFor === 'link' && isCreate(one)));
  };
  const first = others.findLast(holds);
  return first && (`${isCreate(first) ? 'create' : 'earlier'}_${shownDelivery(first)}` as Blocker);
}
