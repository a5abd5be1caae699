import { type Heap, SETTINGS_SHARD } from './heap.js';
import { type BodyRef, holdRecord, type RecordOf } from './held.js';
import type { LineBodies, LineChange } from './journal-line.js';
import { partitionOf } from './partitioned-map.js';

/**
 * Applies one line of the journal to a heap loaded from snapshots. Each change counts only for a shard whose snapshot is older than the line. Nothing is
 * validated: it was, before it was written, and what was acknowledged must come back even where damage tore a hole before it.
 */
export function replayLine(
  heap: Heap,
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
    if (seq > upTo[shard]!) replayChange(heap, change, refs);
  }
}

function bodiesOf(change: LineChange): LineBodies {
  return ('bodies' in change && change.bodies) || [];
}

function replayChange(heap: Heap, change: LineChange, refs: BodyRef[]): void {
  if (change.kind === 'setting') {
    heap.putSetting(change.key, change.value === undefined ? undefined : JSON.stringify(change.value));
  } else if (change.kind === 'removed') {
    heap.put(change.of, change.id, undefined);
  } else if (change.kind === 'moved') {
    const before = heap.get(change.of, change.id);
    if (before) heap.put(change.of, change.id, { ...before, bodies: mergeRefs(before.bodies, refs) });
  } else {
    const { kind, record } = change;
    const bodies = mergeRefs(heap.get(kind, record.id)?.bodies, refs);
    heap.put(kind, record.id, holdRecord(kind, record as RecordOf[typeof kind], JSON.stringify(record), bodies));
  }
}

function mergeRefs(before: readonly BodyRef[] | undefined, refs: BodyRef[]): BodyRef[] | undefined {
  if (!before) return refs.length > 0 ? refs : undefined;
  return [...before.filter((old) => !refs.some((ref) => ref.name === old.name)), ...refs];
}
