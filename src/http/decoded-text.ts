import { decodeHTML } from '../bundled/entities.js';
import type { Span } from '../text/spans.js';

/** A text as it reads after decoding, and where its characters come from. */
export interface View {
  text: string;
  /** Of each character, where what stands for it begins in the original; then the end of the original. */
  starts: Uint32Array;
}

/** How often a text is decoded: JSON inside of JSON, a URL in HTML in JSON. */
const ROUNDS = 4;
/** Escapes of URLs, HTML, JSON and scripts. Every part is bounded, or ends where the next one begins. */
const ESCAPES =
  /(?:%[0-9a-f]{2})+|%u[0-9a-f]{4}|&(?:#x?[0-9a-f]{1,8}|[a-z][a-z0-9]{1,31});?|\\(?:u\{[0-9a-f]{1,6}\}|u[0-9a-f]{4}|x[0-9a-f]{2}|["'\\/bfnrt])/gi;
const LINE_BREAK = /[\r\n]+[ \t]{0,9}/g;
const LETTERS: Record<string, string> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' };

/** The text as it is, and decoded once, twice …; only as far as there is something to decode. Takes linear time. */
export function views(text: string): View[] {
  const found: View[] = [{ text, starts: new Uint32Array(text.length + 1).map((_, at) => at) }];
  for (let round = 0; round < ROUNDS; round++) {
    const decoded = replaced(found.at(-1)!, ESCAPES, decode);
    if (!decoded) break;
    found.push(decoded);
  }
  return found;
}

/** The text without line breaks, as base64 in mails is read; undefined where it has none. */
export function withoutLineBreaks(view: View): View | undefined {
  return replaced(view, LINE_BREAK, () => []);
}

/** The part of the original that a part of a view stands for. */
export function originOf({ starts }: View, { start, end }: Span): Span {
  return { start: starts[start]!, end: starts[end]! };
}

/** A piece of a decoded text: what it reads, and the length of what stands for it. */
type Piece = [text: string, length: number];

function replaced({ text, starts }: View, pattern: RegExp, decode: (match: string) => Piece[]): View | undefined {
  const parts: string[] = [];
  const origins = new Uint32Array(text.length + 1);
  let length = 0;
  let done = 0;
  const add = (part: string, from: (index: number) => number) => {
    for (let index = 0; index < part.length; index++) origins[length++] = starts[from(index)]!;
    parts.push(part);
  };
  for (const { 0: match, index } of text.matchAll(pattern)) {
    add(text.slice(done, index), (offset) => done + offset);
    let at = index;
    for (const [part, taken] of decode(match)) {
      add(part, () => at);
      at += taken;
    }
    done = index + match.length;
  }
  if (done === 0) return undefined;
  add(text.slice(done), (offset) => done + offset);
  origins[length] = starts[text.length]!;
  return { text: parts.join(''), starts: origins.slice(0, length + 1) };
}

function decode(escaped: string): Piece[] {
  if (/^%[^u]/i.test(escaped)) return bytesOf(escaped);
  return [[escaped.startsWith('&') ? decodeHTML(escaped) : characterOf(escaped), escaped.length]];
}

/** The character of `\n`, `\x41`, `\u0041`, `\u{41}` or `%u0041`. */
function characterOf(escaped: string): string {
  const [, digits] = /^.[ux]\{?([0-9a-f]+)/i.exec(escaped) ?? [];
  if (digits === undefined) return LETTERS[escaped.charAt(1)] ?? escaped.charAt(1);
  const code = Number.parseInt(digits, 16);
  return code > 0x10ffff ? escaped : String.fromCodePoint(code);
}

/** Percent-encoded bytes, in UTF-8 where they are, else in Latin-1. */
function bytesOf(escaped: string): Piece[] {
  const bytes = Buffer.from(escaped.replaceAll('%', ''), 'hex');
  const pieces: Piece[] = [];
  for (let at = 0; at < bytes.length; ) {
    const byte = bytes[at]!;
    const length = byte < 0xc2 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : byte < 0xf5 ? 4 : 1;
    const text = bytes.toString('utf8', at, at + length);
    const isWhole = at + length <= bytes.length && [...text].length === 1 && text !== '\ufffd';
    const taken = isWhole ? length : 1;
    pieces.push([isWhole ? text : String.fromCharCode(byte), 3 * taken]);
    at += taken;
  }
  return pieces;
}
