import type { GenericComment } from '../../model/message.js';
import type { WrittenPart } from '../endpoint.js';
import { containsText, showsText } from '../text-match.js';
import { type Attributes, entries, isoTime, textOf } from './attributes.js';
import type { TmfDialect } from './dialect.js';
import { entryIds } from './entry-ids.js';

/** So far a provider's clock and others' may be apart, milliseconds. */
const MAX_CLOCK_SKEW = 900_000;

/** Notes of ours have ids that say so, so that we know them again. */
export function noteId(comment: GenericComment): string {
  return `swb-${comment.id}`;
}

/** A note of a comment. */
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

/** The notes of a list. */
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
 * The entry of a list that was just written, by its id, else the last that is like it, of its author first, was not `seen` before and is no other one of
 * ours. `among`: those of the list that may be it.
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

/** It carries the id that we gave to another one. */
export function isAnotherOfOurs(entry: Attributes, ours: Attributes): boolean {
  return typeof entry.id === 'string' && entry.id.startsWith('swb-') && entry.id !== ours.id;
}

/**
 * A comment of ours among the notes, by its id, else, where the provider gives ids of its own, the same words since our first try, said by nobody
 * before, and by nobody else where it keeps the authors that are sent. `seen` are the ids of notes that were there then, or are others of ours.
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
    // What has no date, or is asked for since nobody knows when, may be it.
    !(Date.parse(isoTime(note.date) ?? '') < from);
  const notes = entries(resource.note);
  const found = writtenEntry(notes, { id: noteId(comment) }, seen, isLike);
  return found && { id: entryIds(notes).get(found) };
}

/** How the note of a comment is known where it was just written: few words may stand behind anything, in what alone is new. */
export function noteMatch(comment: GenericComment) {
  return {
    isLike: (note: Attributes) => hasWords(note, comment),
    mayBe: (note: Attributes) => containsText(textOf(note.text) ?? '', comment.text),
  };
}

/** Does a note show a comment's words? Under the comment's author also few words behind something that the provider puts in front. */
function hasWords(note: Attributes, comment: GenericComment): boolean {
  const text = textOf(note.text) ?? '';
  return showsText(text, comment.text) || (textOf(note.author) === authorOf(comment) && containsText(text, comment.text));
}

function authorOf({ author }: GenericComment): string {
  return author ?? 'Switchboard';
}
