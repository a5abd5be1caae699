import type { Store } from '../store/store.js';

/** Milliseconds for which the result of a check holds: whoever asks more often causes no more writes. */
const VALID = 1_000;

const checks = new WeakMap<Store, { at: number; failure: Promise<string | undefined> }>();

/**
 * Why a store cannot write; undefined if it can. A write is tried, because no messages may come until the state is better, and
 * because a disk that is full shows only in a write.
 */
export function writeFailure(store: Store): Promise<string | undefined> {
  const last = checks.get(store);
  const now = performance.now();
  if (last && now - last.at < VALID) return last.failure;
  const failure = store.commit([{ kind: 'setting', key: 'writable', value: undefined }]).then(
    () => undefined,
    (error: Error) => error.message,
  );
  checks.set(store, { at: now, failure });
  return failure;
}
