/**
 * Characters that are not shown but act: control characters and escape sequences of terminals, line and paragraph separators, and the
 * format characters of Unicode (direction overrides, zero-width characters, tags); also halves of characters.
 */
const ACTING = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;
const ACTING_IN_LINES = /[^\P{Cc}\n]|[\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** Longest line, in characters of its text. */
export const MAX_LINE = 4_000;

/**
 * A text of any origin as one line that does nothing but show it, for logs, errors and status: acting characters are escaped as in JSON
 * (`\n`, `\u001b`), and what is longer than `MAX_LINE` is cut.
 */
export function oneLine(text: string): string {
  return escaped(text.length > MAX_LINE ? `${text.slice(0, MAX_LINE)}… (${text.length} characters)` : text, ACTING);
}

/** A text of several lines, whose line breaks are our own, for terminals and files. Text that is JSON stays the same JSON. */
export function printable(text: string): string {
  return escaped(text, ACTING_IN_LINES);
}

/** A value as indented JSON for a file that people open in a terminal or an editor. */
export function printableJson(value: unknown): string {
  return printable(`${JSON.stringify(value, null, 2)}\n`);
}

function escaped(text: string, acting: RegExp): string {
  return text.replace(acting, (character) => SHORT[character] ?? codeUnits(character));
}

const SHORT: Record<string, string> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

function codeUnits(character: string): string {
  return [...Array(character.length).keys()].map((at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`).join('');
}
