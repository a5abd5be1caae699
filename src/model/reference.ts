/** Is it a reference of ours? Other systems put identifiers of their own into the same fields. */
export function isReference(text: unknown): text is string {
  return typeof text === 'string' && /^SWB-/i.test(text);
}

/** Partners may change the case of what they keep. */
export function sameReference(a: string | undefined, b: string | undefined): boolean {
  return a !== undefined && a.toLowerCase() === b?.toLowerCase();
}
