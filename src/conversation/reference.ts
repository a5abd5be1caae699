import { hash } from 'node:crypto';
import type { ConversationRecord, DeliveryRecord, Link, Store } from '../store/store.js';

const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'; // Crockford base 32: no characters that are easily confused

/**
 * Our reference for the conversation that starts with this entity, e.g. `SWB-7K3M9Q2X4F6A`: 60 bits of a hash. It can be derived
 * again even after the loss of the store, so that an entity created earlier is found and not created twice. `nth`: 2 for the
 * second conversation that starts with the entity, after it was unlinked from the first one, and so on.
 */
export function referenceFor(endpoint: string, entityType: string, entityId: string, nth = 1): string {
  const bytes = hash('sha256', JSON.stringify([endpoint, entityType, entityId, ...(nth > 1 ? [nth] : [])]), 'buffer');
  let text = '';
  for (let i = 0; i < 12; i++) text += ALPHABET[(bytes[i] ?? 0) % 32];
  return `SWB-${text}`;
}

/** The reference of a create: the conversation's, with the leg if the conversation has several entities at one endpoint. */
export function legReference(reference: string, leg: string): string {
  return leg ? `${reference}/${leg}` : reference;
}

/** The conversation's part of an entity's reference. */
export function conversationReference(carried: string): string {
  return (carried.split('/')[0] ?? carried).toUpperCase();
}

/** The reference for a new conversation that starts with an entity: the first one that no other conversation has. */
export async function freeReference(store: Store, endpoint: string, entityType: string, entityId: string): Promise<string> {
  for (let nth = 1; ; nth++) {
    const reference = referenceFor(endpoint, entityType, entityId, nth);
    if (!(await store.conversationByReference(reference))) return reference;
  }
}

/** The reference that an entity we created must have. */
export function expectedReference(conversation: ConversationRecord, link: Link): string {
  return link.carries ?? legReference(conversation.reference, link.leg);
}

/** The reference of a create; never one that an entity unlinked from the conversation already has. */
export function createReference(conversation: ConversationRecord, delivery: Pick<DeliveryRecord, 'leg' | 'reference'>): string {
  if (delivery.reference) return delivery.reference;
  const plain = legReference(conversation.reference, delivery.leg);
  let carried = plain;
  for (let nth = 2; conversation.spent?.includes(carried); nth++) carried = `${conversation.reference}/${delivery.leg}/${nth}`;
  return carried;
}

/** The reference to store in a link if it differs from the one of its conversation and leg. */
export function differingReference(
  conversation: ConversationRecord,
  leg: string,
  carried: string | undefined,
): string | undefined {
  return carried === legReference(conversation.reference, leg) ? undefined : carried;
}
