/** Whether it is one of our references. Other systems put their own identifiers into the same fields. */
export function isReference(text: unknown): text is string {
  return typeof text === 'string' && /^SWB-/i.test(text);
}

/** Compares references; partners may change their case. */
export function sameReference(a: string | undefined, b: string | undefined): boolean {
  return a !== undefined && a.toLowerCase() === b?.toLowerCase();
}
