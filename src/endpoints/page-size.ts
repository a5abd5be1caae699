import type { PartnerError } from '../errors.js';

const REFUSALS = [400, 413, 416, 422];

/**
 * The page size to use after a refusal that complains about the size: the number that it names, else half. Undefined: the refusal
 * is about something else. Pure.
 */
export function smallerPage(limit: number, { status, answer, body }: PartnerError): number | undefined {
  const words = body === undefined ? (answer ?? '') : JSON.stringify(body);
  if (!REFUSALS.includes(status ?? 0) || limit <= 1 || !/limit|page.?size|too (many|large)/i.test(words)) return undefined;
  const near = /(?:limit|size|max\w{0,20}|most)\D{0,40}?(?<![\w.])(\d{1,9})(?!\.*\w)/gi;
  const named = [...words.matchAll(near)]
    .map((match) => Number(match[1]))
    .filter((number) => number > 0 && number < limit && number !== status);
  return named[0] ?? Math.floor(limit / 2);
}
