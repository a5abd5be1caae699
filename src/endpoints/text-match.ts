import { decodeHTML } from 'entities';

/** Fewer letters than these may well stand in any text. */
const TELLING = 20;

/** A bound for texts that are made of nothing but escapes. */
const MAX_ESCAPES = 20;

/**
 * Does a partner show the words that were sent? Partners wrap, trim and cut them, put something in front, escape them, make HTML of them or
 * replace what their database cannot hold: only letters and digits are compared. Pure.
 */
export function showsText(shown: string, sent: string): boolean {
  const ours = readings(sent).map(({ letters }) => letters);
  return readings(shown).some((there) => ours.some((one, at) => (at === 0 || one !== '') && isIn(there, one)));
}

/** Words that stand anywhere in what is shown, however short: for what is known to be new and ours. */
export function containsText(shown: string, sent: string): boolean {
  const ours = letters(sent);
  return ours !== '' && readings(shown).some((there) => holds(there, ours));
}

/** The same words, however they are wrapped, escaped or marked, and all of them. */
export function sameText(a: string, b: string): boolean {
  const others = readings(b).map((there) => there.letters);
  return readings(a).some((there) => others.includes(there.letters));
}

/** What is left of words however they are wrapped, escaped or marked: to compare what cannot be kept whole. */
export function comparableText(text: string): string {
  return letters(withoutTags(unescaped(text)));
}

/** The letters and digits of a text, and where its words begin and end among them. */
interface Reading {
  letters: string;
  bounds: ReadonlySet<number>;
}

/** What looks like a mark may be one of the partner's, or of the words. */
function readings(text: string): Reading[] {
  return [text, withoutTags(text)].map((given) => {
    const words = wordsOf(unescaped(given));
    const bounds = new Set([0]);
    let length = 0;
    for (const word of words) {
      length += word.length;
      bounds.add(length);
    }
    return { letters: words.join(''), bounds };
  });
}

function isIn(there: Reading, ours: string): boolean {
  const { letters: shown } = there;
  if (shown === ours) return true;
  if (ours.length >= TELLING && holds(there, ours)) return true;
  if (shown.length >= TELLING && ours.startsWith(shown)) return true;
  // Something in front, and cut for it.
  const begin = ours.length >= TELLING ? shown.indexOf(ours.slice(0, TELLING)) : -1;
  return begin >= 0 && ours.startsWith(shown.slice(begin));
}

/** Whole words: «port 1» is not in «port 12». */
function holds({ letters: shown, bounds }: Reading, ours: string): boolean {
  for (let at = shown.indexOf(ours); at >= 0; at = shown.indexOf(ours, at + 1))
    if (bounds.has(at) && bounds.has(at + ours.length)) return true;
  return false;
}

function withoutTags(text: string): string {
  return text.replace(/<[^>]*>/g, ' ');
}

/** Some partners escape a text once more each time it is written. */
function unescaped(text: string): string {
  for (let escaped = text, times = 0; ; times++) {
    const plain = decodeHTML(escaped);
    if (plain === escaped || times === MAX_ESCAPES) return plain;
    escaped = plain;
  }
}

function letters(text: string): string {
  return wordsOf(text).join('');
}

function wordsOf(text: string): string[] {
  return text
    .normalize('NFKC')
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter(Boolean);
}
