import { SwitchboardError } from '../errors.js';
import type { Heap } from './heap.js';
import { type BodyRef, encodeRefs, type Held, holdRecord, type Keys, type Kind } from './held.js';
import type { LineBodies, LineChange } from './journal-line.js';
import type { Bodies, Change } from './store.js';

type Undo =
  | { kind: Kind; id: string; before: Held | undefined; after: Held | undefined }
  | { kind: 'setting'; key: string; before: string | undefined };

/** A commit applied to the heap, and what the journal has to keep of it. */
export interface Applied {
  /** The changes as JSON, for the journal. */
  parts: string[];
  bodies: Buffer[];
  /** Where the bodies are; `segment` and `offset` are completed once the journal has placed them. */
  refs: BodyRef[];
  /** The records that wait for that. */
  unplaced: Held[];
  undo: Undo[];
  /** The changes as they happened: new versions, without the ones left out. */
  happened: Change[];
  skipped: string[];
}

const nothing = (): Applied => ({ parts: [], bodies: [], refs: [], unplaced: [], undo: [], happened: [], skipped: [] });

/** Applies all changes of a commit to the heap, or none: throws SWB_CONFLICT or SWB_PAYLOAD and leaves the heap as it was. */
export function applyChanges(heap: Heap, changes: readonly Change[]): Applied {
  const applied = nothing();
  try {
    for (const change of changes) {
      if (change.kind === 'setting') applySetting(heap, change, applied);
      else applyRecord(heap, change, applied);
    }
  } catch (error) {
    takeBack(heap, applied.undo);
    throw error;
  }
  return applied;
}

/** Undoes applied changes; the youngest must be taken back first. */
export function takeBack(heap: Heap, undo: readonly Undo[]): void {
  for (let i = undo.length - 1; i >= 0; i--) {
    const step = undo[i]!;
    if (step.kind === 'setting') heap.putSetting(step.key, step.before);
    else {
      heap.put(step.kind, step.id, step.after, step.before);
      heap.discard(step.after, step.before);
    }
  }
}

/** Makes applied changes final: they can no longer be taken back. */
export function makeFinal(heap: Heap, undo: readonly Undo[]): void {
  for (const step of undo) if (step.kind !== 'setting') heap.discard(step.before, step.after);
}

function put(heap: Heap, step: Exclude<Undo, { kind: 'setting' }>, applied: Applied, keys?: Keys): void {
  const { kind, id, before, after } = step;
  applied.undo.push(step);
  if (after?.unplaced) applied.unplaced.push(after);
  heap.put(kind, id, before, after, keys);
}

function applySetting(heap: Heap, change: Extract<Change, { kind: 'setting' }>, applied: Applied): void {
  const text = change.value === undefined ? undefined : toJson(change.value, `setting "${change.key}"`);
  applied.undo.push({ kind: 'setting', key: change.key, before: heap.settings.get(change.key) });
  heap.putSetting(change.key, text);
  const value = text === undefined ? '' : `,"value":${text}`;
  applied.parts.push(`{"kind":"setting","key":${JSON.stringify(change.key)}${value}}`);
  applied.happened.push(change);
}

function applyRecord(heap: Heap, change: Exclude<Change, { kind: 'setting' }>, applied: Applied): void {
  const { kind, record } = change;
  const before = heap.get(kind, record.id);
  if (kind === 'conversation' && change.gone) {
    sameVersion(kind, record, before);
    put(heap, { kind, id: record.id, before, after: undefined }, applied);
    applied.parts.push(JSON.stringify({ kind: 'removed', of: kind, id: record.id } satisfies LineChange));
    applied.happened.push(change);
    return;
  }
  const kept = { ...record, version: record.version + 1 };
  const text = toJson(kept, `${kind} ${record.id}`);
  const keys = heap.keysOver(before, kind, kept);
  for (const key of keys.unique) {
    const owner = before && heap.has(before, key) ? record.id : heap.ownerOf(kind, key);
    if (owner !== undefined && kind !== 'conversation' && change.ifAbsent) {
      applied.skipped.push(record.id);
      return;
    }
    if (owner === undefined || owner === record.id) continue;
    throw conflict(`${kind} ${record.id} has a key (${key.split('\u0000').join(' / ')}) that belongs to ${kind} ${owner}.`);
  }
  sameVersion(kind, record, before);
  const bodies = kind === 'conversation' ? [] : bodiesAsJson(change.bodies, `${kind} ${record.id}`);
  const after = holdRecord(kind, kept, heap.slabs.put(text), before?.refs ?? 0);
  after.unplaced = before?.unplaced;
  const names = addBodies(heap, before, after, bodies, applied);
  put(heap, { kind, id: record.id, before, after }, applied, keys);
  applied.parts.push(`{"kind":"${kind}","record":${text}${names.length > 0 ? `,"bodies":${JSON.stringify(names)}` : ''}}`);
  applied.happened.push({ ...change, record: kept } as Change);
}

/** The optimistic lock. */
function sameVersion(kind: Kind, { id, version }: { id: string; version: number }, before: Held | undefined): void {
  if ((before?.version ?? 0) === version) return;
  throw conflict(
    before
      ? `${kind} ${id} is at version ${before.version}, the change was made from version ${version}.`
      : `${kind} ${id} is not there, the change was made from version ${version}.`,
  );
}

interface NamedBody {
  name: string;
  bytes: Buffer;
}

function bodiesAsJson(bodies: Bodies | undefined, owner: string): NamedBody[] {
  return Object.entries(bodies ?? {})
    .filter(([, body]) => body !== undefined)
    .map(([name, body]) => ({ name, bytes: Buffer.from(toJson(body, `body "${name}" of ${owner}`)) }));
}

/** Gives a held record bodies that come next in the line, beside those of other names that it has. */
function addBodies(
  heap: Heap,
  before: Held | undefined,
  after: Held,
  bodies: readonly NamedBody[],
  applied: Applied,
): LineBodies {
  if (bodies.length === 0) return [];
  const others = heap.refs(before).filter((ref) => !bodies.some(({ name }) => name === ref.name));
  after.unplaced = [...others];
  after.refs = 0;
  for (const { name, bytes } of bodies) {
    const last = applied.refs.at(-1);
    const ref: BodyRef = { name, segment: 0, offset: last ? last.offset + last.length : 0, length: bytes.length };
    after.unplaced.push(ref);
    applied.refs.push(ref);
    applied.bodies.push(bytes);
  }
  return bodies.map(({ name, bytes }) => [name, bytes.length]);
}

/** Notes where the bodies of an applied commit are, given the place of the first. */
export function placeBodies(heap: Heap, applied: Applied, segment: number, start: number): void {
  for (const ref of applied.refs) {
    ref.segment = segment;
    ref.offset += start;
  }
  for (const held of applied.unplaced) {
    held.refs = heap.slabs.put(encodeRefs(held.unplaced!));
    held.unplaced = undefined;
  }
}

/** Removes records, for retention. */
export function applyRemovals(heap: Heap, removals: readonly { of: Kind; id: string }[]): Applied {
  const applied = nothing();
  for (const { of, id } of removals) {
    put(heap, { kind: of, id, before: heap.get(of, id), after: undefined }, applied);
    applied.parts.push(JSON.stringify({ kind: 'removed', of, id } satisfies LineChange));
  }
  return applied;
}

/** Gives a record's bodies a new place, for retention. */
export function applyMove(heap: Heap, of: 'message' | 'delivery', id: string, bodies: readonly NamedBody[]): Applied {
  const applied = nothing();
  const before = heap.get(of, id)!;
  const after: Held = { ...before };
  const names = addBodies(heap, before, after, bodies, applied);
  put(heap, { kind: of, id, before, after }, applied);
  applied.parts.push(JSON.stringify({ kind: 'moved', of, id, bodies: names } satisfies LineChange));
  return applied;
}

function toJson(value: unknown, what: string): string {
  let cause: unknown;
  try {
    const text = JSON.stringify(value);
    if (text !== undefined) return text;
  } catch (error) {
    cause = error;
  }
  throw new SwitchboardError('SWB_PAYLOAD', `The ${what} cannot be kept, because it is not JSON.`, {
    hint: 'Pass plain objects, arrays, strings, numbers and booleans, without references in a circle.',
    cause,
  });
}

function conflict(what: string): SwitchboardError {
  return new SwitchboardError('SWB_CONFLICT', what, { hint: 'Read it again and make the change from what is there now.' });
}
