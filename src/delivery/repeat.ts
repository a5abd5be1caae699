import type { Bodies, Change, DeliveryRecord, MessageRecord, Store } from '../store/store.js';
import { deliveriesOf } from './merging.js';
import { retried } from './retried.js';

/* A message passes its flow again, because a partner refused some of it: what failed is created again, with the mapping as it is now. */

/** Later messages that are looked through for the last reading of an entity. */
const MAX_LATER = 100;

type DeliveryChange = Extract<Change, { kind: 'delivery' }>;

/** Failed, and nothing of its ticket can be sent before it is created. */
export function isFailedCreate({ state, part, blocking }: DeliveryRecord): boolean {
  return state === 'failed' && part === 'entity' && blocking === true;
}

/** Whether a partner refused the create that a message led to. */
export async function ownsFailedCreate(message: string, store: Store): Promise<boolean> {
  return (await deliveriesOf(store, message)).some(isFailedCreate);
}

/** The last reading of the entity of a message, if there is one after that of the message itself; undefined for a deleted entity. */
export async function lastReading(record: MessageRecord, store: Store): Promise<Bodies | undefined> {
  const { id, conversation, endpoint, entityType, entityId } = record;
  if (conversation === undefined) return undefined;
  const links = (await store.conversation(conversation))?.links ?? [];
  if (links.some((link) => link.endpoint === endpoint && link.id === entityId && link.gone)) return undefined;
  const isRead = (await store.bodies('message', id)).read !== undefined;
  for (const later of await store.listMessages({ conversation, endpoint, entityType, from: id, limit: MAX_LATER })) {
    if (later.id === id || later.entityId !== entityId || later.origin === 'answer' || later.origin === 'plan') continue;
    const { read, received } = await store.bodies('message', later.id);
    const reading = isRead ? read : (read ?? received);
    if (reading !== undefined) return { read: reading };
  }
  return undefined;
}

/** The change that sends a delivery which failed again, in place of one that repeats it; else the change itself. */
export function inPlaceOfFailed(change: DeliveryChange, failed: readonly DeliveryRecord[], now: string): DeliveryChange {
  const before = failed.find(({ part }) => part === change.record.part);
  return before ? { kind: 'delivery', record: retried(before, before.doubtAt, now), bodies: change.bodies } : change;
}
