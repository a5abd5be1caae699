import { bareWords, holdsWords, showsWords } from '../endpoints/words.js';
import type { GenericAttachment, GenericComment, Json, RemovedPart } from '../model/message.js';
import type { ConversationRecord, Link } from '../store/store.js';
import type { PartEchoGuard, PartInDoubt } from './echo-guard.js';
import { attachmentMark, commentMark, digest } from './fingerprint.js';
import type { InboundMessage } from './inbound-message.js';

/** Comments and files of a link whose words are remembered, the newest. */
const WORDS = 5_000;
/** Characters of words that are kept as they are. */
const SHORT = 64;
/** Ids remembered of parts that are not shown any more. A long memory of little use, and a bound all the same. */
const NOT_SHOWN = 20_000;

export interface PartChanges {
  comments: GenericComment[];
  attachments: GenericAttachment[];
  removed: RemovedPart[];
  /** Deliveries in doubt whose part is shown: to be looked for at once. */
  foundDeliveries: string[];
  /** Some of it may be a part in doubt: it is told, or not, by a reading once that is known. */
  waitsForDoubt: boolean;
  /** Marks of what came back. */
  usedMarks: string[];
  /** The link's memory once these are known. */
  remembered: (latest: Link) => Pick<Link, 'seen' | 'words'>;
}

/**
 * Which comments and files are news: those whose id was not seen, and that are not ours: written by our own user, shown for a write of ours that is in
 * doubt, or bearing the mark of one that the partner never showed. Of those that were seen, which say something else now, and which are gone. Pure.
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
  // What may be one in doubt is noted when its delivery has looked for it: until then nobody knows whose it is.
  const waiting = new Set<string>();
  const seen = new Set(link.seen);
  const notShown = missingParts(link, incoming);
  // Ours that was written after this reading began may be shown as it was before the partner numbered it anew: another reading tells whose it is.
  const later = partsWrittenLater(link, incoming).filter(([key]) => key[0] === 'c');
  const isUnclear = ({ id, text }: GenericComment) => {
    if (!later.some(([, said]) => hasText(said, text))) return false;
    waiting.add(id);
    return true;
  };
  const commentsInDoubt = (guard.inDoubt ?? []).filter(({ comment }) => comment);
  const filesInDoubt = (guard.inDoubt ?? []).filter(({ attachment }) => attachment);
  // Some partners number their notes anew: what says the same as one that is not shown any more is that one.
  const isRenumbered = (kind: RemovedPart['kind'], says: string) => {
    const at = notShown.findIndex(([key, said]) => key[0] === kind[0] && hasText(said, says));
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
    // Of our own user it may be one in doubt in whatever form.
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
  // An answer to a write need not show all there is.
  const isComplete = incoming.answerTo === undefined && !incoming.deleted;
  return {
    comments: [...comments, ...(isComplete ? editedSince(link, incoming) : [])],
    attachments,
    removed: isComplete ? notShown.filter(([, said]) => !isUnread(said)).map(removedPart) : [],
    foundDeliveries: [...found],
    waitsForDoubt: waiting.size > 0,
    usedMarks: used,
    remembered: (latest) => memoryAfter(latest, incoming, waiting, isComplete),
  };
}

/** Under the author that was sent also few words behind what a partner puts in front. */
function isShown(shown: GenericComment, ours: GenericComment): boolean {
  const sameAuthor = shown.author !== undefined && shown.author === ours.author;
  return showsWords(shown.text, ours.text) || (sameAuthor && holdsWords(shown.text, ours.text));
}

/** How well something that is shown fits something of ours in doubt. */
type PartMatch = 'likely' | 'possible' | 'no';

/** Files are renamed, and not all partners tell the size: possible is what nothing speaks against. */
function matchFile(shown: GenericAttachment, ours: GenericAttachment): PartMatch {
  if (shown.hash !== undefined && ours.hash !== undefined) return shown.hash === ours.hash ? 'likely' : 'no';
  const isSized = shown.size !== undefined && ours.size !== undefined;
  if (isSized && shown.size !== ours.size) return 'no';
  return isSized || shown.name === ours.name ? 'likely' : 'possible';
}

/** Comments that say something else than when they were last shown, as new ones that say which they are. */
function editedSince({ words = {} }: Link, { message, readAt }: InboundMessage): GenericComment[] {
  return message.comments
    .filter((c) => {
      const said = words[keyOf('comment', c.id)];
      if (said === undefined) return false;
      return isUnread(said) ? !isWrittenLater(said, readAt) && isReverted(said, c.text) : !hasText(said, c.text);
    })
    .map(asEdited);
}

/** Does a comment that we have edited say what it said before? Copies that are behind show that, too. */
export function isRevertedEdit({ words = {} }: Link, { id, text }: GenericComment): boolean {
  const said = words[keyOf('comment', id)];
  return said !== undefined && isUnread(said) && isReverted(said, text);
}

function isReverted([, words, before]: UnreadPart, text: string): boolean {
  return before !== undefined && hasText(before, text) && !hasText(words, text);
}

/** The edited comments among those of a reading that were found before, by the ids they were given. */
export function editedComments(comments: GenericComment[], ids: readonly string[]): GenericComment[] {
  return comments.map(asEdited).filter(({ id }) => ids.includes(id));
}

function asEdited(comment: GenericComment): GenericComment {
  return { ...comment, id: `${comment.id}~${digest(comment.text)}`, edits: comment.id };
}

/** What was shown, or was written by us before this was read, and is not shown now. */
function missingParts(link: Link, incoming: InboundMessage): [string, Json][] {
  return partsNotShown(link, incoming).filter(([, said]) => !isWrittenLater(said, incoming.readAt));
}

/** What was written by us after this reading began, and is not shown by its id; an answer to another write tells nothing of it. */
function partsWrittenLater(link: Link, incoming: InboundMessage): [string, Json][] {
  if (incoming.readAt === undefined) return [];
  return partsNotShown(link, incoming).filter(([, said]) => isWrittenLater(said, incoming.readAt));
}

function partsNotShown({ words = {} }: Link, { message }: InboundMessage): [string, Json][] {
  const shown = new Set([
    ...message.comments.map((c) => keyOf('comment', c.id)),
    ...message.attachments.map((a) => keyOf('attachment', a.id)),
  ]);
  return Object.entries(words).filter(([key]) => !shown.has(key));
}

function removedPart([key, said]: [string, Json]): RemovedPart {
  const says = typeof said === 'string' && !said.startsWith('#') ? said : undefined;
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
  // Kept in their order: the newest are the last.
  const known = new Set(link.seen);
  const seen = [...link.seen, ...shown.filter((id) => !known.has(id))];
  const forgotten = new Set(others.slice(0, -NOT_SHOWN));
  if (!isComplete) return { seen, words: link.words };
  const said: [string, Json][] = [
    ...message.comments.map((c): [string, Json] => [keyOf('comment', c.id), keptText(c.text)]),
    ...message.attachments.map((a): [string, Json] => [keyOf('attachment', a.id), keptText(a.name)]),
  ];
  // What only events tell is not part of the entity.
  const later = Object.entries(link.words ?? {}).filter(([, words]) => isWrittenLater(words, readAt));
  const kept = [...said.filter(([key]) => !key.includes('|') && !waiting.has(key.slice(2))), ...later].slice(-WORDS);
  return {
    seen: forgotten.size > 0 ? seen.filter((id) => !forgotten.has(id)) : seen,
    words: kept.length > 0 ? Object.fromEntries(kept) : undefined,
  };
}

function keyOf(kind: RemovedPart['kind'], id: string): string {
  return `${kind[0]}:${id}`;
}

/** What is kept of words: short ones as they are, of long ones a digest of their letters, which partners format now so, now so. */
function keptText(text: string): string {
  const plain = text.replace(/\s+/g, ' ').trim();
  return plain.length <= SHORT ? plain : `#${digest(bareWords(plain))}`;
}

/**
 * Words of what we wrote and have not read yet, which partners may show otherwise, and an id made when it was answered: what was read before need not
 * show it. Of what we edited also what it said before.
 */
type UnreadPart = [stamp: string, words: string, ...before: string[]];

function isUnread(said: Json): said is UnreadPart {
  return Array.isArray(said);
}

/** Was it written after a reading began? An answer to another write tells nothing of it either. */
function isWrittenLater(said: Json, readAt: string | undefined): boolean {
  return isUnread(said) && said[0] > (readAt ?? '');
}

function hasText(said: Json, text: string): boolean {
  const words = keptText(text);
  const kept = isUnread(said) ? said[1] : said;
  if (words === '' || typeof kept !== 'string') return kept === words;
  return (
    kept === words || (!kept.startsWith('#') && kept !== '' && bareWords(kept) === bareWords(text) && bareWords(text) !== '')
  );
}

/** A link that knows a comment or file of ours as it was written. `stamp`: an id made after the answer came. */
export function withWrittenPart(link: Link, kind: RemovedPart['kind'], id: string, says: string, stamp: string): Link {
  const words = { ...link.words, [keyOf(kind, id)]: [stamp, keptText(says)] };
  return { ...link, seen: [...link.seen, id], words: Object.fromEntries(Object.entries(words).slice(-WORDS)) };
}

/** A link that goes on knowing parts that are not shown any more, as another one knew them: they may be shown again, perhaps under other ids. */
export function withKnownParts(link: Link, before: Link, parts: readonly RemovedPart[]): Link {
  const known = parts.flatMap(({ kind, id }): [string, Json][] => {
    const said = before.words?.[keyOf(kind, id)];
    return said === undefined ? [] : [[keyOf(kind, id), said]];
  });
  return { ...link, words: { ...Object.fromEntries(known), ...link.words } };
}

/** A link of which a comment was edited by us (`says`: its words now), or a part taken away: what it shows then is no news. */
export function withCarriedEdit(
  link: Link,
  kind: RemovedPart['kind'],
  id: string,
  says: string | undefined,
  stamp: string,
): Link {
  const { [keyOf(kind, id)]: said, ...words } = link.words ?? {};
  if (says === undefined) return { ...link, words };
  const before = said !== undefined && isUnread(said) ? said[1] : said;
  const now: Json = [stamp, keptText(says), ...(typeof before === 'string' ? [before] : [])];
  return { ...link, words: { ...words, [keyOf(kind, id)]: now } };
}
