import type { LineBodies, LineChange } from './journal-line.js';
import { type BodyRef, type RecordEntry, toEntry } from './record-entry.js';
import type { RecordOf } from './store.js';
import type { StoreState } from './store-state.js';

/**
 * Applies one line of the journal to the state loaded from the shards. Nothing is validated: it was validated before it was
 * written, and acknowledged changes must be restored even if earlier lines are damaged.
 */
export async function replayLine(
  state: StoreState,
  changes: readonly LineChange[],
  segment: number,
  bodiesStart: number,
  applies: (change: Exclude<LineChange, { kind: 'audit' }>) => boolean = () => true,
): Promise<void> {
  let offset = bodiesStart;
  for (const change of changes) {
    const refs: BodyRef[] = [];
    for (const [name, length, crc] of bodiesOf(change)) {
      refs.push({ name, segment, offset, length, crc });
      offset += length;
    }
    if (change.kind === 'audit') state.audit.push(change.entry);
    else if (applies(change)) await replayChange(state, change, refs);
  }
}

function bodiesOf(change: LineChange): LineBodies {
  return ('bodies' in change && change.bodies) || [];
}

async function replayChange(state: StoreState, change: Exclude<LineChange, { kind: 'audit' }>, refs: BodyRef[]): Promise<void> {
  if (change.kind === 'setting') {
    const version = change.version ?? (state.settings.get(change.key)?.version ?? 0) + 1;
    state.putSetting(change.key, change.value === undefined ? undefined : { text: JSON.stringify(change.value), version });
    return;
  }
  const [kind, id] = 'of' in change ? [change.of, change.id] : [change.kind, change.record.id];
  const before = await state.fetch(kind, id);
  const after = replacement(change, before, refs);
  if (before || after) state.put(kind, id, before, after);
}

function replacement(
  change: Exclude<LineChange, { kind: 'setting' | 'audit' }>,
  before: RecordEntry | undefined,
  refs: BodyRef[],
): RecordEntry | undefined {
  if (change.kind === 'removed') return undefined;
  const merged = [...(before?.refs ?? []).filter((old) => !refs.some((ref) => ref.name === old.name)), ...refs];
  if (change.kind === 'moved') return before && { ...before, refs: merged };
  const record = change.record as RecordOf[typeof change.kind];
  return toEntry(change.kind, record, JSON.stringify(record), merged);
}
