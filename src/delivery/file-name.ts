/**
 * Control characters, halves of characters, line separators, marks of byte order and of writing direction: they hide how a name ends
 * (`invoice<U+202E>fdp.exe` shows as `invoiceexe.pdf`).
 */
const HIDDEN = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/gu;
/** Not allowed in names on Windows; a colon would write into another stream of the file. */
const FORBIDDEN = /[<>:"|?*]/g;
/** Devices on Windows, whatever the extension. */
const RESERVED = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i;
const MEDIA_TYPE = /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+(\s*;\s*[\w-]+="?[\w.+:/-]+"?)*$/;
/** Characters of an extension that is kept where a name is shortened. */
const LONGEST_EXTENSION = 16;

/**
 * The name of a file as every system can take it, and as people see what it is: without path, hidden characters and names of
 * devices, at most `longest` characters (its extension is kept). Idempotent. Pure.
 */
export function safeFileName(name: string, longest: number): string {
  const base = name.replace(HIDDEN, '').split(/[/\\]/).at(-1) ?? '';
  const trimmed = base.replace(FORBIDDEN, '_').replace(/^\s+|[.\s]+$/g, '');
  const named = trimmed === '' ? 'file' : RESERVED.test(trimmed) ? `_${trimmed}` : trimmed;
  const characters = [...named];
  if (characters.length <= longest) return named;
  const extension = [...(/\.[^.]*$/.exec(named)?.[0] ?? '')];
  const kept = extension.length <= Math.min(LONGEST_EXTENSION, longest - 1) ? extension : [];
  return [...characters.slice(0, longest - kept.length), ...kept].join('').replace(/[.\s]+$/, '');
}

/** The extension of a safe name, in lower case and without the dot; '' if it has none. Pure. */
export function extensionOf(name: string): string {
  return /\.([^.]+)$/.exec(name)?.[1]?.toLowerCase() ?? '';
}

/** A media type that can be sent as a header: what is none is any bytes, '' stays unknown. Pure. */
export function safeMediaType(type: string): string {
  return type === '' || MEDIA_TYPE.test(type) ? type : 'application/octet-stream';
}
