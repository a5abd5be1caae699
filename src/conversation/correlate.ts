import type { LinkItems } from '../model/item-facts.js';
import type { EventKind, GenericMessage, ItemProgress, Json, State } from '../model/message.js';
import { FINAL_STATES } from '../model/message.js';
import type { ConversationRecord, Link, WrittenItem } from '../store/store.js';
import { attachmentMark, commentMark, imprint, isShadowed, sameImprint, shadowOf, standingOf } from './fingerprint.js';
import { withIds } from './item-entries.js';
import { isSaid } from './item-terms.js';
import { isOver, planAfter } from './plan.js';

/** Newest ids kept per link and marks kept per conversation: far more than a ticket has, and a bound all the same. */
const KEEP = 500;

/** A generic message together with the partner's record it was made from. */
export interface Incoming {
  message: GenericMessage;
  /** The partner's own fields, top level. */
  record: Record<string, Json>;
  /** For each generic field the partner's top-level fields it was made from. */
  sources: Record<string, string[]>;
  deleted?: boolean;
  /** The delivery of ours that it is the partner's answer to: it was read before anything that was written later. */
  answerTo?: string;
  /** What it tells of which item is which. */
  items?: LinkItems;
}

/** A write of ours that is on its way to the same entity: its echo may come back before its answer does. */
export interface InFlight {
  fields: Record<string, Json>;
}

export interface EchoGuard {
  /** The user we write as at this endpoint. */
  integrationUser?: string;
  inFlight: InFlight[];
  /** Is version `a` of an entity older than `b`? Undefined = no. */
  isOlder: (a: string | undefined, b: string | undefined) => boolean;
}

export interface News {
  output: 'new' | 'update' | 'ignored';
  /** Why it was ignored, in words. */
  reason?: string;
  /** The message reduced to what is new. */
  message: GenericMessage;
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
function untouched(link: Link): boolean {
  return link.origin === 'theirs' && Object.keys(link.raw).length === 0;
}

/**
 * Says what is new in a message for the conversation it belongs to. Pure.
 *
 * A field is news when the partner's own value differs from the last one known (so a value that merely maps to the same canonical one is
 * not), unless a write of ours under way brings just that value, or the reading is older than our last write of it. Comments and attachments are news when their id was not seen, and they
 * are not ours: written by the integration user, or bearing the mark of one we sent.
 */
export function whatIsNew(conversation: ConversationRecord, link: Link, incoming: Incoming, guard: EchoGuard): News {
  const { message } = incoming;
  const fresh = untouched(link);
  const marks = [...conversation.written];
  const used: string[] = [];
  const isOurs = (author: string | undefined, mark: string) => {
    const at = marks.indexOf(mark);
    if (at >= 0) {
      used.push(...marks.splice(at, 1));
      return true;
    }
    return guard.integrationUser !== undefined && author === guard.integrationUser;
  };
  const seen = new Set(link.seen);
  const comments = message.comments.filter((c) => !seen.has(c.id) && !isOurs(c.author, commentMark(link.endpoint, c)));
  const attachments = message.attachments.filter((a) => !seen.has(a.id) && !isOurs(a.author, attachmentMark(link.endpoint, a)));

  const spoke = comments.some((c) => c.visibility === 'public' && isSaid(c));
  const changed = fresh ? undefined : changedFields(link, incoming, guard);
  const advance = (latest: ConversationRecord) => advanced(latest, incoming, used, spoke, guard.isOlder);
  const event = eventOf(message, fresh, changed, comments.length, attachments.length, incoming.deleted);
  const reduced: GenericMessage = { ...message, event, comments, attachments, ...(changed && { changed }) };

  if (fresh) {
    if (message.fields.state === 'draft')
      return { output: 'ignored', reason: 'It is a draft: nothing is ordered yet.', message: reduced, advance: (c) => c };
    if (message.fields.state && FINAL_STATES.includes(message.fields.state)) {
      return { output: 'ignored', reason: `It was already ${message.fields.state} when first seen.`, message: reduced, advance };
    }
    if (incoming.deleted)
      return { output: 'ignored', reason: 'It was deleted before it was first seen.', message: reduced, advance };
    return { output: 'new', message: reduced, advance };
  }
  if (!incoming.deleted && !changed?.length && !comments.length && !attachments.length) {
    return {
      output: 'ignored',
      reason: used.length ? 'It is the echo of what we wrote.' : 'Nothing changed.',
      message: reduced,
      advance,
    };
  }
  return { output: 'update', message: reduced, advance };
}

function changedFields(link: Link, incoming: Incoming, { inFlight, isOlder }: EchoGuard): string[] {
  const { record, sources, message } = incoming;
  const outdated = outdatedIn(link, incoming, isOlder);
  const ours = (field: string) => inFlight.some((w) => field in w.fields && sameImprint(imprint(w.fields[field]), record[field]));
  const rawChanged = (field: string) => !sameImprint(link.raw[field], record[field]) && !ours(field);
  const fields = message.fields as Record<string, Json | undefined>;
  return Object.keys(fields).filter((name) => {
    if (fields[name] === undefined || isShadowed(link.shadow, name, fields[name])) return false;
    const from = sources[name] ?? [];
    return from.some(rawChanged) && !from.some(outdated);
  });
}

/** What we wrote of items. Of those of which we wrote how they stand, and that the other side has moved on from there, only that we wrote them. */
function unchangedItems({ writtenItems }: Link, progress: ItemProgress[] = []): Link['writtenItems'] {
  if (!writtenItems) return undefined;
  const now = new Map(progress.map((item) => [item.id, standingOf(item)]));
  const heard = ([id, item]: [string, WrittenItem]): [string, WrittenItem] => {
    const moved = item.standing !== undefined && now.has(id) && now.get(id) !== item.standing;
    return [id, moved ? { ...item, entry: '' } : item];
  };
  return Object.fromEntries(
    Object.entries(writtenItems).map(([name, items]) => [name, Object.fromEntries(Object.entries(items).map(heard))]),
  );
}

/**
 * Tells of a raw field whether a reading is older than our last write of the field: it shows what we have overwritten since. Versions do not
 * tell that of an answer where they have the grain of a second; the order of our writes does.
 */
function outdatedIn(link: Link, { message, answerTo }: Incoming, isOlder: EchoGuard['isOlder']): (field: string) => boolean {
  const writtenLater = (field: string) => answerTo !== undefined && (link.writtenBy[field] ?? '') > answerTo;
  return (field) => isOlder(message.source.version, link.writtenVersion?.[field]) || writtenLater(field);
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

function advanced(
  latest: ConversationRecord,
  incoming: Incoming,
  used: string[],
  spoke: boolean,
  isOlder: EchoGuard['isOlder'],
): ConversationRecord {
  const { message, record, sources } = incoming;
  const { source } = message;
  const links = latest.links.map((link) => {
    if (link.endpoint !== source.endpoint || link.entityType !== source.entityType || link.id !== source.id) return link;
    const outdated = outdatedIn(link, incoming, isOlder);
    const raw = { ...link.raw };
    for (const names of Object.values(sources)) for (const name of names) if (!outdated(name)) raw[name] = imprint(record[name]);
    const shadow = { ...link.shadow };
    for (const [name, value] of Object.entries(message.fields))
      if (value !== undefined && !(sources[name] ?? []).some(outdated)) Object.assign(shadow, shadowOf(name, value as Json));
    const writtenVersion = Object.fromEntries(Object.entries(link.writtenVersion ?? {}).filter(([name]) => outdated(name)));
    const seen = new Set(link.seen);
    for (const part of [...message.comments, ...message.attachments]) seen.add(part.id);
    return {
      ...link,
      raw,
      shadow,
      seen: [...seen].slice(-KEEP),
      number: source.number ?? link.number,
      url: source.url ?? link.url,
      entityVersion: isOlder(source.version, link.entityVersion) ? link.entityVersion : (source.version ?? link.entityVersion),
      writtenVersion: Object.keys(writtenVersion).length ? writtenVersion : undefined,
      ...(incoming.items && { items: withIds(link.items ?? incoming.items, incoming.items) }),
      writtenItems: (sources.progress ?? []).some(outdated) ? link.writtenItems : unchangedItems(link, message.fields.progress),
    };
  });
  const leg = linkOf(latest, source.endpoint, source.entityType, source.id)?.leg;
  const plan = latest.plan && leg ? planAfter(latest.plan, leg, { fields: message.fields, spoke }) : latest.plan;
  const next = { ...latest, links, written: without(latest.written, used), ...(plan && { plan }) };
  return { ...next, state: conversationState(next), title: message.fields.title?.slice(0, 160) ?? latest.title };
}

/** A conversation is closed when every party's entity is in a final state, and no leg is still to come; one that is reopened anywhere is open again. */
export function conversationState(conversation: ConversationRecord): 'open' | 'closed' {
  const final = (link: Link) => FINAL_STATES.includes(link.shadow.state as State);
  const { links, plan } = conversation;
  const toCome = plan?.legs.some((leg) => leg.state === undefined && !isOver(leg)) ?? false;
  return links.length > 0 && links.every(final) && !toCome ? 'closed' : 'open';
}

/** A list less one occurrence of each of some entries. */
export function without(list: string[], entries: string[]): string[] {
  if (entries.length === 0) return list;
  const rest = [...list];
  for (const entry of entries) {
    const at = rest.indexOf(entry);
    if (at >= 0) rest.splice(at, 1);
  }
  return rest;
}

/** Adds marks of what we are about to write. */
export function withMarks(conversation: ConversationRecord, marks: string[]): ConversationRecord {
  return marks.length ? { ...conversation, written: [...conversation.written, ...marks].slice(-KEEP) } : conversation;
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
