import { SortedKeys, withKey, withoutKey } from './sorted-keys.js';

/** Maximum number of indexed words of a title; later words are rarely searched. */
const MAX_WORDS = 12;
const LONGEST_WORD = 30;
/** A single letter or digit is not indexed. */
const SHORTEST_WORD = 2;
/** Up to this many ids are kept in a plain array: most words are rare. */
const FEW = 32;

/** The search words of a text: in lower case, without duplicates. */
export function searchWords(text: string | undefined): string[] {
  if (!text) return [];
  const words = new Set<string>();
  for (const [word] of text.toLowerCase().matchAll(/[\p{L}\p{N}]+/gu)) {
    if (word.length >= SHORTEST_WORD) words.add(word.slice(0, LONGEST_WORD));
    if (words.size === MAX_WORDS) break;
  }
  return [...words];
}

/** Whether each search word is a prefix of one of the words. */
export function matchesAllWords(words: readonly string[], asked: readonly string[]): boolean {
  return asked.length > 0 && asked.every((part) => words.some((word) => word.startsWith(part)));
}

/**
 * Maps words to record ids. Titles share most of their words, so an entry costs only a reference to an id; a key of word and id
 * would cost ten times that.
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

  /** Up to `limit` words that start with the prefix, after `after`. */
  beginning(prefix: string, after: string | undefined, limit: number): string[] {
    const found = after === undefined && this.ids.has(prefix) ? [prefix] : [];
    found.push(...this.words.above(after ?? prefix, limit - found.length));
    const end = found.findIndex((word) => !word.startsWith(prefix));
    return end < 0 ? found : found.slice(0, end);
  }

  /** Ids of the records with exactly this word, smaller than `before`, greatest first. */
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
