import type { EndpointClient } from '../endpoints/endpoint.js';
import { PartnerError } from '../errors.js';
import type { Source } from '../model/message.js';
import type { ConversationRecord, Link } from '../store/store.js';
import { findMovedEntity, isGone } from './moved-entity.js';

/* Decides which of several records with our reference is the one we created. */

/** A new id is accepted only if the partner says that the old one is gone and that this record has our reference. */
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
    // If this is not certain, the user has to decide.
    if (!isGone(error)) return false;
    const moved = await findMovedEntity(client, conversation, link).catch(() => undefined);
    return moved?.id === source.id;
  }
}

/** Another record that the partner finds by the same reference. A partner whose lists lag behind may not find any yet. */
export async function findDuplicate(
  client: EndpointClient,
  { entityType, id, reference = '' }: Source,
): Promise<string | undefined> {
  const found = await client.find?.(entityType, reference).catch((error: unknown) => {
    // The record itself was read and has the reference, which is enough evidence if the look-up fails.
    if (error instanceof PartnerError) return undefined;
    throw error;
  });
  const source = found && client.parse(found).source;
  return source && source.id !== id ? (source.number ?? source.id) : undefined;
}
