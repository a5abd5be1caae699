import { linkOf } from '../conversation/correlate.js';
import { withoutParts, withPartsAgain } from '../conversation/part-changes.js';
import type { EndpointClient, RawEntity } from '../endpoints/endpoint.js';
import type { ConversationRecord, Link, MessageRecord, Store } from '../store/store.js';

/* Comments and files of an unrouted message that a user has skipped: they are kept back from later messages of its entity. */

/** Other skipped messages of an entity that are looked at. */
const MAX_SKIPPED = 1_000;

/** Ids of the comments and files that other skipped messages of the same entity keep back. */
export async function keptByOthers(record: MessageRecord, store: Store): Promise<string[]> {
  const { id, conversation, endpoint, entityType, entityId } = record;
  const states = ['skipped' as const];
  const skipped = await store.listMessages({ conversation, endpoint, entityType, states, limit: MAX_SKIPPED });
  return skipped.flatMap((one) => (one.id !== id && one.entityId === entityId ? (one.undo?.kept ?? []) : []));
}

/** Ids of the comments and files of a message that its conversation has not passed on; none if its payload cannot be read. */
export async function newParts(record: MessageRecord, store: Store, client: EndpointClient | undefined): Promise<string[]> {
  const conversation = record.conversation === undefined ? undefined : await store.conversation(record.conversation);
  const link = conversation && linkOf(conversation, record.endpoint, record.entityType, record.entityId);
  const { read, received } = await store.bodies('message', record.id);
  const others = await keptByOthers(record, store);
  return link ? partIds(client, read ?? received).filter((id) => !link.seen.includes(id) || others.includes(id)) : [];
}

/**
 * The conversation after a change of a message that keeps parts back from it, or no longer does; `others`: what other messages keep
 * back all the same. Pure.
 */
export function withKeptParts(
  conversation: ConversationRecord,
  before: MessageRecord,
  after: MessageRecord,
  others: readonly string[],
): ConversationRecord {
  const { endpoint, entityType, entityId } = before;
  const own = linkOf(conversation, endpoint, entityType, entityId);
  const released = before.undo?.kept?.filter((id) => !others.includes(id)) ?? [];
  const change = (link: Link) => withoutParts(withPartsAgain(link, released), after.undo?.kept ?? []);
  return { ...conversation, links: conversation.links.map((link) => (link === own ? change(link) : link)) };
}

function partIds(client: EndpointClient | undefined, payload: unknown): string[] {
  if (!client || typeof payload !== 'object' || payload === null) return [];
  try {
    const { comments, attachments } = client.parse(payload as RawEntity);
    return [...comments, ...attachments].map(({ id }) => id);
  } catch {
    return [];
  }
}
