import { linkAt, withLink } from '../conversation/correlate.js';
import type { CorrelationResult } from '../conversation/correlator.js';
import { withKnownParts } from '../conversation/part-changes.js';
import type { EndpointClient, RawEntity } from '../endpoints/endpoint.js';
import type { RemovedPart } from '../model/message.js';
import { idAt } from '../store/id.js';
import type { Bodies, ConversationRecord, DeliveryRecord, MessageRecord, Store } from '../store/store.js';
import { FOUND, PUTS_BACK } from './outbox.js';

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

/** What we may have taken away: it is put back by a delivery, or by the write that took it away. */
export interface Lost {
  back?: { after: DeliveryRecord; request: PutBack };
}

/**
 * Whether comments that a message shows to be gone, or tells of, may be put back: not unless a comment of ours is being written there, or was shortly
 * before, and was interrupted before it could be seen what it took away. What is gone although all of that was put back, somebody else took away.
 * `now`: epoch milliseconds.
 */
export async function lostBy(
  store: Store,
  client: EndpointClient | undefined,
  { id, origin, readAt = id }: MessageRecord,
  { conversation, link, message }: CorrelationResult,
  now: number,
): Promise<Lost | undefined> {
  const lost = (message.removed ?? []).filter(isComment);
  if (!client?.putBack || !link || message.comments.length + lost.length === 0 || origin === 'answer') return undefined;
  const recent = { conversation: conversation.id, endpoint: link.endpoint, from: idAt(now - AFTERMATH), limit: MOST };
  const deliveries = (await store.listDeliveries(recent)).filter((d) => d.leg === link.leg && d.entityType === link.entityType);
  const backs = deliveries.filter(({ part }) => part.startsWith(PUTS_BACK));
  const interrupted = deliveries.filter(isInterrupted);
  const [after] = interrupted;
  const isDone = message.comments.length === 0 && after !== undefined && backs.some((back) => back.id > after.id);
  // A whole list may lack for a moment what is then put back, perhaps under another id.
  if (!after || isDone) return deliveries.some((d) => isOfWhole(d) && isTriedSince(d, readAt)) ? {} : undefined;
  const all = (await store.listMessages(recent)).filter((m) => m.entityType === link.entityType && m.entityId === link.id);
  const begun = interrupted.map((delivery) => delivery.id).reduce((a, b) => (a < b ? a : b));
  const since = interrupted.map(({ begun = '' }) => begun).reduce((a, b) => (a < b ? a : b));
  return { back: { after, request: { messages: [...new Set([id, ...sinceLastReading(all, begun)])], since } } };
}

/** Messages from the last one on that was read before something began: what is gone there already, somebody else took away. Ids. */
function sinceLastReading(messages: readonly MessageRecord[], begun: string): string[] {
  const timeOf = ({ readAt, id }: MessageRecord) => readAt ?? id;
  const last = messages
    .map(timeOf)
    .filter((time) => time < begun)
    .reduce((a, b) => (a > b ? a : b), '');
  return messages.filter((message) => timeOf(message) >= last).map(({ id }) => id);
}

/** The same news, less the comments that may be put back: they stay known, under whatever ids they are shown then, and are not told to be gone. */
export function withoutLost(found: CorrelationResult): CorrelationResult {
  const { message, link, output } = found;
  const { changed = [], comments, attachments, removed = [] } = message;
  const lost = removed.filter(isComment);
  if (!link || lost.length === 0) return found;
  const left = removed.filter((part) => !isComment(part));
  const isNews = changed.length + comments.length + attachments.length + left.length > 0;
  const advance = (latest: ConversationRecord) => {
    const next = found.advance(latest);
    const now = linkAt(next, link.endpoint, link.entityType, link.leg);
    return now ? withLink(next, withKnownParts(now, link, lost)) : next;
  };
  const ignored = { output: 'ignored', reason: 'It is looked whether a write of ours took comments away.' } as const;
  return { ...found, message: { ...message, removed: left }, advance, ...(output === 'update' && !isNews && ignored) };
}

function isComment({ kind }: RemovedPart): boolean {
  return kind === 'comment';
}

/** The entity as messages showed it, the oldest first. */
export async function shownIn(store: Store, { messages }: PutBack): Promise<RawEntity[]> {
  const bodies = await Promise.all([...messages].sort().map((id) => store.bodies('message', id)));
  return bodies.flatMap(({ read }: Bodies) => (read ? [read as RawEntity] : []));
}

function isOfWhole({ part }: DeliveryRecord): boolean {
  return part.startsWith('comment:') || part.startsWith(PUTS_BACK);
}

/** Is it being written, or was it until after a reading began? What is to be put back counts from the beginning. */
function isTriedSince({ part, state, updatedAt }: DeliveryRecord, readAt: string): boolean {
  if (state === 'pending') return part.startsWith(PUTS_BACK);
  return state === 'sending' || state === 'inDoubt' || (state === 'delivered' && idAt(Date.parse(updatedAt)) >= readAt);
}

/** An earlier try of it wrote, and did not get to see what it took away. */
function isInterrupted({ part, state, attempts }: DeliveryRecord): boolean {
  return part.startsWith('comment:') && (state === 'inDoubt' || (state === 'delivered' && attempts.at(-1)?.what === FOUND));
}
