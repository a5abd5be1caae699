/*
 * The types of files that a party's settings list: extensions (`pdf`) and media types (`image/png`, `image/*`). Runs in the browser
 * too.
 */

const EXTENSION = /^[\p{L}\p{N}_+-]{1,16}$/u;
const MEDIA_TYPE = /^[\w!#$&^.+-]+\/(\*|[\w!#$&^.+-]+)$/;

/** A list of types as people type it, in lower case: `pdf, .PNG image/*`. `invalid`: the first entry that is none. Pure. */
export function fileTypes(text: string): { types: string[]; invalid?: string } {
  const entries = text.split(/[\s,;]+/).filter(Boolean);
  const types = entries.map((entry) => entry.toLowerCase().replace(/^\*?\./, ''));
  const invalid = entries.find((_, at) => !EXTENSION.test(types[at]!) && !MEDIA_TYPE.test(types[at]!));
  return { types, ...(invalid !== undefined && { invalid }) };
}
