import { crc32 } from 'node:zlib';
import { SwitchboardError } from '../errors.js';
import { say } from '../text/say.js';
import type { AuditEntry } from './audit-entry.js';
import type { LineBodies, LineChange } from './journal-line.js';
import { emitterOf } from './message-queue.js';
import {
  type BodyRef,
  type DeliveryEntry,
  type DeliveryWork,
  isUnfinished,
  type RecordEntry,
  toEntry,
  workOf,
} from './record-entry.js';
import { keyInWords, type UniqueKey } from './record-keys.js';
import type { About, Bodies, Change, ChangeNotice, RecordKind, RecordOf } from './store.js';
import type { StoredSetting, StoreState } from './store-state.js';
import { assertTransition } from './transitions.js';

type UndoStep =
  | { kind: RecordKind; id: string; before: RecordEntry | undefined; after: RecordEntry | undefined }
  | { kind: 'lease'; id: string }
  | { kind: 'setting'; key: string; before: StoredSetting | undefined };

/** A commit applied in memory, and the data the journal needs to store it. */
export interface AppliedCommit {
  /** The changes as JSON, for the journal. */
  parts: string[];
  bodies: Buffer[];
  /** References of the bodies; `segment` and `offset` are completed when the journal has assigned their offsets. */
  refs: BodyRef[];
  undo: UndoStep[];
  /** The applied changes, without the skipped ones. */
  notices: ChangeNotice[];
  skipped: string[];
  started: string[];
  /** For the audit trail. */
  audit: AuditEntry[];
}

/** A change with everything that can be done before it is applied, so that its object may be changed by then. */
export type PreparedChange =
  | { kind: 'setting'; key: string; text: string | undefined; version: number | undefined }
  | { kind: 'audit'; entry: AuditEntry; text: string }
  | { kind: 'noneReceived'; about: readonly About[] }
  | PreparedRecord;

interface PreparedRecord {
  kind: RecordKind;
  id: string;
  /** The version it was made from. */
  from: number;
  ifAbsent: boolean;
  gone: boolean;
  /** The new entry; its bodies are added when it is applied. */
  entry: RecordEntry;
  /** The id of the node, for notices. */
  node: string;
  /** To store instead, if the delivery can be sent at once. */
  start?: RecordEntry;
  bodies: NamedBody[];
}

interface NamedBody {
  name: string;
  bytes: Buffer;
}

const emptyCommit = (): AppliedCommit => ({
  parts: [],
  bodies: [],
  refs: [],
  undo: [],
  notices: [],
  skipped: [],
  started: [],
  audit: [],
});

/** Prepares the changes of a commit; throws SWB_PAYLOAD. */
export function prepare(state: StoreState, changes: readonly Change[]): PreparedChange[] {
  return changes.flatMap((change): PreparedChange | [] => {
    if (change.kind === 'setting') {
      const text = change.value === undefined ? undefined : toJson(change.value, `setting "${change.key}"`);
      return { kind: 'setting', key: change.key, text, version: change.version };
    }
    if (change.kind === 'audit') {
      const text = toJson(change.entry, 'audit entry');
      return { kind: 'audit', entry: JSON.parse(text) as AuditEntry, text };
    }
    // Of a commit that erases: `listErased` remembers them.
    if (change.kind === 'cutNames') return [];
    if (change.kind === 'noneReceived') return change;
    const { kind, record } = change;
    const entry = newEntry(state, kind, record);
    return {
      kind,
      id: record.id,
      from: record.version,
      ifAbsent: kind !== 'conversation' && change.ifAbsent === true,
      gone: change.gone === true,
      entry,
      node: kind === 'conversation' ? '' : kind === 'message' ? emitterOf(change.record) : change.record.node,
      start: kind === 'delivery' && change.start ? newEntry(state, kind, change.start) : undefined,
      bodies: kind === 'conversation' ? [] : bodiesAsJson(change.bodies, `${kind} ${record.id}`),
    };
  });
}

function newEntry(state: StoreState, kind: RecordKind, record: RecordOf[RecordKind]): RecordEntry {
  const kept = { ...record, version: record.version + 1 };
  const entry = toEntry(kind, kept, toJson(kept, `${kind} ${record.id}`), []);
  entry.keys = state.hashes.keysOf(kind, kept);
  return entry;
}

/** The places that must be read before the changes can be applied. */
export function missingFor(state: StoreState, changes: readonly PreparedChange[]): Set<number> {
  const missing = new Set<number>();
  for (const change of changes) {
    if (change.kind === 'setting' || change.kind === 'audit') continue;
    if (change.kind === 'noneReceived') {
      for (const about of change.about) state.unlinkedMessages(about, missing);
      continue;
    }
    const before = state.find(change.kind, change.id, missing);
    if (!change.gone) for (const { hash } of keysToCheck(change, before)) state.candidates(hash, missing);
  }
  return missing;
}

/** Applies all changes of a commit in memory, or none: throws SWB_CONFLICT and leaves the memory unchanged. Nothing may be missing. */
export function applyChanges(state: StoreState, changes: readonly PreparedChange[]): AppliedCommit {
  const applied = emptyCommit();
  try {
    for (const change of changes) {
      if (change.kind === 'setting') applySetting(state, change, applied);
      else if (change.kind === 'audit') applyEntry(change, applied);
      else if (change.kind === 'noneReceived') checkNoneReceived(state, change.about);
      else applyRecord(state, change, applied);
    }
  } catch (error) {
    rollBack(state, applied.undo);
    throw error;
  }
  return applied;
}

/** Undoes applied changes; the newest commit must be rolled back first. */
export function rollBack(state: StoreState, undo: readonly UndoStep[]): void {
  for (let i = undo.length - 1; i >= 0; i--) {
    const step = undo[i]!;
    if (step.kind === 'setting') state.putSetting(step.key, step.before);
    else if (step.kind === 'lease') state.queues.lanes.release(step.id);
    else state.put(step.kind, step.id, step.after, step.before);
  }
}

function put(state: StoreState, step: Extract<UndoStep, { after: unknown }>, applied: AppliedCommit): void {
  applied.undo.push(step);
  state.put(step.kind, step.id, step.before, step.after);
}

function applySetting(
  state: StoreState,
  { key, text, version }: Extract<PreparedChange, { kind: 'setting' }>,
  applied: AppliedCommit,
): void {
  const before = state.settings.get(key);
  const current = before?.version ?? 0;
  if (version !== undefined && version !== current)
    throw conflict(say`The setting "${key}" is at version ${current}, the change was made from version ${version}.`);
  const after = text === undefined ? undefined : { text, version: current + 1 };
  applied.undo.push({ kind: 'setting', key, before });
  state.putSetting(key, after);
  applied.parts.push(
    `{"kind":"setting","key":${JSON.stringify(key)}${after ? `,"value":${text},"version":${after.version}` : ''}}`,
  );
  applied.notices.push({ kind: 'setting', key });
}

function applyEntry({ entry, text }: Extract<PreparedChange, { kind: 'audit' }>, applied: AppliedCommit): void {
  applied.audit.push(entry);
  applied.parts.push(`{"kind":"audit","entry":${text}}`);
}

const NOTHING_MISSING = new Set<number>();

function applyRecord(state: StoreState, change: PreparedRecord, applied: AppliedCommit): void {
  const { kind, id } = change;
  const before = state.find(kind, id, NOTHING_MISSING);
  if (change.gone) {
    checkVersion(change, before);
    if (kind !== 'conversation' && before && isUnfinished(before))
      throw conflict(say`${kind} ${id} is ${before.state}: it is not finished.`);
    put(state, { kind, id, before, after: undefined }, applied);
    applied.parts.push(JSON.stringify({ kind: 'removed', of: kind, id } satisfies LineChange));
    if (kind === 'conversation') applied.notices.push(noticeOf(before ?? change.entry, change.node));
    return;
  }
  const { unique } = change.entry.keys!;
  if (change.ifAbsent && unique.some((key) => state.owner(kind, key, undefined, NOTHING_MISSING))) {
    applied.skipped.push(id);
    return;
  }
  for (const key of keysToCheck(change, before)) {
    const owner = state.owner(kind, key, id, NOTHING_MISSING);
    if (owner) throw conflict(say`${kind} ${id} has a key (${keyInWords(key.key)}) that belongs to ${kind} ${owner.id}.`);
  }
  checkVersion(change, before);
  const starts = change.start !== undefined && startsAtOnce(state, change.start as DeliveryEntry);
  const after: RecordEntry = { ...(starts ? change.start! : change.entry) };
  if (after.kind !== 'conversation') assertTransition(after.kind, id, (before as typeof after | undefined)?.state, after.state);
  const names = addBodies(before, after, change.bodies, applied);
  put(state, { kind, id, before, after }, applied);
  if (starts) {
    state.queues.lanes.lease(id);
    applied.undo.push({ kind: 'lease', id });
    applied.started.push(id);
  }
  applied.parts.push(`{"kind":"${kind}","record":${after.text}${names.length > 0 ? `,"bodies":${JSON.stringify(names)}` : ''}}`);
  applied.notices.push(noticeOf(after, change.node));
}

function checkNoneReceived(state: StoreState, about: readonly About[]): void {
  const received = about
    .flatMap((entities) => state.unlinkedMessages(entities, NOTHING_MISSING))
    .find((entry) => entry.state === 'received');
  if (received) throw conflict(say`message ${received.id} is still to be processed.`);
}

/** The unique keys that another record may have: not those that the record has already. */
function keysToCheck({ entry, ifAbsent }: PreparedRecord, before: RecordEntry | undefined): readonly UniqueKey[] {
  const { unique } = entry.keys!;
  const known = before?.keys?.unique;
  return known && !ifAbsent ? unique.filter(({ key }) => !known.some((own) => own.key === key)) : unique;
}

function startsAtOnce(state: StoreState, entry: DeliveryEntry): boolean {
  const work = workOf(entry) as DeliveryWork | undefined;
  return work !== undefined && work.notBefore === undefined && state.queues.lanes.isNext(work);
}

function noticeOf(entry: RecordEntry, node: string): ChangeNotice {
  if (entry.kind === 'conversation') return { kind: entry.kind, id: entry.id, state: entry.state };
  const { id, endpoint, warned, notBefore } = entry;
  const work = { id, node, endpoint, warned, notBefore };
  if (entry.kind === 'delivery') return { kind: entry.kind, state: entry.state, conversation: entry.conversation, ...work };
  return { kind: entry.kind, state: entry.state, queue: entry.queue, conversation: entry.conversation, ...work };
}

/** The optimistic lock. */
function checkVersion({ kind, id, from }: PreparedRecord, before: RecordEntry | undefined): void {
  if ((before?.version ?? 0) === from) return;
  throw conflict(
    before
      ? say`${kind} ${id} is at version ${before.version}, the change was made from version ${from}.`
      : say`${kind} ${id} does not exist, the change was made from version ${from}.`,
  );
}

function bodiesAsJson(bodies: Bodies | undefined, owner: string): NamedBody[] {
  return Object.entries(bodies ?? {})
    .filter(([, body]) => body !== undefined)
    .map(([name, body]) => ({ name, bytes: Buffer.from(toJson(body, `body "${name}" of ${owner}`)) }));
}

/** Adds bodies, which follow next in the journal line, to an entry; the bodies of `before` with other names are kept. */
function addBodies(
  before: RecordEntry | undefined,
  after: RecordEntry,
  bodies: readonly NamedBody[],
  applied: AppliedCommit,
): LineBodies {
  const old = before?.refs ?? [];
  after.refs = old;
  if (bodies.length === 0) return [];
  const refs = old.filter((ref) => !bodies.some(({ name }) => name === ref.name));
  for (const { name, bytes } of bodies) {
    const last = applied.refs.at(-1);
    const offset = last ? last.offset + last.length : 0;
    const ref: BodyRef = { name, segment: 0, offset, length: bytes.length, crc: crc32(bytes) };
    refs.push(ref);
    applied.refs.push(ref);
    applied.bodies.push(bytes);
  }
  after.refs = refs;
  return applied.refs.slice(-bodies.length).map(({ name, length, crc }) => [name, length, crc]);
}

/** Completes the body references of an applied commit, given the offset of the first body. */
export function placeBodies(applied: AppliedCommit, segment: number, start: number): void {
  for (const ref of applied.refs) {
    ref.segment = segment;
    ref.offset += start;
  }
}

/** Adds entries to the audit trail, for what the store does by itself. */
export function applyEntries(entries: readonly AuditEntry[]): AppliedCommit {
  const applied = emptyCommit();
  for (const entry of entries) applyEntry({ kind: 'audit', entry, text: JSON.stringify(entry) }, applied);
  return applied;
}

/** Removes records, for retention. */
export function applyRemovals(state: StoreState, removals: readonly RecordEntry[]): AppliedCommit {
  const applied = emptyCommit();
  for (const before of removals) {
    const { kind, id } = before;
    put(state, { kind, id, before, after: undefined }, applied);
    applied.parts.push(JSON.stringify({ kind: 'removed', of: kind, id } satisfies LineChange));
  }
  return applied;
}

/** Moves bodies of a record to a new segment, for retention. */
export function applyMove(state: StoreState, before: RecordEntry, bodies: readonly NamedBody[]): AppliedCommit {
  const applied = emptyCommit();
  const { kind, id } = before;
  const after: RecordEntry = { ...before };
  const names = addBodies(before, after, bodies, applied);
  put(state, { kind, id, before, after }, applied);
  applied.parts.push(
    JSON.stringify({ kind: 'moved', of: kind as 'message' | 'delivery', id, bodies: names } satisfies LineChange),
  );
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
