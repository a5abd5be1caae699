import type { Conversations } from '../conversation/conversations.js';
import { linkAt, withLink } from '../conversation/correlate.js';
import { linkAfterCreate } from '../conversation/correlator.js';
import type { EntityRequest } from '../conversation/entity-request.js';
import { fingerprint, sameFingerprint } from '../conversation/fingerprint.js';
import { withSeenItems } from '../conversation/item-entries.js';
import { isGone } from '../conversation/moved-entity.js';
import type { PartyRules } from '../conversation/ownership.js';
import { withCarriedEdit } from '../conversation/part-changes.js';
import { legOf } from '../conversation/plan.js';
import { createReference, differingReference } from '../conversation/reference.js';
import { halfDone, isAbsent } from '../endpoints/api.js';
import type { EndpointClient, Parsed, RawEntity, Written } from '../endpoints/endpoint.js';
import { type ErrorCode, PartnerError, SwitchboardError } from '../errors.js';
import type { GenericAttachment, GenericComment, Json } from '../model/message.js';
import type { Bodies, Change, ConversationRecord, DeliveryRecord, Link, Store } from '../store/store.js';
import type { Ages } from './ages.js';
import type { Alike } from './carry.js';
import { ask, followed, hiddenFrom, isConflict, isNew, notThereYet, soughtOf, stillLooking } from './doubt.js';
import type { IdentityGuard } from './identity-guard.js';
import { addressed, addressedBy } from './item-ids.js';
import { isOfItems, newsIn } from './item-news.js';
import { lookedAt, lookFirst } from './look-first.js';
import { FOUND, isCancellation, PUTS_BACK, realChanges } from './outbox.js';
import { type PutBack, shownIn } from './put-back.js';
import type { Spool } from './spool.js';
import { asWritten, rewritten, seen, stated, withUntold } from './written-link.js';

export interface SendContext {
  store: Store;
  conversations: Conversations;
  client: EndpointClient;
  /** Client of the endpoint an attachment is fetched from. */
  endpoint: (id: string) => EndpointClient | undefined;
  guard: IdentityGuard;
  spool: Spool;
  /** How the party at an endpoint is dealt with. */
  rules: (endpoint: string) => PartyRules;
  ids: () => string;
  clock: () => number;
  /** Milliseconds. */
  settling: number;
  /** Of entities that were created here, by id. */
  ages: Ages;
  /** Milliseconds for which the partner is still only looked at. */
  lookLeft: () => number;
  /** To be called before something in doubt is written once more: from then on another answer may be lost. */
  writesAgain: () => Promise<void>;
}

const UPDATED = 'updated ';

/** Names of the fields that an update wrote, as its last try tells; all that were to be written where it did not get there, none where nothing was left. */
export function writtenFields({ state, attempts }: DeliveryRecord, changed: string[]): string[] {
  const what = attempts.at(-1)?.what;
  if (state !== 'delivered' || what === undefined) return changed;
  if (what.startsWith(UPDATED)) return what.slice(UPDATED.length).split(', ');
  return what === NOTHING_LEFT ? [] : changed;
}

/** Times that an update is written again of which nothing was kept. */
const WRITES_AGAIN = 2;

const NOTHING_LEFT = 'nothing left to write';

/** What a successful try did. */
export interface Sent {
  /** In words, for the attempts list. */
  what: string;
  link?: { id: string; number?: string };
  /** The partner's answer, kept as the `response` body. */
  response?: unknown;
  /** How the conversation changes with it. */
  change?: (latest: ConversationRecord) => ConversationRecord;
  /** The answer as a raw entity, for the out node's output. */
  answer?: RawEntity;
  /** What a person should see although it arrived. */
  warnings?: Warning[];
}

export interface Warning {
  code: ErrorCode;
  message: string;
}

/**
 * Sends one delivery. `inDoubt`: an earlier try may have reached the partner, so look before writing again.
 * Throws PartnerError when the partner failed, other SwitchboardErrors when the delivery cannot be sent as it is.
 */
export async function send(delivery: DeliveryRecord, inDoubt: boolean, context: SendContext): Promise<Sent> {
  const conversation = await context.store.conversation(delivery.conversation);
  if (!conversation) throw new SwitchboardError('SWB_STORE', `Its conversation ${delivery.conversation} is gone from the store.`);
  const request = (await context.store.bodies('delivery', delivery.id)).request as Bodies | undefined;
  if (!request)
    throw new SwitchboardError('SWB_STORE', 'What was to be sent is gone from the store.', {
      hint: 'Replay the message it came from.',
    });
  const link = linkAt(conversation, delivery.endpoint, delivery.entityType, delivery.leg);
  if (delivery.part === 'entity' && !link) {
    return create(delivery, request as unknown as EntityRequest, conversation, inDoubt, context);
  }
  if (!link) {
    throw new SwitchboardError('SWB_CONFIG', `${context.client.name} has no ticket in this conversation to add it to.`, {
      hint: 'Is it there? Then link it in the conversations view. If not, replay the delivery that creates it. Then replay this one.',
    });
  }
  try {
    if (delivery.part === 'entity')
      return await update(delivery, request as unknown as EntityRequest, link, conversation, inDoubt, context);
    await context.guard.check(context.client, conversation, link);
    if (delivery.part.startsWith('alike:')) return await alike(delivery, request as unknown as Alike, link, inDoubt, context);
    if (delivery.part.startsWith(PUTS_BACK)) return await putBack(delivery, request as unknown as PutBack, link, context);
    return delivery.part.startsWith('comment:')
      ? await comment(delivery, request.comment as GenericComment, link, inDoubt, context)
      : await attach(delivery, request as unknown as AttachmentRequest, link, inDoubt, context);
  } catch (error) {
    if (isGone(error)) await followed(conversation, link, context);
    throw isAbsent(error) && isNew(link, context) ? notThereYet(error) : error;
  }
}

async function create(
  delivery: DeliveryRecord,
  request: EntityRequest,
  conversation: ConversationRecord,
  inDoubt: boolean,
  context: SendContext,
): Promise<Sent> {
  const { client } = context;
  if (isCancellation(request)) return { what: 'nothing to cancel: it was never created there' };
  const reference = createReference(conversation, delivery);
  let found = inDoubt ? await client.find(delivery.entityType, reference, request.fields) : undefined;
  if (inDoubt && !found) await stillLooking(soughtOf(delivery, conversation), delivery, context);
  let written: Written;
  try {
    written = found
      ? await amended(found, delivery, request, client)
      : await client.create(delivery.entityType, request.fields, reference);
  } catch (error) {
    // «There is one already» may speak of the one that an earlier try created.
    found = isConflict(error) ? await client.find(delivery.entityType, reference, request.fields) : undefined;
    if (!found) throw inDoubt && isConflict(error) ? halfDone(error) : error;
    written = await amended(found, delivery, request, client);
  }
  const parsed = client.parse(written.entity);
  const { source } = parsed;
  if (!source.id) {
    throw new PartnerError('SWB_PARTNER_ANSWER', `${client.name} answered the create without an id.`, {
      outcome: 'unknown',
      retry: true,
    });
  }
  // What an answer claims of itself is no proof yet: what was found was looked at, what was created is before its first update.
  if (found) context.guard.trust(client, source.id);
  context.ages.begin(source.id);
  const now = new Date(context.clock()).toISOString();
  const stamp = context.ids();
  return {
    what: found
      ? `found ${source.number ?? source.id} by our reference, created by an earlier try`
      : `created ${source.number ?? source.id}`,
    link: { id: source.id, number: source.number },
    response: written.entity,
    answer: written.entity,
    warnings: warningsOf(client, written),
    change: (latest) => {
      // What our own create answered outranks an event of another record that carries our reference: a copy, or a part of it.
      const told = linkAt(latest, delivery.endpoint, delivery.entityType, delivery.leg);
      const adopted = told?.id === source.id ? told : undefined;
      const itemsOf = client.itemsOf?.bind(client);
      const made =
        adopted ??
        linkAfterCreate(source, delivery.leg, request, now, differingReference(latest, delivery.leg, reference), itemsOf);
      const link = made.items ? { ...made, items: withSeenItems(made.items, itemsOf?.(parsed.record)) } : made;
      const known = !adopted && !client.isOlder(source.version, link.entityVersion);
      const names = Object.keys(request.fields);
      const after = asWritten(link, delivery, request, names, parsed, known, stamp);
      return stated(withLink(latest, known ? { ...after, made: 'answered' } : after));
    },
  };
}

/** A ticket that an earlier try created, brought to what a person has changed by hand since. */
async function amended(
  found: RawEntity,
  delivery: DeliveryRecord,
  request: EntityRequest,
  client: EndpointClient,
): Promise<Written> {
  const { record, source } = client.parse(found);
  const names = (request.edited ?? []).filter((name) => !sameFingerprint(fingerprint(record[name]), request.fields[name]));
  if (names.length === 0) return { entity: found, dropped: [] };
  const fields = Object.fromEntries(names.map((name) => [name, request.fields[name] as Json]));
  const named = addressedBy(client, request, undefined, fields, client.itemsOf?.(record) ?? [], true);
  return client.update(delivery.entityType, source.id, named.fields, named.added);
}

async function update(
  delivery: DeliveryRecord,
  request: EntityRequest,
  link: Link,
  conversation: ConversationRecord,
  inDoubt: boolean,
  context: SendContext,
): Promise<Sent> {
  const { client } = context;
  const target = { id: link.id, number: link.number };
  const all = realChanges(request, link, delivery.id);
  // An event has told what an earlier try created: what the partner made of it is its own, but what a person has changed by hand since.
  const isMade = delivery.creates && link.origin === 'ours' && inDoubt;
  let names = isMade ? all.filter((name) => request.edited?.includes(name)) : all;
  if (isMade && names.length === 0) return { what: `found ${link.number ?? link.id}, of which an event told`, link: target };
  if (names.length === 0) return { what: NOTHING_LEFT, link: target };
  const looked = await lookBefore(names, request, link, conversation, context);
  let version: string | undefined;
  const withFound = (c: ConversationRecord, fields: string[]) =>
    fields.length > 0 ? rewritten(c, delivery, request, knownBy(c, delivery, request, fields), context.ids(), version) : c;
  const found = (what: string): Sent => ({ what, link: target, change: (c) => withFound(c, all) });
  let there: string[] = [];
  if (inDoubt && isCancellation(request) && client.findCancellation) {
    // It may be asked for without showing yet, and must not be asked for twice.
    if (await client.findCancellation(delivery.entityType, link.id))
      return found('found the cancellation that an earlier try asked for');
    await stillLooking('the cancellation', delivery, context);
  } else if (inDoubt) {
    const { record, source } = looked ?? client.parse(await client.read(delivery.entityType, link.id));
    version = source.version;
    // Items are written again, so that it is known which is which; those that an earlier try has added are found.
    const again = (name: string) => client.itemsOf !== undefined && isOfItems(request, name);
    there = names.filter((name) => !again(name) && sameFingerprint(fingerprint(record[name]), request.fields[name]));
    names = names.filter((name) => !there.includes(name));
    if (names.length === 0) return found('found written by an earlier try');
    if (delivery.onlyLook) ask(`the new ${names.join(', ')}`, client);
  }
  const { kept, untold, conflict } = looked
    ? lookFirst(lookedAt(names, request, link), request, link, looked, client, context.rules)
    : { kept: undefined, untold: [], conflict: undefined };
  const seenAt = context.ids();
  // What an earlier try has left there is ours, also where the rest of it is not written any more.
  const learnt = (latest: ConversationRecord) => withFound(withUntold(latest, delivery, untold, seenAt), there);
  const both: Warning[] = conflict ? [{ code: 'SWB_BOTH_CHANGED', message: conflict }] : [];
  const fields: Record<string, Json> = {};
  for (const name of names.filter((name) => !kept?.has(name))) {
    const value = newsIn(request, name, link);
    if (value !== undefined) fields[name] = value;
  }
  names = Object.keys(fields);
  if (names.length === 0) return { what: NOTHING_LEFT, link: target, warnings: both, change: learnt };
  const named = await addressed(client, request, link, fields, inDoubt, conversation.links);
  const written = await client.update(delivery.entityType, link.id, named.fields, named.added);
  const parsed = client.parse(written.entity);
  const stamp = context.ids();
  // A list is known to be so by its entries; a cancellation that is refused was understood.
  const lost = new Set(written.dropped.map(({ field }) => field.split('[')[0]));
  const changing = names.filter((name) => !sameFingerprint(link.raw[name], fields[name]));
  const isAsBefore = (name: string) =>
    lost.has(name) && (isOfItems(request, name) || sameFingerprint(link.raw[name], parsed.record[name]));
  if (delivery.tries <= WRITES_AGAIN && !isCancellation(request) && changing.length > 0 && changing.every(isAsBefore))
    throw nothingKept(names, client);
  return {
    what: `${UPDATED}${names.join(', ')}`,
    link: target,
    response: written.entity,
    answer: written.entity,
    warnings: [...both, ...warningsOf(client, written)],
    change: (before) => {
      const latest = learnt(before);
      const at = linkAt(latest, delivery.endpoint, delivery.entityType, delivery.leg);
      if (!at) return latest;
      const now = named.items ? { ...at, items: withSeenItems(named.items, client.itemsOf?.(parsed.record)) } : at;
      const known = !client.isOlder(parsed.source.version, now.entityVersion);
      return stated(
        withLink(latest, asWritten(now, delivery, request, knownBy(latest, delivery, request, names), parsed, known, stamp)),
      );
    },
  };
}

/** It was answered as done, and all of it is as it was: that may be an answer to nothing, or of a copy that is behind. */
function nothingKept(names: string[], { name }: EndpointClient): PartnerError {
  return new PartnerError('SWB_PARTNER_ANSWER', `The update was answered as done, and ${names.join(', ')} are as before.`, {
    where: name,
    hint: 'It is looked at, and written again once or twice.',
    outcome: 'unknown',
    retry: true,
    concernsRecord: true,
  });
}

/**
 * The fields whose writing tells how the entity now stands. A vendor that was asked to cancel may refuse: its own word for it is awaited, and
 * counts as news even when it is what we asked for.
 */
function knownBy(conversation: ConversationRecord, delivery: DeliveryRecord, request: EntityRequest, names: string[]): string[] {
  if (!isCancellation(request) || !legOf(conversation.plan, delivery.leg)) return names;
  return names.filter((name) => !(request.sources[name] ?? []).includes('state'));
}

async function comment(
  delivery: DeliveryRecord,
  text: GenericComment,
  link: Link,
  inDoubt: boolean,
  context: SendContext,
): Promise<Sent> {
  const { client } = context;
  const look = () => client.findComment(delivery.entityType, link.id, text, delivery.begun ?? '', link.seen);
  const found = inDoubt ? await look().catch(hiddenFrom('the comment', delivery, context)) : undefined;
  if (inDoubt && !found) await stillLooking('the comment', delivery, context);
  const part = found ?? (await client.comment(delivery.entityType, link.id, text, link.seen));
  const stamp = context.ids();
  return {
    what: found ? FOUND : `commented on ${link.number ?? link.id}`,
    link: { id: link.id, number: link.number },
    response: part,
    change: (latest) => seen(latest, delivery, part.id, text, stamp),
  };
}

/** Changes, or takes away, a part as it was elsewhere: doing it twice does no harm. Where it cannot be done, a comment says so. */
async function alike(
  delivery: DeliveryRecord,
  { kind, there = '', comment: words, note }: Alike,
  link: Link,
  inDoubt: boolean,
  context: SendContext,
): Promise<Sent> {
  const { client } = context;
  const { entityType } = delivery;
  const remove = () =>
    (kind === 'comment' ? client.removeComment : client.removeAttachment)?.call(client, entityType, link.id, there);
  const done = await (words ? client.rewordComment?.(entityType, link.id, there, words) : remove());
  if (!done) return comment(delivery, note, link, inDoubt, context);
  const stamp = context.ids();
  return {
    what: words ? 'edited the comment' : `took the ${kind} away`,
    link: { id: link.id, number: link.number },
    change: (latest) => {
      const now = linkAt(latest, delivery.endpoint, entityType, delivery.leg);
      return now ? withLink(latest, withCarriedEdit(now, kind, there, words?.text, stamp)) : latest;
    },
  };
}

/** Puts back what an interrupted write of ours took away: doing it twice does no harm. */
async function putBack(
  { entityType }: DeliveryRecord,
  request: PutBack,
  link: Link,
  { client, store }: SendContext,
): Promise<Sent> {
  const words = (await client.putBack?.(entityType, link.id, await shownIn(store, request), request.since)) ?? [];
  const list = words.map((text) => `«${text}»`).join(', ');
  const what = words.length === 0 ? 'nothing to put back' : `put back what a write of ours had taken away: ${list}`;
  return { what, link: { id: link.id, number: link.number } };
}

interface AttachmentRequest {
  attachment: GenericAttachment;
  from: { endpoint: string; entityType: string; entityId: string };
}

async function attach(
  delivery: DeliveryRecord,
  request: AttachmentRequest,
  link: Link,
  inDoubt: boolean,
  context: SendContext,
): Promise<Sent> {
  const { client, spool } = context;
  const { attachment, from } = request;
  const name = delivery.id;
  let file = await spool.find(name, attachment);
  if (!file) {
    const source = context.endpoint(from.endpoint);
    if (!source) {
      throw new SwitchboardError(
        'SWB_CONFIG',
        `The endpoint ${from.endpoint}, which has the attachment ${attachment.name}, is not in the flows any more.`,
      );
    }
    try {
      file = await spool.take(name, attachment, await source.download(from.entityType, from.entityId, attachment));
    } catch (error) {
      throw error instanceof PartnerError ? error.withDetails({ outcome: 'notDone', otherPartner: true }) : error;
    }
  }
  const look = () => client.findAttachment(delivery.entityType, link.id, file, delivery.begun ?? '', link.seen);
  const found = inDoubt ? await look().catch(hiddenFrom(attachment.name, delivery, context)) : undefined;
  if (inDoubt && !found) await stillLooking(attachment.name, delivery, context);
  const part = found ?? (await client.attach(delivery.entityType, link.id, file, link.seen));
  const stamp = context.ids();
  await spool.remove(name);
  return {
    what: found ? `found ${attachment.name} attached by an earlier try` : `attached ${attachment.name} (${file.size} bytes)`,
    link: { id: link.id, number: link.number },
    response: part,
    change: (latest) => seen(latest, delivery, part.id, attachment, stamp),
  };
}

/**
 * The entity as it is right before fields of it are written that the partner may have changed meanwhile, proven to be the one we think; undefined where
 * there are none, and it is known to be that one.
 */
async function lookBefore(
  names: readonly string[],
  request: EntityRequest,
  link: Link,
  conversation: ConversationRecord,
  { client, guard }: SendContext,
): Promise<Parsed | undefined> {
  if (isCancellation(request) || lookedAt(names, request, link).length === 0) {
    await guard.check(client, conversation, link);
    return undefined;
  }
  const raw = await (client.readRecord?.(link.entityType, link.id) ?? client.read(link.entityType, link.id));
  guard.verify(client, conversation, link, raw);
  return client.parse(raw);
}

/** Fields the partner silently left out, in words. */
function warningsOf(client: EndpointClient, written: Written): Warning[] {
  if (written.dropped.length === 0) return [];
  const list = written.dropped
    .map((d) => `${d.field} (sent ${JSON.stringify(d.sent)}, has ${JSON.stringify(d.has ?? null)})`)
    .join(', ');
  const message = `${client.name} accepted the write but did not keep: ${list}. Check the field names, the choice values and the integration user's rights.`;
  return [{ code: 'SWB_PARTNER_DROPPED', message }];
}

/** What waited for the link may go now. */
export function freed(open: DeliveryRecord[], created: DeliveryRecord): Change[] {
  return open
    .filter(
      (d) =>
        d.waitsFor === 'link' && d.endpoint === created.endpoint && d.entityType === created.entityType && d.leg === created.leg,
    )
    .map((d) => ({ kind: 'delivery', record: { ...d, waitsFor: undefined } }));
}
