import type { GenericComment } from '../../model/message.js';
import type { WrittenPart } from '../endpoint.js';
import { containsText, showsAfterPrefix, showsText } from '../text-match.js';
import { type Attributes, entries, isoTime, textOf } from './attributes.js';
import type { TmfDialect } from './dialect.js';
import { entryIds } from './entry-ids.js';

/** How far a provider's clock and other clocks may be apart, milliseconds. */
const MAX_CLOCK_SKEW = 900_000;

/** Our notes have recognisable ids. */
export function noteId(comment: GenericComment): string {
  return `swb-${comment.id}`;
}

/** The note for a comment. */
export function renderNote(comment: GenericComment, dialect: TmfDialect): Attributes {
  if (dialect.note === 'text') return { text: comment.text };
  if (dialect.note === 'typedText')
    return { '@type': comment.visibility === 'internal' ? 'work_notes' : 'comments', text: comment.text };
  return {
    ...(dialect.typed && { '@type': 'Note' }),
    id: noteId(comment),
    text: comment.text,
    author: authorOf(comment),
    ...(comment.at && { date: comment.at }),
  };
}

/** The comments in a list of notes. */
export function commentsOf(notes: readonly Attributes[], dialect: TmfDialect): GenericComment[] {
  return [...entryIds(notes)].map(([note, id]) => commentOf(note, id, dialect));
}

function commentOf(note: Attributes, id: string, dialect: TmfDialect): GenericComment {
  const words = textOf(note.text) ?? '';
  const at = dialect.note === 'typedText' ? undefined : isoTime(note.date); // ServiceNow's TMF621 gives it in another zone than the rest
  return {
    id,
    text: words,
    ...(textOf(note.author) && { author: textOf(note.author) }),
    ...(at && { at }),
    visibility: note['@type'] === 'work_notes' ? 'internal' : 'public',
  };
}

/**
 * The list entry that was just written: by its id, else the last new entry that is like it, preferably by its author. An entry is
 * new if it was not `seen` before and is not another one of ours. `among`: the entries that may be it.
 */
export function writtenEntry(
  list: readonly Attributes[],
  ours: Attributes,
  seen: readonly string[],
  isLike: (entry: Attributes) => boolean,
  among = list,
): Attributes | undefined {
  const ids = entryIds(list);
  const isNew = (entry: Attributes) => !seen.includes(ids.get(entry) ?? '') && !isAnotherOfOurs(entry, ours);
  const likely = among.filter((entry) => isNew(entry) && isLike(entry));
  const byUs = likely.filter(({ author }) => author !== undefined && author === ours.author);
  return among.find(({ id }) => id !== undefined && id === ours.id) ?? byUs.at(-1) ?? likely.at(-1);
}

/** Whether an entry carries the id of another entry of ours. */
export function isAnotherOfOurs(entry: Attributes, ours: Attributes): boolean {
  return typeof entry.id === 'string' && entry.id.startsWith('swb-') && entry.id !== ours.id;
}

/**
 * Our comment among the notes: by its id; or, where the provider assigns ids, a new note with the same text since our first
 * attempt, by the same author where the provider keeps authors. `seen`: ids of notes that existed then, or that are other notes
 * of ours.
 */
export function ourNote(
  resource: Attributes,
  comment: GenericComment,
  since: string,
  seen: readonly string[] = [],
  keepsAuthors = false,
): WrittenPart | undefined {
  const from = Date.parse(comment.at ?? since) - MAX_CLOCK_SKEW;
  const isLike = (note: Attributes) =>
    hasWords(note, comment) &&
    (!keepsAuthors || textOf(note.author) === authorOf(comment)) &&
    // A note without a date, or a search without a start time, cannot rule it out.
    !(Date.parse(isoTime(note.date) ?? '') < from);
  const notes = entries(resource.note);
  const found = writtenEntry(notes, { id: noteId(comment) }, seen, isLike);
  return found && { id: entryIds(notes).get(found) };
}

/**
 * How the note of a comment is recognised right after the write: a short text may be part of any note, so it only counts in the
 * only new one.
 */
export function noteMatch(comment: GenericComment) {
  return {
    isLike: (note: Attributes) => hasWords(note, comment),
    mayBe: (note: Attributes) => containsText(textOf(note.text) ?? '', comment.text),
  };
}

/** Whether a note shows a comment's text. Under the comment's author, a short text behind a prefix of the provider counts too. */
function hasWords(note: Attributes, comment: GenericComment): boolean {
  const text = textOf(note.text) ?? '';
  return (
    showsText(text, comment.text, comment.author) ||
    (textOf(note.author) === authorOf(comment) && showsAfterPrefix(text, comment.text))
  );
}

function authorOf({ author }: GenericComment): string {
  return author ?? 'Switchboard';
}
