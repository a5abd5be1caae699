/** Forms of binary data in base64 that are shorter are parts of ordinary words. */
const MIN_BASE64 = 5;
/** How often a text may have been encoded again: JSON inside JSON, a URL inside a URL. */
const ESCAPES = '\\\\{1,4}';
const PERCENT = '%(?:25){0,2}';
const AMPERSAND = '&(?:amp;){0,2}';

/** Named character references, and escapes with a letter. */
const NAMED: Record<string, string> = { '&': 'amp', '<': 'lt', '>': 'gt', '"': 'quot', "'": 'apos' };
const LETTERS: Record<string, string> = { '\n': 'n', '\r': 'r', '\t': 't', '\b': 'b', '\f': 'f' };

/**
 * The source of a regular expression for a text in the forms in which a partner may return it: plain, escaped for JSON, a URL, a form
 * or HTML, also twice, and in hexadecimal. Only characters that need it are escaped by anyone. It matches in linear time.
 */
export function formsOf(text: string): string {
  const bytes = [...Buffer.from(text).toString('hex')];
  return `${characterForms(text)}|${bytes.map(hexDigit).join('')}`;
}

/**
 * The same for the base64 of any data that contains the text, such as `user:password`: the digits in the middle are the same, whatever
 * is around them. Undefined for a text that is too short.
 */
export function base64FormsOf(text: string): string | undefined {
  const data = Buffer.from(text);
  const forms = [0, 1, 2].map((before) => {
    const digits = Buffer.concat([Buffer.alloc(before), data]).toString('base64');
    // The first digits depend on what is before the text, the last ones on what is after it.
    return digits.slice(Math.ceil((before * 8) / 6), Math.floor(((before + data.length) * 8) / 6));
  });
  return forms.some((form) => form.length < MIN_BASE64) ? undefined : forms.map(base64Forms).join('|');
}

/** In both alphabets (RFC 4648 §4, §5). */
function base64Forms(digits: string): string {
  const forURLs: Record<string, string> = { '+': '-', '/': '_' };
  return [...digits].map((digit) => (digit in forURLs ? `(?:${forURLs[digit]}|${characterForms(digit)})` : digit)).join('');
}

function characterForms(text: string): string {
  return [...text].map((character) => (/^[A-Za-z0-9]$/.test(character) ? character : formsOfCharacter(character))).join('');
}

function formsOfCharacter(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  const percent = [...Buffer.from(character)].map((byte) => `${PERCENT}${hexDigits(byte, 2)}`).join('');
  const units = [...Array(character.length).keys()].map((at) => `${ESCAPES}u${hexDigits(character.charCodeAt(at), 4)}`).join('');
  const named = NAMED[character];
  const letter = LETTERS[character];
  const forms = [
    // JSON escapes these three, and nothing is wrong with other escapes.
    /["\\/]/.test(character) ? `\\\\{0,4}${literalOf(character)}` : literalOf(character),
    ...(letter ? [`${ESCAPES}${letter}`] : []),
    ...(character === ' ' ? ['\\+'] : []),
    percent,
    units,
    `${AMPERSAND}#0{0,4}${code};`,
    `${AMPERSAND}#[xX]0{0,4}${hexDigits(code, 1)};`,
    ...(named ? [`${AMPERSAND}${named};`] : []),
  ];
  return `(?:${forms.join('|')})`;
}

/** The source of a regular expression for a text as it is. */
export function literalOf(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
}

function hexDigits(value: number, length: number): string {
  return [...value.toString(16).padStart(length, '0')].map(hexDigit).join('');
}

function hexDigit(digit: string): string {
  return /[a-f]/.test(digit) ? `[${digit}${digit.toUpperCase()}]` : digit;
}
