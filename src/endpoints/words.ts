import { decodeHTML } from 'entities';

/** Fewer letters than these may well stand in any text. */
const TELLING = 20;

/**
 * Does a partner show the words that were sent? Partners wrap, trim and cut them, put something in front, escape them, make HTML of them or
 * replace what their database cannot hold: only letters and digits are compared. Pure.
 */
export function showsWords(shown: string, sent: string): boolean {
  const ours = letters(sent);
  return readings(shown).some((there) => isIn(there, ours));
}

/** Words that stand anywhere in what is shown, however short: for what is known to be new and ours. */
export function holdsWords(shown: string, sent: string): boolean {
  const ours = letters(sent);
  return ours !== '' && readings(shown).some((there) => there.includes(ours));
}

/** The same words, however they are wrapped, escaped or marked, and all of them. */
export function sameWords(a: string, b: string): boolean {
  const others = readings(b);
  return readings(a).some((words) => others.includes(words));
}

/** What is left of words however they are wrapped, escaped or marked: to compare what cannot be kept whole. */
export function bareWords(text: string): string {
  return letters(decodeHTML(text.replace(/<[^>]*>/g, ' ')));
}

/** What looks like a mark may be one of the partner's, or of the words. */
function readings(text: string): string[] {
  return [text, text.replace(/<[^>]*>/g, ' ')].map((given) => letters(decodeHTML(given)));
}

function isIn(there: string, ours: string): boolean {
  if (there === ours) return true;
  if (ours.length >= TELLING && there.includes(ours)) return true;
  if (there.length >= TELLING && ours.startsWith(there)) return true;
  // Something in front, and cut for it.
  const begin = ours.length >= TELLING ? there.indexOf(ours.slice(0, TELLING)) : -1;
  return begin >= 0 && ours.startsWith(there.slice(begin));
}

function letters(text: string): string {
  return text
    .normalize('NFKC')
    .replace(/[^\p{L}\p{N}]+/gu, '')
    .toLowerCase();
}
