import { RefusedRequest } from '../http/refused-request.js';
import { say } from '../text/say.js';

/** Shorter texts are found everywhere. */
const SHORTEST = 3;
/** Digits from which a text of digits and what groups them is compared as a telephone number. */
const SHORTEST_NUMBER = 6;
const NUMBER = /^[\d\s()+./-]+$/;
const NUMBERS_IN = /\+?\d[\d\s()./-]*\d/g;

/** Whether a value names a person. */
export type Mentions = (value: unknown) => boolean;

/**
 * Looks for a person by the exact texts that the person appears under: names, addresses, telephone numbers. Upper and lower case,
 * and the grouping of telephone numbers, do not matter; a text that is only a part of a longer word is another one. Throws
 * SWB_PAYLOAD for a text that is too short.
 */
export function mentionsOf(texts: readonly string[]): Mentions {
  const words: string[] = [];
  const numbers = new Set<string>();
  for (const given of texts) {
    const text = normal(given.trim());
    if (text.length < SHORTEST)
      throw new RefusedRequest(400, 'SWB_PAYLOAD', say`"${given}" is too short to find a person by.`, {
        hint: say`Enter a whole name, an e-mail address or a telephone number, as it appears in the tickets.`,
      });
    words.push(text);
    const digits = digitsOf(text);
    if (NUMBER.test(text) && digits.length >= SHORTEST_NUMBER) numbers.add(digits);
  }
  const inText = (text: string) =>
    words.some((word) => hasWord(text, word)) ||
    (numbers.size > 0 && (text.match(NUMBERS_IN) ?? []).some((number) => numbers.has(digitsOf(number))));
  const mentions: Mentions = (value) => {
    if (typeof value === 'string') return inText(normal(value));
    if (typeof value === 'number') return inText(String(value));
    if (typeof value !== 'object' || value === null) return false;
    return Object.entries(value).some(([name, one]) => mentions(one) || inText(normal(name)));
  };
  return mentions;
}

/** The warning for a text that is a single word, such as a first name or a common word: others may be found by it, too. */
export function oneWordIn(texts: readonly string[] = []): string | undefined {
  const word = texts.map((text) => text.trim()).find((text) => /^[\p{L}\p{M}]+$/u.test(text));
  return word && say`"${word}" is a single word, which may be in the tickets of others, too. Look at each ticket.`;
}

const normal = (text: string): string => text.normalize().toLowerCase();
/** Without the zeros or the plus sign that begin an international number. */
const digitsOf = (text: string): string => text.replace(/\D/g, '').replace(/^00/, '');

const LETTER = /[\p{L}\p{N}]/u;

function hasWord(text: string, word: string): boolean {
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) {
    const [before, after] = [text[at - 1] ?? '', text[at + word.length] ?? ''];
    if (!LETTER.test(before) && !LETTER.test(after)) return true;
  }
  return false;
}
