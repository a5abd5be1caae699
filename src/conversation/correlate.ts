import type { EventKind, GenericMessage, ItemProgress, Json, State } from '../model/message.js';
import { FINAL_STATES } from '../model/message.js';
import { isWithin } from '../store/id.js';
import type { ConversationRecord, Link, WrittenItem } from '../store/store.js';
import type { EchoGuard } from './echo-guard.js';
import { detectFieldChanges, fieldsOf, isReadAfter, missedWrites, type OvertakenField } from './field-changes.js';
import { fingerprint, itemStateKey, lastKnownEntries } from './fingerprint.js';
import type { InboundMessage } from './inbound-message.js';
import { withIds } from './item-entries.js';
import { isWrittenComment } from './item-id-translation.js';
import { detectPartChanges, type PartChanges } from './part-changes.js';
import { isOver, planAfter } from './plan.js';

/** How long after a write of ours it is remembered what was there before: copies that are behind show it. Milliseconds. */
export const COPIES_BEHIND = 10_000;
/** Marks kept per conversation, of what partners never showed. */
const MARKS = 500;

export interface DetectedChanges {
  output: 'new' | 'update' | 'ignored';
  /** Why it was ignored, in words. */
  reason?: string;
  /** The message reduced to what is new. */
  message: GenericMessage;
  /** Fields that fill what is empty elsewhere and overwrite nothing: see FieldNews. */
  asMade?: string[];
  overtaken?: OvertakenField[];
  /** The entity has to be read again. */
  rereadNeeded?: boolean;
  /** Deliveries in doubt that it may show to be done. */
  foundDeliveries?: string[];
  /** Some of it can be told only once what is in doubt is known: it has to be read again then. */
  waitsForDoubt?: boolean;
  /** The conversation as it is once this message is settled; apply to its latest record. */
  advance: (conversation: ConversationRecord) => ConversationRecord;
}

/** The link of an entity in a conversation. */
export function linkOf(conversation: ConversationRecord, endpoint: string, entityType: string, id: string): Link | undefined {
  return conversation.links.find((l) => l.endpoint === endpoint && l.entityType === entityType && l.id === id);
}

/** The link through which a conversation stands at an endpoint. */
export function linkAt(conversation: ConversationRecord, endpoint: string, entityType: string, leg: string): Link | undefined {
  return conversation.links.find((l) => l.endpoint === endpoint && l.entityType === entityType && l.leg === leg);
}

/** A link on which nothing has been seen yet: its next message tells everything. */
function isUnseen(link: Link): boolean {
  return link.origin === 'theirs' && Object.keys(link.raw).length === 0;
}

/**
 * Says what is new in a message for the conversation it belongs to. Pure.
 *
 * What is not done yet, or is done already, when it is first seen is nothing for the other side: nothing of it is remembered but that, so that all of it is
 * told when it is opened.
 */
export function detectChanges(
  conversation: ConversationRecord,
  link: Link,
  incoming: InboundMessage,
  guard: EchoGuard,
): DetectedChanges {
  const { message, deleted } = incoming;
  const fresh = isUnseen(link);
  if (deleted && (fresh || link.gone)) {
    const reason = fresh ? 'It was deleted before it was first seen.' : 'It is known to be deleted.';
    return { output: 'ignored', reason, message, advance: (c) => c };
  }
  const parts = detectPartChanges(conversation, link, incoming, guard);
  const { comments, attachments, removed, usedMarks: used, foundDeliveries: found, waitsForDoubt: waits } = parts;
  const fields = fresh ? undefined : detectFieldChanges(link, incoming, guard);
  const { changed, asMade, overtaken, rereadNeeded: again } = fields ?? {};
  const event = eventOf(message, fresh, changed, comments.length, attachments.length, deleted);
  const reduced: GenericMessage = {
    ...message,
    event,
    comments,
    attachments,
    ...(changed && { changed }),
    ...(removed.length > 0 && { removed }),
  };
  const { state } = message.fields;
  if (fresh && (state === 'draft' || (state && FINAL_STATES.includes(state)))) {
    const reason = state === 'draft' ? 'It is a draft: nothing is ordered yet.' : `It was already ${state} when first seen.`;
    return { output: 'ignored', reason, message: reduced, advance: (latest) => withStateOnly(latest, message) };
  }
  const spoke = comments.some((c) => c.visibility === 'public' && isWrittenComment(c));
  const isOutdated = fields?.isOutdated ?? (() => false);
  const advance = (latest: ConversationRecord) =>
    advanceConversation(latest, incoming, { parts, spoke, changed, isOutdated }, guard.isOlder);
  const news = { message: reduced, advance, asMade, overtaken, again, found, waits };
  if (fresh) return { output: 'new', ...news };
  if (deleted || changed?.length || comments.length || attachments.length || removed.length) return { output: 'update', ...news };
  return {
    output: 'ignored',
    reason: used.length || waits ? 'It is the echo of what we wrote.' : 'Nothing changed.',
    ...news,
  };
}

/** Of what is ignored when first seen only how it stands is remembered. */
function withStateOnly(latest: ConversationRecord, { source, fields }: GenericMessage): ConversationRecord {
  const links = latest.links.map((link) =>
    isOf(link, source)
      ? { ...link, shadow: { ...(fields.state && { state: fields.state }) }, number: source.number ?? link.number }
      : link,
  );
  const next = { ...latest, links };
  return { ...next, state: conversationState(next), title: fields.title?.slice(0, 160) ?? latest.title };
}

function isOf(link: Link, { endpoint, entityType, id }: GenericMessage['source']): boolean {
  return link.endpoint === endpoint && link.entityType === entityType && link.id === id;
}

/** What we wrote of items. Of those of which we wrote how they stand, and that the other side has moved on from there, only that we wrote them. */
function writtenItemsAfter({ writtenItems }: Link, progress: ItemProgress[] = []): Link['writtenItems'] {
  if (!writtenItems) return undefined;
  const now = new Map(progress.map((item) => [item.id, itemStateKey(item)]));
  const heard = ([id, item]: [string, WrittenItem]): [string, WrittenItem] => {
    const moved = item.standing !== undefined && now.has(id) && now.get(id) !== item.standing;
    return [id, moved ? { ...item, entry: '' } : item];
  };
  return Object.fromEntries(
    Object.entries(writtenItems).map(([name, items]) => [name, Object.fromEntries(Object.entries(items).map(heard))]),
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

/** What a message was found to tell, apart from its fields. */
interface SettledParts {
  parts: PartChanges;
  spoke: boolean;
  /** Undefined: all of it is new. */
  changed: readonly string[] | undefined;
  isOutdated: (field: string) => boolean;
}

function advanceConversation(
  latest: ConversationRecord,
  incoming: InboundMessage,
  { parts, spoke, changed, isOutdated }: SettledParts,
  isOlder: EchoGuard['isOlder'],
): ConversationRecord {
  const { message, record, sources, readAt, deleted } = incoming;
  const { source } = message;
  const links = latest.links.map((link): Link => {
    if (!isOf(link, source)) return link;
    if (deleted) return { ...link, gone: true };
    // What was written meanwhile is newer than what was read before.
    const isMissed = missedWrites(link, incoming, isOlder);
    const outdated = (field: string) => isOutdated(field) || isMissed(field);
    const raw = { ...link.raw };
    for (const names of Object.values(sources))
      for (const name of names) if (!outdated(name)) raw[name] = fingerprint(record[name]);
    const shadow = { ...link.shadow };
    for (const [name, value] of Object.entries(message.fields))
      if (value !== undefined && !fieldsOf(name, incoming, link).some(outdated))
        Object.assign(shadow, lastKnownEntries(name, value as Json));
    return {
      ...link,
      raw,
      shadow,
      ...parts.remembered(link),
      number: source.number ?? link.number,
      url: source.url ?? link.url,
      entityVersion: isOlder(source.version, link.entityVersion) ? link.entityVersion : (source.version ?? link.entityVersion),
      writtenVersion: filterEntries(link.writtenVersion, (field) => outdated(field) || isRecent(link, field, readAt)),
      ourWrites: filterEntries(link.ourWrites, (field) => isMissed(field) || isRecent(link, field, readAt)),
      made: undefined,
      gone: undefined,
      // What was found untold while this was read is told by the next reading.
      untold: filterEntries(link.untold, (name) => !changed?.includes(name) || !isReadAfter(link.untold?.[name] ?? '', incoming)),
      ...(incoming.items && { items: withIds(link.items ?? incoming.items, incoming.items) }),
      writtenItems: (sources.progress ?? []).some(outdated)
        ? link.writtenItems
        : writtenItemsAfter(link, message.fields.progress),
    };
  });
  const leg = linkOf(latest, source.endpoint, source.entityType, source.id)?.leg;
  const plan = latest.plan && leg ? planAfter(latest.plan, leg, { fields: message.fields, spoke }) : latest.plan;
  const next = { ...latest, links, written: removeOnce(latest.written, parts.usedMarks), ...(plan && { plan }) };
  return { ...next, state: conversationState(next), title: message.fields.title?.slice(0, 160) ?? latest.title };
}

/** Was a field written by us shortly before a reading? What was not read says nothing of that. */
function isRecent({ ourWrites }: Link, field: string, readAt: string | undefined): boolean {
  return readAt === undefined || isWithin(COPIES_BEHIND, ourWrites?.[field]?.stamp ?? '', readAt);
}

/** The entries of which something holds; undefined where none is left. */
function filterEntries<T>(
  entries: Record<string, T> | undefined,
  holds: (name: string) => boolean,
): Record<string, T> | undefined {
  const left = Object.entries(entries ?? {}).filter(([name]) => holds(name));
  return left.length > 0 ? Object.fromEntries(left) : undefined;
}

/** A conversation is closed when every party's entity is in a final state, and no leg is still to come; one that is reopened anywhere is open again. */
export function conversationState(conversation: ConversationRecord): 'open' | 'closed' {
  const final = (link: Link) => link.gone || FINAL_STATES.includes(link.shadow.state as State);
  const { links, plan } = conversation;
  const toCome = plan?.legs.some((leg) => leg.state === undefined && !isOver(leg)) ?? false;
  return links.length > 0 && links.every(final) && !toCome ? 'closed' : 'open';
}

/** A list less one occurrence of each of some entries. */
export function removeOnce(list: string[], entries: string[]): string[] {
  if (entries.length === 0) return list;
  const rest = [...list];
  for (const entry of entries) {
    const at = rest.indexOf(entry);
    if (at >= 0) rest.splice(at, 1);
  }
  return rest;
}

/** Adds marks of what we wrote and the partner does not show. */
export function withMarks(conversation: ConversationRecord, marks: string[]): ConversationRecord {
  return marks.length ? { ...conversation, written: [...conversation.written, ...marks].slice(-MARKS) } : conversation;
}

/** Replaces one link. */
export function withLink(conversation: ConversationRecord, link: Link): ConversationRecord {
  const others = conversation.links.filter(
    (l) => !(l.endpoint === link.endpoint && l.entityType === link.entityType && l.leg === link.leg),
  );
  return { ...conversation, links: [...others, link] };
}

/** A link of which nothing is known yet but who it is. */
export function newLink(source: GenericMessage['source'], leg: string, origin: Link['origin'], since: string): Link {
  return {
    endpoint: source.endpoint,
    entityType: source.entityType,
    leg,
    id: source.id,
    number: source.number,
    url: source.url,
    origin,
    shadow: {},
    raw: {},
    writtenBy: {},
    seen: [],
    since,
  };
}
