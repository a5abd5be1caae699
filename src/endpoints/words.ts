import { decodeHTML } from 'entities';

/** Fewer letters than these may well stand in any text. */
const TELLING = 20;

/**
 * Does a partner show the words that were sent? Partners wrap, trim and cut them, put something in front, escape them, make HTML of them or
 * replace what their database cannot hold: only letters and digits are compared. Pure.
 */
export function showsWords(shown: string, sent: string): boolean {
  const ours = letters(sent);
  // What looks like a mark may be one of the partner's, or of the words.
  return [shown, shown.replace(/<[^>]*>/g, ' ')].some((text) => isIn(letters(decodeHTML(text)), ours));
}

function isIn(there: string, ours: string): boolean {
  if (there === ours) return true;
  if (ours.length >= TELLING && there.includes(ours)) return true;
  return there.length >= TELLING && ours.startsWith(there);
}

function letters(text: string): string {
  return text
    .normalize('NFKC')
    .replace(/[^\p{L}\p{N}]+/gu, '')
    .toLowerCase();
}
