import type {
  ConversationRecord as Conversation,
  ConversationRecord,
  DeliveryRecord,
  DeliveryState,
  MessageRecord,
  MessageState,
} from './store.js';

/** Where one body of a record is in the journal. */
export interface BodyRef {
  name: string;
  segment: number;
  offset: number;
  length: number;
}

export type Kind = 'message' | 'delivery' | 'conversation';

/**
 * A record as the heap holds it: as JSON text, with the few fields that indexes need beside it. The text is made once per change and serves the
 * journal, the snapshot and readers (who get an object of their own), and the garbage collector has one string to look at
 * instead of fifty objects: with 100,000 conversations that is the difference between pauses of milliseconds and of tenths of a second.
 */
interface HeldRecord {
  id: string;
  version: number;
  text: string;
  bodies?: BodyRef[];
  /** Epoch milliseconds of the last sign of life, for retention. */
  at: number;
  /** Keys that no other record of its kind may have. */
  unique: string[];
  /** Keys under which search finds it: `value NUL id`, lower case. */
  found: string[];
}

export interface HeldMessage extends HeldRecord {
  kind: 'message';
  state: MessageState;
  unrouted: boolean;
  node: string;
  endpoint: string;
  conversation?: string;
  notBefore?: number;
}

export interface HeldDelivery extends HeldRecord {
  kind: 'delivery';
  state: DeliveryState;
  endpoint: string;
  /** Empty for what is done and holds nothing back. */
  lane: string;
  conversation: string;
  message: string;
  notBefore?: number;
  needsLink: boolean;
  blocking: boolean;
}

export interface HeldConversation extends HeldRecord {
  kind: 'conversation';
  state: ConversationRecord['state'];
  endpoints: string[];
}

export interface HeldOf {
  message: HeldMessage;
  delivery: HeldDelivery;
  conversation: HeldConversation;
}
export type Held = HeldOf[Kind];

export interface RecordOf {
  message: MessageRecord;
  delivery: DeliveryRecord;
  conversation: ConversationRecord;
}

/** States in which a delivery still has to go out. */
export const OPEN_DELIVERY: readonly DeliveryState[] = ['pending', 'sending', 'inDoubt'];

const SEPARATOR = '\u0000';
/** Longer values are cut for search: nobody types them. */
const SEARCHED_LENGTH = 100;

const keyOf = (...parts: string[]): string => parts.join(SEPARATOR);
export const linkKey = (endpoint: string, entityType: string, id: string): string => keyOf('link', endpoint, entityType, id);
export const referenceKey = (reference: string): string => keyOf('reference', reference);

/** The value searched for, as it stands in search keys. */
export function searchValue(text: string): string {
  return text.trim().toLowerCase().slice(0, SEARCHED_LENGTH);
}

/** The id in a search key. */
export function idOfSearchKey(key: string): string {
  return key.slice(key.lastIndexOf(SEPARATOR) + 1);
}

/** Own ids in lower case are found through the lists of ids and need no key here. */
function searchKeys(id: string, values: (string | undefined)[]): string[] {
  const distinct = new Set<string>();
  for (const value of values) if (value) distinct.add(searchValue(value));
  if (id !== id.toLowerCase()) distinct.add(searchValue(id));
  return [...distinct].map((value) => keyOf(value, id));
}

/** Names of which there are few, each kept once however many records carry it. */
const names = new Map<string, string>();
const MOST_NAMES = 10_000;

/** The one copy of a name. */
export function shared<T extends string>(name: T): T {
  const known = names.get(name);
  if (known !== undefined) return known as T;
  if (names.size < MOST_NAMES) names.set(name, name);
  return name;
}

const time = (iso: string | undefined): number => (iso ? Date.parse(iso) || 0 : 0);

/** Makes the held form of each kind; `text` is the record as JSON with its new version. */
export const hold = {
  message(record: MessageRecord, text: string, bodies?: BodyRef[]): HeldMessage {
    return {
      kind: 'message',
      id: record.id,
      version: record.version,
      text,
      bodies,
      at: Math.max(time(record.receivedAt), time(record.settledAt)),
      unique: [keyOf(record.node, record.key)],
      found: searchKeys(record.id, [record.entityId, record.number]),
      state: shared(record.state),
      unrouted: record.state === 'settled' && record.outcome === 'unrouted',
      node: shared(record.node),
      endpoint: shared(record.endpoint),
      conversation: record.conversation,
      notBefore: record.notBefore,
    };
  },
  delivery(record: DeliveryRecord, text: string, bodies?: BodyRef[]): HeldDelivery {
    const blocking = record.state === 'failed' && record.blocking === true;
    const inLane = blocking || OPEN_DELIVERY.includes(record.state);
    return {
      kind: 'delivery',
      id: record.id,
      version: record.version,
      text,
      bodies,
      at: Math.max(time(record.createdAt), time(record.updatedAt)),
      unique: [keyOf(record.message, record.node, record.leg, record.part)],
      found: searchKeys(record.id, [record.entityId, record.number]),
      state: shared(record.state),
      endpoint: shared(record.endpoint),
      lane: inLane ? keyOf(record.endpoint, record.lane) : '',
      conversation: record.conversation,
      message: record.message,
      notBefore: record.notBefore,
      needsLink: record.needsLink === true,
      blocking,
    };
  },
  conversation(record: Conversation, text: string): HeldConversation {
    return {
      kind: 'conversation',
      id: record.id,
      version: record.version,
      text,
      at: Math.max(time(record.createdAt), time(record.updatedAt)),
      unique: [referenceKey(record.reference), ...record.links.map((link) => linkKey(link.endpoint, link.entityType, link.id))],
      found: searchKeys(record.id, [record.reference, ...record.links.flatMap((link) => [link.id, link.number])]),
      state: shared(record.state),
      endpoints: record.links.map((link) => shared(link.endpoint)),
    };
  },
};

/** The held form of a record of any kind. */
export function holdRecord(kind: Kind, record: RecordOf[Kind], text: string, bodies?: BodyRef[]): Held {
  if (kind === 'message') return hold.message(record as MessageRecord, text, bodies);
  if (kind === 'delivery') return hold.delivery(record as DeliveryRecord, text, bodies);
  return hold.conversation(record as ConversationRecord, text);
}
