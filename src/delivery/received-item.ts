import type { Hint } from '../endpoints/raw-entity.js';
import type { Json } from '../model/message.js';
import { queueOf } from '../store/message-queue.js';
import type { Change, MessageRecord } from '../store/store.js';

/** What of a message is known when it is received. */
type Known = 'node' | 'origin' | 'endpoint' | 'entityType' | 'entityId' | 'number' | 'expects';

/** A webhook, event, poll result or internal message to be stored. */
export interface ReceivedItem extends Pick<MessageRecord, Known> {
  /** De-duplication key: permanent for polled and internal messages, until the entity is read for webhooks and events. */
  key: string;
  payload: Json;
  /** An id created before the payload was read, where the caller has read it. */
  readAt?: string;
  /** Known for internal messages only. */
  conversation?: string;
  /** The message is not emitted until a user replays it. */
  error?: MessageRecord['error'];
}

/** The item that stores a hint. */
export function receivedHint(hint: Hint, source: Pick<ReceivedItem, 'node' | 'origin' | 'endpoint'>): ReceivedItem {
  const { id, entityType, number, key, expects, payload, event } = hint;
  return { ...source, ...(event && { origin: 'event' }), entityType, entityId: id, number, key, expects, payload };
}

/**
 * A hint only says that something changed. Each one needs a read, whatever version or id it names, because some partners change
 * an entity without raising its version, or use an event id twice. A polled item shows by itself whether it is a repetition.
 */
export function isHint({ origin }: Pick<ReceivedItem, 'origin'>): boolean {
  return origin === 'webhook' || origin === 'event';
}

/** Stands for the content of what was received, or was to be read, about an erased ticket. */
const ERASED = { again: 'erased' };

/** Stored instead of an item about an erased ticket: only that it is to be read. Whether it is news shows then. `id`: a new one. */
export function withoutContent(item: ReceivedItem, id: string): ReceivedItem {
  return { ...item, origin: 'poll', key: isHint(item) ? `${item.key}|${id}` : item.key, payload: ERASED };
}

/** The change that takes out what was received with a message about an erased ticket: it reads the ticket, as `withoutContent`. */
export function withoutReceived(record: MessageRecord): Change {
  return {
    kind: 'message',
    record: { ...record, origin: isHint(record) ? 'poll' : record.origin },
    bodies: { received: ERASED },
  };
}

/** The key that repeated hints share, whichever in node of the endpoint received them. */
export function hintKey(item: Pick<ReceivedItem, 'node' | 'origin' | 'endpoint' | 'entityType' | 'key'>): string {
  return `${queueOf(item)}|${item.key}`;
}
