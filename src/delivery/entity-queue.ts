import type { Json } from '../model/message.js';
import type { MessageRecord } from '../store/store.js';

/** Messages about one entity that this process has claimed. */
export interface EntityQueue {
  /** Oldest first. The first one is read and in its flow; it leaves the queue with its flow. */
  waiting: MessageRecord[];
  /** Settles when no message is being emitted any more. */
  running?: Promise<void>;
  /** Last read of the entity while more messages were waiting; `hints`: ids of those that were when it began. */
  read?: { readAt: string; payload: Json; hints: ReadonlySet<string> };
}

/** Identifies the queue of an entity. */
export function entityKey(endpoint: string, entityType: string, id: string): string {
  return `${endpoint}|${entityType}|${id}`;
}

/** Adds a message to those that wait, which are sorted by age: ids are. */
export function insert(waiting: MessageRecord[], record: MessageRecord): void {
  const before = waiting.findLastIndex(({ id }) => id < record.id);
  waiting.splice(before + 1, 0, record);
}

/** Removes a message from those that wait. */
export function remove(waiting: MessageRecord[], message: string): void {
  const at = waiting.findIndex(({ id }) => id === message);
  if (at >= 0) waiting.splice(at, 1);
}
