import { comparableText, containsText, showsText } from '../endpoints/text-match.js';
import type { GenericAttachment, GenericComment, Json, RemovedPart } from '../model/message.js';
import type { ConversationRecord, Link } from '../store/store.js';
import type { Incoming } from './correlate.js';
import { attachmentMark, commentMark, digest } from './fingerprint.js';

/** Comments and files of a link whose words are remembered, the newest. */
const WORDS = 5_000;
/** Characters of words that are kept as they are. */
const SHORT = 64;
/** Ids remembered of parts that are not shown any more. A long memory of little use, and a bound all the same. */
const NOT_SHOWN = 20_000;

/** A comment or a file of ours that may be there, although its answer was lost. */
export interface PartInDoubt {
  /** The delivery that writes it. */
  delivery: string;
  comment?: GenericComment;
  attachment?: GenericAttachment;
}

export interface PartNews {
  comments: GenericComment[];
  attachments: GenericAttachment[];
  removed: RemovedPart[];
  /** Deliveries in doubt whose part is shown: to be looked for at once. */
  found: string[];
  /** Some of it may be a part in doubt: it is told, or not, by a reading once that is known. */
  waits: boolean;
  /** Marks of what came back. */
  used: string[];
  /** The link's memory once these are known. */
  remembered: (latest: Link) => Pick<Link, 'seen' | 'words'>;
}

export interface PartGuard {
  /** The user we write as at this endpoint. */
  integrationUser?: string;
  inDoubt?: PartInDoubt[];
}

/**
 * Which comments and files are news: those whose id was not seen, and that are not ours: written by our own user, shown for a write of ours that is in
 * doubt, or bearing the mark of one that the partner never showed. Of those that were seen, which say something else now, and which are gone. Pure.
 */
export function partNews(conversation: ConversationRecord, link: Link, incoming: Incoming, guard: PartGuard): PartNews {
  const { message } = incoming;
  const marks = [...conversation.written];
  const used: string[] = [];
  const found = new Set<string>();
  // What may be one in doubt is noted when its delivery has looked for it: until then nobody knows whose it is.
  const waiting = new Set<string>();
  const seen = new Set(link.seen);
  const vanished = missing(link, incoming);
  // Ours that was written after this reading began may be shown as it was before the partner numbered it anew: another reading tells whose it is.
  const later = laterOnes(link, incoming).filter(([key]) => key[0] === 'c');
  const isUnclear = ({ id, text }: GenericComment) => {
    if (!later.some(([, said]) => isSaid(said, text))) return false;
    waiting.add(id);
    return true;
  };
  const commentsInDoubt = (guard.inDoubt ?? []).filter(({ comment }) => comment);
  const filesInDoubt = (guard.inDoubt ?? []).filter(({ attachment }) => attachment);
  // Some partners number their notes anew: what says the same as one that is not shown any more is that one.
  const isRenumbered = (kind: RemovedPart['kind'], says: string) => {
    const at = vanished.findIndex(([key, said]) => key[0] === kind[0] && isSaid(said, says));
    if (at >= 0) vanished.splice(at, 1);
    return at >= 0;
  };
  const isUs = (author: string | undefined) => guard.integrationUser !== undefined && author === guard.integrationUser;
  const byUs = (author: string | undefined, given: string | undefined) =>
    guard.integrationUser === undefined || author === undefined || author === guard.integrationUser || author === given;
  const waits = (id: string, author: string | undefined, inDoubt: PartInDoubt[], fit: (doubt: PartInDoubt) => Fit) => {
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
      !waits(c.id, c.author, commentsInDoubt, ({ comment }) =>
        comment && byUs(c.author, comment.author) && isShown(c, comment) ? 'likely' : 'no',
      ) &&
      !isOurs(c.author, commentMark(link.endpoint, c)),
  );
  const attachments = message.attachments.filter(
    (a) =>
      !seen.has(a.id) &&
      !isRenumbered('attachment', a.name) &&
      !waits(a.id, a.author, filesInDoubt, ({ attachment }) =>
        attachment && byUs(a.author, attachment.author) ? fileFit(a, attachment) : 'no',
      ) &&
      !isOurs(a.author, attachmentMark(link.endpoint, a)),
  );
  // An answer to a write need not show all there is.
  const whole = incoming.answerTo === undefined && !incoming.deleted;
  return {
    comments: [...comments, ...(whole ? edited(link, incoming) : [])],
    attachments,
    removed: whole ? vanished.filter(([, said]) => !isUnread(said)).map(removedPart) : [],
    found: [...found],
    waits: waiting.size > 0,
    used,
    remembered: (latest) => remembered(latest, incoming, waiting, whole),
  };
}

/** Under the author that was sent also few words behind what a partner puts in front. */
function isShown(shown: GenericComment, ours: GenericComment): boolean {
  const sameAuthor = shown.author !== undefined && shown.author === ours.author;
  return showsText(shown.text, ours.text) || (sameAuthor && containsText(shown.text, ours.text));
}

/** How well something that is shown fits something of ours in doubt. */
type Fit = 'likely' | 'possible' | 'no';

/** Files are renamed, and not all partners tell the size: possible is what nothing speaks against. */
function fileFit(shown: GenericAttachment, ours: GenericAttachment): Fit {
  if (shown.hash !== undefined && ours.hash !== undefined) return shown.hash === ours.hash ? 'likely' : 'no';
  const isSized = shown.size !== undefined && ours.size !== undefined;
  if (isSized && shown.size !== ours.size) return 'no';
  return isSized || shown.name === ours.name ? 'likely' : 'possible';
}

/** Comments that say something else than when they were last shown, as new ones that say which they are. */
function edited({ words = {} }: Link, { message, readAt }: Incoming): GenericComment[] {
  return message.comments
    .filter((c) => {
      const said = words[keyOf('comment', c.id)];
      if (said === undefined) return false;
      return isUnread(said) ? !isLater(said, readAt) && isSetBack(said, c.text) : !isSaid(said, c.text);
    })
    .map(asEdited);
}

/** Does a comment that we have edited say what it said before? Copies that are behind show that, too. */
export function isAsBefore({ words = {} }: Link, { id, text }: GenericComment): boolean {
  const said = words[keyOf('comment', id)];
  return said !== undefined && isUnread(said) && isSetBack(said, text);
}

function isSetBack([, words, before]: Unread, text: string): boolean {
  return before !== undefined && isSaid(before, text) && !isSaid(words, text);
}

/** The edited comments among those of a reading that were found before, by the ids they were given. */
export function editedAs(comments: GenericComment[], ids: readonly string[]): GenericComment[] {
  return comments.map(asEdited).filter(({ id }) => ids.includes(id));
}

function asEdited(comment: GenericComment): GenericComment {
  return { ...comment, id: `${comment.id}~${digest(comment.text)}`, edits: comment.id };
}

/** What was shown, or was written by us before this was read, and is not shown now. */
function missing(link: Link, incoming: Incoming): [string, Json][] {
  return unshown(link, incoming).filter(([, said]) => !isLater(said, incoming.readAt));
}

/** What was written by us after this reading began, and is not shown by its id; an answer to another write tells nothing of it. */
function laterOnes(link: Link, incoming: Incoming): [string, Json][] {
  if (incoming.readAt === undefined) return [];
  return unshown(link, incoming).filter(([, said]) => isLater(said, incoming.readAt));
}

function unshown({ words = {} }: Link, { message }: Incoming): [string, Json][] {
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

function remembered(
  link: Link,
  { message, readAt }: Incoming,
  waiting: ReadonlySet<string>,
  whole: boolean,
): Pick<Link, 'seen' | 'words'> {
  const shown = [...message.comments, ...message.attachments].map(({ id }) => id).filter((id) => !waiting.has(id));
  const there = new Set(shown);
  const others = link.seen.filter((id) => !there.has(id));
  // Kept in their order: the newest are the last.
  const known = new Set(link.seen);
  const seen = [...link.seen, ...shown.filter((id) => !known.has(id))];
  const forgotten = new Set(others.slice(0, -NOT_SHOWN));
  if (!whole) return { seen, words: link.words };
  const said: [string, Json][] = [
    ...message.comments.map((c): [string, Json] => [keyOf('comment', c.id), wordsOf(c.text)]),
    ...message.attachments.map((a): [string, Json] => [keyOf('attachment', a.id), wordsOf(a.name)]),
  ];
  // What only events tell is not part of the entity.
  const later = Object.entries(link.words ?? {}).filter(([, words]) => isLater(words, readAt));
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
function wordsOf(text: string): string {
  const plain = text.replace(/\s+/g, ' ').trim();
  return plain.length <= SHORT ? plain : `#${digest(comparableText(plain))}`;
}

/**
 * Words of what we wrote and have not read yet, which partners may show otherwise, and an id made when it was answered: what was read before need not
 * show it. Of what we edited also what it said before.
 */
type Unread = [stamp: string, words: string, ...before: string[]];

function isUnread(said: Json): said is Unread {
  return Array.isArray(said);
}

/** Was it written after a reading began? An answer to another write tells nothing of it either. */
function isLater(said: Json, readAt: string | undefined): boolean {
  return isUnread(said) && said[0] > (readAt ?? '');
}

function isSaid(said: Json, text: string): boolean {
  const words = wordsOf(text);
  const kept = isUnread(said) ? said[1] : said;
  if (words === '' || typeof kept !== 'string') return kept === words;
  return (
    kept === words ||
    (!kept.startsWith('#') && kept !== '' && comparableText(kept) === comparableText(text) && comparableText(text) !== '')
  );
}

/** A link that knows a comment or file of ours as it was written. `stamp`: an id made after the answer came. */
export function withWritten(link: Link, kind: RemovedPart['kind'], id: string, says: string, stamp: string): Link {
  const words = { ...link.words, [keyOf(kind, id)]: [stamp, wordsOf(says)] };
  return { ...link, seen: [...link.seen, id], words: Object.fromEntries(Object.entries(words).slice(-WORDS)) };
}

/** A link that goes on knowing parts that are not shown any more, as another one knew them: they may be shown again, perhaps under other ids. */
export function withKnown(link: Link, before: Link, parts: readonly RemovedPart[]): Link {
  const known = parts.flatMap(({ kind, id }): [string, Json][] => {
    const said = before.words?.[keyOf(kind, id)];
    return said === undefined ? [] : [[keyOf(kind, id), said]];
  });
  return { ...link, words: { ...Object.fromEntries(known), ...link.words } };
}

/** A link of which a comment was edited by us (`says`: its words now), or a part taken away: what it shows then is no news. */
export function withAlike(link: Link, kind: RemovedPart['kind'], id: string, says: string | undefined, stamp: string): Link {
  const { [keyOf(kind, id)]: said, ...words } = link.words ?? {};
  if (says === undefined) return { ...link, words };
  const before = said !== undefined && isUnread(said) ? said[1] : said;
  const now: Json = [stamp, wordsOf(says), ...(typeof before === 'string' ? [before] : [])];
  return { ...link, words: { ...words, [keyOf(kind, id)]: now } };
}
