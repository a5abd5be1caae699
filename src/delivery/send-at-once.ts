import type { Change } from '../store/store.js';
import type { Worker } from './worker.js';

/**
 * Has new deliveries sent at once where their endpoint has a free slot: they are committed as being sent, which saves a commit.
 * To be called before the commit; what it returns, after it, with the ids of those that the commit started.
 */
export function sendAtOnce(
  changes: Change[],
  workerOf: (endpoint: string) => Worker | undefined,
): (started: readonly string[]) => void {
  const reserved: { worker: Worker; id: string; start: () => void }[] = [];
  const lanes = new Set<string>();
  for (const change of changes) {
    if (change.kind !== 'delivery' || change.record.version > 0 || change.record.state !== 'pending') continue;
    const { id, endpoint, lane, waitsFor } = change.record;
    if (waitsFor !== undefined || lanes.has(`${endpoint}|${lane}`)) continue;
    lanes.add(`${endpoint}|${lane}`);
    const worker = workerOf(endpoint);
    const start = worker?.reserve(change.record);
    if (!worker || !start) continue;
    change.start = start;
    reserved.push({ worker, id, start: () => worker.begin({ ...start, version: start.version + 1 }) });
  }
  return (started) => {
    for (const { worker, id, start } of reserved) {
      worker.unreserve();
      if (started.includes(id)) start();
      else worker.dispatch();
    }
  };
}
