import { linkOf } from '../conversation/correlate.js';
import { fingerprint, sameFingerprint } from '../conversation/fingerprint.js';
import { isRevertedEdit } from '../conversation/part-changes.js';
import type { EndpointClient, ParsedEntity, RawEntity } from '../endpoints/endpoint.js';
import { sameChoice } from '../model/choice.js';
import type { Json } from '../model/message.js';
import type { ConversationRecord, Link, MessageRecord, Store } from '../store/store.js';
import { say } from '../text/say.js';

/** How long a read without any change counts as stale; after that, an unmapped field may have changed. Milliseconds. */
const NO_CHANGE_GRACE = 10_000;

/**
 * Why a read is older than its hint, for people; undefined where it is current. A hint with the entity's version, or a comment,
 * is exact. A hint with only a time may be late, or one of several for the same change, so it only counts if the read shows
 * nothing newer than before. A read that shows none of the known comments and files is incomplete. `age`: milliseconds since the
 * first read for this hint.
 */
export async function whyStale(
  store: Store,
  client: EndpointClient | undefined,
  record: MessageRecord,
  read: Json,
  age: number,
): Promise<string | undefined> {
  if (!client) return undefined;
  const { version, parts = [], time } = record.expects ?? {};
  const parsed = client.parse(read as RawEntity);
  const { source, deleted } = parsed;
  if (deleted) return undefined;
  if (version && client.isOlder(source.version, version)) return say`it is at ${source.version}, the hint at ${version}`;
  const shown = partsOf(parsed);
  const missing = parts.find((id) => !shown.has(id));
  const { endpoint, entityType, entityId } = record;
  const conversation = await store.conversationByLink(endpoint, entityType, entityId);
  const link = conversation && linkOf(conversation, endpoint, entityType, entityId);
  if (missing !== undefined && !(link && hasNewIds(shown, link))) return say`${missing} is missing`;
  if (!link) return undefined;
  if (time && client.isOlder(source.version, time) && !client.isOlder(link.entityVersion, source.version))
    return say`it is at ${source.version}, and was changed at ${time}`;
  // Ids with a "|" belong to parts that only events report.
  if (shown.size === 0 && link.seen.some((id) => !id.includes('|'))) return say`it shows none of the known comments and files`;
  const isOver = age > NO_CHANGE_GRACE;
  const behind = isOver ? undefined : (beforeOurWrite(client, parsed, link) ?? beforeOurEdit(parsed, link));
  if (behind || hasChanges(parsed, shown, link)) return behind;
  return otherState(record, parsed, conversation) ?? (isOver ? undefined : noChange(client, parsed, link));
}

/**
 * Whether all parts have other ids than when last shown, and there are more of them: then the part id in a hint means nothing.
 */
function hasNewIds(shown: ReadonlySet<string>, { seen, words = {} }: Link): boolean {
  const before = Object.keys(words).length;
  return before > 0 && shown.size > before && !seen.some((id) => shown.has(id));
}

/** A field that we have just written has its earlier value, and no newer version says that it was reset since. */
function beforeOurWrite(client: EndpointClient, { source, record }: ParsedEntity, link: Link): string | undefined {
  const { ourWrites = {}, writtenVersion = {}, raw } = link;
  const field = Object.keys(ourWrites).find(
    (name) =>
      name in record &&
      [ourWrites[name]?.before, ...(ourWrites[name]?.earlier ?? [])].some((value) => sameFingerprint(value, record[name])) &&
      !sameFingerprint(raw[name], record[name]) &&
      !client.isOlder(writtenVersion[name], source.version),
  );
  return field && say`it shows ${field} as it was before we wrote it`;
}

function beforeOurEdit({ comments }: ParsedEntity, link: Link): string | undefined {
  const comment = comments.find((one) => isRevertedEdit(link, one));
  return comment && say`it shows the comment ${comment.id} as it was before we edited it`;
}

/** The read shows no change, but the hint reported another state. Only without a version, which is more reliable. */
function otherState(
  { expects: { state } = {}, receivedAt }: MessageRecord,
  { source, record }: ParsedEntity,
  { updatedAt }: ConversationRecord,
): string | undefined {
  // After several quick changes the first read may already show the last one; then the other hints are late.
  const isLate = Date.parse(updatedAt) > Date.parse(receivedAt);
  if (!state || isLate || source.version !== undefined || sameChoice(state.value, String(record[state.field]))) return undefined;
  return say`it is ${String(record[state.field])}, but ${state.value} was reported`;
}

/** The read shows no change, although another user made the last one. */
function noChange(client: EndpointClient, { source }: ParsedEntity, link: Link): string | undefined {
  const byOthers =
    client.integrationUser !== undefined && source.changedBy !== undefined && source.changedBy !== client.integrationUser;
  return byOthers && client.isOlder(link.entityVersion, source.version) ? say`it was changed, but shows no change` : undefined;
}

function hasChanges({ record }: ParsedEntity, shown: ReadonlySet<string>, { raw, seen }: Link): boolean {
  const known = new Set(seen);
  return (
    [...shown].some((id) => !known.has(id)) ||
    Object.keys(raw).some((field) => !sameFingerprint(raw[field], fingerprint(record[field])))
  );
}

function partsOf({ comments, attachments }: ParsedEntity): Set<string> {
  return new Set([...comments, ...attachments].map(({ id }) => id));
}
