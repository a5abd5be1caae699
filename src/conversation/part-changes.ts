import { comparableText, showsAfterPrefix, showsText } from '../endpoints/text-match.js';
import type { GenericAttachment, GenericComment, GenericMessage, Json, RemovedPart } from '../model/message.js';
import type { ConversationRecord, Link } from '../store/store.js';
import type { PartEchoGuard, PartInDoubt } from './echo-guard.js';
import { attachmentMark, commentMark, digest } from './fingerprint.js';
import type { InboundMessage } from './inbound-message.js';

/** Maximum number of comments and files of a link whose text is remembered; the newest are kept. */
const MAX_TEXTS = 5_000;
/** Texts up to this length are kept in full. */
const MAX_KEPT_LENGTH = 64;
/** Maximum number of ids remembered for parts that the partner no longer shows. */
const MAX_NOT_SHOWN = 20_000;

export interface PartChanges {
  comments: GenericComment[];
  attachments: GenericAttachment[];
  removed: RemovedPart[];
  /** Deliveries in doubt whose part is shown: they are looked up immediately. */
  foundDeliveries: string[];
  /** A part of the message may be one in doubt: a later reading decides, once the doubt is resolved. */
  waitsForDoubt: boolean;
  /** Marks of our own parts that came back. */
  usedMarks: string[];
  /** The link's memory after these changes. */
  remembered: (latest: Link) => Pick<Link, 'seen' | 'words'>;
}

/**
 * Finds comments and files that are new, edited or removed. A new one has an unknown id and is not ours: not written by our own
 * user, not the result of a write in doubt, and without the mark of a part that we wrote and the partner has not shown yet. Pure.
 */
export function detectPartChanges(
  conversation: ConversationRecord,
  link: Link,
  incoming: InboundMessage,
  guard: PartEchoGuard,
): PartChanges {
  const { message } = incoming;
  const marks = [...conversation.written];
  const used: string[] = [];
  const found = new Set<string>();
  // A part that may be one in doubt is remembered only after its delivery has been looked up: until then its author is unknown.
  const waiting = new Set<string>();
  const seen = new Set(link.seen);
  const notShown = missingParts(link, incoming);
  // Our comment written after this reading began may show an id that the partner changes later: another reading decides whose it
  // is.
  const later = partsWrittenLater(link, incoming).filter(([key]) => key[0] === 'c');
  const isUnclear = ({ id, text }: GenericComment) => {
    if (!later.some(([, stored]) => hasText(stored, text))) return false;
    waiting.add(id);
    return true;
  };
  const commentsInDoubt = (guard.inDoubt ?? []).filter(({ comment }) => comment);
  const filesInDoubt = (guard.inDoubt ?? []).filter(({ attachment }) => attachment);
  // Some partners renumber their notes: a new one with the text of a missing one is the same.
  const isRenumbered = (kind: RemovedPart['kind'], text: string) => {
    const at = notShown.findIndex(([key, stored]) => key[0] === kind[0] && hasText(stored, text));
    if (at >= 0) notShown.splice(at, 1);
    return at >= 0;
  };
  const isUs = (author: string | undefined) => guard.integrationUser !== undefined && author === guard.integrationUser;
  const byUs = (author: string | undefined, given: string | undefined) =>
    guard.integrationUser === undefined || author === undefined || author === guard.integrationUser || author === given;
  const mayBeInDoubt = (
    id: string,
    author: string | undefined,
    inDoubt: PartInDoubt[],
    fit: (doubt: PartInDoubt) => PartMatch,
  ) => {
    const fits = inDoubt.map(fit);
    for (const [at, { delivery }] of inDoubt.entries()) if (fits[at] === 'likely') found.add(delivery);
    // One by our own user may be one in doubt in any form.
    if (fits.every((one) => one === 'no') && !(isUs(author) && inDoubt.length > 0)) return false;
    waiting.add(id);
    return true;
  };
  const isOurs = (author: string | undefined, mark: string) => {
    const marked = marks.indexOf(mark);
    if (marked >= 0) used.push(...marks.splice(marked, 1));
    return isUs(author) || marked >= 0;
  };
  const comments = message.comments.filter(
    (c) =>
      !seen.has(c.id) &&
      !isRenumbered('comment', c.text) &&
      !isUnclear(c) &&
      !mayBeInDoubt(c.id, c.author, commentsInDoubt, ({ comment }) =>
        comment && byUs(c.author, comment.author) && isShown(c, comment) ? 'likely' : 'no',
      ) &&
      !isOurs(c.author, commentMark(link.endpoint, c)),
  );
  const attachments = message.attachments.filter(
    (a) =>
      !seen.has(a.id) &&
      !isRenumbered('attachment', a.name) &&
      !mayBeInDoubt(a.id, a.author, filesInDoubt, ({ attachment }) =>
        attachment && byUs(a.author, attachment.author) ? matchFile(a, attachment) : 'no',
      ) &&
      !isOurs(a.author, attachmentMark(link.endpoint, a)),
  );
  // The answer to a write may not show all parts.
  const isComplete = incoming.answerTo === undefined && !incoming.deleted;
  return {
    comments: [...comments, ...(isComplete ? editedSince(link, incoming) : [])],
    attachments,
    removed: isComplete ? notShown.filter(([, stored]) => !isUnread(stored)).map(removedPart) : [],
    foundDeliveries: [...found],
    waitsForDoubt: waiting.size > 0,
    usedMarks: used,
    remembered: (latest) => memoryAfter(latest, incoming, waiting, isComplete),
  };
}

/** With the author we sent, a short text after a partner's prefix is enough. */
function isShown(shown: GenericComment, ours: GenericComment): boolean {
  const sameAuthor = shown.author !== undefined && shown.author === ours.author;
  return showsText(shown.text, ours.text, ours.author) || (sameAuthor && showsAfterPrefix(shown.text, ours.text));
}

/** How well a part that is shown matches one of ours in doubt. */
type PartMatch = 'likely' | 'possible' | 'no';

/** Files get renamed, and not all partners report the size: a file without contradicting facts is a possible match. */
function matchFile(shown: GenericAttachment, ours: GenericAttachment): PartMatch {
  if (shown.hash !== undefined && ours.hash !== undefined) return shown.hash === ours.hash ? 'likely' : 'no';
  const isSized = shown.size !== undefined && ours.size !== undefined;
  if (isSized && shown.size !== ours.size) return 'no';
  return isSized || shown.name === ours.name ? 'likely' : 'possible';
}

/** Comments whose text has changed, as new comments that name the one they edit. */
function editedSince({ words = {} }: Link, { message, readAt }: InboundMessage): GenericComment[] {
  return message.comments
    .filter((c) => {
      const stored = words[keyOf('comment', c.id)];
      if (stored === undefined) return false;
      return isUnread(stored) ? !isWrittenLater(stored, readAt) && isReverted(stored, c.text) : !hasText(stored, c.text);
    })
    .map(asEdited);
}

/** Does a comment that we edited show its earlier text? Replicas that lag behind show it, too. */
export function isRevertedEdit({ words = {} }: Link, { id, text }: GenericComment): boolean {
  const stored = words[keyOf('comment', id)];
  return stored !== undefined && isUnread(stored) && isReverted(stored, text);
}

function isReverted([, words, before]: UnreadPart, text: string): boolean {
  return before !== undefined && hasText(before, text) && !hasText(words, text);
}

/** The comments of a reading that were detected as edited before, by the ids made for them. */
export function editedComments(comments: GenericComment[], ids: readonly string[]): GenericComment[] {
  return comments.map(asEdited).filter(({ id }) => ids.includes(id));
}

function asEdited(comment: GenericComment): GenericComment {
  return { ...comment, id: `${comment.id}~${digest(comment.text)}`, edits: comment.id };
}

/** Parts that were shown, or written by us, before this reading and are missing from it. */
function missingParts(link: Link, incoming: InboundMessage): [string, Json][] {
  return partsNotShown(link, incoming).filter(([, stored]) => !isWrittenLater(stored, incoming.readAt));
}

/**
 * Parts that we wrote after this reading began and that it does not show by their ids. Always empty for an answer to another
 * write.
 */
function partsWrittenLater(link: Link, incoming: InboundMessage): [string, Json][] {
  if (incoming.readAt === undefined) return [];
  return partsNotShown(link, incoming).filter(([, stored]) => isWrittenLater(stored, incoming.readAt));
}

function partsNotShown({ words = {} }: Link, { message }: InboundMessage): [string, Json][] {
  const shown = new Set([
    ...message.comments.map((c) => keyOf('comment', c.id)),
    ...message.attachments.map((a) => keyOf('attachment', a.id)),
  ]);
  return Object.entries(words).filter(([key]) => !shown.has(key));
}

function removedPart([key, stored]: [string, Json]): RemovedPart {
  const says = typeof stored === 'string' && !stored.startsWith('#') ? stored : undefined;
  return { kind: key[0] === 'a' ? 'attachment' : 'comment', id: key.slice(2), ...(says && { says }) };
}

function memoryAfter(
  link: Link,
  { message, readAt }: InboundMessage,
  waiting: ReadonlySet<string>,
  isComplete: boolean,
): Pick<Link, 'seen' | 'words'> {
  const shown = [...message.comments, ...message.attachments].map(({ id }) => id).filter((id) => !waiting.has(id));
  const shownIds = new Set(shown);
  const others = link.seen.filter((id) => !shownIds.has(id));
  // In their order, newest last.
  const known = new Set(link.seen);
  const seen = [...link.seen, ...shown.filter((id) => !known.has(id))];
  const forgotten = new Set(others.slice(0, -MAX_NOT_SHOWN));
  if (!isComplete) return { seen, words: link.words };
  const stored = [...wordsOfParts(message)];
  // Parts that only events report are not part of the entity.
  const later = Object.entries(link.words ?? {}).filter(([, words]) => isWrittenLater(words, readAt));
  const kept = [...stored.filter(([key]) => !key.includes('|') && !waiting.has(key.slice(2))), ...later].slice(-MAX_TEXTS);
  return {
    seen: forgotten.size > 0 ? seen.filter((id) => !forgotten.has(id)) : seen,
    words: kept.length > 0 ? Object.fromEntries(kept) : undefined,
  };
}

function keyOf(kind: RemovedPart['kind'], id: string): string {
  return `${kind[0]}:${id}`;
}

/** Kept of a text: short ones in full, long ones as a digest of their letters only, because partners vary the formatting. */
function keptText(text: string): string {
  const plain = text.replace(/\s+/g, ' ').trim();
  return plain.length <= MAX_KEPT_LENGTH ? plain : `#${digest(comparableText(plain))}`;
}

/**
 * The text of a part that we wrote and have not read yet, with an id made when the write was answered: an earlier reading may not
 * show it, and the partner may format it differently. For a part that we edited, also the text before the edit.
 */
type UnreadPart = [stamp: string, words: string, ...before: string[]];

function isUnread(stored: Json): stored is UnreadPart {
  return Array.isArray(stored);
}

/** Was the part written after a reading began? Always true for an answer to another write. */
function isWrittenLater(stored: Json, readAt: string | undefined): boolean {
  return isUnread(stored) && stored[0] > (readAt ?? '');
}

function hasText(stored: Json, text: string): boolean {
  const words = keptText(text);
  const kept = isUnread(stored) ? stored[1] : stored;
  if (words === '' || typeof kept !== 'string') return kept === words;
  return (
    kept === words ||
    (!kept.startsWith('#') && kept !== '' && comparableText(kept) === comparableText(text) && comparableText(text) !== '')
  );
}

/** The last known texts of the parts of an entity, as they are compared, by kind and id. */
export function keptWords({ words = {} }: Link): Map<string, Json> {
  return new Map(Object.entries(words).map(([part, stored]) => [part, isUnread(stored) ? stored[1] : stored]));
}

/** The texts of the parts that are shown, in the same form. */
export function wordsOfParts({ comments, attachments }: Pick<GenericMessage, 'comments' | 'attachments'>): Map<string, Json> {
  return new Map([
    ...comments.map((c): [string, Json] => [keyOf('comment', c.id), keptText(c.text)]),
    ...attachments.map((a): [string, Json] => [keyOf('attachment', a.id), keptText(a.name)]),
  ]);
}

/** The link with a comment or file that we wrote. `stamp`: an id made after the answer arrived. */
export function withWrittenPart(link: Link, kind: RemovedPart['kind'], id: string, text: string, stamp: string): Link {
  const words = { ...link.words, [keyOf(kind, id)]: [stamp, keptText(text)] };
  return { ...link, seen: [...link.seen, id], words: Object.fromEntries(Object.entries(words).slice(-MAX_TEXTS)) };
}

/** The link without comments and files that a user keeps back: they count as passed on, so that no later message sends them. */
export function withoutParts(link: Link, ids: readonly string[]): Link {
  return { ...link, seen: [...link.seen, ...ids.filter((id) => !link.seen.includes(id))] };
}

/** Reverts `withoutParts`: the next message of the entity sends them. */
export function withPartsAgain(link: Link, ids: readonly string[]): Link {
  return { ...link, seen: link.seen.filter((id) => !ids.includes(id)) };
}

/** The link with the memory of parts that are missing now, as known before: they may be shown again, perhaps under new ids. */
export function withKnownParts(link: Link, before: Link, parts: readonly RemovedPart[]): Link {
  const known = parts.flatMap(({ kind, id }): [string, Json][] => {
    const stored = before.words?.[keyOf(kind, id)];
    return stored === undefined ? [] : [[keyOf(kind, id), stored]];
  });
  return { ...link, words: { ...Object.fromEntries(known), ...link.words } };
}

/** The link after we edited a comment (`text`: its new text) or deleted a part, so that the result does not count as a change. */
export function withCarriedEdit(
  link: Link,
  kind: RemovedPart['kind'],
  id: string,
  text: string | undefined,
  stamp: string,
): Link {
  const { [keyOf(kind, id)]: stored, ...words } = link.words ?? {};
  if (text === undefined) return { ...link, words };
  const before = stored !== undefined && isUnread(stored) ? stored[1] : stored;
  const now: Json = [stamp, keptText(text), ...(typeof before === 'string' ? [before] : [])];
  return { ...link, words: { ...words, [keyOf(kind, id)]: now } };
}
