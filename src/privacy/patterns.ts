import type { Span } from '../text/spans.js';

/*
 * Finds e-mail addresses, telephone numbers and IP addresses in text. The time is linear in the length of the text, whatever it
 * contains: no pattern looks further than a fixed number of characters from where it starts.
 */

const MAX_LOCAL = 64;
const MAX_DOMAIN = 253;
const LOCAL_CHARACTER = /[\p{L}\p{N}.!#$&'*+/=?^_`{|}~-]/u;
const DOMAIN_CHARACTER = /[\p{L}\p{N}.-]/u;
/** Without a dot near it, it is no address. */
const DOMAIN_START = /[\p{L}\p{N}-]{1,63}\.[\p{L}\p{N}]/uy;

/** Also as the wide forms of East Asian keyboards, and encoded for URLs. */
export const AT_SIGN = /[@＠﹫]|%40/g;

/** E-mail addresses. */
export function emailsIn(text: string): Span[] {
  const found: Span[] = [];
  for (const at of text.matchAll(AT_SIGN)) {
    const from = at.index + at[0].length;
    DOMAIN_START.lastIndex = from;
    if (!DOMAIN_START.test(text)) continue;
    const least = Math.max(found.at(-1)?.end ?? 0, at.index - MAX_LOCAL);
    let start = at.index;
    while (start > least && LOCAL_CHARACTER.test(text.charAt(start - 1))) start--;
    // What separates it from the words before is no part of it.
    while (start < at.index && /[^\p{L}\p{N}_+]/u.test(text.charAt(start))) start++;
    let end = from;
    while (end - from < MAX_DOMAIN && DOMAIN_CHARACTER.test(text.charAt(end))) end++;
    while (end > from && /[.-]/.test(text.charAt(end - 1))) end--;
    if (start < at.index) found.push({ start, end });
  }
  return found;
}

const PHONE = /(?<![\p{L}\p{N}_.]|\d:)(?:\+|\(|\d)[\d ()./\u00a0-]{5,24}\d(?![\p{L}\p{N}_:])/gu;
const DATE = /^\d{1,4}[./-]\d{1,2}[./-]\d{1,4}/;

/** Telephone numbers: international ones, and national ones with a prefix or in groups. Plain numbers and times are none. */
export function phonesIn(text: string): Span[] {
  return [...text.matchAll(PHONE)].flatMap(({ 0: match, index }) =>
    isPhone(match) ? [{ start: index, end: index + match.length }] : [],
  );
}

function isPhone(text: string): boolean {
  const digits = text.replace(/\D/g, '');
  if (digits.length < 7 || digits.length > 15 || DATE.test(text)) return false;
  if (text.startsWith('+')) return true;
  if (/^\(?0[1-9]/.test(text)) return /[ ()/-]/.test(text) || digits.length >= 10;
  return /^00[1-9]/.test(text) ? digits.length >= 10 : /^\(?[1-9]\d\d\)?[ .-]{1,2}\d{3}[ .-]\d{4}$/.test(text);
}

const IPV4 = /(?<![\p{L}\p{N}.])(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?:25[0-5]|2[0-4]\d|1?\d?\d)){3}(?![\p{L}\p{N}]|\.\d)/gu;
const IPV6 = /(?<![\p{L}\p{N}:])(?=[0-9a-f:]{0,20}(?:::|(?::[0-9a-f]{1,4}){3}))[0-9a-f:]{3,39}(?![\p{L}\p{N}:])/giu;

/** IP addresses, of both versions. */
export function addressesIn(text: string): Span[] {
  return [IPV4, IPV6].flatMap((pattern) =>
    [...text.matchAll(pattern)].map(({ 0: match, index }) => ({ start: index, end: index + match.length })),
  );
}
