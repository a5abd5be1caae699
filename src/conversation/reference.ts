import { hash } from 'node:crypto';

const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'; // Crockford base 32: nothing a person could misread

/**
 * Our reference for the conversation that begins with this entity, e.g. `SWB-7K3M9Q2X4F6A`: 60 bits of a hash, so that it is the same
 * whenever it is derived again, even after the loss of the store, and an entity created before is found instead of created twice.
 */
export function referenceFor(endpoint: string, entityType: string, entityId: string): string {
  const bytes = hash('sha256', JSON.stringify([endpoint, entityType, entityId]), 'buffer');
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
  return carried.split('/')[0] ?? carried;
}
