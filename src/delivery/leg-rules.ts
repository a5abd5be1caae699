import type { PartyRules } from '../conversation/ownership.js';
import type { GenericComment, Json, RemovedPart } from '../model/message.js';
import type { Leg, PartChange } from './leg.js';

/** What a message tells that does not stand in the payload made of it. */
export interface SourceContext {
  /** Name of the endpoint it comes from. */
  from: string;
  /** The number, or id, of the entity there. */
  number: string;
  deleted?: boolean;
  removed?: RemovedPart[];
  /** Fields that may fill what is empty, and overwrite nothing. */
  asMade?: string[];
  /** When it changed by our own clock, epoch milliseconds. */
  at?: number;
}

/** A leg as the party it goes to wants it: by its rules for its fields, for what was edited and for what was deleted elsewhere. Pure. */
export function applyPartyRules(leg: Leg, { fields, edits, deletions }: PartyRules, told: SourceContext): Leg {
  const { request } = leg;
  const sourcesOf = (name: string) => request.sources[name] ?? [];
  const ruleOf = (name: string) => sourcesOf(name).map((source) => fields[source]);
  const isKept = (name: string) => ruleOf(name).some((rule) => rule === 'never' || rule === 'appendOnly');
  const asMade = new Set(told.asMade);
  const fills = Object.keys(request.fields).filter((name) => {
    const from = sourcesOf(name);
    return from.length > 0 && from.every((source) => asMade.has(source));
  });
  const gone = told.deleted && deletions !== 'same';
  return {
    ...leg,
    request: {
      ...request,
      changed: gone ? [] : request.changed.filter((name) => !isKept(name)),
      defaults: [...new Set([...request.defaults, ...fills])],
      said: { endpoint: leg.from.endpoint, ...(told.at !== undefined && { at: told.at }) },
    },
    appended: request.changed
      .flatMap(sourcesOf)
      .filter((source, i, all) => fields[source] === 'appendOnly' && all.indexOf(source) === i)
      .flatMap((source) => appended(leg.message, source, request.generic[source])),
    comments: [
      ...leg.comments.flatMap((comment) => (comment.edits === undefined ? [comment] : edits === 'note' ? [edited(comment)] : [])),
      ...(told.deleted && deletions === 'note'
        ? [note(`deleted-${leg.message}`, `${told.number} was deleted at ${told.from}.`)]
        : []),
      ...(deletions === 'note' ? (told.removed ?? []).map((part) => removal(part, told)) : []),
    ],
    alike: [
      ...(edits === 'same' ? leg.comments.flatMap((comment) => alikeEdit(comment)) : []),
      ...(deletions === 'same' ? (told.removed ?? []).map((part) => ({ ...part, note: removal(part, told) })) : []),
    ],
  };
}

function alikeEdit(comment: GenericComment): PartChange[] {
  const { edits: id } = comment;
  return id === undefined ? [] : [{ kind: 'comment', id, comment, note: edited(comment) }];
}

function edited(comment: GenericComment): GenericComment {
  return { ...comment, text: `Edited: ${comment.text}` };
}

function appended(message: string, field: string, value: Json | undefined): GenericComment[] {
  if (typeof value !== 'string' || value.trim() === '') return [];
  return [{ id: `field-${field}-${message}`, text: `${field}: ${value}`, visibility: 'public' }];
}

/** What was taken away, in words, where nobody is told of it; undefined: nothing was. */
export function describeDeletion(told: SourceContext): string | undefined {
  if (told.deleted) return `${told.number} was deleted at ${told.from}: nothing is done elsewhere.`;
  return told.removed?.map((part) => removal(part, told).text).join(' ');
}

function removal({ kind, id, says }: RemovedPart, { from }: SourceContext): GenericComment {
  const what = kind === 'comment' ? 'A comment' : 'A file';
  return note(`${id}~deleted`, `${what} was deleted at ${from}${says ? `: ${says}` : '.'}`);
}

function note(id: string, text: string): GenericComment {
  return { id, text, visibility: 'public' };
}
