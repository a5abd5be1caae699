import { SortedKeys, withKey, withoutKey } from './sorted-keys.js';

/** Words of one title that are searched; what comes after these nobody looks for. */
const MOST_WORDS = 12;
const LONGEST_WORD = 30;
/** One letter or digit tells nothing. */
const SHORTEST_WORD = 2;
/** Up to this many ids stand in a plain array: most words are rare. */
const FEW = 32;

/** The words of a text by which it is searched: in lower case, each once. */
export function wordsOf(text: string | undefined): string[] {
  if (!text) return [];
  const words = new Set<string>();
  for (const [word] of text.toLowerCase().matchAll(/[\p{L}\p{N}]+/gu)) {
    if (word.length >= SHORTEST_WORD) words.add(word.slice(0, LONGEST_WORD));
    if (words.size === MOST_WORDS) break;
  }
  return [...words];
}

/** True when every word asked for begins one of the words. */
export function saysAll(words: readonly string[], asked: readonly string[]): boolean {
  return asked.length > 0 && asked.every((part) => words.some((word) => word.startsWith(part)));
}

/**
 * Which records have a word. Titles share most of their words, so that an entry costs no more than a reference to an id; a key made of word and id would
 * cost ten times that.
 */
export class WordIndex {
  private readonly words = new SortedKeys();
  private readonly ids = new Map<string, readonly string[] | SortedKeys>();

  add(word: string, id: string): void {
    const ids = this.ids.get(word);
    if (ids instanceof SortedKeys) {
      ids.add(id);
      return;
    }
    if (!ids) this.words.add(word);
    const more = withKey(ids ?? [], id);
    this.ids.set(word, more.length > FEW ? sorted(more) : more);
  }

  remove(word: string, id: string): void {
    const ids = this.ids.get(word);
    if (!ids) return;
    const rest = ids instanceof SortedKeys ? ids : withoutKey(ids, id);
    if (rest instanceof SortedKeys) rest.delete(id);
    if ((rest instanceof SortedKeys ? rest.size : rest.length) > 0) {
      this.ids.set(word, rest);
      return;
    }
    this.ids.delete(word);
    this.words.delete(word);
  }

  /** The words that begin so, `limit` at a time, after `after`. */
  beginning(prefix: string, after: string | undefined, limit: number): string[] {
    const found = after === undefined && this.ids.has(prefix) ? [prefix] : [];
    found.push(...this.words.above(after ?? prefix, limit - found.length));
    const end = found.findIndex((word) => !word.startsWith(prefix));
    return end < 0 ? found : found.slice(0, end);
  }

  /** Ids of the records with this very word, smaller than `before`, greatest first. */
  with(word: string, before: string | undefined, limit: number): string[] {
    const ids = this.ids.get(word);
    if (ids instanceof SortedKeys) return ids.below(before, limit);
    return (ids ?? [])
      .filter((id) => before === undefined || id < before)
      .reverse()
      .slice(0, limit);
  }
}

function sorted(ids: readonly string[]): SortedKeys {
  const keys = new SortedKeys();
  for (const id of ids) keys.add(id);
  return keys;
}
