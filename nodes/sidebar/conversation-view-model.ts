import { digest } from '../../src/conversation/fingerprint.js';
import { cursorOf, recordsOf } from '../../src/store/pages.js';
import type { Bodies, ConversationRecord, DeliveryRecord, Link, ListQuery, MessageRecord, Store } from '../../src/store/store.js';
import type { BrokerAccess, NameOf } from './broker-access.js';
import type {
  ConversationDetail,
  ConversationFilter,
  ConversationList,
  ConversationQuery,
  ConversationRow,
  Unchanged,
} from './conversation-views.js';
import { type Places, readCursor, writeCursor } from './cursor.js';
import { isFoundByShown, learnPeople } from './people-reader.js';
import { type MessageContent, type OutboundEntry, timeline } from './timeline.js';
import type { WaitView } from './views.js';
import { WaitReader } from './wait-state.js';

/** Reads the content of a message from its bodies; undefined if they cannot be read any more. */
export type PayloadReader = (record: MessageRecord, bodies: Bodies) => Promise<MessageContent | undefined>;

/** Maximum number of records scanned for one page; the next page continues from there. */
const MAX_SCANNED = 2000;
const BATCH = 100;
/** Milliseconds after which a search returns what it has found so far. */
const PATIENCE = 250;
type RecordFilter = Pick<ListQuery, 'states' | 'warned'>;
/** The messages and deliveries that need attention, counted by conversation. */
const COUNTED = {
  failed: { states: ['failed'] },
  needsDecision: { states: ['needsDecision'] },
  warned: { warned: 'unseen' },
} satisfies Record<string, RecordFilter>;
/** The count that must not be zero for a filter. */
const LISTED_FOR: Partial<Record<ConversationFilter, keyof typeof COUNTED>> = {
  problems: 'failed',
  needsDecision: 'needsDecision',
  warned: 'warned',
};
/** Maximum number of messages, and of deliveries, drawn for one conversation. */
const MAX_DRAWN = 200;

/** A page of conversations, latest activity first. */
export async function listConversations(
  brokers: BrokerAccess[],
  query: ConversationQuery,
  nameOf: NameOf,
): Promise<ConversationList> {
  return query.search ? searchConversations(brokers, query, nameOf) : recentConversations(brokers, query, nameOf);
}

/** One conversation with its timeline, by id, reference or alias. `known`: the mark of what the view already has. */
export async function conversationDetail(
  brokers: BrokerAccess[],
  id: string,
  nameOf: NameOf,
  readPayload: PayloadReader,
  known?: string,
): Promise<Omit<ConversationDetail, 'linkEdits' | 'targets'> | Unchanged | undefined> {
  for (const broker of brokers) {
    const { store } = broker;
    const record = (await store.conversation(id)) ?? (await store.conversationByReference(id));
    if (!record) continue;
    await learnPeople(broker, record);
    const [messages, deliveries] = await Promise.all([
      store.listMessages({ conversation: record.id, limit: MAX_DRAWN + 1 }),
      store.listDeliveries({ conversation: record.id, limit: MAX_DRAWN + 1 }),
    ]);
    const waits = await waitsOf(new WaitReader(broker, nameOf), messages, deliveries);
    const mark = markOf([record, ...messages, ...deliveries], waits);
    if (mark === known) return { mark, unchanged: true };
    const from = Math.max(drawnFrom(messages), drawnFrom(deliveries));
    const shown = <R extends MessageRecord | DeliveryRecord>(records: R[]) =>
      records.filter((r) => timeOf(r) >= from).slice(0, MAX_DRAWN);
    const inbound = await Promise.all(
      shown(messages).map(async (message) => ({
        record: message,
        wait: waits.get(message.id),
        content: await readPayload(message, await store.bodies('message', message.id)),
      })),
    );
    const outbound = await Promise.all(
      shown(deliveries).map(async (delivery) => {
        const { request } = await store.bodies('delivery', delivery.id);
        return { record: delivery, wait: waits.get(delivery.id), request: request as OutboundEntry['request'] };
      }),
    );
    const { reference, title, state } = record;
    return {
      mark,
      id: record.id,
      reference,
      title,
      state,
      earlier: from > 0,
      ...timeline(record, inbound, outbound, nameOf),
    };
  }
  return undefined;
}

/** Why messages and deliveries wait, by id. */
async function waitsOf(
  reader: WaitReader,
  messages: MessageRecord[],
  deliveries: DeliveryRecord[],
): Promise<Map<string, WaitView>> {
  const waits = new Map<string, WaitView>();
  const note = (id: string, wait: WaitView | undefined) => wait && waits.set(id, wait);
  for (const message of messages) note(message.id, await reader.message(message));
  for (const delivery of deliveries) note(delivery.id, await reader.delivery(delivery));
  return waits;
}

/**
 * Changes with any record of the conversation, and with what it waits for. Without it, every change elsewhere would redraw the
 * view, and the user would lose the selection.
 */
function markOf(records: { id: string; version: number }[], waits: Map<string, WaitView>): string {
  return digest(`${records.map(({ id, version }) => `${id} ${version}`).join()} ${JSON.stringify([...waits])}`);
}

/** The time from which messages and deliveries are drawn; 0 if all are. */
function drawnFrom(records: (MessageRecord | DeliveryRecord)[]): number {
  const oldest = records[MAX_DRAWN - 1];
  return records.length > MAX_DRAWN && oldest ? timeOf(oldest) : 0;
}

function timeOf(record: MessageRecord | DeliveryRecord): number {
  return Date.parse('receivedAt' in record ? record.receivedAt : record.createdAt);
}

/** Searches all stores: what is found within a moment, and where the search goes on. */
async function searchConversations(
  brokers: BrokerAccess[],
  { search, state, limit, before, clear }: ConversationQuery,
  nameOf: NameOf,
): Promise<ConversationList> {
  const places = readCursor(before);
  const rest: Places = {};
  const states = state === 'open' || state === 'closed' ? [state] : undefined;
  const rows = await Promise.all(
    brokers.map(async (broker) => {
      const { id, store } = broker;
      if (before !== undefined && !(id in places)) return [];
      const page = await store.listConversations({ search, states, limit, before: places[id], patience: PATIENCE });
      const last = page.length < limit ? undefined : page.at(-1);
      const next = page.next ?? (last && cursorOf(last));
      if (next !== undefined) rest[id] = next;
      for (const record of page) await learnPeople(broker, record);
      const shown = clear ? page : page.filter((record) => isFoundByShown(search, record));
      return Promise.all(shown.map((record) => rowOf(store, record, nameOf)));
    }),
  );
  const countName = LISTED_FOR[state];
  const matching = rows.flat().filter((row) => !countName || row[countName] > 0);
  const conversations = matching.sort((a, b) => (a.at < b.at ? 1 : -1));
  return { conversations, ...(Object.keys(rest).length > 0 && { next: writeCursor(rest) }) };
}

/** A message or delivery. Unlike ids of conversations, their ids sort by time. */
interface Activity {
  id: string;
  conversation?: string;
}

/** Scans messages and deliveries back in time: a conversation is listed at its newest one. */
async function recentConversations(brokers: BrokerAccess[], query: ConversationQuery, nameOf: NameOf): Promise<ConversationList> {
  const countName = LISTED_FOR[query.state];
  const part: RecordFilter = countName ? COUNTED[countName] : {};
  const heads = await Promise.all(
    brokers.map(async (broker) => {
      const { store } = broker;
      const activities = merged(
        recordsOf((next): Promise<Activity[]> => store.listMessages({ ...part, ...next }), BATCH, query.before),
        recordsOf((next): Promise<Activity[]> => store.listDeliveries({ ...part, ...next }), BATCH, query.before),
      );
      return { broker, activities, activity: await next(activities) };
    }),
  );
  const rows: ConversationRow[] = [];
  const known = new Set<string>();
  let last = query.before;
  for (let scanned = 0; rows.length < query.limit && scanned < MAX_SCANNED; scanned++) {
    const head = heads.reduce(
      (best, head) => (head.activity && (!best?.activity || head.activity.id > best.activity.id) ? head : best),
      heads[0],
    );
    if (!head?.activity) return { conversations: rows };
    const { broker, activity } = head;
    const { store } = broker;
    last = activity.id;
    head.activity = await next(head.activities);
    const { conversation } = activity;
    if (!conversation || known.has(conversation)) continue;
    known.add(conversation);
    if ((await newest(store, conversation, part)) !== activity.id) continue;
    const record = await store.conversation(conversation);
    if (!record || ((query.state === 'open' || query.state === 'closed') && record.state !== query.state)) continue;
    await learnPeople(broker, record);
    rows.push(await rowOf(store, record, nameOf));
  }
  return { conversations: rows, ...(heads.some((head) => head.activity) && { next: last }) };
}

async function newest(store: Store, conversation: string, part: RecordFilter): Promise<string | undefined> {
  const [messages, deliveries] = await Promise.all([
    store.listMessages({ conversation, ...part, limit: 1 }),
    store.listDeliveries({ conversation, ...part, limit: 1 }),
  ]);
  return [messages[0]?.id, deliveries[0]?.id]
    .filter((id) => id !== undefined)
    .sort()
    .at(-1);
}

const WAITING = ['pending', 'sending', 'inDoubt'];

async function rowOf(store: Store, record: ConversationRecord, nameOf: NameOf): Promise<ConversationRow> {
  const count = async (kind: 'listMessages' | 'listDeliveries', part: RecordFilter) =>
    (await store[kind]({ conversation: record.id, ...part, limit: MAX_DRAWN })).length;
  const both = async (part: RecordFilter) => {
    const [messages, deliveries] = await Promise.all([count('listMessages', part), count('listDeliveries', part)]);
    return messages + deliveries;
  };
  const [failed, needsDecision, warned, received, waiting, messages, deliveries] = await Promise.all([
    both(COUNTED.failed),
    both(COUNTED.needsDecision),
    both(COUNTED.warned),
    count('listMessages', { states: ['received'] }),
    count('listDeliveries', { states: WAITING }),
    store.listMessages({ conversation: record.id, limit: 1 }),
    store.listDeliveries({ conversation: record.id, limit: 1 }),
  ]);
  const { id, reference, title, state } = record;
  return {
    id,
    reference,
    title,
    state,
    at: [messages[0]?.receivedAt, deliveries[0]?.updatedAt, record.createdAt]
      .filter((at) => at !== undefined)
      .sort()
      .at(-1) as string,
    failed,
    needsDecision,
    waiting: received + waiting,
    warned,
    parties: [...record.links].sort(partnersFirst).map(({ endpoint, entityType, number, id: entity, leg }) => ({
      endpoint: nameOf(endpoint),
      entityType,
      number: number ?? entity,
      leg,
    })),
  };
}

/** The side that started the conversation comes first. */
function partnersFirst(a: Link, b: Link): number {
  return Number(a.origin === 'ours') - Number(b.origin === 'ours');
}

/** Merges two lists, newest first. */
async function* merged(a: AsyncGenerator<Activity>, b: AsyncGenerator<Activity>): AsyncGenerator<Activity> {
  let [one, other] = [await next(a), await next(b)];
  while (one || other) {
    if (one && (!other || one.id > other.id)) {
      yield one;
      one = await next(a);
    } else if (other) {
      yield other;
      other = await next(b);
    }
  }
}

async function next(activities: AsyncGenerator<Activity>): Promise<Activity | undefined> {
  const { value, done } = await activities.next();
  return done ? undefined : value;
}
