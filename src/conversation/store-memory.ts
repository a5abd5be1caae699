import { idAt } from '../store/id.js';
import type { ConversationRecord, DeliveryRecord, StoreMemory } from '../store/store.js';

/*
 * A store knows nothing of what was done before it was created, and a copy nothing of what was done after it was made. Whatever
 * may have been written in that time is looked up before it is written (docs/promises.md).
 */

/** Error of a known clock offset (HttpClient.clockAhead), milliseconds. */
const OFFSET_ERROR = 2_000;
/** The largest difference between our clock and one whose offset is not known, milliseconds. */
const UNKNOWN_OFFSET = 86_400_000;

/**
 * A time by our clock at which an entity certainly did not exist yet. `createdAt`: by the partner's clock, which is `clockAhead`
 * milliseconds ahead of ours.
 */
export function notBegunAt(createdAt: string | undefined, clockAhead: number | undefined): string | undefined {
  const at = Date.parse(createdAt ?? '');
  if (Number.isNaN(at)) return undefined;
  return new Date(at - (clockAhead === undefined ? UNKNOWN_OFFSET : clockAhead + OFFSET_ERROR)).toISOString();
}

/**
 * Whether something in a conversation may have been written before, unknown to this store. `at`: the time of a comment or file, by
 * its partner's clock.
 */
export function mayBeForgotten({ began }: ConversationRecord, { since }: StoreMemory, at?: string): boolean {
  if (began !== undefined && began >= since) return false;
  const partBegan = notBegunAt(at, undefined);
  return partBegan === undefined || partBegan < since;
}

/**
 * Whether a delivery, or the message that it comes from, waited when an older copy was made, so that the original may have sent it
 * since.
 */
export function isFromOlderCopy({ createdAt, message }: DeliveryRecord, { since, olderCopy }: StoreMemory): boolean {
  return olderCopy && (createdAt < since || message < idAt(Date.parse(since)));
}
