import { comparableTexts, shareOne } from '../text-match.js';
import { type Attributes, textOf } from './attributes.js';

type EntryMatcher = (a: Attributes, b: Attributes) => boolean;

/**
 * How a list entry is recognised, most certain first. Providers renumber ids, some at each read, and people edit texts, so
 * neither an id nor a text counts alone while both match another entry.
 */
const MATCHERS: EntryMatcher[] = [
  (a, b) => sameId(a, b) && a.text === b.text && a.name === b.name,
  (a, b) => sameId(a, b) && sameContent(a, b),
  (a, b) => sameContent(a, b) && a.date === b.date,
  sameContent,
  sameId,
  // Some providers recreate all notes at each write of a list, with their API user as author.
  sameTextOf,
];

/** The same, where ids are stable: an equal text under another id is another entry. */
const MATCHERS_BY_ID: EntryMatcher[] = [sameId, (a, b) => !(hasId(a) && hasId(b)) && sameContent(a, b)];

/** For a single entry whose content is known. */
const SAME_CONTENT_MATCHERS: EntryMatcher[] = [(a, b) => sameId(a, b) && sameContent(a, b), sameContent];

/** Whether ids are stable, as far as a second read of the list shows. Some providers renumber all entries. Pure. */
export function keepsIds(list: readonly Attributes[], others: readonly Attributes[]): boolean {
  return list.some((entry) => others.some((other) => sameId(entry, other) && sameContent(entry, other)));
}

/**
 * The entries of a list without a counterpart among the others; each counterpart counts once. `byId`: ids are stable (keepsIds).
 * Pure.
 */
export function withoutCounterpart(list: readonly Attributes[], others: readonly Attributes[], byId = false): Attributes[] {
  let left = [...list];
  const free = new Set(others);
  for (const isAlike of byId ? MATCHERS_BY_ID : MATCHERS) {
    left = left.filter((entry) => {
      for (const other of free) if (isAlike(entry, other)) return !free.delete(other);
      return true;
    });
  }
  return left;
}

/** The entries of both lists; those in both lists once. Pure. */
export function union(list: readonly Attributes[], other: readonly Attributes[], byId = false): Attributes[] {
  return [...list, ...withoutCounterpart(other, list, byId)];
}

/**
 * The entry of a list with the same content, whatever its id; `byId`: ids are stable. An equal text by another author is another
 * entry, where the list shows authors. Pure.
 */
export function findSame(list: readonly Attributes[], entry: Attributes, byId = false): Attributes | undefined {
  for (const isAlike of byId ? MATCHERS_BY_ID : SAME_CONTENT_MATCHERS) {
    const found = list.findLast((one) => isAlike(entry, one));
    if (found) return found;
  }
  return undefined;
}

/** The size of a file in bytes, by its entry, else by its content; undefined: the entry has neither. Pure. */
export function bytesOf({ size, content }: Attributes): number | undefined {
  if (typeof size === 'number') return size;
  const { amount, units } = (size ?? {}) as { amount?: unknown; units?: unknown };
  const inBytes = units === undefined || (typeof units === 'string' && /^b(ytes?)?$/i.test(units));
  if (inBytes && typeof amount === 'number') return amount;
  return typeof content === 'string' ? Buffer.byteLength(content, 'base64') : undefined;
}

function hasId({ id }: Attributes): boolean {
  return textOf(id) !== undefined;
}

function sameId(a: Attributes, b: Attributes): boolean {
  return textOf(a.id) !== undefined && textOf(a.id) === textOf(b.id);
}

function sameContent(a: Attributes, b: Attributes): boolean {
  if (typeof a.text === 'string') {
    const authors = [textOf(a.author), textOf(b.author)];
    return typeof b.text === 'string' && (authors.includes(undefined) || authors[0] === authors[1]) && sameTextOf(a, b);
  }
  return textOf(a.name) !== undefined && a.name === b.name && !differs(bytesOf(a), bytesOf(b));
}

/** By entry: of a list of a thousand, each is compared with each, and must not be normalised for each of them. */
const comparable = new WeakMap<Attributes, { text: string; texts: string[] }>();

function sameTextOf(a: Attributes, b: Attributes): boolean {
  return typeof a.text === 'string' && typeof b.text === 'string' && shareOne(textsOf(a, a.text), textsOf(b, b.text));
}

function textsOf(entry: Attributes, text: string): string[] {
  const known = comparable.get(entry);
  if (known?.text === text) return known.texts;
  const texts = comparableTexts(text);
  comparable.set(entry, { text, texts });
  return texts;
}

function differs(a: number | undefined, b: number | undefined): boolean {
  return a !== undefined && b !== undefined && a !== b;
}
