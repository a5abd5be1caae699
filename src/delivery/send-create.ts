import { linkAt, withLink } from '../conversation/correlate.js';
import { linkAfterCreate } from '../conversation/correlator.js';
import type { EntityRequest } from '../conversation/entity-request.js';
import { showsSentValue } from '../conversation/field-changes.js';
import { fingerprint, sameFingerprint } from '../conversation/fingerprint.js';
import { withSeenItems } from '../conversation/item-entries.js';
import { itemsNotToOrder, planAfterSent, planAfterWithdrawal } from '../conversation/leg-results.js';
import { withPlan } from '../conversation/plan.js';
import { createReference, differingReference } from '../conversation/reference.js';
import { mayBeForgotten } from '../conversation/store-memory.js';
import { halfDone } from '../endpoints/api.js';
import type { EndpointClient, ParsedEntity, RawEntity, WriteResult } from '../endpoints/endpoint.js';
import { PartnerError } from '../errors.js';
import type { Json } from '../model/message.js';
import type { ConversationRecord, DeliveryRecord } from '../store/store.js';
import { say } from '../text/say.js';
import { asDoubt, demandDecision, describeWrite, keepLooking, restoredDecision } from './in-doubt.js';
import { withoutItems } from './item-changes.js';
import { addressReadItems } from './item-ids.js';
import { linkAfterWrite, withDerivedState } from './link-updates.js';
import { requireRecentReading } from './order-unread.js';
import { isCancellation } from './outbox.js';
import { isConflict } from './retry.js';
import type { SendContext } from './send-context.js';
import { type SendResult, type SendWarning, warningsOf } from './send-result.js';

/** Creates the entity of a delivery; `inDoubt`: as in send.ts. */
export async function create(
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
  if (!found) requireRecentReading(conversation, delivery, { ...context, now: context.clock() });
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
