import type { ListQuery, MessageRecord, Store } from '../../src/store/store.js';
import type { Query } from './views.js';

/** Something that leads to a message: the message itself, or a delivery of it. Sources give them newest first. */
export interface Lead {
  /** Where in its source it stands, for the page after. */
  id: string;
  at: string;
  message: string;
  record?: MessageRecord;
  /** False for what the store could not leave out by itself. */
  wanted: boolean;
}

export interface LeadSource {
  key: string;
  store: Store;
  leads: AsyncGenerator<Lead>;
}

const PAGE = 100;
/** Conversations whose messages are looked through for one search. */
const CONVERSATIONS = 20;

const MESSAGE_STATES = { all: undefined, problems: ['failed'], waiting: ['received'], unrouted: ['settled'] };
const DELIVERY_STATES = { all: undefined, problems: ['failed'], waiting: ['pending', 'sending', 'inDoubt'], unrouted: undefined };

/** Where the messages of a query are to be found in one store. `from` gives the place a source was left at by the page before. */
export async function messageSources(
  id: string,
  store: Store,
  query: Query,
  from: (key: string) => string | undefined,
): Promise<LeadSource[]> {
  const search = query.search || undefined;
  const states = MESSAGE_STATES[query.state];
  const deliveryStates = DELIVERY_STATES[query.state];
  const wanted = (record: MessageRecord) => query.state !== 'unrouted' || record.outcome === 'unrouted';
  const source = (name: string, leads: (before?: string) => AsyncGenerator<Lead>): LeadSource => {
    const key = `${id}/${name}`;
    return { key, store, leads: leads(from(key)) };
  };

  const sources = [source('messages', (before) => messages(store, { search, states }, before, wanted))];
  if (deliveryStates || (search && query.state === 'all')) {
    sources.push(source('deliveries', (before) => deliveries(store, { search, states: deliveryStates }, before)));
  }
  if (search) {
    // A search for one party's number finds what the other party said about the same matter, too.
    for (const conversation of await store.listConversations({ search, limit: CONVERSATIONS })) {
      const about = { conversation: conversation.id };
      sources.push(source(`messages/${conversation.id}`, (before) => messages(store, { ...about, states }, before, wanted)));
      if (!deliveryStates) continue;
      sources.push(
        source(`deliveries/${conversation.id}`, (before) => deliveries(store, { ...about, states: deliveryStates }, before)),
      );
    }
  }
  return sources;
}

type Part = Omit<ListQuery, 'limit' | 'before'>;

async function* messages(store: Store, part: Part, before: string | undefined, wanted: (record: MessageRecord) => boolean) {
  for await (const record of pages((from) => store.listMessages({ ...part, before: from, limit: PAGE }), before)) {
    yield { id: record.id, at: record.receivedAt, message: record.id, record, wanted: wanted(record) };
  }
}

async function* deliveries(store: Store, part: Part, before: string | undefined) {
  for await (const record of pages((from) => store.listDeliveries({ ...part, before: from, limit: PAGE }), before)) {
    yield { id: record.id, at: record.createdAt, message: record.message, wanted: true };
  }
}

async function* pages<Item extends { id: string }>(
  fetch: (before?: string) => Promise<Item[]>,
  before?: string,
): AsyncGenerator<Item> {
  let from = before;
  for (;;) {
    const page = await fetch(from);
    yield* page;
    if (page.length < PAGE) return;
    from = page.at(-1)?.id;
  }
}
