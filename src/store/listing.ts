import type { Heap, Table } from './heap.js';
import { type HeldOf, idOfSearchKey, type Kind, searchValue } from './held.js';
import { Pace } from './pace.js';
import { insertKey, type SortedKeys } from './sorted-keys.js';
import type { ListQuery } from './store.js';

/** Keys read between two looks at the clock. */
const BATCH = 256;
/** Sorts behind every character a key may go on with. */
const END = '\uffff';

/** Finds the records a query asks for, newest first, without stalling: long scans let other work go between. */
export async function list<K extends Kind>(heap: Heap, kind: K, query: ListQuery): Promise<HeldOf[K][]> {
  const search = query.search === undefined ? '' : searchValue(query.search);
  const page = new Page(heap, kind, query);
  if (query.limit > 0) {
    if (search) await collectSearch(heap, kind, search, page);
    else if (!collectNarrow(heap, kind, query, page)) await collectAll(heap, kind, query, page);
  }
  return page.records();
}

/** The best `limit` matches so far. */
class Page<K extends Kind> {
  readonly pace = new Pace();
  /** Smallest id first. */
  private readonly ids: string[] = [];
  private readonly table: Table<K>;

  constructor(
    heap: Heap,
    kind: K,
    private readonly query: ListQuery,
  ) {
    this.table = heap.tables[kind] as unknown as Table<K>;
    this.conversationOfMessage =
      kind === 'conversation' && query.message !== undefined
        ? (heap.get('message', query.message)?.conversation ?? '')
        : undefined;
  }
  private readonly conversationOfMessage: string | undefined;

  get full(): boolean {
    return this.ids.length >= this.query.limit;
  }

  /** True when the id, and so every smaller one, is too old for a full page. */
  isTooOld(id: string): boolean {
    return this.full && id < this.ids[0]!;
  }

  offer(id: string): void {
    if (this.query.before !== undefined && id >= this.query.before) return;
    if (this.full && id <= this.ids[0]!) return;
    const held = this.table.get(id);
    if (!held || !this.matches(held)) return;
    if (insertKey(this.ids, id) && this.ids.length > this.query.limit) this.ids.shift();
  }

  records(): HeldOf[K][] {
    return this.ids.reverse().flatMap((id) => this.table.get(id) ?? []);
  }

  private matches(held: HeldOf[K]): boolean {
    const { states, endpoint, conversation, message } = this.query;
    if (states && !states.includes(held.state)) return false;
    if (held.kind === 'conversation') {
      if (endpoint !== undefined && !held.endpoints.includes(endpoint)) return false;
      if (conversation !== undefined && held.id !== conversation) return false;
      return message === undefined || held.id === this.conversationOfMessage;
    }
    if (endpoint !== undefined && held.endpoint !== endpoint) return false;
    if (conversation !== undefined && held.conversation !== conversation) return false;
    return message === undefined || (held.kind === 'message' ? held.id : held.message) === message;
  }
}

/** Queries for one conversation or message need not look at anything else. */
function collectNarrow(heap: Heap, kind: Kind, query: ListQuery, page: Page<Kind>): boolean {
  let ids: readonly string[];
  if (kind === 'conversation') {
    const id =
      query.conversation ?? (query.message === undefined ? undefined : (heap.get('message', query.message)?.conversation ?? ''));
    if (id === undefined) return false;
    ids = [id];
  } else if (query.message !== undefined) {
    ids = kind === 'message' ? [query.message] : heap.deliveriesOfMessage(query.message);
  } else if (query.conversation !== undefined) {
    ids = heap.membersOf(kind, query.conversation);
  } else {
    return false;
  }
  for (let i = ids.length - 1; i >= 0; i--) page.offer(ids[i]!);
  return true;
}

/** Walks the lists of ids of the states asked for, all from their newest end. */
async function collectAll(heap: Heap, kind: Kind, query: ListQuery, page: Page<Kind>): Promise<void> {
  const { states } = heap.tables[kind];
  const lists = [...states.keys()].filter((state) => query.states?.includes(state) ?? true).map((state) => states.get(state)!);
  for (const ids of lists) {
    await walk(ids, query.before, '', page, (id) => {
      if (page.isTooOld(id)) return false;
      page.offer(id);
      return true;
    });
  }
}

async function collectSearch(heap: Heap, kind: Kind, search: string, page: Page<Kind>): Promise<void> {
  await walkMatches(heap, kind, search, page, (id) => page.offer(id));
  if (kind === 'conversation') return;
  await walkMatches(heap, 'conversation', search, page, (conversation) => {
    for (const id of heap.membersOf(kind, conversation)) page.offer(id);
  });
}

/** Calls back with the ids of all records of a kind that the search finds, some of them more than once. */
async function walkMatches(heap: Heap, kind: Kind, search: string, page: Page<Kind>, found: (id: string) => void): Promise<void> {
  const table = heap.tables[kind];
  await walk(table.found, search + END, search, page, (key) => {
    found(idOfSearchKey(key));
    return true;
  });
  for (const ids of table.states.values()) {
    await walk(ids, search + END, search, page, (id) => {
      found(id);
      return true;
    });
  }
}

/** Walks keys downwards from `before` while they begin with `prefix` and the visitor wants more. */
async function walk(
  keys: SortedKeys,
  before: string | undefined,
  prefix: string,
  page: Page<Kind>,
  visit: (key: string) => boolean,
): Promise<void> {
  let from = before;
  for (;;) {
    const batch = keys.below(from, BATCH);
    for (const key of batch) if (!key.startsWith(prefix) || !visit(key)) return;
    if (batch.length < BATCH) return;
    from = batch.at(-1);
    await page.pace.breathe();
  }
}
