import { hashOf } from './hash-index.js';
import type { ConversationRecord, DeliveryRecord, MessageRecord, RecordKind, RecordOf } from './store.js';

/** The keys of a record, by which it is found. */
export interface RecordKeys {
  /** Keys that only one record of the kind may have. */
  unique: readonly UniqueKey[];
  /** Hashes of all keys by which it is found exactly, without duplicates. */
  hashes: readonly number[];
  searched: Searched;
}

/** What a record is searched by. */
export interface Searched {
  /** Its own id, and ids, numbers and references of parties. */
  values: readonly string[];
  title?: string;
}

export interface UniqueKey {
  key: string;
  hash: number;
}

const SEPARATOR = '\u0000';
/** Longer values are truncated for search: nobody types them. */
const SEARCHED_LENGTH = 100;
/** Maximum number of indexed words of a title; later words are rarely searched. */
const MAX_WORDS = 12;
const LONGEST_WORD = 30;
/** A single letter or digit is not indexed. */
const SHORTEST_WORD = 2;
/** Text that search takes as it is: most ids and numbers, but for their capitals. */
const PLAIN = /^[!-~]*$/;

const keyOf = (...parts: string[]): string => parts.join(SEPARATOR);
export const laneKey = (endpoint: string, lane: string): string => keyOf(endpoint, lane);
export const linkKey = (endpoint: string, entityType: string, id: string): string => keyOf('link', endpoint, entityType, id);
export const referenceKey = (reference: string): string => keyOf('reference', reference);
/** A unique key in words, for errors. */
export const keyInWords = (key: string): string => key.split(SEPARATOR).join(' / ');

/** A value in the form in which it is searched; no raw control characters, which separate terms in their file. */
export function searchValue(text: string): string {
  if (PLAIN.test(text)) return text.toLowerCase().slice(0, SEARCHED_LENGTH);
  return text
    .trim()
    .normalize()
    .toLowerCase()
    .replace(/\p{Cc}/gu, ' ')
    .slice(0, SEARCHED_LENGTH);
}

/** The search words of a text: in lower case, without duplicates. */
export function searchWords(text: string | undefined): string[] {
  if (!text) return [];
  const words = new Set<string>();
  for (const [word] of text
    .normalize()
    .toLowerCase()
    .matchAll(/[\p{L}\p{N}]+/gu)) {
    if (word.length >= SHORTEST_WORD) words.add(word.slice(0, LONGEST_WORD));
    if (words.size === MAX_WORDS) break;
  }
  return [...words];
}

/** Whether each search word is a prefix of one of the words. */
export function matchesAllWords(words: readonly string[], asked: readonly string[]): boolean {
  return asked.length > 0 && asked.every((part) => words.some((word) => word.startsWith(part)));
}

/** What a record is searched by. */
export function searchedOf(kind: RecordKind, record: RecordOf[RecordKind]): Searched {
  const { id: own } = record;
  if (kind !== 'conversation') {
    const { entityId, number } = record as MessageRecord | DeliveryRecord;
    return { values: [own, entityId, number].filter(isText) };
  }
  const { reference, aliases = [], links, title } = record as ConversationRecord;
  return { values: [own, reference, ...aliases, ...links.flatMap(({ id, number }) => [id, number])].filter(isText), title };
}

const isText = (value: string | undefined): value is string => !!value;

/** The ids, numbers and references by which a record is found, for search by prefix; without duplicates. */
export function termsOf({ values }: Searched): string[] {
  return [...new Set(values.map(searchValue))];
}

/** Hashes of keys; the seed is random per store, so that nobody can choose ids that all collide. */
export class KeyHashes {
  constructor(readonly seed: number) {}

  id(kind: RecordKind, id: string): number {
    return hashOf(keyOf(kind, 'id', id), this.seed);
  }

  /** The records of a kind that have this id, number or reference of a party, or own id; in lower case. */
  value(kind: RecordKind, value: string): number {
    return hashOf(keyOf(kind, 'value', value), this.seed);
  }

  /** The messages or deliveries of a conversation. */
  member(kind: 'message' | 'delivery', conversation: string): number {
    return hashOf(keyOf(kind, 'of', conversation), this.seed);
  }

  /** The deliveries of a message. */
  deliveryOf(message: string): number {
    return hashOf(keyOf('delivery', 'for', message), this.seed);
  }

  /** All keys of a record. */
  keysOf(kind: RecordKind, record: RecordOf[RecordKind]): RecordKeys {
    const hashes = new Set([this.id(kind, record.id)]);
    const searched = searchedOf(kind, record);
    // What is in a conversation is found exactly by that, which has the same ids and numbers: this saves keys.
    const isMember = kind !== 'conversation' && (record as MessageRecord | DeliveryRecord).conversation !== undefined;
    for (const value of searched.values) {
      const isOwn = value === record.id;
      if (isOwn ? value !== searchValue(value) : !isMember) hashes.add(this.value(kind, searchValue(value)));
    }
    const unique = this.uniqueKeys(kind, record);
    for (const { hash } of unique) hashes.add(hash);
    if (kind !== 'conversation') {
      const { conversation } = record as MessageRecord | DeliveryRecord;
      if (conversation !== undefined) hashes.add(this.member(kind, conversation));
      if (kind === 'delivery') hashes.add(this.deliveryOf((record as DeliveryRecord).message));
    }
    return { unique, hashes: [...hashes], searched };
  }

  private uniqueKeys(kind: RecordKind, record: RecordOf[RecordKind]): UniqueKey[] {
    if (kind !== 'conversation') {
      const key = kind === 'message' ? messageKey(record as MessageRecord) : deliveryKey(record as DeliveryRecord);
      return [{ key, hash: hashOf(keyOf(kind, key), this.seed) }];
    }
    const { reference, aliases = [], links } = record as ConversationRecord;
    // Both are also searched, so one hash serves for both.
    return [
      ...[reference, ...aliases].map((own) => ({ key: referenceKey(own), hash: this.linkOrReference(own) })),
      ...links.map(({ endpoint, entityType, id }) => ({
        key: linkKey(endpoint, entityType, id),
        hash: this.linkOrReference(id),
      })),
    ];
  }

  /** The hash under which a conversation with this link, or reference, is found. */
  linkOrReference(value: string): number {
    return this.value('conversation', searchValue(value));
  }
}

const messageKey = ({ node, key }: MessageRecord): string => keyOf(node, key);
const deliveryKey = ({ message, node, leg, part }: DeliveryRecord): string => keyOf(message, node, leg, part);

/** The unique keys of a record. */
export function uniqueKeysOf(kind: RecordKind, record: RecordOf[RecordKind]): string[] {
  if (kind === 'message') return [messageKey(record as MessageRecord)];
  if (kind === 'delivery') return [deliveryKey(record as DeliveryRecord)];
  const { reference, aliases = [], links } = record as ConversationRecord;
  return [
    ...[reference, ...aliases].map(referenceKey),
    ...links.map(({ endpoint, entityType, id }) => linkKey(endpoint, entityType, id)),
  ];
}
