import { showsText } from '../endpoints/text-match.js';
import { type GenericMessage, ITEM_FIELDS, type Json, type State } from '../model/message.js';
import type { Link } from '../store/store.js';
import type { EchoGuard, Incoming } from './correlate.js';
import { imprint, isShadowed, sameImprint } from './fingerprint.js';

/** A field whose value the partner set while a write of ours to it was being answered: which of the two stands there now is not known. */
export interface Overtaken {
  /** The generic field. */
  name: string;
  /** The partner's own. */
  field: string;
}

export interface FieldNews {
  /** Generic fields that are news. */
  changed: string[];
  /** Of these, those that only show what a new entity of ours was made of: they may fill what is empty elsewhere, and overwrite nothing. */
  asMade: string[];
  overtaken: Overtaken[];
  /** The entity has to be read again: it may have been changed after what was read. */
  again: boolean;
  /** Of a raw field: the reading is older than our last write of it. */
  isOutdated: (field: string) => boolean;
}

/** How far a matter has come. What a partner begins a new entity with is no step back. */
const STEPS: Partial<Record<State, number>> = {
  draft: 0,
  acknowledged: 1,
  inProgress: 2,
  pending: 2,
  held: 2,
  assessingCancellation: 2,
  pendingCancellation: 2,
  resolved: 3,
};
const LAST_STEP = 4;

/**
 * Which fields of a reading are news: those whose own value differs from the last one known (so a value that merely maps to the same canonical one
 * is not), unless a write of ours under way brings just that value, or the reading is older than our last write of it. Pure.
 */
export function fieldNews(link: Link, incoming: Incoming, guard: EchoGuard): FieldNews {
  const { record, message } = incoming;
  const isOutdated = outdatedIn(link, incoming, guard.isOlder);
  const isMissed = missedIn(link, incoming, guard.isOlder);
  // All that a value stands in has to show what we send: somebody may have changed a part of it since.
  const isOurs = (field: string, from: string[]) =>
    guard.inFlight.some((w) => field in w.fields && from.every((f) => !(f in w.fields) || isSent(record[f], w.fields[f])));
  // What was not sent and is empty is as it was.
  const differs = (field: string, from: string[]) => !sameImprint(link.raw[field] ?? '', record[field]) && !isOurs(field, from);
  const changed: string[] = [];
  const asMade: string[] = [];
  const overtaken: Overtaken[] = [];
  let again = false;
  for (const [name, value] of Object.entries(message.fields) as [string, Json | undefined][]) {
    const from = fieldsOf(name, incoming, link);
    const made = link.made !== undefined && !ITEM_FIELDS.has(name);
    if (value === undefined) continue;
    const outdated = from.some(isOutdated);
    const untold = outdated || incoming.answerTo !== undefined ? undefined : link.untold?.[name];
    if (untold !== undefined && isReadAfter(untold, incoming)) {
      changed.push(name);
      continue;
    }
    again ||= untold !== undefined;
    if (isShadowed(link.shadow, name, value)) continue;
    if (made && name === 'state' && !outdated && isFurther(link, message) && !from.every((field) => isOurs(field, from))) {
      changed.push(name);
      continue;
    }
    const differing = from.filter((field) => differs(field, from));
    if (differing.length === 0) continue;
    if (outdated || differing.some(isMissed)) {
      // What shows what was there before we wrote is late, unless it was set back since; what is no newer than the last reading is only late.
      const field = differing.find((f) => link.ourWrites?.[f] && !sameImprint(link.ourWrites[f].before, record[f]));
      again ||= !outdated;
      if (field && !ITEM_FIELDS.has(name) && guard.isOlder(link.entityVersion, message.source.version))
        overtaken.push({ name, field });
      continue;
    }
    changed.push(name);
    if (made && (link.made === 'told' || !differing.some((field) => field in link.raw))) asMade.push(name);
  }
  return { changed, asMade, overtaken, again, isOutdated };
}

/** The partner's own fields in which a generic one stands: those it is read from, and those we have just written it to, as far as they are shown. */
export function fieldsOf(name: string, { sources, record }: Incoming, { ourWrites = {} }: Link): string[] {
  const written = Object.keys(ourWrites).filter((field) => ourWrites[field]?.of?.includes(name) && field in record);
  return [...new Set([...(sources[name] ?? []), ...written])];
}

/** Was it read after something was found, `stamp` an id made then? */
export function isReadAfter(stamp: string, { readAt }: Pick<Incoming, 'readAt'>): boolean {
  return readAt !== undefined && readAt > stamp;
}

/** A new entity is further along than it was asked to be: somebody there, or a rule, has taken it on. */
function isFurther(link: Link, { fields }: GenericMessage): boolean {
  const asked = link.shadow.state as State | undefined;
  if (asked === undefined || fields.state === undefined) return false;
  return stepOf(fields.state) > stepOf(asked);
}

function stepOf(state: State): number {
  return STEPS[state] ?? LAST_STEP;
}

/** Does a field show what we sent, as it is or as partners keep texts: cut, wrapped, escaped? */
export function isSent(shown: Json | undefined, sent: Json | undefined): boolean {
  if (sameImprint(imprint(sent), shown)) return true;
  return typeof shown === 'string' && typeof sent === 'string' && shown !== '' && showsText(shown, sent);
}

/**
 * Tells of a raw field whether a reading is older than our last write of the field: it shows what we have overwritten since. Versions do not
 * tell that of an answer where they have the grain of a second; the order of our writes does.
 */
function outdatedIn(link: Link, { message, answerTo }: Incoming, isOlder: EchoGuard['isOlder']): (field: string) => boolean {
  const writtenLater = (field: string) => answerTo !== undefined && (link.writtenBy[field] ?? '') > answerTo;
  return (field) => isOlder(message.source.version, link.writtenVersion?.[field]) || writtenLater(field);
}

/** Tells of a raw field whether a write of ours was answered after the reading began: the reading may have missed it, unless its version is newer. */
export function missedIn(
  { ourWrites = {}, writtenVersion = {} }: Link,
  { readAt, answerTo, message }: Incoming,
  isOlder: EchoGuard['isOlder'],
): (field: string) => boolean {
  return (field) =>
    answerTo === undefined &&
    readAt !== undefined &&
    (ourWrites[field]?.stamp ?? '') > readAt &&
    !isOlder(writtenVersion[field], message.source.version);
}
