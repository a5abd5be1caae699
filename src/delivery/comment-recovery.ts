import { linkAt, withLink } from '../conversation/correlate.js';
import type { CorrelationResult } from '../conversation/correlator.js';
import { withKnownParts } from '../conversation/part-changes.js';
import type { EndpointClient, RawEntity, WrittenPart } from '../endpoints/endpoint.js';
import type { RemovedPart } from '../model/message.js';
import { idAt } from '../store/id.js';
import type { Bodies, ConversationRecord, DeliveryRecord, MessageRecord, Store } from '../store/store.js';
import { say } from '../text/say.js';
import { FOUND_COMMENT, RECOVERY_PART } from './outbox.js';

/** How long missing comments are attributed to a write of ours: hubs repeat events, and polls are late. Milliseconds. */
const RECOVERY_WINDOW = 600_000;
/** Partners date comments in whole seconds, and tell the time in them. Milliseconds. */
const CLOCK_STEP = 2_000;
/** Newest deliveries and messages that are checked. */
const MAX_RECORDS = 100;

/** Comments that a write of ours may have removed; the `request` body of a delivery. */
export interface CommentRecovery {
  /** Messages that show them. */
  messages: string[];
  /** Start of that write by the partner's clock, ISO 8601; '' = not known. */
  since: string;
  /** Ids of the comments that may be restored; absent: any. */
  only?: string[];
}

/** How comments that we may have removed are restored: by a new delivery, or, without one, by the write that removed them. */
export interface RecoveryPlan {
  recovery?: { after: DeliveryRecord; request: CommentRecovery };
  /** Ids of the missing comments that may be restored; absent: any. The others were deleted. */
  only?: string[];
}

/**
 * Whether comments that are missing from a message, or new in it, may have to be restored: only where a comment of ours is being
 * written there, a recent write was interrupted before we saw what it removed, or only an event shows them, because a write of the
 * whole list removed them unseen. Comments still missing after a recovery were deleted by the partner; then undefined. `now`: epoch
 * milliseconds; `read`: the entity as read for the message.
 */
export async function planRecovery(
  store: Store,
  client: EndpointClient | undefined,
  { id, origin, readAt = id }: MessageRecord,
  { conversation, link, message }: CorrelationResult,
  now: number,
  read?: RawEntity,
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
  const all = (await store.listMessages(recent)).filter((m) => m.entityType === link.entityType && m.entityId === link.id);
  if (!after || isDone) {
    const ids = [...lost, ...message.comments].map((comment) => comment.id);
    const writes = await wholeListWrites(store, deliveries);
    const isNews = message.comments.length > 0 || !recoveries.some((recovery) => recovery.id > (writes[0]?.id ?? ''));
    const readings = [...all.filter((one) => one.id !== id), { id, readAt, read }];
    const plan = isNews ? await planOverwritten(store, client, readings, ids, writes) : undefined;
    if (plan) return plan;
    // While the list of comments is being rewritten, it may lack some for a moment; they may return under other ids.
    return deliveries.some((d) => rewritesList(d) && isTriedSince(d, readAt)) ? {} : undefined;
  }
  const begun = interrupted.map((delivery) => delivery.id).reduce((a, b) => (a < b ? a : b));
  return {
    recovery: { after, request: { messages: [...new Set([id, ...sinceLastReading(all, begun)])], since: since(interrupted) } },
  };
}

/** How comments are restored that completed writes of the whole list may have removed; undefined if there are none. */
async function planOverwritten(
  store: Store,
  client: EndpointClient,
  readings: readonly Reading[],
  ids: readonly string[],
  writes: readonly DeliveryRecord[],
): Promise<RecoveryPlan | undefined> {
  const [after] = writes;
  const only = after ? await onlyInEvents(store, client, readings, ids, writes) : [];
  if (!after || only.length === 0) return undefined;
  return { recovery: { after, request: { messages: readings.map(({ id }) => id), since: since(writes), only } }, only };
}

/** When the first of these writes began, by the partner's clock; '' = not known. */
function since(writes: readonly DeliveryRecord[]): string {
  return writes.map(({ begun = '' }) => begun).reduce((a, b) => (a < b ? a : b));
}

/** Completed writes of the whole list of comments, newest first. */
async function wholeListWrites(store: Store, deliveries: readonly DeliveryRecord[]): Promise<DeliveryRecord[]> {
  const done = deliveries.filter(
    ({ part, state, attempts }) => part.startsWith('comment:') && state === 'delivered' && attempts.length > 0,
  );
  const bodies = await Promise.all(done.map(({ id }) => store.bodies('delivery', id)));
  return done.filter((_, at) => (bodies[at]?.response as WrittenPart | undefined)?.wholeList);
}

/** A message, and the entity as read for it, if that is not in the store yet. */
type Reading = Pick<MessageRecord, 'id' | 'readAt'> & { read?: RawEntity };

/**
 * Which of these comments writes of the whole list may have removed: those that only events have shown, apart from reads during a
 * write. One that a read showed before was kept by the write itself, which reads the list first; one that a read showed after it,
 * or that is newer, was deleted by another user. A text counts as the comment, because some partners renumber them.
 */
async function onlyInEvents(
  store: Store,
  client: EndpointClient,
  readings: readonly Reading[],
  ids: readonly string[],
  writes: readonly DeliveryRecord[],
): Promise<string[]> {
  const spans = writes.map(spanOf);
  const known = await Promise.all(
    readings.map(async ({ id, readAt = id, read }) => {
      const raw = read ?? ((await store.bodies('message', id)).read as RawEntity | undefined);
      const isAside = spans.every(({ begin, end }) => readAt < idAt(begin) || readAt > idAt(end));
      const commentsOf = (entity: RawEntity) => client.parse(entity).comments;
      return raw ? { shown: commentsOf(raw), read: isAside ? commentsOf(client.asRead?.(raw) ?? raw) : [] } : undefined;
    }),
  );
  const shown = new Map(known.flatMap((one) => one?.shown ?? []).map((comment) => [comment.id, comment]));
  const read = known.flatMap((one) => one?.read ?? []);
  const isRead = (id: string) => read.some((one) => one.id === id || one.text === shown.get(id)?.text);
  const newest = Math.max(...spans.map(({ partnerEnd }) => partnerEnd)) + CLOCK_STEP;
  const isNewer = (id: string) => Date.parse(shown.get(id)?.at ?? '') > newest;
  return ids.filter((id) => shown.has(id) && !isRead(id) && !isNewer(id));
}

/** From the first to the last try of a delivery, by our clock; the end also by the partner's clock. Epoch milliseconds. */
function spanOf({ attempts, begun }: DeliveryRecord): { begin: number; end: number; partnerEnd: number } {
  const [first, last] = [attempts[0], attempts.at(-1)];
  const begin = Date.parse(first?.at ?? '');
  const end = Date.parse(last?.at ?? '') + (last?.took ?? 0);
  return { begin, end, partnerEnd: begun ? Date.parse(begun) + end - begin : Number.POSITIVE_INFINITY };
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
export function withoutRecoverable(found: CorrelationResult, { only }: RecoveryPlan = {}): CorrelationResult {
  const { message, link, output } = found;
  const { changed = [], comments, attachments, removed = [] } = message;
  const lost = removed.filter((part) => isComment(part) && (!only || only.includes(part.id)));
  if (!link || lost.length === 0) return found;
  const left = removed.filter((part) => !lost.includes(part));
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
