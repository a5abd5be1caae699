import type { PartyRules } from '../conversation/ownership.js';
import type { GenericComment, Json, RemovedPart } from '../model/message.js';
import type { Leg } from './outbox.js';

/** What a message tells that does not stand in the payload made of it. */
export interface Told {
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
export function carried(leg: Leg, { fields, edits, deletions }: PartyRules, told: Told): Leg {
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
      ...leg.comments.flatMap((comment) => {
        if (comment.edits === undefined) return [comment];
        return edits === 'nothing' ? [] : [{ ...comment, text: `Edited: ${comment.text}` }];
      }),
      ...(deletions === 'nothing' ? [] : deletionNotes(leg, told)),
    ],
  };
}

function appended(message: string, field: string, value: Json | undefined): GenericComment[] {
  if (typeof value !== 'string' || value.trim() === '') return [];
  return [{ id: `field-${field}-${message}`, text: `${field}: ${value}`, visibility: 'public' }];
}

function deletionNotes({ message }: Leg, { from, number, deleted, removed = [] }: Told): GenericComment[] {
  const note = (id: string, text: string): GenericComment => ({ id, text, visibility: 'public' });
  return [
    ...(deleted ? [note(`deleted-${message}`, `${number} was deleted at ${from}.`)] : []),
    ...removed.map(({ kind, id, says }) =>
      note(`${id}~deleted`, `${kind === 'comment' ? 'A comment' : 'A file'} was deleted at ${from}${says ? `: ${says}` : '.'}`),
    ),
  ];
}
