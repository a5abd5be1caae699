import { TimeSlice } from '../time-slice.js';
import type { Bucket, EntryOf, RecordEntry } from './record-entry.js';
import { Scan } from './scan.js';
import { Search } from './search.js';
import type { ListQuery, Page, RecordKind, RecordOf } from './store.js';
import { parse, type StoreState, type Wanted } from './store-state.js';

/** Records read back in time until it is known that matches are rare. */
const FEW = 1000;
/** Greater than every position. */
const END = '\uffff';

/** Finds the records of a query, newest first, without blocking the event loop. */
export async function list<K extends RecordKind>(state: StoreState, kind: K, query: ListQuery): Promise<Page<RecordOf[K]>> {
  if (query.limit <= 0) return [];
  return new Listing(state, kind, query).run();
}

class Listing<K extends RecordKind> {
  private readonly page: ResultPage<K>;
  private readonly search: Search | undefined;
  private readonly deadline: number;
  private stopped = false;
  /** Exact matches: they are on the first page. */
  private readonly shown = new Set<string>();
  /** How far the records were read. */
  private position: string | undefined;

  constructor(
    private readonly state: StoreState,
    private readonly kind: K,
    private readonly query: ListQuery,
  ) {
    this.page = new ResultPage<K>(query);
    this.search = Search.of(state, query.search);
    this.deadline = performance.now() + (query.patience ?? Number.POSITIVE_INFINITY);
    this.position = query.before;
  }

  async run(): Promise<Page<RecordOf[K]>> {
    const narrow = await this.narrow();
    if (narrow) {
      for (const entry of narrow) if (await this.isFound(entry)) this.offer(entry);
      return this.page.records();
    }
    if (!this.search) return this.finished(await this.byAge());
    if (this.query.patience !== undefined) {
      const exact = await this.search.exact(this.kind);
      if (this.query.before === undefined) for (const entry of exact) this.offer(entry);
      if (this.page.size > 0) return this.finished(false);
      for (const { id } of exact) this.shown.add(id);
    }
    // A prefix matches either many records, and then the newest are soon found by reading back in time, or few, and then the
    // terms of all shards are soon read. Both run until one of them is done; the former also says how far it came.
    const indexed = this.byTerms(this.search);
    const aged = this.byAge(indexed);
    const complete = await Promise.race([aged, indexed.then((done) => done || aged)]).finally(() => {
      this.stopped = true;
    });
    // Of conversations, the terms are read in the order of the list, too.
    const { reached } = this.search;
    if (this.kind === 'conversation' && reached !== undefined && reached < (this.position ?? END))
      this.position = `${reached}\u0000`;
    return this.finished(complete);
  }

  private finished(complete: boolean): Page<RecordOf[K]> {
    const records: Page<RecordOf[K]> = this.page.records();
    if (!complete) records.next = this.position ?? END;
    return records;
  }

  /**
   * Reads back in time until the page is full; false if its time is over first. Where matches are rare, it leaves the rest to the
   * search by terms.
   */
  private async byAge(indexed?: Promise<boolean>): Promise<boolean> {
    const scan = new Scan(this.state, this.kind, this.query.before, (bucket) => mayMatch(this.query, bucket));
    const slice = new TimeSlice();
    try {
      for (let read = 0; !this.stopped; read++) {
        if (indexed && read === FEW) return await this.inTime(indexed);
        const entry = await scan.next();
        const { position } = scan;
        if (!entry || this.page.isTooOld(position) || (this.query.from !== undefined && position < this.query.from)) return true;
        if (matches(this.query, entry) && (await this.isFound(entry))) this.offer(entry);
        this.position = position;
        if (performance.now() > this.deadline) return false;
        await slice.yieldIfDue();
      }
      return false;
    } finally {
      scan.close();
    }
  }

  /** What a search finds until the time is over; false then. */
  private async inTime(search: Promise<boolean>): Promise<boolean> {
    if (this.query.patience === undefined) return search;
    let timer: NodeJS.Timeout | undefined;
    const over = new Promise<boolean>((resolve) => {
      timer = setTimeout(resolve, Math.max(0, this.deadline - performance.now()), false);
    });
    return Promise.race([search, over]).finally(() => clearTimeout(timer));
  }

  /** Reads the terms of all records. Where its time is over, what `byAge` has read counts. */
  private async byTerms(search: Search): Promise<boolean> {
    const { kind, query, page } = this;
    const wants: Wanted = (shard, line) =>
      mayMatch(query, shard.bucket(line)) && !page.isTooOld(shard.index.sections[kind]?.to ?? '');
    const isOver = () => this.stopped || performance.now() > this.deadline;
    for await (const entry of search.all(kind, query.before, wants, isOver)) {
      if (isOver()) return false;
      this.offer(entry);
    }
    return !isOver();
  }

  private async isFound(entry: RecordEntry): Promise<boolean> {
    return this.search === undefined || this.search.isFound(entry);
  }

  private offer(entry: EntryOf[K]): void {
    if (matches(this.query, entry) && !this.shown.has(entry.id)) this.page.offer(entry);
  }

  /** The records to check for a query of one conversation or message; undefined for all other queries. */
  private async narrow(): Promise<EntryOf[K][] | undefined> {
    const { conversation, message } = this.query;
    const { state, kind } = this;
    if (conversation === undefined && message === undefined) return undefined;
    let found: (RecordEntry | undefined)[];
    if (kind === 'conversation') {
      const ofMessage = message === undefined ? undefined : ((await state.fetch('message', message))?.conversation ?? '');
      if (conversation !== undefined && ofMessage !== undefined && conversation !== ofMessage) return [];
      found = [await state.fetch('conversation', (conversation ?? ofMessage)!)];
    } else if (message !== undefined) {
      found = kind === 'message' ? [await state.fetch('message', message)] : await state.deliveriesOf(message);
    } else {
      found = await state.members(kind, conversation!, (shard, line) => mayMatch(this.query, shard.bucket(line)));
    }
    return found.filter((entry): entry is EntryOf[K] => entry !== undefined);
  }
}

/** The newest `limit` matches so far. */
class ResultPage<K extends RecordKind> {
  /** Newest first. */
  private readonly entries: EntryOf[K][] = [];

  constructor(private readonly query: ListQuery) {}

  get size(): number {
    return this.entries.length;
  }

  /** Whether this position, and so every smaller one, is too old for a full page. */
  isTooOld(order: string): boolean {
    return this.entries.length >= this.query.limit && order < this.entries[this.entries.length - 1]!.order;
  }

  offer(entry: EntryOf[K]): void {
    const { before, from, limit } = this.query;
    const { order } = entry;
    if (this.isTooOld(order) || (before !== undefined && order >= before) || (from !== undefined && order < from)) return;
    let low = 0;
    let high = this.entries.length;
    // Records mostly arrive in order and belong at the end.
    if (high > 0 && this.entries[high - 1]!.order > order) low = high;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.entries[middle]!.order > order) low = middle + 1;
      else high = middle;
    }
    if (this.entries[low]?.order === order) return;
    this.entries.splice(low, 0, entry);
    if (this.entries.length > limit) this.entries.pop();
  }

  records(): RecordOf[K][] {
    return this.entries.map((entry) => parse<K>(entry));
  }
}

/** Whether a bucket can contain matching records. */
function mayMatch(query: ListQuery, { kind, state, outcome, warned, endpoint, entityType }: Bucket): boolean {
  if (query.states && !query.states.includes(state)) return false;
  if (kind === 'conversation') return true;
  if (kind === 'message' && query.outcomes && !(outcome && query.outcomes.includes(outcome))) return false;
  if (query.warned !== undefined && (query.warned === true ? warned === undefined : warned !== query.warned)) return false;
  return (query.endpoint ?? endpoint) === endpoint && (query.entityType ?? entityType) === entityType;
}

function matches(query: ListQuery, entry: RecordEntry): boolean {
  const { endpoint, entityType, conversation, message } = query;
  if (entry.kind === 'conversation') {
    if (!mayMatch(query, { kind: entry.kind, state: entry.state })) return false;
    if (endpoint === undefined && entityType === undefined) return true;
    const { links } = parse<'conversation'>(entry);
    return links.some(
      (link) => (endpoint ?? link.endpoint) === link.endpoint && (entityType ?? link.entityType) === link.entityType,
    );
  }
  if (!mayMatch(query, { ...entry, outcome: entry.kind === 'message' ? entry.outcome : undefined })) return false;
  if (conversation !== undefined && entry.conversation !== conversation) return false;
  return message === undefined || (entry.kind === 'message' ? entry.id : entry.message) === message;
}
