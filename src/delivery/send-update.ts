import { linkAt, withLink } from '../conversation/correlate.js';
import type { EntityRequest } from '../conversation/entity-request.js';
import { fingerprint, sameFingerprint } from '../conversation/fingerprint.js';
import { withSeenItems } from '../conversation/item-entries.js';
import { isOrderCancelled, itemsToLeaveOut, planAfterSent } from '../conversation/leg-results.js';
import { withPlan } from '../conversation/plan.js';
import { legOf } from '../conversation/plan-legs.js';
import { mayBeForgotten } from '../conversation/store-memory.js';
import { isAbsent } from '../endpoints/api.js';
import type { EndpointClient, ParsedEntity, RawEntity } from '../endpoints/endpoint.js';
import { PartnerError } from '../errors.js';
import type { ItemFacts } from '../model/item-facts.js';
import type { Json } from '../model/message.js';
import type { ConversationRecord, DeliveryRecord, Link } from '../store/store.js';
import { say } from '../text/say.js';
import { demandDecision, keepLooking } from './in-doubt.js';
import { isItemList, valueToWrite, withoutItems } from './item-changes.js';
import { type AddressedFields, addressItems, quantitiesShown } from './item-ids.js';
import { linkAfterWrite, withConfirmedFields, withDerivedState, withUnsent } from './link-updates.js';
import { isCustomersOrder, putBackCancellation, unknownCancellation } from './order-unread.js';
import { effectiveChanges, isCancellation } from './outbox.js';
import { checkBeforeWrite, fieldsToCheck } from './pre-write-check.js';
import { ignoredCancellations, withCancellation } from './send-cancellation.js';
import type { SendContext } from './send-context.js';
import { NOTHING_TO_WRITE, type SendResult, type SendWarning, UPDATED, warningsOf } from './send-result.js';

/** The generic fields that the customer decides by cancelling the order. */
const ORDER_STATE = new Set(['state', 'stateReason']);

/** How often an update is sent again if the partner kept nothing of it. */
const RESENDS = 2;

/** Writes what a delivery changes of an entity; `inDoubt`: as in send.ts. */
export async function update(
  delivery: DeliveryRecord,
  given: EntityRequest,
  link: Link,
  conversation: ConversationRecord,
  inDoubt: boolean,
  context: SendContext,
): Promise<SendResult> {
  const { client } = context;
  const request = withoutItems(given, itemsToLeaveOut(conversation, delivery, given), client);
  const target = { id: link.id, number: link.number };
  const all = effectiveChanges(request, link, delivery.id);
  const isOutdated = isOrderCancelled(conversation, delivery);
  const isCurrent = (name: string) => !(isOutdated && (request.sources[name] ?? []).some((source) => ORDER_STATE.has(source)));
  // An event showed that an earlier try created the entity. Its values are the partner's by now; only manual edits made since are
  // written.
  const adopted = mayBeForgotten(conversation, context.store.memory);
  const isCreated = delivery.creates && link.origin === 'ours' && (inDoubt || adopted);
  let names = (isCreated ? all.filter((name) => request.edited?.includes(name)) : all).filter(isCurrent);
  if (isCreated && names.length === 0)
    return { what: say`found ${link.number ?? link.id}, reported by an event`, link: target, adopted };
  if (names.length === 0) return { what: NOTHING_TO_WRITE, link: target };
  const findCancellation = inDoubt && isCancellation(request) ? client.findCancellation?.bind(client) : undefined;
  const read = await readBefore(names, request, link, conversation, context).catch((error) => {
    // An order that an earlier try deleted to cancel it is found by that.
    if (findCancellation && isAbsent(error)) return undefined;
    throw error;
  });
  const parsedRead = read && client.parse(read);
  const unknown =
    parsedRead && isCustomersOrder(conversation, link) && unknownCancellation(conversation, link, parsedRead, client);
  if (unknown) throw unknown;
  const current = isCancellation(request) ? undefined : parsedRead;
  let version: string | undefined;
  const withFound = (c: ConversationRecord, fields: string[]) =>
    fields.length > 0
      ? withConfirmedFields(c, delivery, request, knownBy(c, delivery, request, fields), context.ids(), version)
      : c;
  const found = (what: string): SendResult => ({ what, link: target, change: (c) => withFound(c, all) });
  let present: string[] = [];
  if (findCancellation) {
    // A cancellation may be requested and not show yet, and must not be requested twice.
    const trace = await findCancellation(delivery.entityType, link.id);
    const result = found(say`found the cancellation that an earlier try requested`);
    const answer = { ignored: [], ...(trace === 'deleted' && { deleted: true as const }) };
    if (trace !== undefined) return withCancellation(result, delivery, request, answer, context.orders);
    await keepLooking(say`the cancellation`, delivery, context);
  } else if (inDoubt) {
    const { record, source } = current ?? client.parse(await client.read(delivery.entityType, link.id));
    version = source.version;
    // Items are sent again to learn their ids; items that an earlier try added are recognised.
    const isResent = (name: string) => client.itemsOf !== undefined && isItemList(request, name);
    present = names.filter((name) => !isResent(name) && sameFingerprint(fingerprint(record[name]), request.fields[name]));
    names = names.filter((name) => !present.includes(name));
    if (names.length === 0) return found(say`found written by an earlier try`);
    if (delivery.onlyLook) demandDecision(say`the new ${names.join(', ')}`, client);
  }
  context.lookedUp();
  // Fields that are only written together with others need no write where the partner has their value, by all that is known.
  if (current) names = names.filter((name) => isItemList(request, name) || !isAlreadyThere(name, request, link, current));
  const { kept, unsent, conflict } = current
    ? checkBeforeWrite(fieldsToCheck(names, request, link), request, link, current, client, context.rules)
    : { kept: undefined, unsent: [], conflict: undefined };
  const seenAt = context.ids();
  // Fields written by an earlier try are ours, even if the other fields are not written any more.
  const withLearnt = (latest: ConversationRecord) => withFound(withUnsent(latest, delivery, unsent, seenAt), present);
  const conflicts: SendWarning[] = conflict ? [{ code: 'SWB_BOTH_CHANGED', message: conflict }] : [];
  const fields: Record<string, Json> = {};
  for (const name of names.filter((name) => !kept?.has(name))) {
    const value = valueToWrite(request, name, link);
    if (value !== undefined) fields[name] = value;
  }
  names = Object.keys(fields);
  if (names.length === 0) return { what: NOTHING_TO_WRITE, link: target, warnings: conflicts, change: withLearnt };
  const named = await addressItems(client, request, link, fields, inDoubt, conversation.links);
  const written = await client.update(delivery.entityType, link.id, named.fields, named.added, read);
  const parsed = client.parse(written.entity);
  if (written.overwritten && isCustomersOrder(conversation, link))
    await putBackCancellation(conversation, link, parsed, written.overwritten.fields, client);
  const stamp = context.ids();
  // A dropped list of items needs no comparison. A cancellation that changed nothing may have been refused, and is not sent
  // again.
  const lost = new Set(written.dropped.map(({ field }) => field.split('[')[0]));
  const changing = names.filter((name) => !sameFingerprint(link.raw[name], fields[name]));
  const isAsBefore = (name: string) =>
    lost.has(name) && (isItemList(request, name) || sameFingerprint(link.raw[name], parsed.record[name]));
  if (delivery.tries <= RESENDS && !isCancellation(request) && changing.length > 0 && changing.every(isAsBefore))
    throw noEffect(names, client);
  if (isOfLeg(conversation, delivery) && addedNothing(named, client.itemsOf?.(parsed.record)))
    throw notAdded(named.added, client);
  const ignored = isOfLeg(conversation, delivery) ? ignoredCancellations(request, named, written, parsed, client) : [];
  if (delivery.tries <= RESENDS && ignored !== 'all' && ignored.length > 0)
    throw noEffect([say`the state of item ${ignored.join(', ')}`], client);
  const result: SendResult = {
    what: `${UPDATED}${names.join(', ')}`,
    link: target,
    response: written.entity,
    answer: written.entity,
    warnings: [...conflicts, ...warningsOf(client, written)],
    change: (before) => {
      const latest = withLearnt(before);
      const at = linkAt(latest, delivery.endpoint, delivery.entityType, delivery.leg);
      if (!at) return latest;
      const now = named.items ? { ...at, items: withSeenItems(named.items, client.itemsOf?.(parsed.record)) } : at;
      const known = !client.isOlder(parsed.source.version, now.entityVersion);
      const next = withLink(
        latest,
        linkAfterWrite(now, delivery, request, knownBy(latest, delivery, request, names), parsed, known, stamp),
      );
      const shown = quantitiesShown(now.items, client.itemsOf?.(parsed.record));
      return withDerivedState(withPlan(next, (plan) => planAfterSent(plan, delivery.leg, request, shown)));
    },
    follow: (before, after) => (isOfLeg(before, delivery) ? context.orders.result(before, after, delivery).also : []),
  };
  const { refused, deleted } = written;
  const answer = { refused, deleted, ignored, comment: parsed.cancellation?.comment };
  return withCancellation(result, delivery, request, answer, context.orders);
}

function isOfLeg({ plan }: ConversationRecord, { leg }: DeliveryRecord): boolean {
  return legOf(plan, leg) !== undefined;
}

/** Two reads show it: the last message from the partner, or our last write, and the read before this write, which may lag. */
function isAlreadyThere(name: string, { fields, edited }: EntityRequest, { raw }: Link, { record }: ParsedEntity): boolean {
  if (edited?.includes(name) || !(name in raw) || !(name in record)) return false;
  return sameFingerprint(raw[name], fields[name]) && sameFingerprint(fingerprint(record[name]), fields[name]);
}

/** The update was confirmed, but changed nothing: the partner may have ignored it, or a stale replica may have answered. */
function noEffect(names: string[], { name }: EndpointClient): PartnerError {
  return new PartnerError('SWB_PARTNER_ANSWER', say`The update was confirmed, but ${names.join(', ')} did not change.`, {
    where: name,
    hint: say`The record is read, and the update is sent again up to two times.`,
    outcome: 'unknown',
    retry: true,
    concernsRecord: true,
  });
}

/** Whether an update was to add items to an order, and its answer shows only those that were there before. */
function addedNothing({ added, before }: AddressedFields, there: readonly ItemFacts[] | undefined): boolean {
  return added.length > 0 && before !== undefined && there?.every(({ id }) => before.includes(id)) === true;
}

/** The vendor does not add items to its order: they are ordered with another one (order-results.ts). */
function notAdded(items: readonly string[], { name }: EndpointClient): PartnerError {
  return new PartnerError('SWB_PARTNER_DROPPED', say`The update was confirmed, but item ${items.join(', ')} was not added.`, {
    where: name,
    outcome: 'notDone',
    retry: false,
    concernsRecord: true,
  });
}

/**
 * The fields whose values are known once they are written. A vendor may refuse a cancellation, so the state of a cancelled leg is
 * not known until the vendor reports it; its report counts as a change even if it is the state we asked for.
 */
function knownBy(conversation: ConversationRecord, delivery: DeliveryRecord, request: EntityRequest, names: string[]): string[] {
  if (!isCancellation(request) || !legOf(conversation.plan, delivery.leg)) return names;
  return names.filter((name) => !(request.sources[name] ?? []).some((source) => ORDER_STATE.has(source)));
}

/**
 * Reads the entity before an update, once for all that needs it: the proof of its identity, if that is not known yet; the check
 * whether the partner has changed any of the fields to be written; and what the client compares. Undefined where nothing does.
 */
async function readBefore(
  names: readonly string[],
  request: EntityRequest,
  link: Link,
  conversation: ConversationRecord,
  { client, guard }: SendContext,
): Promise<RawEntity | undefined> {
  const mayHaveChanged =
    isCustomersOrder(conversation, link) || (!isCancellation(request) && fieldsToCheck(names, request, link).length > 0);
  if (!mayHaveChanged && guard.isTrusted(client, link.id)) return undefined;
  const raw = await (client.readRecord?.(link.entityType, link.id) ?? client.read(link.entityType, link.id));
  guard.verify(client, conversation, link, raw);
  return raw;
}
