import {
  type EventKind,
  type GenericFields,
  type GenericMessage,
  type ItemProgress,
  isFinalState,
  type Json,
} from '../model/message.js';
import { isWithin } from '../store/id.js';
import type { ConversationRecord, Link, Plan, WrittenItem } from '../store/store.js';
import { say } from '../text/say.js';
import { planAfterCancelling } from './cancellation-results.js';
import type { EchoGuard } from './echo-guard.js';
import { filledAfter } from './emptied.js';
import { detectFieldChanges, fieldsOf, isReadAfter, missedWrites, type OvertakenField } from './field-changes.js';
import { fingerprint, itemStateKey, lastKnownEntries } from './fingerprint.js';
import type { InboundMessage } from './inbound-message.js';
import { withIds } from './item-entries.js';
import { detectPartChanges, type PartChanges } from './part-changes.js';
import { isOver, planAfter } from './plan.js';
import { legOf } from './plan-legs.js';
import { isWrittenComment } from './vendor-items.js';

/** How long the value before our own write is remembered, in milliseconds: replicas that lag behind still show it. */
export const REPLICA_LAG = 10_000;
/** Maximum number of marks kept per conversation for comments and files that the partner has not shown yet. */
const MAX_MARKS = 500;

export interface DetectedChanges {
  output: 'new' | 'update' | 'ignored';
  /** Why the message is ignored, for display. */
  reason?: string;
  /** The message reduced to what changed. */
  message: GenericMessage;
  /** Fields that may fill empty fields of other parties but overwrite nothing: see FieldChanges. */
  asMade?: string[];
  overtaken?: OvertakenField[];
  /** The entity has to be read again. */
  rereadNeeded?: boolean;
  /** Deliveries in doubt that the message may confirm. */
  foundDeliveries?: string[];
  /** Part of the message depends on a delivery in doubt: the entity has to be read again once that is resolved. */
  waitsForDoubt?: boolean;
  /** Applies the message to the latest record of the conversation once the message is settled. */
  advance: (conversation: ConversationRecord) => ConversationRecord;
}

/** The link of an entity in a conversation. */
export function linkOf(conversation: ConversationRecord, endpoint: string, entityType: string, id: string): Link | undefined {
  return conversation.links.find((l) => l.endpoint === endpoint && l.entityType === entityType && l.id === id);
}

/** The link of a conversation at an endpoint, by entity type and leg. */
export function linkAt(conversation: ConversationRecord, endpoint: string, entityType: string, leg: string): Link | undefined {
  return conversation.links.find((l) => l.endpoint === endpoint && l.entityType === entityType && l.leg === leg);
}

/** Nothing has been received for the link yet, so everything in its next message is new. */
function isUnseen(link: Link): boolean {
  return link.origin === 'theirs' && Object.keys(link.raw).length === 0;
}

/**
 * Finds what changed in a message since the last one of its conversation. Pure.
 *
 * An entity that is a draft or already finished when first seen is not passed on: only its state is remembered, so that
 * everything counts as new once it is submitted or reopened.
 */
export function detectChanges(
  conversation: ConversationRecord,
  link: Link,
  incoming: InboundMessage,
  guard: EchoGuard,
): DetectedChanges {
  const { message, deleted } = incoming;
  const isFirst = isUnseen(link);
  if (deleted && (isFirst || link.gone)) {
    const reason = isFirst
      ? say`The entity was deleted before it was first seen.`
      : say`The entity is already known to be deleted.`;
    return { output: 'ignored', reason, message, advance: (c) => c };
  }
  const parts = detectPartChanges(conversation, link, incoming, guard);
  const { comments, attachments, removed, usedMarks, foundDeliveries, waitsForDoubt } = parts;
  const fields = isFirst ? undefined : detectFieldChanges(link, incoming, guard);
  const { changed, asMade, overtaken, rereadNeeded } = fields ?? {};
  const event = eventOf(message, isFirst, changed, comments.length, attachments.length, deleted);
  const reducedMessage: GenericMessage = {
    ...message,
    event,
    comments,
    attachments,
    ...(changed && { changed }),
    ...(removed.length > 0 && { removed }),
  };
  const { state } = message.fields;
  if (isFirst && (state === 'draft' || isFinalState(state))) {
    const reason = state === 'draft' ? say`The order is still a draft.` : say`The entity was already ${state} when first seen.`;
    return { output: 'ignored', reason, message: reducedMessage, advance: (latest) => withStateOnly(latest, message) };
  }
  const hasPublicComment = comments.some((c) => c.visibility === 'public' && isWrittenComment(c));
  const isOutdated = fields?.isOutdated ?? (() => false);
  const advance = (latest: ConversationRecord) =>
    advanceConversation(latest, incoming, { parts, hasPublicComment, changed, isOutdated }, guard.isOlder);
  const changes = { message: reducedMessage, advance, asMade, overtaken, rereadNeeded, foundDeliveries, waitsForDoubt };
  if (isFirst) return { output: 'new', ...changes };
  if (deleted || changed?.length || comments.length || attachments.length || removed.length)
    return { output: 'update', ...changes };
  return {
    output: 'ignored',
    reason: usedMarks.length || waitsForDoubt ? say`The message is an echo of our own write.` : say`Nothing changed.`,
    ...changes,
  };
}

/** Remembers only the state of an entity that is ignored when first seen. */
function withStateOnly(latest: ConversationRecord, { source, fields }: GenericMessage): ConversationRecord {
  const links = latest.links.map((link) =>
    isOf(link, source)
      ? { ...link, lastKnown: { ...(fields.state && { state: fields.state }) }, number: source.number ?? link.number }
      : link,
  );
  const next = { ...latest, links };
  return { ...next, state: conversationState(next), title: fields.title?.slice(0, 160) ?? latest.title };
}

function isOf(link: Link, { endpoint, entityType, id }: GenericMessage['source']): boolean {
  return link.endpoint === endpoint && link.entityType === entityType && link.id === id;
}

/**
 * What we wrote of items. If the partner has changed an item's state since, the written entry is no longer valid and is cleared.
 */
function writtenItemsAfter({ writtenItems }: Link, progress: ItemProgress[] = []): Link['writtenItems'] {
  if (!writtenItems) return undefined;
  const now = new Map(progress.map((item) => [item.id, itemStateKey(item)]));
  const afterReport = ([id, item]: [string, WrittenItem]): [string, WrittenItem] => {
    const moved = item.state !== undefined && now.has(id) && now.get(id) !== item.state;
    return [id, moved ? { ...item, entry: '' } : item];
  };
  return Object.fromEntries(
    Object.entries(writtenItems).map(([name, items]) => [name, Object.fromEntries(Object.entries(items).map(afterReport))]),
  );
}

function eventOf(
  message: GenericMessage,
  fresh: boolean,
  changed: string[] | undefined,
  comments: number,
  attachments: number,
  deleted: boolean | undefined,
): EventKind {
  if (deleted) return 'deleted';
  if (fresh) return 'created';
  if (changed?.includes('state')) return message.fields.state === 'cancelled' ? 'cancelled' : 'stateChanged';
  if (changed?.length) return 'updated';
  if (comments) return 'commented';
  return attachments ? 'attached' : 'updated';
}

/** The results of change detection that advance a conversation. */
interface ChangeDetails {
  parts: PartChanges;
  hasPublicComment: boolean;
  /** Undefined: every field is new. */
  changed: readonly string[] | undefined;
  isOutdated: (field: string) => boolean;
}

function advanceConversation(
  latest: ConversationRecord,
  incoming: InboundMessage,
  { parts, hasPublicComment, changed, isOutdated }: ChangeDetails,
  isOlder: EchoGuard['isOlder'],
): ConversationRecord {
  const { message, record, sources, emptied = {}, readAt, deleted, cancellation } = incoming;
  const { source } = message;
  const known = linkOf(latest, source.endpoint, source.entityType, source.id);
  // A write answered after the reading began is newer than the reading.
  const isMissed = known ? missedWrites(known, incoming, isOlder) : () => false;
  const outdated = (field: string) => !deleted && (isOutdated(field) || isMissed(field));
  const current = Object.entries(message.fields).filter(
    ([name, value]) => value !== undefined && !(known && fieldsOf(name, incoming, known).some(outdated)),
  );
  const links = latest.links.map((link): Link => {
    if (link !== known) return link;
    if (deleted) return { ...link, gone: true };
    const raw = { ...link.raw };
    for (const names of Object.values(sources))
      for (const name of names) if (!outdated(name)) raw[name] = fingerprint(record[name]);
    // Known to be empty, so that its first value is known to be a change.
    for (const name of Object.values(emptied).flat()) if (!outdated(name)) raw[name] ??= '';
    const lastKnown = { ...link.lastKnown };
    for (const [name, value] of current) Object.assign(lastKnown, lastKnownEntries(name, value as Json));
    return {
      ...link,
      raw,
      lastKnown,
      filled: filledAfter(link, Object.fromEntries(current)),
      ...parts.remembered(link),
      number: source.number ?? link.number,
      url: source.url ?? link.url,
      entityVersion: isOlder(source.version, link.entityVersion) ? link.entityVersion : (source.version ?? link.entityVersion),
      readAt: readAt !== undefined && readAt > (link.readAt ?? '') ? readAt : link.readAt,
      writtenVersion: filterEntries(link.writtenVersion, (field) => outdated(field) || isRecent(link, field, readAt)),
      ourWrites: filterEntries(link.ourWrites, (field) => isMissed(field) || isRecent(link, field, readAt)),
      made: undefined,
      gone: undefined,
      // A value marked as unsent during this reading is passed on by the next one.
      unsent: filterEntries(link.unsent, (name) => !changed?.includes(name) || !isReadAfter(link.unsent?.[name] ?? '', incoming)),
      ...(incoming.items && { items: withIds(link.items ?? incoming.items, incoming.items) }),
      writtenItems: (sources.progress ?? []).some(outdated)
        ? link.writtenItems
        : writtenItemsAfter(link, message.fields.progress),
    };
  });
  const fields: GenericFields = Object.fromEntries(current);
  const planAfterMessage = (before: Plan, name: string): Plan => {
    const leg = legOf(before, name);
    // An order that is deleted after its end has ended all the same.
    const after = deleted && leg && isOver(leg) ? before : planAfter(before, name, { fields, hasPublicComment });
    const isNew = cancellation && parts.comments.some(({ id }) => id === cancellation.comment);
    return isNew ? planAfterCancelling(after, name, 'all', cancellation.state, cancellation.reason) : after;
  };
  const plan = latest.plan && known?.leg ? planAfterMessage(latest.plan, known.leg) : latest.plan;
  const next = { ...latest, links, written: removeOnce(latest.written, parts.usedMarks), ...(plan && { plan }) };
  return { ...next, state: conversationState(next), title: message.fields.title?.slice(0, 160) ?? latest.title };
}

/** Did we write a field shortly before a reading? Also true for messages that were not read (`readAt` undefined). */
function isRecent({ ourWrites }: Link, field: string, readAt: string | undefined): boolean {
  return readAt === undefined || isWithin(REPLICA_LAG, ourWrites?.[field]?.stamp ?? '', readAt);
}

/** The entries whose name passes the test; undefined if none is left. */
function filterEntries<T>(
  entries: Record<string, T> | undefined,
  holds: (name: string) => boolean,
): Record<string, T> | undefined {
  const left = Object.entries(entries ?? {}).filter(([name]) => holds(name));
  return left.length > 0 ? Object.fromEntries(left) : undefined;
}

/**
 * A conversation is closed when the entities of all parties are in a final state and no leg is pending; a reopened entity opens
 * it again.
 */
export function conversationState(conversation: ConversationRecord): 'open' | 'closed' {
  const final = (link: Link) => link.gone || isFinalState(link.lastKnown.state);
  const { links, plan } = conversation;
  const hasPendingLeg = plan?.legs.some((leg) => leg.state === undefined && !isOver(leg)) ?? false;
  return links.length > 0 && links.every(final) && !hasPendingLeg ? 'closed' : 'open';
}

/** The list without one occurrence of each of the entries. */
export function removeOnce(list: string[], entries: string[]): string[] {
  if (entries.length === 0) return list;
  const rest = [...list];
  for (const entry of entries) {
    const at = rest.indexOf(entry);
    if (at >= 0) rest.splice(at, 1);
  }
  return rest;
}

/** Adds marks of comments and files that we wrote and the partner does not show yet. */
export function withMarks(conversation: ConversationRecord, marks: string[]): ConversationRecord {
  return marks.length ? { ...conversation, written: [...conversation.written, ...marks].slice(-MAX_MARKS) } : conversation;
}

/** Replaces one link. */
export function withLink(conversation: ConversationRecord, link: Link): ConversationRecord {
  const others = conversation.links.filter(
    (l) => !(l.endpoint === link.endpoint && l.entityType === link.entityType && l.leg === link.leg),
  );
  return { ...conversation, links: [...others, link] };
}

/** A link with nothing known except its entity's identity. */
export function newLink(source: GenericMessage['source'], leg: string, origin: Link['origin'], since: string): Link {
  return {
    endpoint: source.endpoint,
    entityType: source.entityType,
    leg,
    id: source.id,
    number: source.number,
    url: source.url,
    origin,
    lastKnown: {},
    raw: {},
    writtenBy: {},
    seen: [],
    since,
  };
}
