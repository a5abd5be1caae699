import type { PartyRules } from '../conversation/ownership.js';
import type { GenericComment, Json, RemovedPart } from '../model/message.js';
import { say } from '../text/say.js';
import type { CarriedEdit, Leg } from './leg.js';

/** What an out node needs to know about a message beyond its payload. */
export interface SourceContext {
  /** Name of the endpoint that the message comes from. */
  from: string;
  /** The number, or id, of the entity there. */
  number: string;
  deleted?: boolean;
  removed?: RemovedPart[];
  /** Fields that may fill empty ones, but must not overwrite a value. */
  asMade?: string[];
  /** Time of the change by our own clock, epoch milliseconds. */
  at?: number;
}

/** Applies the rules of the receiving party to a leg: for its fields, and for edits and deletions at the source. Pure. */
export function applyPartyRules(leg: Leg, { fields, edits, deletions }: PartyRules, context: SourceContext): Leg {
  const { request } = leg;
  const sourcesOf = (name: string) => request.sources[name] ?? [];
  const rulesOf = (name: string) => sourcesOf(name).map((source) => fields[source]);
  const isProtected = (name: string) => rulesOf(name).some((rule) => rule === 'never' || rule === 'appendOnly');
  const asMade = new Set(context.asMade);
  const fills = Object.keys(request.fields).filter((name) => {
    const from = sourcesOf(name);
    return from.length > 0 && from.every((source) => asMade.has(source));
  });
  const isDeleted = context.deleted && deletions !== 'same';
  return {
    ...leg,
    request: {
      ...request,
      changed: isDeleted ? [] : request.changed.filter((name) => !isProtected(name)),
      defaults: [...new Set([...request.defaults, ...fills])],
      said: { endpoint: leg.from.endpoint, ...(context.at !== undefined && { at: context.at }) },
    },
    appended: request.changed
      .flatMap(sourcesOf)
      .filter((source, i, all) => fields[source] === 'appendOnly' && all.indexOf(source) === i)
      .flatMap((source) => appendNote(leg.message, source, request.generic[source])),
    comments: [
      ...leg.comments.flatMap((comment) =>
        comment.edits === undefined ? [comment] : edits === 'note' ? [editNote(comment)] : [],
      ),
      ...(context.deleted && deletions === 'note'
        ? [note(`deleted-${leg.message}`, `${context.number} was deleted at ${context.from}.`)]
        : []),
      ...(deletions === 'note' ? (context.removed ?? []).map((part) => removalNote(part, context)) : []),
    ],
    carriedEdits: [
      ...(edits === 'same' ? leg.comments.flatMap((comment) => carriedEdit(comment)) : []),
      ...(deletions === 'same' ? (context.removed ?? []).map((part) => ({ ...part, note: removalNote(part, context) })) : []),
    ],
  };
}

function carriedEdit(comment: GenericComment): CarriedEdit[] {
  const { edits: id } = comment;
  return id === undefined ? [] : [{ kind: 'comment', id, comment, note: editNote(comment) }];
}

function editNote(comment: GenericComment): GenericComment {
  return { ...comment, text: `Edited: ${comment.text}` };
}

function appendNote(message: string, field: string, value: Json | undefined): GenericComment[] {
  if (typeof value !== 'string' || value.trim() === '') return [];
  return [{ id: `field-${field}-${message}`, text: `${field}: ${value}`, visibility: 'public' }];
}

/** Says what was deleted, for a message whose deletions are not passed on; undefined where nothing was deleted. */
export function describeDeletion(context: SourceContext): string | undefined {
  if (context.deleted)
    return say`${context.number} was deleted at ${context.from}. The rules of the other parties do not pass deletions on.`;
  return context.removed?.map((part) => describeRemoval(part, context)).join(' ');
}

function describeRemoval({ kind, says }: RemovedPart, { from }: SourceContext): string {
  if (kind === 'comment') return says ? say`A comment was deleted at ${from}: ${says}` : say`A comment was deleted at ${from}.`;
  return says ? say`A file was deleted at ${from}: ${says}` : say`A file was deleted at ${from}.`;
}

/** The comment that tells another partner: in English, because it is written to its record. */

function removalNote({ kind, id, says }: RemovedPart, { from }: SourceContext): GenericComment {
  const what = kind === 'comment' ? 'A comment' : 'A file';
  return note(`${id}~deleted`, `${what} was deleted at ${from}${says ? `: ${says}` : '.'}`);
}

function note(id: string, text: string): GenericComment {
  return { id, text, visibility: 'public' };
}
