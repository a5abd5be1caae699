import { linkAt, withLink } from '../conversation/correlate.js';
import { linkAfterCreate } from '../conversation/correlator.js';
import type { EntityRequest } from '../conversation/entity-request.js';
import { showsSentValue } from '../conversation/field-changes.js';
import { fingerprint, sameFingerprint } from '../conversation/fingerprint.js';
import { withSeenItems } from '../conversation/item-entries.js';
import {
  isOrderCancelled,
  itemsNotToOrder,
  itemsToLeaveOut,
  planAfterSent,
  planAfterWithdrawal,
} from '../conversation/leg-results.js';
import { isGone } from '../conversation/moved-entity.js';
import { legOf } from '../conversation/plan.js';
import { createReference, differingReference } from '../conversation/reference.js';
import { mayBeForgotten } from '../conversation/store-memory.js';
import { halfDone, isAbsent } from '../endpoints/api.js';
import type { EndpointClient, ParsedEntity, RawEntity, WriteResult } from '../endpoints/endpoint.js';
import { PartnerError, SwitchboardError } from '../errors.js';
import type { GenericComment, Json } from '../model/message.js';
import type { Bodies, ConversationRecord, DeliveryRecord, Link, Plan } from '../store/store.js';
import { say } from '../text/say.js';
import type { CommentRecovery } from './comment-recovery.js';
import {
  asDoubt,
  demandDecision,
  describeWrite,
  followMove,
  isRecent,
  keepLooking,
  mayPass,
  notVisibleYet,
  restoredDecision,
} from './in-doubt.js';
import { isItemList, valueToWrite, withoutItems } from './item-changes.js';
import { addressItems, addressReadItems } from './item-ids.js';
import type { CarriedEdit } from './leg.js';
import { linkAfterWrite, withConfirmedFields, withDerivedState, withUnsent } from './link-updates.js';
import { isCustomersOrder, requireKnownCancellations, requireRecentReading } from './order-unread.js';
import { effectiveChanges, isCancellation, RECOVERY_PART } from './outbox.js';
import { checkBeforeWrite, fieldsToCheck } from './pre-write-check.js';
import { isConflict } from './retry.js';
import { ignoredCancellations, withCancellation } from './send-cancellation.js';
import type { SendContext } from './send-context.js';
import { type AttachmentRequest, attach } from './send-file.js';
import { carryEdit, comment, type PartWrite, restoreComments } from './send-part.js';
import { NOTHING_TO_WRITE, type SendResult, type SendWarning, UPDATED } from './send-result.js';

/** The generic fields that the customer decides by cancelling the order. */
const ORDER_STATE = new Set(['state', 'stateReason']);

/** How often an update is sent again if the partner kept nothing of it. */
const RESENDS = 2;

/**
 * Sends one delivery. `inDoubt`: an earlier try may have reached the partner, so the write is looked up before it is sent again.
 * Throws PartnerError when the partner failed, and other SwitchboardErrors when the delivery cannot be sent in its present state.
 */
export async function send(delivery: DeliveryRecord, inDoubt: boolean, context: SendContext): Promise<SendResult> {
  const conversation = await context.store.conversation(delivery.conversation);
  if (!conversation)
    throw new SwitchboardError(
      'SWB_STORE',
      say`The conversation ${delivery.conversation} of this delivery is no longer in the store.`,
    );
  const request = (await context.store.bodies('delivery', delivery.id)).request as Bodies | undefined;
  if (!request)
    throw new SwitchboardError('SWB_STORE', say`The payload of this delivery is no longer in the store.`, {
      hint: say`Replay the message that created the delivery.`,
    });
  const link = linkAt(conversation, delivery.endpoint, delivery.entityType, delivery.leg);
  if (delivery.part === 'entity' && !link) {
    return create(delivery, request as unknown as EntityRequest, conversation, inDoubt, context);
  }
  if (!link) {
    throw new SwitchboardError('SWB_CONFIG', say`${context.client.name} has no ticket in this conversation to write to.`, {
      hint: say`If the ticket exists, link it in the Conversations view; otherwise replay the delivery that creates it. Then replay this one.`,
    });
  }
  try {
    if (delivery.part === 'entity')
      return await update(delivery, request as unknown as EntityRequest, link, conversation, inDoubt, context);
    await context.guard.check(context.client, conversation, link);
    const write: PartWrite = { delivery, link, conversation, inDoubt, context };
    if (delivery.part.startsWith('alike:')) return await carryEdit(write, request as unknown as CarriedEdit);
    if (delivery.part.startsWith(RECOVERY_PART)) return await restoreComments(write, request as unknown as CommentRecovery);
    return delivery.part.startsWith('comment:')
      ? await comment(write, request.comment as GenericComment)
      : await attach(write, request as unknown as AttachmentRequest);
  } catch (error) {
    // That a source does not have a file says nothing about the target.
    if (error instanceof PartnerError && error.otherPartner !== undefined) throw error;
    // Whether an order can still be cancelled is the partner's decision.
    const cancels = delivery.part === 'entity' && isCancellation(request as unknown as EntityRequest);
    if (isConflict(error) && !cancels) throw mayPass(error);
    if (isGone(error)) await followMove(conversation, link, context);
    throw isAbsent(error) && isRecent(link, context) ? notVisibleYet(error) : error;
  }
}

async function create(
  delivery: DeliveryRecord,
  given: EntityRequest,
  conversation: ConversationRecord,
  inDoubt: boolean,
  context: SendContext,
): Promise<SendResult> {
  const { client } = context;
  let request = given;
  if (isCancellation(request)) return { what: say`nothing to cancel: it was never created there` };
  const reference = createReference(conversation, delivery);
  const lookUp = async () => client.find?.(delivery.entityType, reference, request.fields);
  const forgotten = mayBeForgotten(conversation, context.store.memory);
  let found = inDoubt || forgotten ? await lookUp() : undefined;
  if (!inDoubt && forgotten && !client.find && context.store.memory.olderCopy)
    throw restoredDecision(describeWrite(delivery, conversation), client);
  const adopted = forgotten && found !== undefined;
  if (inDoubt && !found) {
    const sought = describeWrite(delivery, conversation);
    if (client.find) await keepLooking(sought, delivery, context);
    else if (delivery.onlyLook === false) await context.beforeResend();
    // Waiting would not help: nothing can be looked up.
    else demandDecision(sought, client);
  }
  context.lookedUp();
  const { plan } = conversation;
  if (!found) requireRecentReading(conversation, delivery, { now: context.clock(), started: context.started });
  const withdrawn = found ? new Set<string>() : itemsNotToOrder(plan, delivery.leg, given);
  if (withdrawn.size > 0) {
    request = withoutItems(given, withdrawn, client);
    if ((request.generic.items as Json[] | undefined)?.length === 0)
      return {
        what: say`nothing to order: it was cancelled before`,
        change: (latest) => withPlan(latest, (now) => planAfterWithdrawal(now, delivery.leg)),
      };
    await context.replaceRequest(request);
  }
  let written: WriteResult;
  try {
    written = found
      ? await applyManualEdits(found, delivery, request, client)
      : await client.create(delivery.entityType, request.fields, reference);
  } catch (error) {
    // A conflict (409) may mean the record that an earlier try created.
    found = isConflict(error) ? await lookUp().catch(asDoubt) : undefined;
    if (!found) throw inDoubt && isConflict(error) ? halfDone(error) : error;
    written = await applyManualEdits(found, delivery, request, client);
  }
  const parsed = client.parse(written.entity);
  const { source } = parsed;
  if (!source.id) {
    throw new PartnerError('SWB_PARTNER_ANSWER', say`${client.name} answered the create without an id.`, {
      outcome: 'unknown',
      retry: true,
    });
  }
  // Only a lookup proves the identity; the answer to a create does not, so a created entity is verified before its first update.
  if (found) context.guard.trust(client, source.id);
  context.ages.created(source.id);
  const now = new Date(context.clock()).toISOString();
  const stamp = context.ids();
  return {
    what: found
      ? say`found ${source.number ?? source.id} by our reference, created by an earlier try`
      : say`created ${source.number ?? source.id}`,
    link: { id: source.id, number: source.number },
    response: written.entity,
    answer: written.entity,
    warnings: [...warningsOf(client, written), ...(adopted ? adoptedWarnings(parsed, request, client) : [])],
    ...(adopted && { adopted }),
    change: (latest) => {
      // The answer to our create takes precedence over an event of another record that carries our reference, such as a copy.
      const linked = linkAt(latest, delivery.endpoint, delivery.entityType, delivery.leg);
      const known = linked?.id === source.id ? linked : undefined;
      const itemsOf = client.itemsOf?.bind(client);
      const made =
        known ??
        linkAfterCreate(source, delivery.leg, request, now, differingReference(latest, delivery.leg, reference), itemsOf);
      const link = made.items ? { ...made, items: withSeenItems(made.items, itemsOf?.(parsed.record)) } : made;
      const isNewer = !known && !client.isOlder(source.version, link.entityVersion);
      const names = Object.keys(request.fields);
      const after = linkAfterWrite(link, delivery, request, names, parsed, isNewer, stamp);
      const next = withDerivedState(withLink(latest, isNewer ? { ...after, made: 'answered' } : after));
      return withPlan(next, (now) => planAfterSent(now, delivery.leg, request));
    },
  };
}

/** The conversation with its plan changed, if it is a fanned-out order. */
function withPlan(conversation: ConversationRecord, change: (plan: Plan) => Plan): ConversationRecord {
  return conversation.plan ? { ...conversation, plan: change(conversation.plan) } : conversation;
}

/** What differs in an entity that an earlier store created: neither side's values are overwritten, and a user decides. */
function adoptedWarnings({ record, source }: ParsedEntity, request: EntityRequest, client: EndpointClient): SendWarning[] {
  const names = Object.keys(request.fields).filter(
    (name) => name in record && !showsSentValue(record[name], request.fields[name]),
  );
  if (names.length === 0) return [];
  const number = source.number ?? source.id;
  const message = say`${number} at ${client.name} was created before this store, and differs in ${names.join(', ')}. Nothing was overwritten: compare the two tickets.`;
  return [{ code: 'SWB_BOTH_CHANGED', message }];
}

/** Applies manual edits made since to an entity that an earlier try created. */
async function applyManualEdits(
  found: RawEntity,
  delivery: DeliveryRecord,
  request: EntityRequest,
  client: EndpointClient,
): Promise<WriteResult> {
  const { record, source } = client.parse(found);
  const names = (request.edited ?? []).filter((name) => !sameFingerprint(fingerprint(record[name]), request.fields[name]));
  if (names.length === 0) return { entity: found, dropped: [] };
  const fields = Object.fromEntries(names.map((name) => [name, request.fields[name] as Json]));
  const named = addressReadItems(client, request, undefined, fields, client.itemsOf?.(record) ?? [], true);
  return client.update(delivery.entityType, source.id, named.fields, named.added);
}

async function update(
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
  const isSought = inDoubt && isCancellation(request) && client.findCancellation !== undefined;
  const read = await readBefore(names, request, link, conversation, context).catch((error) => {
    // An order that an earlier try deleted to cancel it is found by that.
    if (isSought && isAbsent(error)) return undefined;
    throw error;
  });
  const parsedRead = read && client.parse(read);
  if (parsedRead && isCustomersOrder(conversation, link)) requireKnownCancellations(conversation, link, parsedRead, client);
  const current = isCancellation(request) ? undefined : parsedRead;
  let version: string | undefined;
  const withFound = (c: ConversationRecord, fields: string[]) =>
    fields.length > 0
      ? withConfirmedFields(c, delivery, request, knownBy(c, delivery, request, fields), context.ids(), version)
      : c;
  const found = (what: string): SendResult => ({ what, link: target, change: (c) => withFound(c, all) });
  let present: string[] = [];
  if (inDoubt && isCancellation(request) && client.findCancellation) {
    // A cancellation may be requested and not show yet, and must not be requested twice.
    const trace = await client.findCancellation(delivery.entityType, link.id);
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
  const stamp = context.ids();
  // A dropped list of items needs no comparison. A cancellation that changed nothing may have been refused, and is not sent
  // again.
  const lost = new Set(written.dropped.map(({ field }) => field.split('[')[0]));
  const changing = names.filter((name) => !sameFingerprint(link.raw[name], fields[name]));
  const isAsBefore = (name: string) =>
    lost.has(name) && (isItemList(request, name) || sameFingerprint(link.raw[name], parsed.record[name]));
  if (delivery.tries <= RESENDS && !isCancellation(request) && changing.length > 0 && changing.every(isAsBefore))
    throw noEffect(names, client);
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
      return withDerivedState(withPlan(next, (plan) => planAfterSent(plan, delivery.leg, request)));
    },
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

/** The warning that names fields which the partner accepted but did not keep. */
function warningsOf(client: EndpointClient, written: WriteResult): SendWarning[] {
  if (written.dropped.length === 0) return [];
  const list = written.dropped
    .map((d) => say`${d.field} (sent ${JSON.stringify(d.sent)}, has ${JSON.stringify(d.has ?? null)})`)
    .join(', ');
  const message = say`${client.name} accepted the write but did not keep: ${list}. Check the field names, the choice values and the integration user's rights.`;
  return [{ code: 'SWB_PARTNER_DROPPED', message }];
}
