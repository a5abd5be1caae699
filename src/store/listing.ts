import type { Bucket, MemoryState, Table } from './memory-state.js';
import {
  type EntryOf,
  idOfSearchKey,
  keysOf,
  type RecordEntry,
  type RecordKind,
  type RecordOf,
  searchValue,
  type WarningState,
} from './record-entry.js';
import type { SortedKeys } from './sorted-keys.js';
import type { ListQuery } from './store.js';
import { TimeSlice } from './time-slice.js';
import { matchesAllWords, searchWords } from './word-index.js';

/** Keys read per step from an index. */
const BATCH = 256;
/** Records read per step of a scan by age: each costs more than a key, and where a scan is the faster search it is soon done. */
const AGED_BATCH = 16;
/** The same for a scan that reads only the entries, not the records. */
const PLAIN_BATCH = 64;
/** Sorts after every character that can follow in a key. */
const END = '\uffff';

/** A search in small steps; its page is complete when it is done. */
type Steps = Generator<void, void>;

/** Finds the records of a query, newest first, without blocking the event loop: long searches yield between their steps. */
export async function list<K extends RecordKind>(memory: MemoryState, kind: K, query: ListQuery): Promise<RecordOf[K][]> {
  const search = toSearchTerm(query.search);
  if (query.limit <= 0) return [];
  const narrow = search ? undefined : narrowIds(memory, kind, query);
  const aged = new ResultPage(memory, kind, query);
  if (narrow) {
    for (let i = narrow.length - 1; i >= 0; i--) aged.offer(narrow[i]!);
    return aged.records();
  }
  if (!search) return firstDone([{ page: aged, steps: byAge(memory, kind, query, aged, PLAIN_BATCH, () => true) }]);
  // A prefix matches either many records, and then a scan by age soon finds the newest matches, or few, and then the index is
  // soon read to its end.
  // Both searches run in turns until one of them is done.
  const indexed = new ResultPage(memory, kind, query);
  return firstDone([
    { page: aged, steps: byAge(memory, kind, query, aged, AGED_BATCH, (entry) => isFound(memory, entry, search)) },
    { page: indexed, steps: byIndex(memory, kind, search, indexed) },
  ]);
}

async function firstDone<K extends RecordKind>(searches: { page: ResultPage<K>; steps: Steps }[]): Promise<RecordOf[K][]> {
  const slice = new TimeSlice();
  for (;;) {
    for (const { page, steps } of searches) if (steps.next().done) return page.records();
    await slice.yieldIfDue();
  }
}

/** A search term: the prefix of an id or number, or words of a title. */
interface SearchTerm {
  value: string;
  words: string[];
}

function toSearchTerm(text: string | undefined): SearchTerm | undefined {
  const value = searchValue(text ?? '');
  return value ? { value, words: searchWords(value) } : undefined;
}

/** The newest `limit` matches so far. */
class ResultPage<K extends RecordKind> {
  /** Greatest id first. */
  private readonly ids: string[] = [];
  private readonly table: Table<K>;
  private readonly conversationOfMessage: string | undefined;

  constructor(
    private readonly memory: MemoryState,
    private readonly kind: K,
    private readonly query: ListQuery,
  ) {
    this.table = memory.tables[kind] as unknown as Table<K>;
    this.conversationOfMessage = query.message === undefined ? undefined : memory.get('message', query.message)?.conversation;
  }

  /** Whether the id, and so every smaller one, is too old for a full page. */
  isTooOld(id: string): boolean {
    return this.ids.length >= this.query.limit && id < this.ids[this.ids.length - 1]!;
  }

  offer(id: string, matches: (entry: EntryOf[K]) => boolean = () => true): void {
    const { before, from } = this.query;
    if (this.isTooOld(id) || (before !== undefined && id >= before) || (from !== undefined && id < from)) return;
    const entry = this.table.get(id);
    if (!entry || !this.matches(entry) || !matches(entry)) return;
    let low = 0;
    let high = this.ids.length;
    // Ids mostly arrive in order and belong at the end.
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
      const entry = this.memory.get(this.kind, id);
      return entry ? [this.memory.record<K>(entry)] : [];
    });
  }

  private matches(entry: EntryOf[K]): boolean {
    const { states, outcomes, warned, endpoint, entityType, conversation, message } = this.query;
    if (states && !states.includes(entry.state)) return false;
    if (outcomes && entry.kind === 'message' && !(entry.outcome && outcomes.includes(entry.outcome))) return false;
    if (entry.kind === 'conversation') {
      if (conversation !== undefined && entry.id !== conversation) return false;
      if (message !== undefined && entry.id !== this.conversationOfMessage) return false;
      if (endpoint === undefined && entityType === undefined) return true;
      const matches = (wanted: string | undefined, has: string) => wanted === undefined || wanted === has;
      const { links } = this.memory.record<'conversation'>(entry);
      return links.some((link) => matches(endpoint, link.endpoint) && matches(entityType, link.entityType));
    }
    if (!matchesWarning(warned, entry.warned)) return false;
    if (entityType !== undefined && entry.entityType !== entityType) return false;
    if (endpoint !== undefined && entry.endpoint !== endpoint) return false;
    if (conversation !== undefined && entry.conversation !== conversation) return false;
    return message === undefined || (entry.kind === 'message' ? entry.id : entry.message) === message;
  }
}

/** The ids to check for a query of one conversation or message; undefined for all other queries. */
function narrowIds(memory: MemoryState, kind: RecordKind, query: ListQuery): readonly string[] | undefined {
  const { conversation, message } = query;
  if (kind === 'conversation') {
    if (conversation !== undefined) return [conversation];
    return message === undefined ? undefined : [memory.get('message', message)?.conversation ?? ''];
  }
  if (message !== undefined) return kind === 'message' ? [message] : memory.deliveriesOfMessage(message);
  return conversation === undefined ? undefined : memory.membersOf(kind, conversation);
}

/** Scans the matching buckets from the newest id backwards until the page is full. */
function* byAge<K extends RecordKind>(
  memory: MemoryState,
  kind: K,
  query: ListQuery,
  page: ResultPage<K>,
  batch: number,
  matches: (entry: EntryOf[K]) => boolean,
): Steps {
  for (const { ids, ...bucketKey } of memory.tables[kind].buckets) {
    if (!mayMatch(kind, query, bucketKey)) continue;
    yield* walk(ids, query.before, '', batch, (id) => {
      if (page.isTooOld(id) || (query.from !== undefined && id < query.from)) return false;
      page.offer(id, matches);
      return true;
    });
  }
}

/** Whether a bucket can contain matching records. */
function mayMatch(
  kind: RecordKind,
  query: ListQuery,
  { state, outcome, warned, endpoint, entityType }: Omit<Bucket, 'ids'>,
): boolean {
  if (query.states && !query.states.includes(state)) return false;
  if (kind === 'conversation') return true;
  if (kind === 'message' && query.outcomes && !(outcome && query.outcomes.includes(outcome))) return false;
  if (!matchesWarning(query.warned, warned)) return false;
  return (query.endpoint ?? endpoint) === endpoint && (query.entityType ?? entityType) === entityType;
}

function matchesWarning(asked: ListQuery['warned'], has: WarningState): boolean {
  return asked === undefined || (asked === true ? has !== undefined : has === asked);
}

/** Reads all matches from the indexes: records of the kind, then those of the matching conversations. */
function* byIndex<K extends RecordKind>(memory: MemoryState, kind: K, search: SearchTerm, page: ResultPage<K>): Steps {
  yield* walkFound(memory, kind, search, (id) => page.offer(id));
  if (kind === 'conversation') return;
  yield* walkFound(memory, 'conversation', search, (conversation) => {
    for (const id of memory.membersOf(kind, conversation)) page.offer(id);
  });
}

/** Calls back with the ids of all records of a kind that match by their own keys, some of them more than once. */
function* walkFound(memory: MemoryState, kind: RecordKind, { value, words }: SearchTerm, found: (id: string) => void): Steps {
  const { found: keys, buckets } = memory.tables[kind];
  yield* walk(keys, value + END, value, BATCH, (key) => {
    found(idOfSearchKey(key));
    return true;
  });
  for (const { ids } of buckets) {
    yield* walk(ids, value + END, value, BATCH, (id) => {
      found(id);
      return true;
    });
  }
  if (kind === 'conversation' && words.length > 0) yield* walkTitles(memory, words, found);
}

/** Reads the titles with the longest search word, which is probably the rarest, and checks them for the other words. */
function* walkTitles(memory: MemoryState, words: readonly string[], found: (id: string) => void): Steps {
  const index = memory.tables.conversation.words;
  const longest = words.reduce((a, b) => (b.length > a.length ? b : a));
  const hasAll = (id: string) => words.length === 1 || matchesAllWords(memory.titleWords(id), words);
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

/** Whether `byIndex` would find this record. */
function isFound(memory: MemoryState, entry: RecordEntry, search: SearchTerm): boolean {
  if (entry.id.startsWith(search.value)) return true;
  const { found, words } = keysOf(entry.kind, memory.record(entry));
  if (found.some((key) => key.startsWith(search.value)) || matchesAllWords(words, search.words)) return true;
  if (entry.kind === 'conversation' || entry.conversation === undefined) return false;
  const conversation = memory.get('conversation', entry.conversation);
  return conversation !== undefined && isFound(memory, conversation, search);
}

/**
 * Walks keys downwards from `before` while they start with `prefix` and the visitor returns true. Keys may be added and removed
 * between the steps.
 */
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
