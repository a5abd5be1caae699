/**
 * How deep JSON from outside may be nested. Partners need about ten levels; beyond some thousands, cloning and writing a value
 * overflow the stack, so it could be accepted but never processed.
 */
export const MAX_NESTING = 100;

/** Whether a parsed value is nested deeper than MAX_NESTING. */
export function isTooDeep(value: unknown, levels = MAX_NESTING): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (levels === 0) return true;
  for (const key in value) if (isTooDeep((value as Record<string, unknown>)[key], levels - 1)) return true;
  return false;
}
