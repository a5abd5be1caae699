/**
 * Epoch milliseconds as the wall clock had them at first, counted on by the monotonic clock: for all that is awaited or measured in this process. The wall
 * clock may be set at any time; that neither ends a wait nor draws it out. `from`: the time that an earlier process had reached, where the wall clock has
 * been set back since: what that one put off until then is due then.
 */
export function steadyClock(
  clock: () => number = Date.now,
  elapsed: () => number = () => performance.now(),
  from = 0,
): () => number {
  const start = Math.max(clock(), from) - elapsed();
  return () => start + elapsed();
}

/** The wall clock, as far as it is not set back: then it goes on from where it was. For what has to tell order and distance of what is kept. */
export function monotonicWallClock(clock: () => number, steady: () => number): () => number {
  let ahead = 0;
  return () => {
    const time = steady();
    ahead = Math.max(ahead, clock() - time);
    return time + ahead;
  };
}
