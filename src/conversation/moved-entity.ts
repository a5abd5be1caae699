import { isAbsent } from '../endpoints/api.js';
import type { EndpointClient } from '../endpoints/endpoint.js';
import { PartnerError } from '../errors.js';
import type { Source } from '../model/message.js';
import type { ConversationRecord, Link } from '../store/store.js';
import { withLink } from './correlate.js';
import { expectedReference } from './reference.js';

const MOVED = new Set([301, 302, 307, 308]);

/** The requested record no longer exists under its id: it was deleted, moved, or merged into another record. */
export function isGone(error: unknown): boolean {
  if (isAbsent(error)) return true;
  // A write answered with another record may have succeeded.
  if (!(error instanceof PartnerError) || error.outcome === 'unknown') return false;
  return error.code === 'SWB_WRONG_ENTITY' || MOVED.has(error.status ?? 0);
}

/** The record that now has the reference of a missing entity of ours; undefined if there is none, or if it is the same record. */
export async function findMovedEntity(
  client: EndpointClient,
  conversation: ConversationRecord,
  link: Link,
): Promise<Source | undefined> {
  if (link.origin !== 'ours') return undefined;
  const found = await client.find?.(link.entityType, expectedReference(conversation, link));
  const source = found && client.parse(found).source;
  return source && source.id !== link.id ? source : undefined;
}

/** The conversation with the new id of the entity. */
export function withNewId(conversation: ConversationRecord, link: Link, { id, number, url }: Source): ConversationRecord {
  return withLink(conversation, { ...link, id, number, url });
}
