import { CANCELLING_STATES, type GenericMessage, ITEM_FIELDS, type Json, type State } from '../model/message.js';
import type { ConversationRecord, DeliveryRecord, Link } from '../store/store.js';
import type { DetectedChanges } from './correlate.js';
import { linkAt, withLink } from './correlate.js';
import type { EntityRequest } from './entity-request.js';
import { sameFingerprint } from './fingerprint.js';
import type { InboundMessage } from './inbound-message.js';
import { type ChangeOrigin, type PartyRules, ruleText, shownWins } from './ownership.js';

/** A write of ours to the entity that a message tells of. */
export interface CompetingWrite {
  delivery: DeliveryRecord;
  request: EntityRequest;
}

/** Two parties gave one field different values, neither knowing of the other's. */
export interface Conflict {
  /** The generic field. */
  name: string;
  /** The partner's own fields to which the rival writes it. */
  fields: string[];
  competing: CompetingWrite;
  /** What the partner shows, and what was to be written there. */
  shown: Json;
  wanted: Json;
  /** By which it was decided, in words. */
  rule: string;
  /** What is shown stands: it is told to the others, and what was to be written is not, or is undone. */
  partnerWins: boolean;
}

/**
 * The conflicts between what a message tells and what is being, or was just, written to the same entity. Pure.
 * `rivals`: newest last. `rules`: those of the party the message comes from. `said`: who says it, and when; of a rival likewise.
 */
export function findConflicts(
  news: DetectedChanges,
  { message, record, sources }: InboundMessage,
  rivals: readonly CompetingWrite[],
  rules: PartyRules,
  said: ChangeOrigin,
  saidOf: (rival: CompetingWrite) => ChangeOrigin,
): Conflict[] {
  const fields = message.fields as Record<string, Json | undefined>;
  const overtaken = (news.overtaken ?? []).map(({ name }) => name);
  const told = [...(news.message.changed ?? []), ...overtaken].filter(
    (name) => !ITEM_FIELDS.has(name) && !(news.asMade ?? []).includes(name),
  );
  return told.flatMap((name): Conflict[] => {
    const shown = fields[name];
    const written = ({ request }: CompetingWrite) =>
      request.changed.filter(
        (field) => (request.sources[field]?.includes(name) || sources[name]?.includes(field)) && field in record,
      );
    const differs =
      ({ request }: CompetingWrite) =>
      (field: string) =>
        !sameFingerprint(record[field], request.fields[field]);
    const isRival = (rival: CompetingWrite) => {
      const wanted = rival.request.generic[name];
      return (
        wanted !== undefined &&
        !isCancellation(name, wanted) &&
        !sameFingerprint(wanted, shown) &&
        written(rival).some(differs(rival))
      );
    };
    const rival = rivals.findLast(isRival);
    if (!rival || shown === undefined) return [];
    const wanted = rival.request.generic[name] as Json;
    const rule = rules.fields[name] ?? 'newest';
    const isRight = isCancellation(name, shown) || shownWins(name, rule, said, saidOf(rival));
    const words = ruleText(name, rule, said, saidOf(rival));
    // What one value is written to is one thing: a later write may have gone over any of it.
    return [{ name, fields: written(rival), competing: rival, shown, wanted, rule: words, partnerWins: isRight }];
  });
}

/** Whoever wants it cancelled is heard, whatever the others say at that moment. */
function isCancellation(name: string, value: Json): boolean {
  return name === 'state' && CANCELLING_STATES.includes(value as State);
}

/** The news once conflicts are decided: what stands is told, what does not is not. */
export function resolveConflicts(
  news: DetectedChanges,
  conflicts: readonly Conflict[],
  incoming: InboundMessage,
): DetectedChanges {
  if (conflicts.length === 0) return news;
  const lost = new Set(conflicts.filter((c) => !c.partnerWins).map((c) => c.name));
  const won = conflicts.filter((c) => c.partnerWins).map((c) => c.name);
  const changed = [...new Set([...(news.message.changed ?? []), ...won])].filter((name) => !lost.has(name));
  const { comments, attachments, removed = [] } = news.message;
  const message: GenericMessage = { ...news.message, changed };
  const isNews = changed.length + comments.length + attachments.length + removed.length > 0;
  const output = isNews || incoming.deleted ? 'update' : 'ignored';
  return { ...news, message, output, ...(output === 'ignored' && { reason: conflictText(conflicts) }) };
}

/** What was said, in words. */
export function conflictText(conflicts: readonly Pick<Conflict, 'name' | 'shown' | 'wanted' | 'rule' | 'partnerWins'>[]): string {
  return conflicts
    .map(({ name, shown, wanted, rule, partnerWins: stands }) => {
      const [stood, fell] = stands ? [shown, wanted] : [wanted, shown];
      return `Both sides changed ${name} at once: ${quoted(stood)} stands, ${quoted(fell)} does not (rule: ${rule}).`;
    })
    .join(' ');
}

function quoted(value: Json): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return `«${text.length > 60 ? `${text.slice(0, 60)}…` : text}»`;
}

/** What has to be written so that the partner has what stands, if writes of ours went over it. Values are the partner's own. */
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

/** The conversation in which a newer delivery has the word on some fields: older ones do not write them any more. */
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
