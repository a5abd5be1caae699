import type { PersonalClass } from '../model/personal.js';
import { replaceSpans } from '../text/spans.js';
import { isName, isTechnical, jsonOf, type KnownNames } from './known-names.js';
import { AT_SIGN, emailsIn, phonesIn } from './patterns.js';
import { type FieldKind, kindAt, trailOf } from './personal-fields.js';

/** Values of views that identify a record, an endpoint, or a user of the editor: requests name them, and they must stay as they are. */
const KEPT = new Set(
  'id entityId number reference owner endpoint entityType lane key mark next by at since receivedAt'.split(' '),
);
/** Below these, there is what partners wrote: nothing is kept. */
const FOREIGN = new Set(['bodies', 'payload', 'original', 'exchanges', 'fields', 'lines', 'edits', 'sample', 'result']);
/** Values of a field that is listed with its path. */
const OF_FIELD = new Set(['value', 'example', 'from', 'to', 'was', 'now', 'before', 'after']);
/** Levels that are looked into; nothing deeper is shown. */
const MAX_DEPTH = 200;

/** The views show no more of a text. */
const MAX_TEXT = 100_000;
const MARGIN = 400;
const IDENTIFIER = /^[@$_]?[a-z][a-zA-Z0-9_]*$/;
/** In every mask. */
const ELLIPSIS = '…';

/** Whether a text has masks in it, or could have: it may be a partner's own ellipsis. */
export function mayBeMasked(text: string): boolean {
  return text.includes(ELLIPSIS);
}

/** What people who may not see people's data see of it. */
export class ViewMask {
  private readonly accounts: RegExp | undefined;
  private readonly users: ReadonlySet<string>;

  /**
   * @param accounts our users at the partners: not masked anywhere, because they tell an echo from a change
   * @param users those of Node-RED: not masked where they are a whole value
   */
  constructor(
    private readonly classes: ReadonlySet<PersonalClass>,
    private readonly names: readonly KnownNames[],
    { accounts = [], users = [] }: { accounts?: readonly string[]; users?: readonly string[] } = {},
  ) {
    this.accounts = anyOf(accounts);
    this.users = new Set([...accounts, ...users]);
  }

  /** `j…@acme.example`, `+49 … 17`, `J… D…`. */
  text(text: string): string {
    // Longer texts are cut, not shown as they are. The margin keeps what the cut would split in a form that is found.
    const isCut = text.length > MAX_TEXT;
    let masked = isCut ? text.slice(0, MAX_TEXT + MARGIN) : text;
    // With the accounts between them: the pattern captures them.
    const parts = this.accounts ? masked.split(this.accounts) : [masked];
    masked = parts.map((part, at) => (at % 2 === 1 ? part : this.part(part))).join('');
    return isCut ? `${masked.slice(0, -MARGIN)}… (${text.length} characters)` : masked;
  }

  private part(text: string): string {
    let masked = text;
    if (this.classes.has('email')) masked = replaceSpans(masked, emailsIn(masked), email);
    if (this.classes.has('phone')) masked = replaceSpans(masked, phonesIn(masked), phone);
    if (this.classes.has('names')) for (const names of this.names) masked = names.replaceIn(masked, initial);
    return masked;
  }

  /** A copy of an answer to a view. The names in its fields are masked in all its texts. */
  answer<T>(value: T): T {
    return this.masked(value, false);
  }

  /** A copy of a partner's record, in which no field is kept for its name. What is computed from it tells nothing that is masked. */
  record<T>(value: T): T {
    return this.masked(value, true);
  }

  private masked<T>(value: T, foreign: boolean): T {
    if (this.classes.has('names')) for (const names of this.names) names.learn(value);
    return this.walk(value, [], {}, foreign, 0) as T;
  }

  private walk(
    value: unknown,
    trail: readonly string[],
    owner: Readonly<Record<string, unknown>>,
    foreign: boolean,
    depth: number,
    name = '',
  ): unknown {
    if (depth > MAX_DEPTH) return undefined;
    if (typeof value === 'string') return !foreign && KEPT.has(name) ? value : this.field(value, kindAt(trail, owner));
    if (typeof value === 'number' && kindAt(trail, owner) === 'phone' && this.classes.has('phone')) return phone(String(value));
    if (Array.isArray(value)) return value.map((one) => this.walk(one, trail, owner, foreign, depth + 1, name));
    if (typeof value !== 'object' || value === null) return value;
    // A Date is JSON of its own.
    if (typeof (value as { toJSON?: unknown }).toJSON === 'function') return value;
    const tree = value as Record<string, unknown>;
    const path = tree.path ?? tree.generic ?? tree.field;
    const listed = typeof path === 'string' ? trailOf(path) : undefined;
    return Object.fromEntries(
      Object.entries(tree).map(([key, inner]) => {
        const below = foreign || FOREIGN.has(key);
        const place = listed && OF_FIELD.has(key) ? listed : [...trail.slice(-3), key.toLowerCase()];
        return [
          below ? this.key(key) : key,
          this.walk(inner, place, listed && OF_FIELD.has(key) ? {} : tree, below, depth + 1, key),
        ];
      }),
    );
  }

  /** Identifiers are names of fields, which stay. */
  private key(key: string): string {
    return IDENTIFIER.test(key) ? key : this.text(key);
  }

  private field(value: string, kind: FieldKind | undefined): string {
    if (this.users.has(value) || (kind === 'names' && isTechnical(value))) return value;
    if (kind === 'phone' && this.classes.has('phone') && /\d{3}/.test(value)) return phone(value);
    // A body that is shown as text, as in exchanges.
    const json = jsonOf(value);
    if (json !== undefined) return JSON.stringify(this.walk(json, [], {}, true, 1));
    const masked = this.text(value);
    if (kind !== 'names' || !this.classes.has('names') || !isName(masked)) return masked;
    return masked.replace(/[\p{L}\p{M}\p{N}]+/gu, (word, at: number) =>
      masked.charAt(at + word.length) === '…' ? word : initial(word),
    );
  }
}

/** Matches and captures each of these names where it stands on its own, and not in a longer name or address. */
function anyOf(names: readonly string[]): RegExp | undefined {
  if (names.length === 0) return undefined;
  const longestFirst = [...new Set(names)].sort((a, b) => b.length - a.length);
  const escaped = longestFirst.map((name) => name.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&'));
  return new RegExp(`(?<![\\p{L}\\p{N}_.@+-])(${escaped.join('|')})(?![\\p{L}\\p{N}_@+-]|\\.[\\p{L}\\p{N}])`, 'u');
}

function initial(word: string): string {
  return `${String.fromCodePoint(word.codePointAt(0) ?? 0x2026)}…`;
}

function email(address: string): string {
  const [at = '@'] = address.match(AT_SIGN) ?? [];
  const [local = '', domain = ''] = address.split(at);
  return `${initial(local)}${at}${domain}`;
}

/** The country, if it is said, and the last two digits. */
function phone(number: string): string {
  const country = /^(?:\+|00)\d{1,3}(?=\D)/.exec(number)?.[0] ?? /^\+\d\d/.exec(number)?.[0];
  return `${country ? `${country} ` : ''}… ${number.replace(/\D/g, '').slice(-2)}`;
}
