import { hash } from 'node:crypto';
import type { ConversationRecord, DeliveryRecord, Link, Store } from '../store/store.js';

const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'; // Crockford base 32: nothing a person could misread

/**
 * Our reference for the conversation that begins with this entity, e.g. `SWB-7K3M9Q2X4F6A`: 60 bits of a hash, so that it is the same
 * whenever it is derived again, even after the loss of the store, and an entity created before is found instead of created twice.
 * `again`: the how manieth conversation that begins with it, after people took it out of others.
 */
export function referenceFor(endpoint: string, entityType: string, entityId: string, again = 1): string {
  const bytes = hash('sha256', JSON.stringify([endpoint, entityType, entityId, ...(again > 1 ? [again] : [])]), 'buffer');
  let text = '';
  for (let i = 0; i < 12; i++) text += ALPHABET[(bytes[i] ?? 0) % 32];
  return `SWB-${text}`;
}

/** What a create carries: the conversation's reference, with the leg where several entities of one conversation stand at one endpoint. */
export function legReference(reference: string, leg: string): string {
  return leg ? `${reference}/${leg}` : reference;
}

/** The conversation's reference within what an entity carries. */
export function conversationReference(carried: string): string {
  return (carried.split('/')[0] ?? carried).toUpperCase();
}

/** The reference for a conversation that begins now with an entity: the first one that no other conversation has. */
export async function freeReference(store: Store, endpoint: string, entityType: string, entityId: string): Promise<string> {
  for (let again = 1; ; again++) {
    const reference = referenceFor(endpoint, entityType, entityId, again);
    if (!(await store.conversationByReference(reference))) return reference;
  }
}

/** What the entity of a link of ours has to carry. */
export function expectedReference(conversation: ConversationRecord, link: Link): string {
  return link.carries ?? legReference(conversation.reference, link.leg);
}

/** What a create carries: never what an entity carries already that was taken out of the conversation. */
export function createReference(conversation: ConversationRecord, delivery: Pick<DeliveryRecord, 'leg' | 'reference'>): string {
  if (delivery.reference) return delivery.reference;
  const plain = legReference(conversation.reference, delivery.leg);
  let carried = plain;
  for (let again = 2; conversation.spent?.includes(carried); again++)
    carried = `${conversation.reference}/${delivery.leg}/${again}`;
  return carried;
}

/** A reference that a link has to remember, because it is not the one of its conversation and leg. */
export function differingReference(
  conversation: ConversationRecord,
  leg: string,
  carried: string | undefined,
): string | undefined {
  return carried === legReference(conversation.reference, leg) ? undefined : carried;
}
