import { decodeHTML } from '../bundled/entities.js';
import { withoutTags } from '../text/hostile.js';

/** A text with fewer letters may occur in any other text by chance. */
const DISTINCTIVE = 20;

/** A limit for texts that consist of nothing but escapes. */
const MAX_ESCAPES = 20;

/**
 * Does a partner show the text that was sent? Partners wrap, trim and cut texts, add prefixes, escape them, convert them to HTML
 * or replace characters that their database cannot hold: only letters and digits are compared. Pure.
 * @param author of the sent text. Many texts begin with their author, and other texts name it, so it does not identify a cut text.
 */
export function showsText(shown: string, sent: string, author = ''): boolean {
  const ours = readings(sent).map(({ letters }) => letters);
  const begin = letters(author);
  return shownReadings(shown).some((there) => ours.some((one, at) => (at === 0 || one !== '') && isIn(there, one, begin)));
}

/**
 * Whether a partner shows the text that was sent behind a prefix of its own (`[web] Ann: `), however short: only for entries of
 * the same author. Whoever quotes or repeats a text goes on after it, or uses it in a sentence.
 */
export function showsAfterPrefix(shown: string, sent: string): boolean {
  const ours = reading(sent);
  if (ours.letters === '') return false;
  return shownReadings(shown).some((there) => endsWith(there, ours.letters) && hasPrefix(there, ours));
}

/** Whether the shown text contains the sent one anywhere, however short: only for entries that are known to be new and ours. */
export function containsText(shown: string, sent: string): boolean {
  const ours = letters(sent);
  return ours !== '' && readings(shown).some((there) => holds(there, ours));
}

/** The same text, however it is wrapped, escaped or formatted, and all of it. */
export function sameText(a: string, b: string): boolean {
  return shareOne(comparableTexts(a), comparableTexts(b));
}

/**
 * What `sameText` compares of a text: two texts are the same if one of these is. To be kept where each of many texts is compared
 * with many others.
 */
export function comparableTexts(text: string): string[] {
  return [text, withoutTags(text)].map((one) => letters(unescaped(one)));
}

/** Whether one of the comparable texts is also among the others. */
export function shareOne(texts: readonly string[], others: readonly string[]): boolean {
  return texts.some((text) => others.includes(text));
}

/** The text without wrapping, escapes and formatting, for comparing what cannot be kept whole. */
export function comparableText(text: string): string {
  return letters(withoutTags(unescaped(text)));
}

/** The letters and digits of a text, and what stands before each word, by where the word begins in them. */
interface Reading {
  letters: string;
  before: ReadonlyMap<number, string>;
}

/** What ends a prefix: `Ann:`, `[web]`, `>`, a line of its own. */
const PREFIX_ENDS = ':])}>|»–—\n-';
/** Places at which a text is looked for within another: it is there at one of the first, or the two are hostile. */
const MAX_PLACES = 1_000;

/** What looks like a tag may be the partner's formatting or part of the text, so both readings count. */
function readings(text: string): Reading[] {
  return [text, withoutTags(text)].map(reading);
}

/** Of a shown text also without the marks around HTML (ServiceNow). */
function shownReadings(text: string): Reading[] {
  const unmarked = text.replace(/\[\/?code\]/gi, ' ');
  return unmarked === text ? readings(text) : [...readings(text), ...readings(unmarked)];
}

function reading(text: string): Reading {
  const before = new Map<number, string>();
  const plain = comparable(unescaped(text));
  let letters = '';
  let end = 0;
  for (const { 0: word, index } of plain.matchAll(WORD)) {
    before.set(letters.length, plain.slice(end, index));
    letters += word;
    end = index + word.length;
  }
  return { letters, before };
}

function isIn(there: Reading, ours: string, author: string): boolean {
  const { letters: shown } = there;
  if (shown === ours) return true;
  // A longer text may begin with ours: a quotation and its answer.
  if (ours.length >= DISTINCTIVE && endsWith(there, ours)) return true;
  const least = DISTINCTIVE + (ours.startsWith(author) ? author.length : 0);
  if (shown.length >= least && ours.startsWith(shown)) return true;
  // With a prefix, and cut because of it.
  const begin = ours.length >= least ? shown.indexOf(ours.slice(0, least)) : -1;
  return begin >= 0 && ours.startsWith(shown.slice(begin));
}

/** Whole words only. */
function endsWith({ letters: shown, before }: Reading, ours: string): boolean {
  return shown.endsWith(ours) && before.has(shown.length - ours.length);
}

/** Whether what stands before our text at the end is a prefix, or nothing. */
function hasPrefix({ letters: shown, before }: Reading, ours: Reading): boolean {
  const at = shown.length - ours.letters.length;
  if (at === 0) return true;
  const there = before.get(at) ?? '';
  // The text itself may begin with a bracket, a quotation mark or an emoji, which the partner may have replaced.
  const own = Array.from(ours.before.get(0)!.trim()).length;
  let end = there.length;
  while (end > 0 && !PREFIX_ENDS.includes(there.charAt(end - 1))) end--;
  return end > 0 && Array.from(there.slice(end).trim()).length <= own;
}

/** Whole words only: "port 1" is not in "port 12". */
function holds({ letters: shown, before }: Reading, ours: string): boolean {
  let places = 0;
  for (let at = shown.indexOf(ours); at >= 0 && places < MAX_PLACES; at = shown.indexOf(ours, at + 1), places++) {
    const end = at + ours.length;
    if (before.has(at) && (end === shown.length || before.has(end))) return true;
  }
  return false;
}

/** Some partners escape a text once more each time it is written. */
function unescaped(text: string): string {
  for (let escaped = text, times = 0; ; times++) {
    const plain = decodeHTML(escaped);
    if (plain === escaped || times === MAX_ESCAPES) return plain;
    escaped = plain;
  }
}

const WORD = /[\p{L}\p{N}]+/gu;

function comparable(text: string): string {
  return text.normalize('NFKC').toLowerCase();
}

function letters(text: string): string {
  return (comparable(text).match(WORD) ?? []).join('');
}
