import { type Heap, SETTINGS_SHARD } from './heap.js';
import { type BodyRef, encodeRefs, type Held, holdRecord, type Keys, type Kind, keysOf, type RecordOf } from './held.js';
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
    replace(heap, change.of, change.id, undefined);
  } else if (change.kind === 'moved') {
    const before = heap.get(change.of, change.id);
    if (before) replace(heap, change.of, change.id, { ...before, refs: mergedRefs(heap, before, refs) });
  } else {
    const { kind } = change;
    const record = change.record as RecordOf[typeof kind];
    const before = heap.get(kind, record.id);
    const text = heap.slabs.put(JSON.stringify(record));
    replace(heap, kind, record.id, holdRecord(kind, record, text, mergedRefs(heap, before, refs)), keysOf(kind, record));
  }
}

/** Nobody will take it back: what was there before is freed at once. */
function replace(heap: Heap, kind: Kind, id: string, after: Held | undefined, keys?: Keys): void {
  const before = heap.get(kind, id);
  heap.put(kind, id, before, after, keys);
  heap.discard(before, after);
}

function mergedRefs(heap: Heap, before: Held | undefined, refs: BodyRef[]): number {
  if (refs.length === 0) return before?.refs ?? 0;
  const others = heap.refs(before).filter((old) => !refs.some((ref) => ref.name === old.name));
  return heap.slabs.put(encodeRefs([...others, ...refs]));
}
