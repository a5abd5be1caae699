import { type GenericMessage, ITEM_FIELDS, isCancellingState, type Json } from '../model/message.js';
import type { ConversationRecord, DeliveryRecord, Link } from '../store/store.js';
import { say } from '../text/say.js';
import type { DetectedChanges } from './correlate.js';
import { linkAt, withLink } from './correlate.js';
import type { EntityRequest } from './entity-request.js';
import { sameFingerprint } from './fingerprint.js';
import type { InboundMessage } from './inbound-message.js';
import { type ChangeOrigin, type PartyRules, ruleText, shownWins } from './ownership.js';

/** Our own write to the entity that a message is about. */
export interface CompetingWrite {
  delivery: DeliveryRecord;
  request: EntityRequest;
}

/** Two parties set one field to different values, neither aware of the other. */
export interface Conflict {
  /** The generic field. */
  name: string;
  /** The partner's own fields to which the competing write writes it. */
  fields: string[];
  competing: CompetingWrite;
  /** The partner's current value, and the value we wanted to write. */
  shown: Json;
  wanted: Json;
  /** The rule that decided the conflict, for display. */
  rule: string;
  /** The partner's value wins: it is sent to the other parties, and our write is dropped or reverted. */
  partnerWins: boolean;
}

/**
 * Finds the conflicts between a message and our current or recent writes to the same entity. Pure.
 * @param competing newest last
 * @param rules those of the party that sent the message
 * @param origin who made the change in the message, and when; `originOf` gives the same for a value of a competing write
 */
export function findConflicts(
  changes: DetectedChanges,
  { message, record, sources }: InboundMessage,
  competingWrites: readonly CompetingWrite[],
  rules: PartyRules,
  origin: ChangeOrigin,
  originOf: (write: CompetingWrite, name: string) => ChangeOrigin,
): Conflict[] {
  const fields = message.fields as Record<string, Json | undefined>;
  const overtaken = (changes.overtaken ?? []).map(({ name }) => name);
  const changedNames = [...(changes.message.changed ?? []), ...overtaken].filter(
    (name) => !ITEM_FIELDS.has(name) && !(changes.asMade ?? []).includes(name),
  );
  return changedNames.flatMap((name): Conflict[] => {
    const shown = fields[name];
    const written = ({ request }: CompetingWrite) =>
      request.changed.filter(
        (field) => (request.sources[field]?.includes(name) || sources[name]?.includes(field)) && field in record,
      );
    const differs =
      ({ request }: CompetingWrite) =>
      (field: string) =>
        !sameFingerprint(record[field], request.fields[field]);
    const competesOn = (write: CompetingWrite) => {
      const wanted = write.request.generic[name];
      return (
        wanted !== undefined &&
        !isCancellation(name, wanted) &&
        !sameFingerprint(wanted, shown) &&
        written(write).some(differs(write))
      );
    };
    const competing = competingWrites.findLast(competesOn);
    if (!competing || shown === undefined) return [];
    const wanted = competing.request.generic[name] as Json;
    const rule = rules.fields[name] ?? 'newest';
    const partnerWins = isCancellation(name, shown) || shownWins(name, rule, origin, originOf(competing, name));
    const ruleName = ruleText(name, rule, origin, originOf(competing, name));
    // All fields written from one value are restored together: a later write may have overwritten any of them.
    return [{ name, fields: written(competing), competing, shown, wanted, rule: ruleName, partnerWins }];
  });
}

/** A cancellation always wins, whatever the other party set at the same time. */
function isCancellation(name: string, value: Json): boolean {
  return name === 'state' && isCancellingState(value);
}

/** The detected changes without the fields that lost a conflict. */
export function resolveConflicts(
  changes: DetectedChanges,
  conflicts: readonly Conflict[],
  incoming: InboundMessage,
): DetectedChanges {
  if (conflicts.length === 0) return changes;
  const lost = new Set(conflicts.filter((c) => !c.partnerWins).map((c) => c.name));
  const won = conflicts.filter((c) => c.partnerWins).map((c) => c.name);
  const changed = [...new Set([...(changes.message.changed ?? []), ...won])].filter((name) => !lost.has(name));
  const { comments, attachments, removed = [] } = changes.message;
  const message: GenericMessage = { ...changes.message, changed };
  const hasChanges = changed.length + comments.length + attachments.length + removed.length > 0;
  const output = hasChanges || incoming.deleted ? 'update' : 'ignored';
  return { ...changes, message, output, ...(output === 'ignored' && { reason: conflictText(conflicts) }) };
}

/** Conflicts as text for people. */
export function conflictText(conflicts: readonly Pick<Conflict, 'name' | 'shown' | 'wanted' | 'rule' | 'partnerWins'>[]): string {
  return conflicts
    .map(({ name, shown, wanted, rule, partnerWins }) => {
      const [kept, dropped] = partnerWins ? [shown, wanted] : [wanted, shown];
      return say`Both sides changed ${name} at the same time: ${quoted(kept)} was kept, ${quoted(dropped)} was dropped (rule: ${rule}).`;
    })
    .join(' ');
}

function quoted(value: Json): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const short = text.length > 60 ? `${text.slice(0, 60)}…` : text;
  return say`"${short}"`;
}

/**
 * The request that writes the winning values back to the partner, in case our writes overwrote them. Values are the partner's
 * own.
 */
export function restoreRequest(conflicts: readonly Conflict[], { record }: InboundMessage): EntityRequest {
  const fields = [...new Set(conflicts.flatMap((conflict) => conflict.fields))];
  const namesOf = (field: string) => conflicts.filter((conflict) => conflict.fields.includes(field)).map(({ name }) => name);
  return {
    fields: Object.fromEntries(fields.map((field) => [field, record[field] as Json])),
    changed: fields,
    defaults: [],
    sources: Object.fromEntries(fields.map((field) => [field, namesOf(field)])),
    generic: Object.fromEntries(conflicts.map(({ name, shown }) => [name, shown])),
    edited: fields,
  };
}

/** Makes a delivery the newest writer of some fields, so that older deliveries no longer write them. */
export function withNewestWriter(
  latest: ConversationRecord,
  link: Link,
  fields: readonly string[],
  delivery: string,
): ConversationRecord {
  const now = linkAt(latest, link.endpoint, link.entityType, link.leg);
  if (!now) return latest;
  const writtenBy = { ...now.writtenBy, ...Object.fromEntries(fields.map((field) => [field, delivery])) };
  return withLink(latest, { ...now, writtenBy });
}
