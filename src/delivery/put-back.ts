import type { Correlated } from '../conversation/correlator.js';
import type { EndpointClient, RawEntity } from '../endpoints/endpoint.js';
import { idAt } from '../store/id.js';
import type { Bodies, DeliveryRecord, Link, MessageRecord, Store } from '../store/store.js';

/** How long after an interrupted write what is missing is put down to it: hubs repeat events, and polls come late. Milliseconds. */
const AFTERMATH = 600_000;
/** Deliveries and messages looked at, the newest. */
const MOST = 100;

/** Comments that a write of ours may have taken away; the `request` body of a delivery. */
export interface PutBack {
  /** Messages that show them. */
  messages: string[];
  /** When that write began, ISO 8601 by the partner's clock; '' = not known. */
  since: string;
}

/**
 * What has to be put back once a message shows that comments are gone, or tells of some that may be: nothing, unless a comment of ours was written there
 * shortly before, and was interrupted before it could be seen what it took away. `now`: epoch milliseconds.
 */
export async function toPutBack(
  store: Store,
  client: EndpointClient | undefined,
  { id, origin }: MessageRecord,
  { conversation, link, message }: Correlated,
  now: number,
): Promise<{ after: DeliveryRecord; request: PutBack } | undefined> {
  const tells = message.comments.length > 0 || message.removed?.some(({ kind }) => kind === 'comment');
  if (!client?.putBack || !link || !tells || origin === 'answer') return undefined;
  const recent = { conversation: conversation.id, endpoint: link.endpoint, from: idAt(now - AFTERMATH), limit: MOST };
  const interrupted = (await store.listDeliveries(recent)).filter((delivery) => isInterrupted(delivery, link));
  const [after] = interrupted;
  if (!after) return undefined;
  const messages = (await store.listMessages(recent)).filter((m) => m.entityType === link.entityType && m.entityId === link.id);
  const since = interrupted.map(({ begun = '' }) => begun).reduce((a, b) => (a < b ? a : b));
  return { after, request: { messages: [...new Set([id, ...messages.map((m) => m.id)])], since } };
}

/** The entity as messages showed it. */
export async function shownIn(store: Store, { messages }: PutBack): Promise<RawEntity[]> {
  const bodies = await Promise.all(messages.map((id) => store.bodies('message', id)));
  return bodies.flatMap(({ read }: Bodies) => (read ? [read as RawEntity] : []));
}

function isInterrupted({ part, leg, entityType, tries, state }: DeliveryRecord, link: Link): boolean {
  const isThere = leg === link.leg && entityType === link.entityType && part.startsWith('comment:');
  return isThere && (tries > 1 || state === 'inDoubt');
}
