import { linkAt, withLink } from '../conversation/correlate.js';
import type { CorrelationResult } from '../conversation/correlator.js';
import { withKnownParts } from '../conversation/part-changes.js';
import type { EndpointClient, RawEntity } from '../endpoints/endpoint.js';
import type { RemovedPart } from '../model/message.js';
import { idAt } from '../store/id.js';
import type { Bodies, ConversationRecord, DeliveryRecord, MessageRecord, Store } from '../store/store.js';
import { say } from '../text/say.js';
import { FOUND_COMMENT, RECOVERY_PART } from './outbox.js';

/** How long missing comments are attributed to an interrupted write: hubs repeat events, and polls are late. Milliseconds. */
const RECOVERY_WINDOW = 600_000;
/** Newest deliveries and messages that are checked. */
const MAX_RECORDS = 100;

/** Comments that a write of ours may have removed; the `request` body of a delivery. */
export interface CommentRecovery {
  /** Messages that show them. */
  messages: string[];
  /** Start of that write by the partner's clock, ISO 8601; '' = not known. */
  since: string;
}

/** How comments that we may have removed are restored: by a new delivery, or, without one, by the write that removed them. */
export interface RecoveryPlan {
  recovery?: { after: DeliveryRecord; request: CommentRecovery };
}

/**
 * Whether comments that are missing from a message, or new in it, may have to be restored: only where a comment of ours is being
 * written there, or a recent write was interrupted before we saw what it removed. Comments still missing after a recovery were
 * deleted by the partner; then undefined. `now`: epoch milliseconds.
 */
export async function planRecovery(
  store: Store,
  client: EndpointClient | undefined,
  { id, origin, readAt = id }: MessageRecord,
  { conversation, link, message }: CorrelationResult,
  now: number,
): Promise<RecoveryPlan | undefined> {
  const lost = (message.removed ?? []).filter(isComment);
  if (!client?.putBack || !link || message.comments.length + lost.length === 0 || origin === 'answer') return undefined;
  const recent = {
    conversation: conversation.id,
    endpoint: link.endpoint,
    from: idAt(now - RECOVERY_WINDOW),
    limit: MAX_RECORDS,
  };
  const deliveries = (await store.listDeliveries(recent)).filter((d) => d.leg === link.leg && d.entityType === link.entityType);
  const recoveries = deliveries.filter(({ part }) => part.startsWith(RECOVERY_PART));
  const interrupted = deliveries.filter(isInterrupted);
  const [after] = interrupted;
  const isDone = message.comments.length === 0 && after !== undefined && recoveries.some((recovery) => recovery.id > after.id);
  // While the list of comments is being rewritten, it may lack some for a moment; they may return under other ids.
  if (!after || isDone) return deliveries.some((d) => rewritesList(d) && isTriedSince(d, readAt)) ? {} : undefined;
  const all = (await store.listMessages(recent)).filter((m) => m.entityType === link.entityType && m.entityId === link.id);
  const begun = interrupted.map((delivery) => delivery.id).reduce((a, b) => (a < b ? a : b));
  const since = interrupted.map(({ begun = '' }) => begun).reduce((a, b) => (a < b ? a : b));
  return { recovery: { after, request: { messages: [...new Set([id, ...sinceLastReading(all, begun)])], since } } };
}

/** Ids of messages from the last read before a write began: comments missing in that read were deleted by the partner. */
function sinceLastReading(messages: readonly MessageRecord[], begun: string): string[] {
  const timeOf = ({ readAt, id }: MessageRecord) => readAt ?? id;
  const last = messages
    .map(timeOf)
    .filter((time) => time < begun)
    .reduce((a, b) => (a > b ? a : b), '');
  return messages.filter((message) => timeOf(message) >= last).map(({ id }) => id);
}

/**
 * The correlation result without the deletion of comments that may be restored. They stay known, and may return under other ids.
 */
export function withoutRecoverable(found: CorrelationResult): CorrelationResult {
  const { message, link, output } = found;
  const { changed = [], comments, attachments, removed = [] } = message;
  const lost = removed.filter(isComment);
  if (!link || lost.length === 0) return found;
  const left = removed.filter((part) => !isComment(part));
  const hasChanges = changed.length + comments.length + attachments.length + left.length > 0;
  const advance = (latest: ConversationRecord) => {
    const next = found.advance(latest);
    const now = linkAt(next, link.endpoint, link.entityType, link.leg);
    return now ? withLink(next, withKnownParts(now, link, lost)) : next;
  };
  const ignored = {
    output: 'ignored',
    reason: say`Comments are missing. It is being checked whether a write of ours removed them.`,
  } as const;
  return { ...found, message: { ...message, removed: left }, advance, ...(output === 'update' && !hasChanges && ignored) };
}

function isComment({ kind }: RemovedPart): boolean {
  return kind === 'comment';
}

/** The entity as read for these messages, oldest first. */
export async function snapshotsOf(store: Store, { messages }: CommentRecovery): Promise<RawEntity[]> {
  const bodies = await Promise.all([...messages].sort().map((id) => store.bodies('message', id)));
  return bodies.flatMap(({ read }: Bodies) => (read ? [read as RawEntity] : []));
}

function rewritesList({ part }: DeliveryRecord): boolean {
  return part.startsWith('comment:') || part.startsWith(RECOVERY_PART);
}

/** Whether a write was under way when, or after, a read began. A recovery counts as soon as it is queued. */
function isTriedSince({ part, state, updatedAt }: DeliveryRecord, readAt: string): boolean {
  if (state === 'pending') return part.startsWith(RECOVERY_PART);
  return state === 'sending' || state === 'inDoubt' || (state === 'delivered' && idAt(Date.parse(updatedAt)) >= readAt);
}

/** Whether an earlier try wrote the comment, but could not see what it removed. */
function isInterrupted({ part, state, attempts }: DeliveryRecord): boolean {
  return (
    part.startsWith('comment:') && (state === 'inDoubt' || (state === 'delivered' && attempts.at(-1)?.what === FOUND_COMMENT))
  );
}
