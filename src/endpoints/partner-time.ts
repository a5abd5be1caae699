/**
 * The current time of the partner's clock, ISO; '' where unknown. The start of our actions is dated by it, because our clock may
 * be adjusted at any time, and the partner's timestamps are compared with nothing else.
 */
export function partnerTime({ clockAhead }: { readonly clockAhead?: number | undefined }, clock: () => number): string {
  return clockAhead === undefined ? '' : new Date(clock() + clockAhead).toISOString();
}
