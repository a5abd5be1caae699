import { emitterOf, queueOf } from './message-queue.js';
import { laneKey, type RecordKeys } from './record-keys.js';
import type {
  ConversationRecord,
  DeliveryRecord,
  DeliveryState,
  MessageOutcome,
  MessageRecord,
  MessageState,
  RecordKind,
  RecordOf,
} from './store.js';
import { warningState } from './warning.js';

/** Where one body of a record is in the journal. */
export interface BodyRef {
  name: string;
  segment: number;
  offset: number;
  length: number;
  /** Absent for bodies stored by version 0.1.0. */
  crc?: number;
}

export const KINDS: readonly RecordKind[] = ['message', 'delivery', 'conversation'];

/**
 * A record as kept in memory: its JSON text, next to the few fields that queues, counts and lists need. The text is created once
 * per change and is used by the journal, the shards and readers, who each parse their own object.
 */
interface EntryBase {
  id: string;
  version: number;
  text: string;
  /** The bodies; `segment` and `offset` are filled in once the journal has assigned them. */
  refs: readonly BodyRef[];
  /** Time of the last change, for retention; in minutes, which fit a small integer. */
  minute: number;
  /** Position in lists of its kind, newest greatest. */
  order: string;
  /** Of a record that is not in a shard yet. */
  keys?: RecordKeys;
}

/** Whether a warning was acknowledged; undefined if there is none. */
export type WarningState = ReturnType<typeof warningState>;

export interface MessageEntry extends EntryBase {
  kind: 'message';
  state: MessageState;
  /** Of a settled message. */
  outcome?: MessageOutcome;
  warned?: WarningState;
  /** The node that emits or has emitted it. */
  node: string;
  /** Where it waits while it is `received` (message-queue.ts). */
  queue: string;
  endpoint: string;
  entityType: string;
  conversation?: string;
  notBefore?: number;
  /** It does not say which entity it is about. */
  unidentified: boolean;
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

/** What queues need to know of a message or delivery that waits; kept in memory for as long as it does. */
export type MessageWork = Pick<MessageEntry, 'kind' | 'id' | 'version' | 'queue' | 'notBefore' | 'unidentified'>;
export type DeliveryWork = Pick<
  DeliveryEntry,
  'kind' | 'id' | 'version' | 'state' | 'endpoint' | 'lane' | 'conversation' | 'notBefore' | 'waits' | 'blocking'
>;
export type Work = MessageWork | DeliveryWork;

/** States in which a delivery is still to be sent. */
export const OPEN_DELIVERY: readonly DeliveryState[] = ['pending', 'sending', 'inDoubt'];

/** Interned names: there are few of them, so each string is stored only once. */
const names = new Map<string, string>();
const MAX_NAMES = 10_000;

function intern<T extends string>(name: T): T {
  const known = names.get(name);
  if (known !== undefined) return known as T;
  if (names.size < MAX_NAMES) names.set(name, name);
  return name;
}

const MINUTE = 60_000;
/** The later of two times. Both are ISO 8601 UTC, as all our times, and so sort as text. */
const minuteOf = (first: string, last: string | undefined): number =>
  Math.floor((Date.parse(last !== undefined && last > first ? last : first) || 0) / MINUTE);

/** Creates the entry of a record; `text` is its JSON. */
export function toEntry(kind: RecordKind, record: RecordOf[RecordKind], text: string, refs: readonly BodyRef[]): RecordEntry {
  if (kind === 'message') return messageEntry(record as MessageRecord, text, refs);
  if (kind === 'delivery') return deliveryEntry(record as DeliveryRecord, text, refs);
  const { id, version, state, createdAt, updatedAt } = record as ConversationRecord;
  return {
    kind,
    id,
    version,
    text,
    refs,
    minute: minuteOf(createdAt, updatedAt),
    order: orderOf(kind, record),
    state: intern(state),
  };
}

function messageEntry(record: MessageRecord, text: string, refs: readonly BodyRef[]): MessageEntry {
  return {
    kind: 'message',
    id: record.id,
    version: record.version,
    text,
    refs,
    minute: minuteOf(record.receivedAt, record.settledAt),
    order: record.id,
    state: intern(record.state),
    outcome: record.state === 'settled' && record.outcome ? intern(record.outcome) : undefined,
    warned: warningState(record),
    node: intern(emitterOf(record)),
    queue: intern(queueOf(record)),
    endpoint: intern(record.endpoint),
    entityType: intern(record.entityType),
    conversation: record.conversation,
    notBefore: record.notBefore,
    unidentified: record.entityId === '' && record.number === undefined,
  };
}

function deliveryEntry(record: DeliveryRecord, text: string, refs: readonly BodyRef[]): DeliveryEntry {
  const blocking = (record.state === 'failed' || record.state === 'needsDecision') && record.blocking === true;
  const inLane = blocking || OPEN_DELIVERY.includes(record.state);
  return {
    kind: 'delivery',
    id: record.id,
    version: record.version,
    text,
    refs,
    minute: minuteOf(record.createdAt, record.updatedAt),
    order: record.id,
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
}

/** Position of a record in the lists of its kind. */
export function orderOf(kind: RecordKind, record: { id: string }): string {
  return kind === 'conversation' ? `${(record as ConversationRecord).updatedAt}|${record.id}` : record.id;
}

/** The id in a position. */
export function idIn(kind: RecordKind, order: string): string {
  return kind === 'conversation' ? order.slice(order.indexOf('|') + 1) : order;
}

/** The work an entry stands for: a message to be emitted, a delivery to be sent or one that blocks its lane. */
export function workOf(entry: RecordEntry | undefined): Work | undefined {
  if (entry?.kind === 'message' && entry.state === 'received') {
    const { kind, id, version, queue, notBefore, unidentified } = entry;
    return { kind, id, version, queue, notBefore, unidentified };
  }
  if (entry?.kind === 'delivery' && entry.lane) {
    const { kind, id, version, state, endpoint, lane, conversation, notBefore, waits, blocking } = entry;
    return { kind, id, version, state, endpoint, lane, conversation, notBefore, waits, blocking };
  }
  return undefined;
}

/** States in which nothing more happens to a message or delivery by itself, and no user is needed. */
const FINISHED: readonly string[] = ['settled', 'delivered', 'skipped', 'merged'];

/** Whether work is unfinished, failed or undecided. Such a record may not age out. */
export function isUnfinished(entry: RecordEntry): boolean {
  return entry.kind === 'conversation' ? entry.state === 'open' : !FINISHED.includes(entry.state);
}

/** The fields by which lists filter and counts are kept; every record is in one bucket. */
export interface Bucket {
  kind: RecordKind;
  state: string;
  /** Of a settled message. */
  outcome?: MessageOutcome;
  /** Of messages and deliveries. */
  warned?: WarningState;
  endpoint?: string;
  entityType?: string;
}

export function bucketOf(entry: RecordEntry): Bucket {
  if (entry.kind === 'conversation') return { kind: entry.kind, state: entry.state };
  const { kind, state, warned, endpoint, entityType } = entry;
  return { kind, state, warned, endpoint, entityType, outcome: entry.kind === 'message' ? entry.outcome : undefined };
}
