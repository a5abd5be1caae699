import type { ConversationRecord, DeliveryRecord, DeliveryState, MessageOutcome, MessageRecord, MessageState } from './store.js';
import { warningState } from './warning.js';
import { searchWords } from './word-index.js';

/** Where one body of a record is in the journal. */
export interface BodyRef {
  name: string;
  segment: number;
  offset: number;
  length: number;
}

export type RecordKind = 'message' | 'delivery' | 'conversation';

/**
 * A record as kept in memory: its JSON text is outside the garbage-collected heap (see SlabAllocator), next to the few fields
 * that queues and lists need. The text is created once per change and is used by the journal, the snapshot and readers, who each
 * parse their own object.
 */
interface EntryBase {
  id: string;
  version: number;
  /** Handle of the record's JSON text. */
  text: number;
  /** Handle of the text with the body references; 0 if there are no bodies. */
  refs: number;
  /** The body references until the journal has assigned their offsets. */
  unplaced?: BodyRef[];
  /** Time of the last change, for retention; in minutes, which fit a small integer. */
  minute: number;
}

/** Whether a warning was acknowledged; undefined if there is none. */
export type WarningState = ReturnType<typeof warningState>;

export interface MessageEntry extends EntryBase {
  kind: 'message';
  state: MessageState;
  /** Of a settled message. */
  outcome?: MessageOutcome;
  warned?: WarningState;
  node: string;
  endpoint: string;
  entityType: string;
  conversation?: string;
  notBefore?: number;
}

export interface DeliveryEntry extends EntryBase {
  kind: 'delivery';
  state: DeliveryState;
  warned?: WarningState;
  endpoint: string;
  entityType: string;
  /** Empty for a finished delivery that does not block its lane. */
  lane: string;
  conversation: string;
  message: string;
  notBefore?: number;
  waits: boolean;
  blocking: boolean;
}

export interface ConversationEntry extends EntryBase {
  kind: 'conversation';
  state: ConversationRecord['state'];
}

export interface EntryOf {
  message: MessageEntry;
  delivery: DeliveryEntry;
  conversation: ConversationEntry;
}
export type RecordEntry = EntryOf[RecordKind];

export interface RecordOf {
  message: MessageRecord;
  delivery: DeliveryRecord;
  conversation: ConversationRecord;
}

/** States in which a delivery is still to be sent. */
export const OPEN_DELIVERY: readonly DeliveryState[] = ['pending', 'sending', 'inDoubt'];

const SEPARATOR = '\u0000';
/** Longer values are truncated for search: nobody types them. */
const SEARCHED_LENGTH = 100;

const keyOf = (...parts: string[]): string => parts.join(SEPARATOR);
export const laneKey = (endpoint: string, lane: string): string => keyOf(endpoint, lane);
export const linkKey = (endpoint: string, entityType: string, id: string): string => keyOf('link', endpoint, entityType, id);
export const referenceKey = (reference: string): string => keyOf('reference', reference);

/** A value in the form used in search keys. */
export function searchValue(text: string): string {
  return text.trim().toLowerCase().slice(0, SEARCHED_LENGTH);
}

/** The id in a search key. */
export function idOfSearchKey(key: string): string {
  return key.slice(key.lastIndexOf(SEPARATOR) + 1);
}

/** Our own lower-case ids are found through the lists of ids and need no key here. */
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

/** Interned names: there are few of them, so each string is stored only once. */
const names = new Map<string, string>();
const MAX_NAMES = 10_000;

/** The interned copy of a name. */
export function intern<T extends string>(name: T): T {
  const known = names.get(name);
  if (known !== undefined) return known as T;
  if (names.size < MAX_NAMES) names.set(name, name);
  return name;
}

const MINUTE = 60_000;
/** The later of two times. Both are ISO 8601 UTC, as all our times, and so sort as text. */
const minuteOf = (first: string, last: string | undefined): number =>
  Math.floor((Date.parse(last !== undefined && last > first ? last : first) || 0) / MINUTE);

/** Creates the entry of each kind; `text` is the handle of the record's text, `refs` that of its body references. */
const entryMakers = {
  message(record: MessageRecord, text: number, refs: number): MessageEntry {
    return {
      kind: 'message',
      id: record.id,
      version: record.version,
      text,
      refs,
      unplaced: undefined,
      minute: minuteOf(record.receivedAt, record.settledAt),
      state: intern(record.state),
      outcome: record.state === 'settled' && record.outcome ? intern(record.outcome) : undefined,
      warned: warningState(record),
      node: intern(record.node),
      endpoint: intern(record.endpoint),
      entityType: intern(record.entityType),
      conversation: record.conversation,
      notBefore: record.notBefore,
    };
  },
  delivery(record: DeliveryRecord, text: number, refs: number): DeliveryEntry {
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
      state: intern(record.state),
      warned: warningState(record),
      endpoint: intern(record.endpoint),
      entityType: intern(record.entityType),
      lane: inLane ? laneKey(record.endpoint, record.lane) : '',
      conversation: record.conversation,
      message: record.message,
      notBefore: record.notBefore,
      waits: record.waitsFor !== undefined,
      blocking,
    };
  },
  conversation(record: ConversationRecord, text: number): ConversationEntry {
    return {
      kind: 'conversation',
      id: record.id,
      version: record.version,
      text,
      refs: 0,
      unplaced: undefined,
      minute: minuteOf(record.createdAt, record.updatedAt),
      state: intern(record.state),
    };
  },
};

/** Creates the entry of a record of any kind. */
export function toEntry(kind: RecordKind, record: RecordOf[RecordKind], text: number, refs: number): RecordEntry {
  if (kind === 'message') return entryMakers.message(record as MessageRecord, text, refs);
  if (kind === 'delivery') return entryMakers.delivery(record as DeliveryRecord, text, refs);
  return entryMakers.conversation(record as ConversationRecord, text);
}

/** The keys of a record. */
export interface RecordKeys {
  /** The fields the keys are derived from, in order: while these do not change, neither do the keys. */
  from: readonly (string | undefined)[];
  /** Unique among records of the same kind. */
  unique: string[];
  /** Search keys, `value NUL id`. */
  found: string[];
  /** Words of the title, which are searched too. */
  words: readonly string[];
}

const NO_WORDS: readonly string[] = [];

/** The keys of a record of any kind: the object `before` if they do not change. */
export function keysOf(kind: RecordKind, record: RecordOf[RecordKind], before?: RecordKeys): RecordKeys {
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
      words: searchWords(title),
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

function keyFields(kind: RecordKind, record: RecordOf[RecordKind]): (string | undefined)[] {
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

/** Serialises body references; `decodeRefs` parses them. */
export function encodeRefs(bodies: readonly BodyRef[]): string {
  return JSON.stringify(bodies.map(({ name, segment, offset, length }) => [name, segment, offset, length]));
}

export function decodeRefs(text: string): BodyRef[] {
  const refs = JSON.parse(text) as [string, number, number, number][];
  return refs.map(([name, segment, offset, length]) => ({ name, segment, offset, length }));
}
