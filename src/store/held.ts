import type { ConversationRecord, DeliveryRecord, DeliveryState, MessageOutcome, MessageRecord, MessageState } from './store.js';
import { warnedOf } from './warning.js';
import { wordsOf } from './word-index.js';

/** Where one body of a record is in the journal. */
export interface BodyRef {
  name: string;
  segment: number;
  offset: number;
  length: number;
}

export type Kind = 'message' | 'delivery' | 'conversation';

/**
 * A record as the heap holds it: its JSON text is outside the garbage-collected heap (see Slabs), beside it are the few fields that queues and lists need. The text is
 * made once per change and serves the journal, the snapshot and readers, who each get an object of their own.
 */
interface HeldRecord {
  id: string;
  version: number;
  /** Number of the record's JSON text. */
  text: number;
  /** Number of the text that says where the bodies are; 0 when there are none. */
  refs: number;
  /** The same while the journal has not placed them yet. */
  unplaced?: BodyRef[];
  /** The last sign of life, for retention; in minutes, which fit a small integer. */
  minute: number;
}

/** Of what has a warning: whether a person has looked at it. */
export type Warned = ReturnType<typeof warnedOf>;

export interface HeldMessage extends HeldRecord {
  kind: 'message';
  state: MessageState;
  /** Of a settled message. */
  outcome?: MessageOutcome;
  warned?: Warned;
  node: string;
  endpoint: string;
  entityType: string;
  conversation?: string;
  notBefore?: number;
}

export interface HeldDelivery extends HeldRecord {
  kind: 'delivery';
  state: DeliveryState;
  warned?: Warned;
  endpoint: string;
  entityType: string;
  /** Empty for what is done and holds nothing back. */
  lane: string;
  conversation: string;
  message: string;
  notBefore?: number;
  waits: boolean;
  blocking: boolean;
}

export interface HeldConversation extends HeldRecord {
  kind: 'conversation';
  state: ConversationRecord['state'];
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
  const keys: string[] = [];
  const add = (value: string) => {
    const key = keyOf(searchValue(value), id);
    if (!keys.includes(key)) keys.push(key);
  };
  for (const value of values) if (value) add(value);
  if (id !== id.toLowerCase()) add(id);
  return keys;
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

const MINUTE = 60_000;
/** The later of two times, both ISO 8601 UTC as all our own are: those sort as text. */
const minuteOf = (first: string, last: string | undefined): number =>
  Math.floor((Date.parse(last !== undefined && last > first ? last : first) || 0) / MINUTE);

/** The held form of each kind; `text` is the number of the record's text, `refs` of where its bodies are. */
const hold = {
  message(record: MessageRecord, text: number, refs: number): HeldMessage {
    return {
      kind: 'message',
      id: record.id,
      version: record.version,
      text,
      refs,
      unplaced: undefined,
      minute: minuteOf(record.receivedAt, record.settledAt),
      state: shared(record.state),
      outcome: record.state === 'settled' && record.outcome ? shared(record.outcome) : undefined,
      warned: warnedOf(record),
      node: shared(record.node),
      endpoint: shared(record.endpoint),
      entityType: shared(record.entityType),
      conversation: record.conversation,
      notBefore: record.notBefore,
    };
  },
  delivery(record: DeliveryRecord, text: number, refs: number): HeldDelivery {
    const blocking = (record.state === 'failed' || record.state === 'needsDecision') && record.blocking === true;
    const inLane = blocking || OPEN_DELIVERY.includes(record.state);
    return {
      kind: 'delivery',
      id: record.id,
      version: record.version,
      text,
      refs,
      unplaced: undefined,
      minute: minuteOf(record.createdAt, record.updatedAt),
      state: shared(record.state),
      warned: warnedOf(record),
      endpoint: shared(record.endpoint),
      entityType: shared(record.entityType),
      lane: inLane ? keyOf(record.endpoint, record.lane) : '',
      conversation: record.conversation,
      message: record.message,
      notBefore: record.notBefore,
      waits: record.waitsFor !== undefined,
      blocking,
    };
  },
  conversation(record: ConversationRecord, text: number): HeldConversation {
    return {
      kind: 'conversation',
      id: record.id,
      version: record.version,
      text,
      refs: 0,
      unplaced: undefined,
      minute: minuteOf(record.createdAt, record.updatedAt),
      state: shared(record.state),
    };
  },
};

/** The held form of a record of any kind. */
export function holdRecord(kind: Kind, record: RecordOf[Kind], text: number, refs: number): Held {
  if (kind === 'message') return hold.message(record as MessageRecord, text, refs);
  if (kind === 'delivery') return hold.delivery(record as DeliveryRecord, text, refs);
  return hold.conversation(record as ConversationRecord, text);
}

/** The keys of a record. */
export interface Keys {
  /** What they are made of, in order: while it stays the same, so do they. */
  from: readonly (string | undefined)[];
  /** No other record of its kind may have these. */
  unique: string[];
  /** Under these, `value NUL id`, search finds it. */
  found: string[];
  /** Words of its title, by which search finds it too. */
  words: readonly string[];
}

const NO_WORDS: readonly string[] = [];

/** The keys of a record of any kind: those `before` it where they stay the same. */
export function keysOf(kind: Kind, record: RecordOf[Kind], before?: Keys): Keys {
  const from = keyFields(kind, record);
  if (before && from.length === before.from.length && from.every((field, i) => field === before.from[i])) return before;
  if (kind === 'conversation') {
    const { id, reference, aliases = [], links, title } = record as ConversationRecord;
    return {
      from,
      unique: [
        ...[reference, ...aliases].map(referenceKey),
        ...links.map((link) => linkKey(link.endpoint, link.entityType, link.id)),
      ],
      found: searchKeys(id, [reference, ...aliases, ...links.flatMap((link) => [link.id, link.number])]),
      words: wordsOf(title),
    };
  }
  const { id, entityId, number } = record as MessageRecord | DeliveryRecord;
  const found = searchKeys(id, [entityId, number]);
  if (kind === 'message') {
    const { node, key } = record as MessageRecord;
    return { from, unique: [keyOf(node, key)], found, words: NO_WORDS };
  }
  const { message, node, leg, part } = record as DeliveryRecord;
  return { from, unique: [keyOf(message, node, leg, part)], found, words: NO_WORDS };
}

function keyFields(kind: Kind, record: RecordOf[Kind]): (string | undefined)[] {
  if (kind === 'conversation') {
    const { reference, aliases, links, title } = record as ConversationRecord;
    return [
      reference,
      aliases?.join(),
      title,
      ...links.flatMap((link) => [link.endpoint, link.entityType, link.id, link.number]),
    ];
  }
  const { entityId, number } = record as MessageRecord | DeliveryRecord;
  if (kind === 'message') {
    const { node, key } = record as MessageRecord;
    return [node, key, entityId, number];
  }
  const { message, node, leg, part } = record as DeliveryRecord;
  return [message, node, leg, part, entityId, number];
}

/** Refs as text, and back. */
export function encodeRefs(bodies: readonly BodyRef[]): string {
  return JSON.stringify(bodies.map(({ name, segment, offset, length }) => [name, segment, offset, length]));
}

export function decodeRefs(text: string): BodyRef[] {
  const refs = JSON.parse(text) as [string, number, number, number][];
  return refs.map(([name, segment, offset, length]) => ({ name, segment, offset, length }));
}
