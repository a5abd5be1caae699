import { ANSWER_JSON } from '../budgets.js';
import { JsonAllowance } from '../json-shape.js';
import { kindAt, trailOf } from './personal-fields.js';

/** Maximum number of words kept; the ones not met for the longest time are forgotten first. */
const MAX_WORDS = 20_000;
/** Longer texts in a field of names are no names. */
const MAX_LENGTH = 120;
const MAX_NAME_WORDS = 8;
/** Levels of a payload that are looked into. */
const MAX_DEPTH = 40;
/** Soft hyphens, joiners and spaces without width: a name with one of them in it reads the same. */
const INVISIBLE = /[\u00ad\u200b-\u200d\u2060\ufeff]/g;
const WORD = /[\p{L}\p{M}\p{N}\u00ad\u200b-\u200d\u2060\ufeff]+(?:[.'’_-][\p{L}\p{M}\p{N}\u00ad\u200b-\u200d\u2060\ufeff]+)*/gu;
const COMPOUND = /[.'’_-]/;
/** Most words need no normalising, which is slow. */
const ASCII = /^[!-~]*$/;
const PART = /[\p{L}\p{M}\p{N}\u00ad\u200b-\u200d\u2060\ufeff]+/gu;
/** Between the words of one name. */
const BETWEEN = /^\s{1,3}$/;
/** Users that are programs or groups, and words beside names. */
const NO_PERSON = new Set(
  'admin administrator agent api automation bot desk dr glide gmbh guest herr frau integration ltd mail maint mr mrs ms monitoring noc none operator portal prof root service servicedesk support switchboard system test unknown user webhook'.split(
    ' ',
  ),
);

/** The words of names of people that were met, by which free text is searched. */
export class KnownNames {
  /** In lower case. true: found in any notation, such as a user name; false: only with a capital, as in `Will`. */
  private readonly words = new Map<string, boolean>();

  /** Takes the names in a payload, a message, or any part of them. */
  learn(value: unknown): void {
    this.walk(value, [], undefined, 0);
  }

  /** Takes one name, or user name. */
  add(name: string): void {
    if (!isName(name)) return;
    const words = plain(name).match(WORD) ?? [];
    const isSingle = words.length === 1;
    for (const word of words) {
      // `van`, `de`: found with the words around them.
      const isParticle = !isSingle && /^\p{Ll}{1,3}$/u.test(word);
      if (!isParticle && (!isSingle || /[-'’]/.test(word))) for (const part of word.match(PART) ?? []) this.keep(part, false, 2);
      if (!isParticle) this.keep(word, isSingle || /[._]/.test(word), isSingle ? 3 : 2);
      // A user name made of a person's names.
      if (isSingle && /[._]/.test(word)) for (const part of word.split(/[._]/)) this.keep(part, false, 3);
    }
  }

  /** Replaces every word of a known name in a text. In lower case, as in `jan peeters`, words are names beside others of names. */
  replaceIn(text: string, replace: (word: string) => string): string {
    if (this.words.size === 0) return text;
    const found = [...text.matchAll(WORD)].map(({ 0: word, index }) => ({ word, index, end: index + word.length }));
    const areNames = found.map(({ word }) => this.find(word) !== undefined);
    const isBesideName = (at: number, other: number) => {
      const [before, after] = at < other ? [at, other] : [other, at];
      return areNames[other] === true && BETWEEN.test(text.slice(found[before]!.end, found[after]!.index));
    };
    let replaced = '';
    let done = 0;
    for (const [at, { word, index, end }] of found.entries()) {
      const isWhole = this.has(word) || (areNames[at] && (isBesideName(at, at - 1) || isBesideName(at, at + 1)));
      if (!isWhole && !COMPOUND.test(word)) continue;
      const shown = isWhole ? replace(word) : word.replace(PART, (part) => (this.has(part) ? replace(part) : part));
      replaced += text.slice(done, index) + shown;
      done = end;
    }
    return replaced + text.slice(done);
  }

  private has(word: string): boolean {
    const isCapital = !/^\p{Ll}/u.test(word);
    // In German, the genitive is written without an apostrophe: `Müllers`.
    const anyNotation = this.find(word) ?? (isCapital && /..s$/i.test(word) ? this.find(word.slice(0, -1)) : undefined);
    return anyNotation !== undefined && (anyNotation || isCapital);
  }

  private find(word: string): boolean | undefined {
    return word.length < 2 ? undefined : this.words.get(plain(word).toLowerCase());
  }

  private keep(word: string, anyNotation: boolean, shortest: number): void {
    const key = word.toLowerCase();
    if (word.length < shortest || NO_PERSON.has(key) || !/\p{L}{2}/u.test(word)) return;
    const before = this.words.get(key);
    this.words.delete(key);
    this.words.set(key, anyNotation || before === true);
    if (this.words.size > MAX_WORDS) this.words.delete(this.words.keys().next().value as string);
  }

  private walk(value: unknown, trail: readonly string[], owner: Record<string, unknown> | undefined, depth: number): void {
    if (depth > MAX_DEPTH) return;
    if (typeof value === 'string') {
      if (kindAt(trail, owner) === 'names') this.add(value);
      else if (value.length > 1) this.walk(jsonOf(value), [], undefined, depth + 1);
    } else if (Array.isArray(value)) for (const one of value) this.walk(one, trail, owner, depth + 1);
    else if (typeof value === 'object' && value !== null) {
      const tree = value as Record<string, unknown>;
      // A field as it is listed: its path beside its value.
      const path = tree.path ?? tree.generic ?? tree.field;
      const listed = typeof path === 'string' ? trailOf(path) : undefined;
      for (const [name, inner] of Object.entries(tree)) {
        this.walk(inner, [...trail.slice(-3), name.toLowerCase()], tree, depth + 1);
        if (listed && name === 'value') this.walk(inner, listed, undefined, depth + 1);
      }
    }
  }
}

/** A word in the form in which it is compared. */
function plain(word: string): string {
  return ASCII.test(word) ? word : word.replace(INVISIBLE, '').normalize();
}

/** Whether a value of a field for names is that of a program or a group: `system`, `Service Desk`. */
export function isTechnical(value: string): boolean {
  return (value.match(PART) ?? []).every((part) => NO_PERSON.has(part.toLowerCase()));
}

/** Whether a value of a field for names is a name, and not an id, a number or a long text. */
export function isName(value: string): boolean {
  if (value.length > MAX_LENGTH || !/\p{L}{2}/u.test(value) || value.includes('@') || value.includes('\n')) return false;
  if (/^[0-9a-f]{32}$/i.test(value) || /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(value)) return false;
  return value.split(/\s+/).length <= MAX_NAME_WORDS;
}

/**
 * An object or list that is shown as text, as the bodies of exchanges are; undefined for other texts. One that is too large to be
 * parsed stays unseen: '…'.
 */
export function jsonOf(text: string): unknown {
  if (!/^\s{0,9}[[{]/.test(text)) return undefined;
  if (new JsonAllowance(ANSWER_JSON).excess(text)) return '…';
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
