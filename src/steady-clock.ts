/**
 * Epoch milliseconds that start at the wall clock and advance with the monotonic clock: for all waits and measurements in this
 * process. The wall clock may be set at any time; that neither shortens nor extends a wait. `from`: the time that an earlier
 * process had reached, if the wall clock has been set back since: work that process deferred until then becomes due then.
 */
export function steadyClock(
  clock: () => number = Date.now,
  elapsed: () => number = () => performance.now(),
  from = 0,
): () => number {
  const start = Math.max(clock(), from) - elapsed();
  return () => start + elapsed();
}

/**
 * The wall clock, except that it never goes back: if the wall clock is set back, it continues from its last value. For ordering
 * stored records and measuring the time between them.
 */
export function monotonicWallClock(clock: () => number, steady: () => number): () => number {
  let ahead = 0;
  return () => {
    const time = steady();
    ahead = Math.max(ahead, clock() - time);
    return time + ahead;
  };
}
