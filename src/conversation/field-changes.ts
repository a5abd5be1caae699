import { showsText } from '../endpoints/text-match.js';
import { sameChoice } from '../model/choice.js';
import { type GenericMessage, ITEM_FIELDS, type Json, type State } from '../model/message.js';
import type { Link } from '../store/store.js';
import type { EchoGuard } from './echo-guard.js';
import { fingerprint, isLastKnown, sameFingerprint } from './fingerprint.js';
import type { InboundMessage } from './inbound-message.js';

/** A field that the partner set while our own write to it was being answered, so that its current value is unknown. */
export interface OvertakenField {
  /** The generic field. */
  name: string;
  /** The partner's own field. */
  field: string;
}

export interface FieldChanges {
  /** Generic fields that changed. */
  changed: string[];
  /**
   * Of these, fields that only show how our new entity was created: they may fill empty fields of other parties but overwrite
   * nothing.
   */
  asMade: string[];
  overtaken: OvertakenField[];
  /** The entity has to be read again: it may have changed after the reading. */
  rereadNeeded: boolean;
  /** Is the reading older than our last write of a raw field? */
  isOutdated: (field: string) => boolean;
}

/** The progress of each state. The initial state of a new entity must not count as a step back. */
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
 * Finds the fields that changed in a reading: those whose raw value differs from the last known one (comparing canonical values
 * would hide changes that map to the same value), unless our own write in progress sets that value, or the reading is older than
 * our last write. Pure.
 */
export function detectFieldChanges(link: Link, incoming: InboundMessage, guard: EchoGuard): FieldChanges {
  const { record, message } = incoming;
  const isOutdated = outdatedFields(link, incoming, guard.isOlder);
  const isMissed = missedWrites(link, incoming, guard.isOlder);
  // Every source field has to show what we send: one of them may have been changed since.
  const isOurs = (field: string, from: string[]) =>
    guard.inFlight.some(
      (w) => field in w.fields && from.every((f) => !(f in w.fields) || showsSentValue(record[f], w.fields[f])),
    );
  // An empty field that was not sent has not changed.
  const differs = (field: string, from: string[]) =>
    !sameFingerprint(link.raw[field] ?? '', record[field]) && !isOurs(field, from);
  const changed: string[] = [];
  const asMade: string[] = [];
  const overtaken: OvertakenField[] = [];
  let again = false;
  for (const [name, value] of Object.entries(message.fields) as [string, Json | undefined][]) {
    const fields = fieldsOf(name, incoming, link);
    const made = link.made !== undefined && !ITEM_FIELDS.has(name);
    if (value === undefined) continue;
    const outdated = fields.some(isOutdated);
    const unsent = outdated || incoming.answerTo !== undefined ? undefined : link.unsent?.[name];
    if (unsent !== undefined && isReadAfter(unsent, incoming)) {
      changed.push(name);
      continue;
    }
    again ||= unsent !== undefined;
    if (isLastKnown(link.lastKnown, name, value)) continue;
    if (
      made &&
      name === 'state' &&
      !outdated &&
      isFurtherAlong(link, message) &&
      !fields.every((field) => isOurs(field, fields))
    ) {
      changed.push(name);
      continue;
    }
    const differing = fields.filter((field) => differs(field, fields));
    if (differing.length === 0) continue;
    if (outdated || differing.some(isMissed)) {
      // A value from before our write means a late reading, unless it was reverted since; so does a version no newer than the
      // last reading.
      const field = differing.find((f) => link.ourWrites?.[f] && !sameFingerprint(link.ourWrites[f].before, record[f]));
      again ||= !outdated || isReadSince(link, incoming, guard.isOlder);
      if (field && !ITEM_FIELDS.has(name) && guard.isOlder(link.entityVersion, message.source.version))
        overtaken.push({ name, field });
      continue;
    }
    changed.push(name);
    if (made && (link.made === 'sent' || !differing.some((field) => field in link.raw))) asMade.push(name);
  }
  return { changed, asMade, overtaken, rereadNeeded: again, isOutdated };
}

/**
 * The partner's fields that hold a generic field: those it is read from, and those we have just written it to, if the record
 * shows them.
 */
export function fieldsOf(name: string, { sources, record }: InboundMessage, { ourWrites = {} }: Link): string[] {
  const written = Object.keys(ourWrites).filter((field) => ourWrites[field]?.of?.includes(name) && field in record);
  return [...new Set([...(sources[name] ?? []), ...written])];
}

/** Did the reading begin after `stamp`, an id made at some event? */
export function isReadAfter(stamp: string, { readAt }: Pick<InboundMessage, 'readAt'>): boolean {
  return readAt !== undefined && readAt > stamp;
}

/** Is a new entity further along than requested? Then a user or a rule at the partner has picked it up. */
function isFurtherAlong(link: Link, { fields }: GenericMessage): boolean {
  const asked = link.lastKnown.state as State | undefined;
  if (asked === undefined || fields.state === undefined) return false;
  return stepOf(fields.state) > stepOf(asked);
}

function stepOf(state: State): number {
  return STEPS[state] ?? LAST_STEP;
}

/** Does a field show the value we sent, exactly or as partners store choices and texts: cut, wrapped or escaped? */
export function showsSentValue(shown: Json | undefined, sent: Json | undefined): boolean {
  if (sameFingerprint(fingerprint(sent), shown)) return true;
  if (typeof shown !== 'string' || typeof sent !== 'string' || shown === '') return false;
  return sameChoice(shown, sent) || showsText(shown, sent);
}

/**
 * Tests whether a reading is older than our last write of a raw field. For an answer, the order of our writes decides, because
 * versions may have a resolution of only one second; and what was read since the write was queued may be newer than its answer.
 */
function outdatedFields(link: Link, incoming: InboundMessage, isOlder: EchoGuard['isOlder']): (field: string) => boolean {
  const { message, answerTo } = incoming;
  if (isReadSince(link, incoming, isOlder)) return () => true;
  const writtenLater = (field: string) => answerTo !== undefined && (link.writtenBy[field] ?? '') > answerTo;
  return (field) => isOlder(message.source.version, link.writtenVersion?.[field]) || writtenLater(field);
}

/**
 * Whether the entity was read after the write that a message answers was queued, and no version says that the answer is newer: an
 * answer may wait for its out node, or be on its way for long.
 */
function isReadSince(
  { readAt = '', entityVersion }: Link,
  { message, answerTo }: InboundMessage,
  isOlder: EchoGuard['isOlder'],
): boolean {
  return answerTo !== undefined && readAt > answerTo && !isOlder(entityVersion, message.source.version);
}

/**
 * Tests whether our write of a raw field was answered after the reading began: the reading may have missed it, unless its version
 * is newer.
 */
export function missedWrites(
  { ourWrites = {}, writtenVersion = {} }: Link,
  { readAt, answerTo, message }: InboundMessage,
  isOlder: EchoGuard['isOlder'],
): (field: string) => boolean {
  return (field) =>
    answerTo === undefined &&
    readAt !== undefined &&
    (ourWrites[field]?.stamp ?? '') > readAt &&
    !isOlder(writtenVersion[field], message.source.version);
}
