import { linkOf } from '../conversation/correlate.js';
import type { EndpointClient, RawEntity } from '../endpoints/endpoint.js';
import type { Json } from '../model/message.js';
import type { MessageRecord, Store } from '../store/store.js';

/**
 * What a read lacks of what its hint said, in words; undefined where it is an answer to it. A hint that tells the entity's own version, or a
 * comment, is exact. One that only tells when it was made may come late and several for one change: it counts where nothing newer than before
 * was read.
 */
export async function lackIn(
  store: Store,
  client: EndpointClient | undefined,
  record: MessageRecord,
  read: Json,
): Promise<string | undefined> {
  const { expects } = record;
  if (!client || !expects) return undefined;
  const { source, comments, attachments, deleted } = client.parse(read as RawEntity);
  if (deleted) return undefined;
  const { version, part, time } = expects;
  if (version && client.isOlder(source.version, version)) return `it is at ${source.version}, the hint at ${version}`;
  if (part && ![...comments, ...attachments].some(({ id }) => id === part)) return `it lacks ${part}`;
  if (!time || !client.isOlder(source.version, time)) return undefined;
  const { endpoint, entityType, entityId } = record;
  const conversation = await store.conversationByLink(endpoint, entityType, entityId);
  const seen = conversation && linkOf(conversation, endpoint, entityType, entityId)?.entityVersion;
  return client.isOlder(seen, source.version) ? undefined : `it is at ${source.version}, and was changed at ${time}`;
}
