import { conversationState, linkAt, REPLICA_LAG, withLink, withMarks } from '../conversation/correlate.js';
import { deliveryThatSet, type EntityRequest } from '../conversation/entity-request.js';
import { attachmentMark, commentMark, fingerprint, lastKnownEntries } from '../conversation/fingerprint.js';
import { withWrittenPart } from '../conversation/part-changes.js';
import type { ParsedEntity } from '../endpoints/endpoint.js';
import type { GenericAttachment, GenericComment, Json } from '../model/message.js';
import { isWithin } from '../store/id.js';
import type { ConversationRecord, DeliveryRecord, Link, OurWrite } from '../store/store.js';
import { isItemList, itemsAsWritten } from './item-changes.js';

/** Overwritten values that are remembered for a field that is written in quick succession. */
const MAX_EARLIER = 10;

/**
 * The link after a write of fields: it remembers the values in the partner's answer, so that a value the partner did not keep
 * does not come back as its change; the values that we sent where the answer has none. `known`: the answer is not older than the
 * link. `stamp`: an id created after the answer.
 */
export function linkAfterWrite(
  link: Link,
  delivery: DeliveryRecord,
  request: EntityRequest,
  names: string[],
  parsed: ParsedEntity,
  known: boolean,
  stamp: string,
): Link {
  const raw = { ...link.raw };
  const lastKnown = { ...link.lastKnown };
  const writtenBy = { ...link.writtenBy };
  const writtenVersion = { ...link.writtenVersion };
  const ourWrites = { ...link.ourWrites };
  const writtenItems: Link['writtenItems'] = { ...link.writtenItems };
  const { version } = parsed.source;
  for (const name of names) {
    writtenBy[name] = deliveryThatSet(name, request, delivery.id);
    const earlier = earlierValues(stamp, ourWrites[name]);
    ourWrites[name] = { stamp, before: link.raw[name] ?? '', of: request.sources[name], ...(earlier && { earlier }) };
    // Independent of newer messages about the items, so that entries we did not change are not written again.
    const items = isItemList(request, name) ? itemsAsWritten(request, name) : undefined;
    if (items) writtenItems[name] = items;
    if (!known) continue; // a message from the partner was processed first, and is newer than our answer
    // The answer may also hold changes that the partner made to its items; its own message will report them.
    if (!isItemList(request, name)) raw[name] = fingerprint(name in parsed.record ? parsed.record[name] : request.fields[name]);
    for (const source of request.sources[name] ?? [])
      if (source in request.generic) Object.assign(lastKnown, lastKnownEntries(source, request.generic[source] as Json));
    if (version !== undefined) writtenVersion[name] = version;
  }
  return {
    ...link,
    raw,
    lastKnown,
    writtenBy,
    writtenVersion,
    ourWrites,
    ...(Object.keys(writtenItems).length && { writtenItems }),
    number: link.number ?? parsed.source.number,
    url: link.url ?? parsed.source.url,
  };
}

/** The values overwritten by our writes shortly before this one, newest first. */
function earlierValues(stamp: string, last: OurWrite | undefined): Json[] | undefined {
  if (!last || !isWithin(REPLICA_LAG, last.stamp, stamp)) return undefined;
  return [last.before, ...(last.earlier ?? [])].slice(0, MAX_EARLIER);
}

/** The conversation after fields were found as an earlier try wrote them. `version`: that of the entity as found. */
export function withConfirmedFields(
  conversation: ConversationRecord,
  delivery: DeliveryRecord,
  request: EntityRequest,
  names: string[],
  stamp: string,
  version: string | undefined,
): ConversationRecord {
  const link = linkAt(conversation, delivery.endpoint, delivery.entityType, delivery.leg);
  if (!link) return conversation;
  const record: Record<string, Json> = {};
  for (const name of names) record[name] = request.fields[name] as Json;
  const parsed: ParsedEntity = {
    source: { endpoint: link.endpoint, entityType: link.entityType, id: link.id, ...(version && { version }) },
    record,
    comments: [],
    attachments: [],
    relations: [],
  };
  return withDerivedState(withLink(conversation, linkAfterWrite(link, delivery, request, names, parsed, true, stamp)));
}

/**
 * The conversation in which the values of some canonical fields of an entity are still to be sent to the others. `stamp`: an id
 * created once they were read.
 */
export function withUnsent(
  conversation: ConversationRecord,
  { endpoint, entityType, leg }: DeliveryRecord,
  fields: readonly string[],
  stamp: string,
): ConversationRecord {
  const link = linkAt(conversation, endpoint, entityType, leg);
  if (!link || fields.length === 0) return conversation;
  return withLink(conversation, {
    ...link,
    unsent: { ...link.unsent, ...Object.fromEntries(fields.map((name) => [name, stamp])) },
  });
}

/**
 * The conversation after a comment or attachment was written. Its echo is recognised by its id or, where the partner shows none,
 * by a mark. `stamp`: an id created after the answer.
 */
export function withSentPart(
  conversation: ConversationRecord,
  delivery: DeliveryRecord,
  id: string | undefined,
  part: GenericComment | GenericAttachment,
  stamp: string,
): ConversationRecord {
  const link = linkAt(conversation, delivery.endpoint, delivery.entityType, delivery.leg);
  if (!link || (id !== undefined && link.seen.includes(id))) return conversation;
  if (id === undefined) {
    const mark = 'text' in part ? commentMark(delivery.endpoint, part) : attachmentMark(delivery.endpoint, part);
    return withMarks(conversation, [mark]);
  }
  const [kind, says] = 'text' in part ? (['comment', part.text] as const) : (['attachment', part.name] as const);
  const written = withWrittenPart(link, kind, id, says, stamp);
  return withLink(conversation, written);
}

/** The conversation with its state derived from its links. */
export function withDerivedState(conversation: ConversationRecord): ConversationRecord {
  return { ...conversation, state: conversationState(conversation) };
}
