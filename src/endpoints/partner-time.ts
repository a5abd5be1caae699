/**
 * What a partner's own clock shows now, ISO; '' where that is not known. What was begun is dated so, because ours may be set at any time, and what
 * the partner dates is compared with nothing else.
 */
export function partnerTime({ clockAhead }: { readonly clockAhead?: number | undefined }, clock: () => number): string {
  return clockAhead === undefined ? '' : new Date(clock() + clockAhead).toISOString();
}
