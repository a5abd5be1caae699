/**
 * Epoch milliseconds as the wall clock had them at first, counted on by the monotonic clock: for all that is awaited or measured in this process. The wall
 * clock may be set at any time; that neither ends a wait nor draws it out.
 */
export function steadyClock(clock: () => number = Date.now, elapsed: () => number = () => performance.now()): () => number {
  const start = clock() - elapsed();
  return () => start + elapsed();
}
