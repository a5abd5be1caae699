import { merged, replaceSpans, type Span } from '../text/spans.js';
import { originOf, views, withoutLineBreaks } from './decoded-text.js';
import { base64FormsOf, formsOf, literalOf } from './secret-forms.js';

export const MASK = '•••';

/** Shorter secrets are not masked: they would match parts of ordinary words. */
const MIN_LENGTH = 4;
/** The last tokens that are remembered of each partner; at one an hour, those of two days. */
const MAX_ISSUED = 50;
/** Compiled sets of secrets: each endpoint has one, which changes with its tokens. */
const MAX_COMPILED = 32;

/** Names of fields and parameters with secrets. */
const NAMES =
  'passw(?:or)?d|passphrase|pwd|secret|token|api[-_]?key|private[-_]?key|credential|authori[sz]ation|signature|assertion';
/** Texts without any of these need no decoding: escapes of characters that nobody has to escape, and line breaks. */
const ENCODED = /%[0-9a-fu]|&[#a-z]|\\[ux]|[\r\n]|\\[rn]/i;
/** Most texts contain none of these words, and testing for them is much cheaper than matching the fields. */
const NAMED = new RegExp(NAMES, 'i');
/** Every part is bounded, or ends where the next one begins: a hostile text must not take more time than its length. */
const JSON_FIELD = new RegExp(
  `(\\\\{0,4}"[^"\\\\]{0,60}(?:${NAMES})[^"\\\\]{0,60}\\\\{0,4}"\\s{0,20}:\\s{0,20})(?:"(?:[^"\\\\]|\\\\.)*"?|\\\\{1,4}"[^"\\\\]*|-?\\d[\\d.]*)`,
  'gi',
);
const XML_FIELD = new RegExp(`(<(?:\\w{1,20}:)?\\w{0,40}(?:${NAMES})\\w{0,40}(?:\\s[^<>]{0,200})?>)[^<]+`, 'gi');
const PARAMETER = new RegExp(`((?<![\\w.-])[\\w.-]{0,40}(?:${NAMES})[\\w.-]{0,40}=)[^&\\s"'<>]+`, 'gi');
/** Names that mean something else outside of a URL. */
const QUERY = /([?&](?:code|key|sig|auth|sid|session|sessionid)=)[^&\s"'<>]+/gi;
const SCHEME = /\b(Bearer|Basic|AR-JWT)\s+[\w+/=.~-]{8,}/gi;
const JWT = /(?<![\w-])eyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)?/g;
const USER_INFO = /(?<=\/\/)[^\s/@"'<>]+@/g;

/**
 * Masks every secret in a text, also where it is encoded, and everything that looks like one: Authorization values, tokens and
 * passwords in JSON, XML, forms, URLs. Takes time in proportion to the text and to the number of secrets.
 */
export function maskSecrets(text: string, secrets: readonly string[]): string {
  const { plain, base64, literal } = compiled(secrets);
  let masked = literal && ENCODED.test(text) ? maskDecoded(text, literal, base64) : text;
  if (plain) masked = masked.replace(plain, MASK);
  if (base64) masked = replaceSpans(masked, base64In(masked, base64), () => MASK);
  masked = masked.replace(SCHEME, `$1 ${MASK}`).replace(JWT, MASK).replace(USER_INFO, `${MASK}@`).replace(QUERY, `$1${MASK}`);
  if (!NAMED.test(masked)) return masked;
  return masked.replace(JSON_FIELD, maskedField).replace(XML_FIELD, `$1${MASK}`).replace(PARAMETER, `$1${MASK}`);
}

/**
 * Masks what reads as a secret after decoding, however much of it is encoded, and base64 of it that is broken over lines. A secret
 * that itself looks like an escape is found by the forms of secret-forms.ts.
 */
function maskDecoded(text: string, literal: RegExp, base64: RegExp | undefined): string {
  const decoded = views(text);
  const spans = decoded.flatMap((view) =>
    [...view.text.matchAll(literal)].map(({ 0: { length }, index }) => originOf(view, { start: index, end: index + length })),
  );
  if (base64)
    for (const view of decoded) {
      const joined = withoutLineBreaks(view);
      if (joined) spans.push(...base64In(joined.text, base64).map((span) => originOf(joined, span)));
    }
  return replaceSpans(text, merged(spans), () => MASK);
}

/** The tokens that a partner has issued. Expired ones too: a partner that quotes one may still accept it. */
export class IssuedSecrets {
  private readonly last = new Set<string>();

  add(...texts: readonly string[]): void {
    for (const text of texts) {
      this.last.delete(text);
      this.last.add(text);
      if (this.last.size > MAX_ISSUED) this.last.delete(this.last.values().next().value as string);
    }
  }

  get all(): string[] {
    return [...this.last];
  }
}

interface Patterns {
  /** In the forms of secret-forms.ts. */
  plain?: RegExp;
  /** As they are; a space may be a plus, as in forms. */
  literal?: RegExp;
  base64?: RegExp;
}
const patterns = new Map<string, Patterns>();

function compiled(secrets: readonly string[]): Patterns {
  const key = secrets.join('\0');
  const known = patterns.get(key);
  if (known) return known;
  // The longest first: one may begin with another.
  const long = [...new Set(secrets)].filter(({ length }) => length >= MIN_LENGTH).sort((a, b) => b.length - a.length);
  const base64 = long.flatMap((secret) => base64FormsOf(secret) ?? []);
  const made: Patterns = {
    ...(long.length > 0 && {
      plain: new RegExp(long.map(formsOf).join('|'), 'g'),
      literal: new RegExp(long.map((secret) => literalOf(secret).replaceAll(' ', '[ +]')).join('|'), 'g'),
    }),
    ...(base64.length > 0 && { base64: new RegExp(base64.join('|'), 'g') }),
  };
  if (patterns.size >= MAX_COMPILED) patterns.delete(patterns.keys().next().value as string);
  patterns.set(key, made);
  return made;
}

/** Data in base64 as a whole: its other digits show a part of the first and of the last character of the secret. */
function base64In(text: string, pattern: RegExp): Span[] {
  const found: Span[] = [];
  let done = 0;
  for (const { index, 0: match } of text.matchAll(pattern)) {
    if (index < done) continue;
    let start = index;
    let end = index + match.length;
    while (start > done && isDigit(text, start - 1)) start--;
    while (end < text.length && isDigit(text, end)) end++;
    found.push({ start, end });
    done = end;
  }
  return found;
}

function isDigit(text: string, at: number): boolean {
  return /[\w+/=-]/.test(text.charAt(at));
}

/** A field of JSON with its value masked; JSON stays JSON, also inside of JSON. */
function maskedField(field: string, head: string): string {
  const [quote = '"'] = /^\\*"/.exec(field.slice(head.length)) ?? [];
  const end = quote === '"' ? quote : '';
  return `${head}${quote}${MASK}${end}`;
}
