import type { MessageRecord } from './store.js';

/** The queue of an endpoint's changes of one entity type, whichever in node or poll found them. */
export function intakeQueue(endpoint: string, entityType: string): string {
  return `${endpoint}|${entityType}`;
}

/** The endpoint of an `intakeQueue`; undefined for the queue of a node. */
export function endpointOf(queue: string): string | undefined {
  const end = queue.lastIndexOf('|');
  return end < 0 ? undefined : queue.slice(0, end);
}

/**
 * The queue in which a message waits to be emitted. What came from a partner belongs to the endpoint and its entity type, so that
 * it outlives the in node that received it; an answer or a plan belongs to the node that emits it.
 */
export function queueOf({ origin, endpoint, entityType, node }: QueuedMessage): string {
  return origin === 'webhook' || origin === 'event' || origin === 'poll' ? intakeQueue(endpoint, entityType) : node;
}

/** The node whose flow a message enters. */
export function emitterOf({ node, flow }: Pick<MessageRecord, 'node' | 'flow'>): string {
  return flow ?? node;
}

type QueuedMessage = Pick<MessageRecord, 'origin' | 'endpoint' | 'entityType' | 'node'>;
