import type { Draft } from '../conversation/conversations.js';
import type { EntityRequest, FieldOrigin } from '../conversation/entity-request.js';
import { fingerprint, sameFingerprint } from '../conversation/fingerprint.js';
import { isFromOlderCopy } from '../conversation/store-memory.js';
import { ITEM_FIELDS, isCancellingState, type Json } from '../model/message.js';
import type { Change, DeliveryRecord, Link, Store } from '../store/store.js';

/** The most deliveries of a message that are looked through for one that is queued already. */
const MAX_PARTS = 10_000;

/** What is queued for a message, for all parties. */
export function deliveriesOf(store: Store, message: string): Promise<DeliveryRecord[]> {
  return store.listDeliveries({ message, limit: MAX_PARTS });
}

/**
 * Merges a new update into the last write of the entity that waits, if nothing is lost by it: changes both in the draft, so that they
 * are stored in one commit. The earlier one keeps its place, so that a record which changes all the time is written all the same.
 */
export async function mergeIntoWaiting(
  store: Store,
  earlier: DeliveryRecord,
  change: Extract<Change, { kind: 'delivery' }>,
  link: Link | undefined,
  draft: Draft,
): Promise<void> {
  const { record, bodies } = change;
  const isChanging = draft.changes.some((one) => one.kind === 'delivery' && one.record.id === earlier.id);
  if (isChanging || !canTakeUpdates(earlier, record) || isFromOlderCopy(earlier, store.memory)) return;
  const waiting = (await store.bodies('delivery', earlier.id)).request as EntityRequest | undefined;
  const request = waiting && mergedRequest(waiting, bodies?.request as EntityRequest, record.id, link);
  // A message that is emitted again has been merged already, and others may have been since.
  if (!request || (await isQueued(store, record))) return;
  const merged: DeliveryRecord = { ...earlier, newestMerged: record.id, updatedAt: record.createdAt };
  const unmerged = earlier.newestMerged === undefined && { unmerged: waiting };
  draft.changes.push({ kind: 'delivery', record: merged, bodies: { request, ...unmerged } });
  draft.open.splice(draft.open.indexOf(earlier), 1, merged);
  change.record = { ...record, state: 'merged', mergedInto: earlier.id, entityId: link?.id, number: link?.number };
}

async function isQueued(store: Store, { message, node, leg, part }: DeliveryRecord): Promise<boolean> {
  const deliveries = await deliveriesOf(store, message);
  return deliveries.some((one) => one.node === node && one.leg === leg && one.part === part);
}

/**
 * Whether an open delivery can still take the fields of a later update: it changes an existing entity, and certainly no attempt was
 * made. Its answer goes to one out node, so both must come from that node.
 */
export function canTakeUpdates(earlier: DeliveryRecord, later: DeliveryRecord): boolean {
  const isUntried = earlier.state === 'pending' && earlier.tries === 0 && earlier.attempts.length === 0;
  const isFree = !earlier.creates && earlier.waitsFor === undefined && later.waitsFor === undefined;
  const isSamePath = earlier.node === later.node && earlier.answers === later.answers && earlier.lane === later.lane;
  // One of the same message is not stored yet.
  return isUntried && isFree && isSamePath && earlier.version > 0;
}

/**
 * The request of an earlier update with the fields of a later one: one write with the result of both. Undefined where something
 * would be lost: every state and every change of order items is written by itself, since each of them counts; so is what a user
 * edited, and a field of which it is not known what it means. `link`: of the entity, if it exists. Pure.
 */
export function mergedRequest(
  earlier: EntityRequest,
  later: EntityRequest,
  laterDelivery: string,
  link: Link | undefined,
): EntityRequest | undefined {
  if (!isPlainUpdate(earlier, link?.raw ?? {}) || !isPlainUpdate(later, fingerprints(earlier.fields))) return undefined;
  if (differ('state', earlier, later)) return undefined;
  // A default does not replace a value.
  const isReplaced = (field: string) =>
    later.changed.includes(field) && !(later.defaults.includes(field) && earlier.changed.includes(field));
  const kept = earlier.changed.filter((field) => !isReplaced(field));
  const replaced = later.changed.filter(isReplaced);
  const keptValues = valuesOf(kept, earlier);
  // Two fields of one write are made from one value.
  if (valuesOf(replaced, later).some((name) => keptValues.includes(name) && differ(name, earlier, later))) return undefined;
  const origins: [string, FieldOrigin][] = [
    ...Object.entries(earlier.setBy ?? {}).filter(([field]) => kept.includes(field)),
    ...replaced.map((field): [string, FieldOrigin] => [field, { delivery: laterDelivery, said: later.said }]),
  ];
  return {
    ...later,
    fields: { ...later.fields, ...pick(earlier.fields, kept) },
    changed: [...kept, ...replaced],
    defaults: [...later.defaults.filter((field) => !kept.includes(field)), ...earlier.defaults.filter((f) => kept.includes(f))],
    sources: { ...later.sources, ...pick(earlier.sources, kept) },
    generic: { ...later.generic, ...pick(earlier.generic, keptValues) },
    said: earlier.said,
    setBy: Object.fromEntries(origins),
  };
}

/** Whether a request only sets fields of which nothing but the last value counts. `before`: fingerprints of the fields before it. */
function isPlainUpdate(request: EntityRequest, before: Record<string, Json>): boolean {
  const { changed, edited, generic, fields, sources } = request;
  if (edited?.length || isCancellingState(generic.state)) return false;
  return changed.every((field) => {
    const values = sources[field] ?? [];
    // The same state again is no change of it: an expression, for example, writes it with every update.
    const setsState = values.includes('state') && !sameFingerprint(before[field], fields[field]);
    return values.length > 0 && !setsState && !values.some((name) => ITEM_FIELDS.has(name));
  });
}

/** Whether two requests were made from different values of a generic field; false where one of them lacks it. */
function differ(name: string, { generic: a }: EntityRequest, { generic: b }: EntityRequest): boolean {
  return name in a && name in b && !sameFingerprint(fingerprint(a[name]), b[name]);
}

function fingerprints(fields: Record<string, Json>): Record<string, Json> {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, fingerprint(value)]));
}

/** The generic values that some fields were made from. */
function valuesOf(fields: readonly string[], { sources, generic }: EntityRequest): string[] {
  return [...new Set(fields.flatMap((field) => sources[field] ?? []))].filter((name) => name in generic);
}

function pick<T>(all: Record<string, T>, names: readonly string[]): Record<string, T> {
  return Object.fromEntries(names.filter((name) => name in all).map((name) => [name, all[name] as T]));
}
