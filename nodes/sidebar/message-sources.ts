import { idAt } from '../../src/store/id.js';
import { recordsOf } from '../../src/store/pages.js';
import type { ListQuery, MessageRecord, Store } from '../../src/store/store.js';
import type { Filter, Query } from './views.js';

/** A message, or one of its deliveries, found by a query. Sources return them newest first. */
export interface MessageRef {
  /** Position in its source, for the next page. */
  id: string;
  at: string;
  message: string;
  record?: MessageRecord;
}

export interface MessageSource {
  key: string;
  store: Store;
  refs: AsyncGenerator<MessageRef>;
}

const PAGE = 100;

type Part = Omit<ListQuery, 'limit'>;

/** The query of messages and of deliveries for each filter of the list; absent: the filter does not apply to them. */
const STATE_QUERIES: Record<Filter, { messages?: Part; deliveries?: Part }> = {
  all: { messages: {}, deliveries: {} },
  problems: { messages: { states: ['failed'] }, deliveries: { states: ['failed'] } },
  needsDecision: { messages: { states: ['needsDecision'] }, deliveries: { states: ['needsDecision'] } },
  warned: { messages: { warned: 'unseen' }, deliveries: { warned: 'unseen' } },
  anyWarning: { messages: { warned: true }, deliveries: { warned: true } },
  waiting: { messages: { states: ['received'] }, deliveries: { states: ['pending', 'sending', 'inDoubt'] } },
  unrouted: { messages: { outcomes: ['unrouted'] } },
  delivered: { deliveries: { states: ['delivered'] } },
  ignored: { messages: { outcomes: ['ignored'] } },
  skipped: { messages: { states: ['skipped'] }, deliveries: { states: ['skipped'] } },
  merged: { deliveries: { states: ['merged'] } },
};

/** The sources of a query in one store. `from` returns the position at which the previous page left a source. */
export function messageSources(
  id: string,
  store: Store,
  query: Query,
  from: (key: string) => string | undefined,
): MessageSource[] {
  const { state, direction } = query;
  const queries = STATE_QUERIES[state];
  const shared = conditions(query);
  const sources: MessageSource[] = [];
  const add = (name: string, leads: (part: Part) => AsyncGenerator<MessageRef>, part: Part) => {
    const key = `${id}/${name}`;
    sources.push({ key, store, refs: leads({ ...shared, ...part, before: earlier(shared.before, from(key)) }) });
  };
  if (queries.messages && direction !== 'outgoing') add('messages', (part) => messages(store, part), queries.messages);
  // Each delivery belongs to a message, so deliveries are only searched for conditions that messages alone cannot answer.
  const { search, endpoint, entityType } = shared;
  const needsDeliveries = direction === 'outgoing' || state !== 'all' || search || endpoint || entityType;
  if (queries.deliveries && direction !== 'incoming' && needsDeliveries)
    add('deliveries', (part) => deliveries(store, part), queries.deliveries);
  return sources;
}

function conditions({ search, endpoint, entityType, since, until }: Query): Part {
  return {
    search: search || undefined,
    endpoint: endpoint || undefined,
    entityType: entityType || undefined,
    from: since && idAt(Date.parse(since)),
    before: until && idAt(Date.parse(until)),
  };
}

function earlier(a: string | undefined, b: string | undefined): string | undefined {
  return a === undefined || (b !== undefined && b < a) ? b : a;
}

async function* messages(store: Store, part: Part): AsyncGenerator<MessageRef> {
  for await (const record of recordsOf((next) => store.listMessages({ ...part, ...next }), PAGE, part.before)) {
    yield { id: record.id, at: record.receivedAt, message: record.id, record };
  }
}

async function* deliveries(store: Store, part: Part): AsyncGenerator<MessageRef> {
  for await (const record of recordsOf((next) => store.listDeliveries({ ...part, ...next }), PAGE, part.before)) {
    yield { id: record.id, at: record.createdAt, message: record.message };
  }
}
