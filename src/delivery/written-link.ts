import { conversationState, linkAt, REPLICA_LAG, withLink, withMarks } from '../conversation/correlate.js';
import type { EntityRequest } from '../conversation/entity-request.js';
import { attachmentMark, commentMark, fingerprint, lastKnownEntries } from '../conversation/fingerprint.js';
import { withWrittenPart } from '../conversation/part-changes.js';
import type { Parsed } from '../endpoints/endpoint.js';
import type { GenericAttachment, GenericComment, Json } from '../model/message.js';
import { isWithin } from '../store/id.js';
import type { ConversationRecord, DeliveryRecord, Link, OurWrite } from '../store/store.js';
import { isOfItems, itemsAsWritten } from './item-news.js';

/** Values remembered of what quick writes in a row have gone over. */
const MOST_EARLIER = 10;

/**
 * The link once fields of it were written: what the partner shows for them, so that what it did not keep does not come back as its change; what we
 * asked for where it shows none. `stamp`: an id made after the answer came.
 */
export function asWritten(
  link: Link,
  delivery: DeliveryRecord,
  request: EntityRequest,
  names: string[],
  parsed: Parsed,
  known: boolean,
  stamp: string,
): Link {
  const raw = { ...link.raw };
  const shadow = { ...link.shadow };
  const writtenBy = { ...link.writtenBy };
  const writtenVersion = { ...link.writtenVersion };
  const ourWrites = { ...link.ourWrites };
  const writtenItems: Link['writtenItems'] = { ...link.writtenItems };
  const { version } = parsed.source;
  for (const name of names) {
    writtenBy[name] = delivery.id;
    const earlier = earlierThan(stamp, ourWrites[name]);
    ourWrites[name] = { stamp, before: link.raw[name] ?? '', of: request.sources[name], ...(earlier && { earlier }) };
    // What we wrote of items, whatever was told of them meanwhile: what we did not change is not written again.
    const items = isOfItems(request, name) ? itemsAsWritten(request, name) : undefined;
    if (items) writtenItems[name] = items;
    if (!known) continue; // a message of theirs came first and told more than our answer does
    // A list of items is shown with all that the other side has made of it meanwhile: that is news, and is told by their own message.
    if (!isOfItems(request, name)) raw[name] = fingerprint(name in parsed.record ? parsed.record[name] : request.fields[name]);
    for (const source of request.sources[name] ?? [])
      if (source in request.generic) Object.assign(shadow, lastKnownEntries(source, request.generic[source] as Json));
    if (version !== undefined) writtenVersion[name] = version;
  }
  return {
    ...link,
    raw,
    shadow,
    writtenBy,
    writtenVersion,
    ourWrites,
    ...(Object.keys(writtenItems).length && { writtenItems }),
    number: link.number ?? parsed.source.number,
    url: link.url ?? parsed.source.url,
  };
}

/** What was there before writes shortly before another one, the newest first. */
function earlierThan(stamp: string, last: OurWrite | undefined): Json[] | undefined {
  if (!last || !isWithin(REPLICA_LAG, last.stamp, stamp)) return undefined;
  return [last.before, ...(last.earlier ?? [])].slice(0, MOST_EARLIER);
}

/** The conversation once fields were found to be as an earlier try wrote them. `version`: the entity's own, as it was found. */
export function rewritten(
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
  const parsed: Parsed = {
    source: { endpoint: link.endpoint, entityType: link.entityType, id: link.id, ...(version && { version }) },
    record,
    comments: [],
    attachments: [],
    relations: [],
  };
  return stated(withLink(conversation, asWritten(link, delivery, request, names, parsed, true, stamp)));
}

/** The conversation in which the values of some canonical fields at an entity are still to be told. `stamp`: an id made once they were seen. */
export function withUntold(
  conversation: ConversationRecord,
  { endpoint, entityType, leg }: DeliveryRecord,
  fields: readonly string[],
  stamp: string,
): ConversationRecord {
  const link = linkAt(conversation, endpoint, entityType, leg);
  if (!link || fields.length === 0) return conversation;
  return withLink(conversation, {
    ...link,
    untold: { ...link.untold, ...Object.fromEntries(fields.map((name) => [name, stamp])) },
  });
}

/** A comment or attachment of ours that was written: its echo is known by its id, else, where the partner shows none, by a mark. `stamp`: an id made after the answer came. */
export function seen(
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

export function stated(conversation: ConversationRecord): ConversationRecord {
  return { ...conversation, state: conversationState(conversation) };
}
