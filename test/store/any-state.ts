import type { Change, DeliveryRecord, MessageRecord, Store } from '../../src/store/store.js';
import { statesAfter } from '../../src/store/transitions.js';

type Kind = 'message' | 'delivery';

/** The states after `from`, up to and including `to`, on the shortest way that the tables allow; undefined if there is none. */
export function pathOf(kind: Kind, from: string | undefined, to: string): string[] | undefined {
  if (from === to) return [to];
  const paths: string[][] = statesAfter(kind, from).map((state) => [state]);
  for (const path of paths) {
    const last = path.at(-1) as string;
    if (last === to) return path;
    for (const next of statesAfter(kind, last)) if (!path.includes(next)) paths.push([...path, next]);
  }
  return undefined;
}

/**
 * Lets a test commit records in whatever state it needs: the changes of state before are committed with them, and versions count
 * as if each had been one change. `added`: the versions that were added, by record, to go on with after a restart.
 */
export function inAnyState<S extends Store>(store: S, added = new Map<string, number>()): S {
  // The store itself may go on after a restart.
  if (Object.hasOwn(store, 'commit')) return store;
  const commit = store.commit.bind(store);
  const expanded = async (change: Change): Promise<{ changes: Change[]; key?: string; steps: number }> => {
    if (change.kind !== 'message' && change.kind !== 'delivery') return { changes: [change], steps: 0 };
    const { kind, record } = change;
    const key = `${kind} ${record.id}`;
    const before = await store[kind](record.id);
    const actual = before?.version ?? 0;
    const isCurrent = record.version === actual || (before && record.version + (added.get(key) ?? 0) === actual);
    const path = isCurrent ? pathOf(kind, before?.state, record.state) : undefined;
    if (!path) return { changes: [change], steps: 0 };
    const changes = path.map((state, index) => {
      const step = { ...record, state, version: actual + index } as MessageRecord & DeliveryRecord;
      return index < path.length - 1 ? { kind, record: step, ifAbsent: change.ifAbsent } : { ...change, record: step };
    });
    return { changes: changes as Change[], key, steps: path.length - 1 };
  };
  store.commit = async (changes, options) => {
    const all = await Promise.all(changes.map(expanded));
    const result = await commit(
      all.flatMap((one) => one.changes),
      options,
    );
    for (const { key, steps } of all) if (key && steps > 0) added.set(key, (added.get(key) ?? 0) + steps);
    return result;
  };
  return store;
}
