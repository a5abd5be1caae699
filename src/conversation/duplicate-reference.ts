import type { EndpointClient } from '../endpoints/endpoint.js';
import { PartnerError } from '../errors.js';
import type { Source } from '../model/message.js';
import type { ConversationRecord, Link } from '../store/store.js';
import { findMovedEntity, isGone } from './moved-entity.js';

/* Which of several records that carry our reference is ours. */

/** A new id is followed only where the partner says that the old one is gone, and that this is the one with our reference. */
export async function hasMoved(
  client: EndpointClient,
  conversation: ConversationRecord,
  link: Link,
  source: Source,
): Promise<boolean> {
  if (link.origin !== 'ours') return false;
  try {
    await client.read(link.entityType, link.id);
    return false;
  } catch (error) {
    // Where it cannot be told, a person says what is what.
    if (!isGone(error)) return false;
    const moved = await findMovedEntity(client, conversation, link).catch(() => undefined);
    return moved?.id === source.id;
  }
}

/** Another record that the partner finds by the same reference; none where it finds this one, or, as lists lag, none yet. */
export async function findDuplicate(
  client: EndpointClient,
  { entityType, id, reference = '' }: Source,
): Promise<string | undefined> {
  const found = await client.find(entityType, reference).catch((error: unknown) => {
    // The record itself was read and carries it: that is proof enough where the look-up says nothing.
    if (error instanceof PartnerError) return undefined;
    throw error;
  });
  const source = found && client.parse(found).source;
  return source && source.id !== id ? (source.number ?? source.id) : undefined;
}
