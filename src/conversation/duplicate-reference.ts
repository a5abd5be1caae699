import { setTimeout as pause } from 'node:timers/promises';
import type { EndpointClient } from '../endpoints/endpoint.js';
import { PartnerError } from '../errors.js';
import type { Source } from '../model/message.js';
import type { ConversationRecord, Link } from '../store/store.js';
import { findMovedEntity, isGone } from './moved-entity.js';

/* Decides which of several records with our reference is the one we created. */

/** Look-ups that have not shown a record that was read, and the milliseconds between them. */
const LOOKS = 4;
const BETWEEN_LOOKS = 1_000;

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

/** Another record that the partner finds by the same reference. A list that lags behind the event is given a moment to show one. */
export async function findDuplicate(
  client: EndpointClient,
  { entityType, id, reference = '' }: Source,
): Promise<string | undefined> {
  for (let look = 1; client.find; look++) {
    const found = await client.find(entityType, reference).catch((error: unknown) => {
      if (error instanceof PartnerError) return undefined;
      throw error;
    });
    const source = found && client.parse(found).source;
    if (source) return source.id === id ? undefined : (source.number ?? source.id);
    // The record itself was read and has the reference, which is enough evidence if the look-up does not show it.
    if (look === LOOKS) return undefined;
    await pause(BETWEEN_LOOKS);
  }
  return undefined;
}
