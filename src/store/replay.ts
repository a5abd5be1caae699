import type { LineBodies, LineChange } from './journal-line.js';
import { type MemoryState, SETTINGS_SHARD } from './memory-state.js';
import { partitionOf } from './partitioned-map.js';
import {
  type BodyRef,
  encodeRefs,
  keysOf,
  type RecordEntry,
  type RecordKeys,
  type RecordKind,
  type RecordOf,
  toEntry,
} from './record-entry.js';

/**
 * Applies one line of the journal to the memory loaded from snapshots. A change is applied only if the snapshot of its shard is
 * older than the line. Nothing is validated: it was validated before it was written, and acknowledged changes must be restored
 * even if earlier lines are damaged.
 */
export function replayLine(
  memory: MemoryState,
  upTo: readonly number[],
  seq: number,
  changes: readonly LineChange[],
  segment: number,
  bodiesStart: number,
): void {
  let offset = bodiesStart;
  for (const change of changes) {
    const refs: BodyRef[] = [];
    for (const [name, length] of bodiesOf(change)) {
      refs.push({ name, segment, offset, length });
      offset += length;
    }
    const shard = change.kind === 'setting' ? SETTINGS_SHARD : partitionOf('record' in change ? change.record.id : change.id);
    if (seq > upTo[shard]!) replayChange(memory, change, refs);
  }
}

function bodiesOf(change: LineChange): LineBodies {
  return ('bodies' in change && change.bodies) || [];
}

function replayChange(memory: MemoryState, change: LineChange, refs: BodyRef[]): void {
  if (change.kind === 'setting') {
    memory.putSetting(change.key, change.value === undefined ? undefined : JSON.stringify(change.value));
  } else if (change.kind === 'removed') {
    replace(memory, change.of, change.id, undefined);
  } else if (change.kind === 'moved') {
    const before = memory.get(change.of, change.id);
    if (before) replace(memory, change.of, change.id, { ...before, refs: mergedRefs(memory, before, refs) });
  } else {
    const { kind } = change;
    const record = change.record as RecordOf[typeof kind];
    const before = memory.get(kind, record.id);
    const text = memory.texts.put(JSON.stringify(record));
    replace(memory, kind, record.id, toEntry(kind, record, text, mergedRefs(memory, before, refs)), keysOf(kind, record));
  }
}

/** A replayed change is never rolled back, so the replaced entry is freed immediately. */
function replace(memory: MemoryState, kind: RecordKind, id: string, after: RecordEntry | undefined, keys?: RecordKeys): void {
  const before = memory.get(kind, id);
  memory.put(kind, id, before, after, keys);
  memory.discard(before, after);
}

function mergedRefs(memory: MemoryState, before: RecordEntry | undefined, refs: BodyRef[]): number {
  if (refs.length === 0) return before?.refs ?? 0;
  const others = memory.refs(before).filter((old) => !refs.some((ref) => ref.name === old.name));
  return memory.texts.put(encodeRefs([...others, ...refs]));
}
