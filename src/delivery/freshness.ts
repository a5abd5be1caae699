import { linkOf } from '../conversation/correlate.js';
import { fingerprint, sameFingerprint } from '../conversation/fingerprint.js';
import { isRevertedEdit } from '../conversation/part-changes.js';
import type { EndpointClient, Parsed, RawEntity } from '../endpoints/endpoint.js';
import type { Json } from '../model/message.js';
import type { ConversationRecord, Link, MessageRecord, Store } from '../store/store.js';

/** How long news are awaited that only the silence of a read suggests: what nobody maps changes, too. Milliseconds. */
const SILENCE = 10_000;

/**
 * What a read lacks of what its hint said, in words; undefined where it is an answer to it. A hint that tells the entity's own version, or a
 * comment, is exact. One that only tells when it was made may come late and several for one change: it counts where nothing newer than before
 * was read. What was there before, and of which nothing is shown now, has not been read. `age`: milliseconds since it was first read for this hint.
 */
export async function lackIn(
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
  if (version && client.isOlder(source.version, version)) return `it is at ${source.version}, the hint at ${version}`;
  const shown = partsOf(parsed);
  const missing = parts.find((id) => !shown.has(id));
  const { endpoint, entityType, entityId } = record;
  const conversation = await store.conversationByLink(endpoint, entityType, entityId);
  const link = conversation && linkOf(conversation, endpoint, entityType, entityId);
  if (missing !== undefined && !(link && isAnew(shown, link))) return `it lacks ${missing}`;
  if (!link) return undefined;
  if (time && client.isOlder(source.version, time) && !client.isOlder(link.entityVersion, source.version))
    return `it is at ${source.version}, and was changed at ${time}`;
  // Those of a kind of their own are told by events, not by the entity.
  if (shown.size === 0 && link.seen.some((id) => !id.includes('|')))
    return 'it shows none of the comments and files that were there';
  const isLong = age > SILENCE;
  const behind = isLong ? undefined : (beforeOurs(client, parsed, link) ?? beforeOurEdit(parsed, link));
  if (behind || hasNews(parsed, shown, link)) return behind;
  return otherState(record, parsed, conversation) ?? (isLong ? undefined : silence(client, parsed, link));
}

/** All parts have other ids than when they were last shown, and there are more of them: what a hint calls one of them tells nothing. */
function isAnew(shown: ReadonlySet<string>, { seen, words = {} }: Link): boolean {
  const before = Object.keys(words).length;
  return before > 0 && shown.size > before && !seen.some((id) => shown.has(id));
}

/** What we have just written is shown as it was before, and no version says that it was set back since. */
function beforeOurs(client: EndpointClient, { source, record }: Parsed, link: Link): string | undefined {
  const { ourWrites = {}, writtenVersion = {}, raw } = link;
  const field = Object.keys(ourWrites).find(
    (name) =>
      name in record &&
      [ourWrites[name]?.before, ...(ourWrites[name]?.earlier ?? [])].some((value) => sameFingerprint(value, record[name])) &&
      !sameFingerprint(raw[name], record[name]) &&
      !client.isOlder(writtenVersion[name], source.version),
  );
  return field && `it shows ${field} as it was before we wrote it`;
}

function beforeOurEdit({ comments }: Parsed, link: Link): string | undefined {
  const comment = comments.find((one) => isRevertedEdit(link, one));
  return comment && `it shows the comment ${comment.id} as it was before we edited it`;
}

/** Nothing new is shown, and the hint told of another state. Where there is a version, that says more. */
function otherState(
  { expects: { state } = {}, receivedAt }: MessageRecord,
  { source, record }: Parsed,
  { updatedAt }: ConversationRecord,
): string | undefined {
  // Of several quick changes the first read may have shown the last: then the other hints are late.
  const isLate = Date.parse(updatedAt) > Date.parse(receivedAt);
  if (!state || isLate || source.version !== undefined || sameFingerprint(state.value, record[state.field])) return undefined;
  return `it is ${String(record[state.field])}, and was told to be ${state.value}`;
}

/** Nothing new is shown, although somebody else has changed it. */
function silence(client: EndpointClient, { source }: Parsed, link: Link): string | undefined {
  const byOthers =
    client.integrationUser !== undefined && source.changedBy !== undefined && source.changedBy !== client.integrationUser;
  return byOthers && client.isOlder(link.entityVersion, source.version) ? 'it was changed, and shows nothing new' : undefined;
}

function hasNews({ record }: Parsed, shown: ReadonlySet<string>, { raw, seen }: Link): boolean {
  const known = new Set(seen);
  return (
    [...shown].some((id) => !known.has(id)) ||
    Object.keys(raw).some((field) => !sameFingerprint(raw[field], fingerprint(record[field])))
  );
}

function partsOf({ comments, attachments }: Parsed): Set<string> {
  return new Set([...comments, ...attachments].map(({ id }) => id));
}
