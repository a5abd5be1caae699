import type { Heap, Shelf, Table } from './heap.js';
import { type Held, type HeldOf, idOfSearchKey, type Kind, keysOf, type RecordOf, searchValue, type Warned } from './held.js';
import { Pace } from './pace.js';
import type { SortedKeys } from './sorted-keys.js';
import type { ListQuery } from './store.js';
import { saysAll, wordsOf } from './word-index.js';

/** Keys read in one step from an index. */
const BATCH = 256;
/** Records read in one step back in time: each costs more than a key, and where this way is the right one it is soon done. */
const AGED_BATCH = 16;
/** The same where only what is at hand of a record is looked at. */
const PLAIN_BATCH = 64;
/** Sorts behind every character a key may go on with. */
const END = '\uffff';

/** A search in small steps; when it is done, its page is complete. */
type Steps = Generator<void, void>;

/** Finds the records a query asks for, newest first, without stalling: long searches let other work go between their steps. */
export async function list<K extends Kind>(heap: Heap, kind: K, query: ListQuery): Promise<RecordOf[K][]> {
  const search = wantedOf(query.search);
  if (query.limit <= 0) return [];
  const narrow = search ? undefined : narrowIds(heap, kind, query);
  const aged = new Page(heap, kind, query);
  if (narrow) {
    for (let i = narrow.length - 1; i >= 0; i--) aged.offer(narrow[i]!);
    return aged.records();
  }
  if (!search) return firstDone([{ page: aged, steps: byAge(heap, kind, query, aged, PLAIN_BATCH, () => true) }]);
  // The beginning of a number either fits many records, and then the newest that fit are soon met going back in time, or it fits few, and then
  // the index is soon read to its end. Which of the two it is shows when one of them is done.
  const indexed = new Page(heap, kind, query);
  return firstDone([
    { page: aged, steps: byAge(heap, kind, query, aged, AGED_BATCH, (held) => isFound(heap, held, search)) },
    { page: indexed, steps: byIndex(heap, kind, search, indexed) },
  ]);
}

async function firstDone<K extends Kind>(ways: { page: Page<K>; steps: Steps }[]): Promise<RecordOf[K][]> {
  const pace = new Pace();
  for (;;) {
    for (const { page, steps } of ways) if (steps.next().done) return page.records();
    await pace.breathe();
  }
}

/** What is searched for: the beginning of an id or number, or words of a title. */
interface Wanted {
  value: string;
  words: string[];
}

function wantedOf(text: string | undefined): Wanted | undefined {
  const value = searchValue(text ?? '');
  return value ? { value, words: wordsOf(value) } : undefined;
}

/** The newest `limit` matches so far. */
class Page<K extends Kind> {
  /** Greatest id first. */
  private readonly ids: string[] = [];
  private readonly table: Table<K>;
  private readonly conversationOfMessage: string | undefined;

  constructor(
    private readonly heap: Heap,
    private readonly kind: K,
    private readonly query: ListQuery,
  ) {
    this.table = heap.tables[kind] as unknown as Table<K>;
    this.conversationOfMessage = query.message === undefined ? undefined : heap.get('message', query.message)?.conversation;
  }

  /** True when the id, and so every smaller one, is too old for a full page. */
  isTooOld(id: string): boolean {
    return this.ids.length >= this.query.limit && id < this.ids[this.ids.length - 1]!;
  }

  offer(id: string, matches: (held: HeldOf[K]) => boolean = () => true): void {
    const { before, from } = this.query;
    if (this.isTooOld(id) || (before !== undefined && id >= before) || (from !== undefined && id < from)) return;
    const held = this.table.get(id);
    if (!held || !this.fits(held) || !matches(held)) return;
    let low = 0;
    let high = this.ids.length;
    // Mostly they come in order, and belong at the end.
    if (high > 0 && this.ids[high - 1]! > id) low = high;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.ids[middle]! > id) low = middle + 1;
      else high = middle;
    }
    if (this.ids[low] === id) return;
    this.ids.splice(low, 0, id);
    if (this.ids.length > this.query.limit) this.ids.pop();
  }

  records(): RecordOf[K][] {
    return this.ids.flatMap((id) => {
      const held = this.heap.get(this.kind, id);
      return held ? [this.heap.record<K>(held)] : [];
    });
  }

  private fits(held: HeldOf[K]): boolean {
    const { states, outcomes, warned, endpoint, entityType, conversation, message } = this.query;
    if (states && !states.includes(held.state)) return false;
    if (outcomes && held.kind === 'message' && !(held.outcome && outcomes.includes(held.outcome))) return false;
    if (held.kind === 'conversation') {
      if (conversation !== undefined && held.id !== conversation) return false;
      if (message !== undefined && held.id !== this.conversationOfMessage) return false;
      if (endpoint === undefined && entityType === undefined) return true;
      const fits = (wanted: string | undefined, has: string) => wanted === undefined || wanted === has;
      const { links } = this.heap.record<'conversation'>(held);
      return links.some((link) => fits(endpoint, link.endpoint) && fits(entityType, link.entityType));
    }
    if (!fitsWarned(warned, held.warned)) return false;
    if (entityType !== undefined && held.entityType !== entityType) return false;
    if (endpoint !== undefined && held.endpoint !== endpoint) return false;
    if (conversation !== undefined && held.conversation !== conversation) return false;
    return message === undefined || (held.kind === 'message' ? held.id : held.message) === message;
  }
}

/** Queries for one conversation or message need not look at anything else; undefined for all others. */
function narrowIds(heap: Heap, kind: Kind, query: ListQuery): readonly string[] | undefined {
  const { conversation, message } = query;
  if (kind === 'conversation') {
    if (conversation !== undefined) return [conversation];
    return message === undefined ? undefined : [heap.get('message', message)?.conversation ?? ''];
  }
  if (message !== undefined) return kind === 'message' ? [message] : heap.deliveriesOfMessage(message);
  return conversation === undefined ? undefined : heap.membersOf(kind, conversation);
}

/** Goes back in time through the lists of ids of the states asked for, until the page is full. */
function* byAge<K extends Kind>(
  heap: Heap,
  kind: K,
  query: ListQuery,
  page: Page<K>,
  batch: number,
  matches: (held: HeldOf[K]) => boolean,
): Steps {
  for (const { ids, ...standing } of heap.tables[kind].shelves) {
    if (!mayFit(kind, query, standing)) continue;
    yield* walk(ids, query.before, '', batch, (id) => {
      if (page.isTooOld(id) || (query.from !== undefined && id < query.from)) return false;
      page.offer(id, matches);
      return true;
    });
  }
}

/** False for shelves on which nothing fits. */
function mayFit(kind: Kind, query: ListQuery, { state, outcome, warned, endpoint, entityType }: Omit<Shelf, 'ids'>): boolean {
  if (query.states && !query.states.includes(state)) return false;
  if (kind === 'conversation') return true;
  if (kind === 'message' && query.outcomes && !(outcome && query.outcomes.includes(outcome))) return false;
  if (!fitsWarned(query.warned, warned)) return false;
  return (query.endpoint ?? endpoint) === endpoint && (query.entityType ?? entityType) === entityType;
}

function fitsWarned(asked: ListQuery['warned'], has: Warned): boolean {
  return asked === undefined || (asked === true ? has !== undefined : has === asked);
}

/** Reads all that the search finds from the indexes: records of the kind, then those of the conversations found. */
function* byIndex<K extends Kind>(heap: Heap, kind: K, search: Wanted, page: Page<K>): Steps {
  yield* walkFound(heap, kind, search, (id) => page.offer(id));
  if (kind === 'conversation') return;
  yield* walkFound(heap, 'conversation', search, (conversation) => {
    for (const id of heap.membersOf(kind, conversation)) page.offer(id);
  });
}

/** Calls back with the ids of all records of a kind which the search finds by themselves, some of them more than once. */
function* walkFound(heap: Heap, kind: Kind, { value, words }: Wanted, found: (id: string) => void): Steps {
  const { found: keys, shelves } = heap.tables[kind];
  yield* walk(keys, value + END, value, BATCH, (key) => {
    found(idOfSearchKey(key));
    return true;
  });
  for (const { ids } of shelves) {
    yield* walk(ids, value + END, value, BATCH, (id) => {
      found(id);
      return true;
    });
  }
  if (kind === 'conversation' && words.length > 0) yield* walkTitles(heap, words, found);
}

/** Goes through the titles with the longest of the words, which is likely the rarest, and looks whether they have the others too. */
function* walkTitles(heap: Heap, words: readonly string[], found: (id: string) => void): Steps {
  const index = heap.tables.conversation.words;
  const longest = words.reduce((a, b) => (b.length > a.length ? b : a));
  const hasAll = (id: string) => words.length === 1 || saysAll(heap.wordsOf(id), words);
  let after: string | undefined;
  for (;;) {
    const batch = index.beginning(longest, after, BATCH);
    for (const word of batch) {
      let before: string | undefined;
      for (;;) {
        const ids = index.with(word, before, AGED_BATCH);
        for (const id of ids) if (hasAll(id)) found(id);
        yield;
        if (ids.length < AGED_BATCH) break;
        before = ids.at(-1);
      }
    }
    if (batch.length < BATCH) return;
    after = batch.at(-1);
  }
}

/** What `byIndex` finds, asked the other way round. */
function isFound(heap: Heap, held: Held, search: Wanted): boolean {
  if (held.id.startsWith(search.value)) return true;
  const { found, words } = keysOf(held.kind, heap.record(held));
  if (found.some((key) => key.startsWith(search.value)) || saysAll(words, search.words)) return true;
  if (held.kind === 'conversation' || held.conversation === undefined) return false;
  const conversation = heap.get('conversation', held.conversation);
  return conversation !== undefined && isFound(heap, conversation, search);
}

/** Walks keys downwards from `before` while they begin with `prefix` and the visitor wants more. Keys may come and go between its steps. */
function* walk(
  keys: SortedKeys,
  before: string | undefined,
  prefix: string,
  size: number,
  visit: (key: string) => boolean,
): Steps {
  let from = before;
  for (;;) {
    const batch = keys.below(from, size);
    for (const key of batch) if (!key.startsWith(prefix) || !visit(key)) return;
    if (batch.length < size) return;
    from = batch.at(-1);
    yield;
  }
}
