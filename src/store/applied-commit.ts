import { SwitchboardError } from '../errors.js';
import { say } from '../text/say.js';
import type { LineBodies, LineChange } from './journal-line.js';
import type { MemoryState } from './memory-state.js';
import { type BodyRef, encodeRefs, type RecordEntry, type RecordKeys, type RecordKind, toEntry } from './record-entry.js';
import type { Bodies, Change } from './store.js';
import { assertTransition } from './transitions.js';

type UndoStep =
  | { kind: RecordKind; id: string; before: RecordEntry | undefined; after: RecordEntry | undefined }
  | { kind: 'setting'; key: string; before: string | undefined };

/** A commit applied in memory, and the data the journal needs to store it. */
export interface AppliedCommit {
  /** The changes as JSON, for the journal. */
  parts: string[];
  bodies: Buffer[];
  /** References of the bodies; `segment` and `offset` are completed when the journal has assigned their offsets. */
  refs: BodyRef[];
  /** The entries waiting for these offsets. */
  unplaced: RecordEntry[];
  undo: UndoStep[];
  /** The applied changes: with their new versions, without the skipped ones. */
  changes: Change[];
  skipped: string[];
  started: string[];
}

const emptyCommit = (): AppliedCommit => ({
  parts: [],
  bodies: [],
  refs: [],
  unplaced: [],
  undo: [],
  changes: [],
  skipped: [],
  started: [],
});

/** Applies all changes of a commit in memory, or none: throws SWB_CONFLICT or SWB_PAYLOAD and leaves the memory unchanged. */
export function applyChanges(memory: MemoryState, changes: readonly Change[]): AppliedCommit {
  const applied = emptyCommit();
  try {
    for (const change of changes) {
      if (change.kind === 'setting') applySetting(memory, change, applied);
      else applyRecord(memory, change, applied);
    }
  } catch (error) {
    rollBack(memory, applied.undo);
    throw error;
  }
  return applied;
}

/** Undoes applied changes; the newest commit must be rolled back first. */
export function rollBack(memory: MemoryState, undo: readonly UndoStep[]): void {
  for (let i = undo.length - 1; i >= 0; i--) {
    const step = undo[i]!;
    if (step.kind === 'setting') memory.putSetting(step.key, step.before);
    else {
      memory.put(step.kind, step.id, step.after, step.before);
      memory.discard(step.after, step.before);
    }
  }
}

/** Makes applied changes final: they can no longer be rolled back. */
export function finalise(memory: MemoryState, undo: readonly UndoStep[]): void {
  for (const step of undo) if (step.kind !== 'setting') memory.discard(step.before, step.after);
}

function put(memory: MemoryState, step: Exclude<UndoStep, { kind: 'setting' }>, applied: AppliedCommit, keys?: RecordKeys): void {
  const { kind, id, before, after } = step;
  applied.undo.push(step);
  if (after?.unplaced) applied.unplaced.push(after);
  memory.put(kind, id, before, after, keys);
}

function applySetting(memory: MemoryState, change: Extract<Change, { kind: 'setting' }>, applied: AppliedCommit): void {
  const text = change.value === undefined ? undefined : toJson(change.value, `setting "${change.key}"`);
  applied.undo.push({ kind: 'setting', key: change.key, before: memory.settings.get(change.key) });
  memory.putSetting(change.key, text);
  const value = text === undefined ? '' : `,"value":${text}`;
  applied.parts.push(`{"kind":"setting","key":${JSON.stringify(change.key)}${value}}`);
  applied.changes.push(change);
}

function applyRecord(memory: MemoryState, change: Exclude<Change, { kind: 'setting' }>, applied: AppliedCommit): void {
  const { kind } = change;
  const { id } = change.record;
  const before = memory.get(kind, id);
  const starts = kind === 'delivery' && change.start !== undefined && memory.lanes.isNext(change.record);
  const record = starts ? change.start! : change.record;
  if (kind === 'conversation' && change.gone) {
    checkVersion(kind, record, before);
    put(memory, { kind, id: record.id, before, after: undefined }, applied);
    applied.parts.push(JSON.stringify({ kind: 'removed', of: kind, id: record.id } satisfies LineChange));
    applied.changes.push(change);
    return;
  }
  const kept = { ...record, version: record.version + 1 };
  const text = toJson(kept, `${kind} ${record.id}`);
  const keys = memory.keysOfReplacement(before, kind, kept);
  for (const key of keys.unique) {
    const owner = before && memory.has(before, key) ? record.id : memory.ownerOf(kind, key);
    if (owner !== undefined && kind !== 'conversation' && change.ifAbsent) {
      applied.skipped.push(record.id);
      return;
    }
    if (owner === undefined || owner === record.id) continue;
    throw conflict(say`${kind} ${record.id} has a key (${key.split('\u0000').join(' / ')}) that belongs to ${kind} ${owner}.`);
  }
  checkVersion(kind, record, before);
  if (kind !== 'conversation') assertTransition(kind, record.id, before?.state, record.state);
  const bodies = kind === 'conversation' ? [] : bodiesAsJson(change.bodies, `${kind} ${record.id}`);
  const after = toEntry(kind, kept, memory.texts.put(text), before?.refs ?? 0);
  after.unplaced = before?.unplaced;
  const names = addBodies(memory, before, after, bodies, applied);
  put(memory, { kind, id: record.id, before, after }, applied, keys);
  if (starts && memory.lanes.lease(id)) applied.started.push(id);
  applied.parts.push(`{"kind":"${kind}","record":${text}${names.length > 0 ? `,"bodies":${JSON.stringify(names)}` : ''}}`);
  applied.changes.push({ ...change, record: kept } as Change);
}

/** The optimistic lock. */
function checkVersion(kind: RecordKind, { id, version }: { id: string; version: number }, before: RecordEntry | undefined): void {
  if ((before?.version ?? 0) === version) return;
  throw conflict(
    before
      ? say`${kind} ${id} is at version ${before.version}, the change was made from version ${version}.`
      : say`${kind} ${id} does not exist, the change was made from version ${version}.`,
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

/** Adds bodies, which follow next in the journal line, to an entry; its bodies with other names are kept. */
function addBodies(
  memory: MemoryState,
  before: RecordEntry | undefined,
  after: RecordEntry,
  bodies: readonly NamedBody[],
  applied: AppliedCommit,
): LineBodies {
  if (bodies.length === 0) return [];
  const others = memory.refs(before).filter((ref) => !bodies.some(({ name }) => name === ref.name));
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

/** Completes the body references of an applied commit, given the offset of the first body. */
export function placeBodies(memory: MemoryState, applied: AppliedCommit, segment: number, start: number): void {
  for (const ref of applied.refs) {
    ref.segment = segment;
    ref.offset += start;
  }
  for (const entry of applied.unplaced) {
    entry.refs = memory.texts.put(encodeRefs(entry.unplaced!));
    entry.unplaced = undefined;
  }
}

/** Removes records, for retention. */
export function applyRemovals(memory: MemoryState, removals: readonly { of: RecordKind; id: string }[]): AppliedCommit {
  const applied = emptyCommit();
  for (const { of, id } of removals) {
    put(memory, { kind: of, id, before: memory.get(of, id), after: undefined }, applied);
    applied.parts.push(JSON.stringify({ kind: 'removed', of, id } satisfies LineChange));
  }
  return applied;
}

/** Moves a record's bodies to a new segment, for retention. */
export function applyMove(
  memory: MemoryState,
  of: 'message' | 'delivery',
  id: string,
  bodies: readonly NamedBody[],
): AppliedCommit {
  const applied = emptyCommit();
  const before = memory.get(of, id)!;
  const after: RecordEntry = { ...before };
  const names = addBodies(memory, before, after, bodies, applied);
  put(memory, { kind: of, id, before, after }, applied);
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
  throw new SwitchboardError('SWB_PAYLOAD', say`The ${what} cannot be stored because it is not valid JSON.`, {
    hint: say`Pass plain objects, arrays, strings, numbers and booleans, without circular references.`,
    cause,
  });
}

function conflict(what: string): SwitchboardError {
  return new SwitchboardError('SWB_CONFLICT', what, {
    hint: say`Read the record again and apply the change to its current version.`,
  });
}
