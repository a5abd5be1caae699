import type { Conversations } from '../conversation/conversations.js';
import { linkOf } from '../conversation/correlate.js';
import { erasedError, isChangedSince, isReported, withReported } from '../conversation/erased-entity.js';
import { conversationReference } from '../conversation/reference.js';
import type { EndpointClient, RawEntity } from '../endpoints/endpoint.js';
import type { SwitchboardError } from '../errors.js';
import type { Json } from '../model/message.js';
import type { MessageRecord, Store } from '../store/store.js';
import { say } from '../text/say.js';

/**
 * A message about an erased ticket says nothing new, or fails with SWB_ERASED because the ticket was changed since, or may have been.
 * `reported` is called once that is stored: other messages need not say so again.
 */
export type ErasedRead = { ignored: string } | { error: SwitchboardError; reported: () => Promise<void> };

export interface ErasedReadContext {
  store: Pick<Store, 'conversationByLink' | 'conversationByReference'>;
  conversations: Pick<Conversations, 'update'>;
  client(endpoint: string): EndpointClient | undefined;
}

/** What becomes of a message about an erased ticket, by what was read for it; undefined where its ticket was not erased. */
export async function erasedRead(
  broker: ErasedReadContext,
  { id: message, endpoint, entityType, entityId }: MessageRecord,
  read: Json,
): Promise<ErasedRead | undefined> {
  const { store, conversations } = broker;
  const client = broker.client(endpoint);
  const shown = client?.parse(read as RawEntity);
  const id = shown?.source.id || entityId;
  const reference = shown?.source.reference;
  const known =
    (await store.conversationByLink(endpoint, entityType, id)) ??
    (reference ? await store.conversationByReference(conversationReference(reference)) : undefined);
  if (!shown || !known?.erasedAt) return undefined;
  const content = linkOf(known, endpoint, entityType, id)?.erased;
  // One that only has its reference was added since.
  const changed = content ? isChangedSince(content, shown) : true;
  if (changed === false) return { ignored: say`Its data was erased, and it was not changed since.` };
  if (content && isReported(content, shown, message))
    return { ignored: say`Its data was erased, and another message says already that it was changed since.` };
  return {
    error: erasedError({ ...shown.source, id }, known.erasedAt, client?.name, changed),
    reported: async () => {
      if (!content) return;
      const erased = withReported(content, shown, message);
      await conversations.update(known.id, (latest) => {
        const link = linkOf(latest, endpoint, entityType, id);
        return { ...latest, links: latest.links.map((one) => (one === link ? { ...one, erased } : one)) };
      });
    },
  };
}
