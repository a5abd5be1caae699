/* Steps that a regular expression would do in quadratic time for a hostile text. */

/** The text with each tag replaced by a space; a `<` that nothing closes is no tag. */
export function withoutTags(text: string): string {
  // Searched only where each `<` is closed, so that none is followed to the end in vain.
  const end = text.lastIndexOf('>') + 1;
  return text.slice(0, end).replace(/<[^>]*>/g, ' ') + text.slice(end);
}

/** The text without such characters at its end. */
export function withoutEnd(text: string, character: RegExp): string {
  let end = text.length;
  while (end > 0 && character.test(text.charAt(end - 1))) end--;
  return text.slice(0, end);
}
