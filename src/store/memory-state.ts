import { DeliveryLanes } from './delivery-lanes.js';
import { InboxQueues } from './inbox-queues.js';
import { PARTITIONS, PartitionedMap, partitionOf } from './partitioned-map.js';
import {
  type BodyRef,
  type DeliveryEntry,
  decodeRefs,
  type EntryOf,
  keysOf,
  type MessageEntry,
  OPEN_DELIVERY,
  type RecordEntry,
  type RecordKeys,
  type RecordKind,
  type RecordOf,
  type WarningState,
} from './record-entry.js';
import { SlabAllocator } from './slab-allocator.js';
import { SortedKeys, withKey, withoutKey } from './sorted-keys.js';
import type { MessageOutcome, StoreCounts } from './store.js';
import { UniqueKeys } from './unique-keys.js';
import { WordIndex } from './word-index.js';

/** The shard of settings follows those of records. */
export const SETTINGS_SHARD = PARTITIONS;
export const SHARDS = PARTITIONS + 1;

/** The fields by which lists filter: a list query reads only the buckets that match. */
interface BucketKey {
  state: string;
  /** Of a settled message. */
  outcome?: MessageOutcome;
  /** Of messages and deliveries. */
  warned?: WarningState;
  endpoint?: string;
  entityType?: string;
}

/** Ids of the records with the same bucket key. */
export interface Bucket extends BucketKey {
  ids: SortedKeys;
}

function bucketKeyOf(entry: RecordEntry): BucketKey {
  if (entry.kind === 'conversation') return { state: entry.state };
  const { state, warned, endpoint, entityType } = entry;
  return { state, warned, endpoint, entityType, outcome: entry.kind === 'message' ? entry.outcome : undefined };
}

const bucketName = ({ state, outcome, warned, endpoint, entityType }: BucketKey): string =>
  [state, outcome, warned, endpoint, entityType].join('\u0000');

/** All records of one kind, with the indexes that every kind has. */
export class Table<K extends RecordKind> {
  readonly records = new PartitionedMap<EntryOf[K]>();
  readonly unique = new UniqueKeys();
  readonly found = new SortedKeys();
  readonly words = new WordIndex();
  /** Every id is in exactly one bucket. */
  private readonly bucketsByName = new Map<string, Bucket>();
  private readonly counts = new Map<string, number>();

  get(id: string): EntryOf[K] | undefined {
    return this.records.get(id);
  }

  get buckets(): IterableIterator<Bucket> {
    return this.bucketsByName.values();
  }

  /** Number of records in a state, with an outcome, or with a `seen` or `unseen` warning. */
  count(what: string): number {
    return this.counts.get(what) ?? 0;
  }

  /** Adds, replaces or (undefined) removes a record. */
  put(id: string, before: EntryOf[K] | undefined, after: EntryOf[K] | undefined, oldKeys: RecordKeys, newKeys: RecordKeys): void {
    if (after) this.records.set(id, after);
    else this.records.delete(id);
    const [from, to] = [before && this.bucketOf(before), after && this.bucketOf(after)];
    if (from !== to) {
      if (from) this.removeFrom(from, id);
      if (to) this.addTo(to, id);
    }
    if (oldKeys === newKeys) return;
    replaceKeys(
      oldKeys.unique,
      newKeys.unique,
      (key) => this.unique.remove(key, id),
      (key) => this.unique.add(key, id),
    );
    replaceKeys(
      oldKeys.found,
      newKeys.found,
      (key) => this.found.delete(key),
      (key) => this.found.add(key),
    );
    replaceKeys(
      oldKeys.words,
      newKeys.words,
      (word) => this.words.remove(word, id),
      (word) => this.words.add(word, id),
    );
  }

  private bucketOf(entry: EntryOf[K]): Bucket {
    const bucketKey = bucketKeyOf(entry);
    const name = bucketName(bucketKey);
    let bucket = this.bucketsByName.get(name);
    if (!bucket) {
      bucket = { ...bucketKey, ids: new SortedKeys() };
      this.bucketsByName.set(name, bucket);
    }
    return bucket;
  }

  private addTo(bucket: Bucket, id: string): void {
    if (bucket.ids.add(id)) this.adjustCounts(bucket, 1);
  }

  private removeFrom(bucket: Bucket, id: string): void {
    if (bucket.ids.delete(id)) this.adjustCounts(bucket, -1);
  }

  private adjustCounts({ state, outcome, warned }: Bucket, more: number): void {
    for (const what of [state, outcome, warned]) if (what) this.counts.set(what, this.count(what) + more);
  }
}

const NO_KEYS: RecordKeys = { from: [], unique: [], found: [], words: [] };

function replaceKeys(
  before: readonly string[],
  after: readonly string[],
  remove: (key: string) => void,
  add: (key: string) => void,
): void {
  if (before === after) return;
  for (const key of before) if (!after.includes(key)) remove(key);
  after.forEach((key, i) => {
    // A record may contain a key twice; it counts once.
    if (!before.includes(key) && after.indexOf(key) === i) add(key);
  });
}

/** Ids of the messages and deliveries of a conversation, oldest first. */
interface Members {
  message: readonly string[];
  delivery: readonly string[];
}

const NONE: readonly string[] = [];
const isOpenDelivery = (state: string) => (OPEN_DELIVERY as readonly string[]).includes(state);
const isWaiting = (delivery: DeliveryEntry | undefined) => delivery !== undefined && isOpenDelivery(delivery.state);
/** Ids read per step. */
const BATCH = 256;
/** Maximum number of records whose keys are cached. */
const MAX_KEYS = 2_000;

/** The store's data in memory: everything except bodies. `put` is the only function that updates the indexes. */
export class MemoryState {
  /** JSON texts of records. */
  readonly texts = new SlabAllocator();
  readonly tables: { [K in RecordKind]: Table<K> } = {
    message: new Table<'message'>(),
    delivery: new Table<'delivery'>(),
    conversation: new Table<'conversation'>(),
  };
  /** Settings as JSON text. */
  readonly settings = new Map<string, string>();
  readonly inbox = new InboxQueues((id) => this.tables.message.get(id));
  readonly lanes = new DeliveryLanes((id) => this.tables.delivery.get(id));
  /** The greatest id of any message or delivery so far. */
  newestId: string | undefined;
  /** Shards that differ from their snapshot file. */
  readonly dirty = new Set<number>();
  private readonly members = new PartitionedMap<Members>();
  private readonly deliveriesOf = new PartitionedMap<readonly string[]>();
  /** Number of open deliveries by endpoint. */
  private readonly waiting = new Map<string, number>();
  /** Keys of recently used records: computing them requires parsing the whole record. */
  private readonly recentKeys = new Map<RecordEntry, RecordKeys>();

  get<K extends RecordKind>(kind: K, id: string): EntryOf[K] | undefined {
    return this.tables[kind].get(id) as EntryOf[K] | undefined;
  }

  /** The record, parsed into a new object for each reader. */
  record<K extends RecordKind>(entry: EntryOf[K]): RecordOf[K] {
    return JSON.parse(this.texts.get(entry.text)) as RecordOf[K];
  }

  /** The words of a conversation's title. */
  titleWords(conversation: string): readonly string[] {
    const entry = this.get('conversation', conversation);
    return entry ? this.keys(entry).words : [];
  }

  /** Where the bodies of a record are. */
  refs(entry: RecordEntry | undefined): readonly BodyRef[] {
    return entry?.unplaced ?? (entry?.refs ? decodeRefs(this.texts.get(entry.refs)) : []);
  }

  /** The record that has a unique key. */
  ownerOf(kind: RecordKind, key: string): string | undefined {
    return this.tables[kind].unique.owner(key, (id) => {
      const entry = this.get(kind, id);
      return entry !== undefined && this.has(entry, key);
    });
  }

  /** Whether an entry has a unique key. */
  has(entry: RecordEntry, key: string): boolean {
    return this.keys(entry).unique.includes(key);
  }

  /** The keys of a record that replaces `before`: the same object if they do not change, so that no index is updated. */
  keysOfReplacement(before: RecordEntry | undefined, kind: RecordKind, record: RecordOf[RecordKind]): RecordKeys {
    return keysOf(kind, record, before && this.keys(before));
  }

  /**
   * Adds, replaces or (undefined) removes a record and updates every index. `keys` are those of `after`, if known. The memory of
   * `before` is kept, so that the change can be rolled back; `discard` frees it.
   */
  put(kind: RecordKind, id: string, before: RecordEntry | undefined, after: RecordEntry | undefined, keys?: RecordKeys): void {
    this.dirty.add(partitionOf(id));
    if (kind !== 'conversation' && !(this.newestId && this.newestId >= id)) this.newestId = id;
    if (after) this.shareIds(before, after);
    const [oldKeys, newKeys] = [before ? this.keys(before) : NO_KEYS, after ? this.keys(after, keys) : NO_KEYS];
    if (before) this.recentKeys.delete(before);
    (this.tables[kind] as Table<RecordKind>).put(after?.id ?? id, before, after, oldKeys, newKeys);
    if (kind === 'message') this.messageChanged(before as MessageEntry | undefined, after as MessageEntry | undefined);
    if (kind === 'delivery') this.deliveryChanged(before as DeliveryEntry | undefined, after as DeliveryEntry | undefined);
  }

  /** The keys of an entry; `known`: if the caller has them. */
  private keys(entry: RecordEntry, known?: RecordKeys): RecordKeys {
    const cached = this.recentKeys.get(entry);
    if (cached) return cached;
    const keys = known ?? keysOf(entry.kind, this.record(entry));
    if (this.recentKeys.size >= MAX_KEYS) this.recentKeys.clear();
    this.recentKeys.set(entry, keys);
    return keys;
  }

  /** Frees the memory of an entry after its replacement by `successor` is final. */
  discard(gone: RecordEntry | undefined, successor: RecordEntry | undefined): void {
    if (!gone) return;
    if (gone.text !== successor?.text) this.texts.release(gone.text);
    if (gone.refs && gone.refs !== successor?.refs) this.texts.release(gone.refs);
  }

  /** Makes all work due by `latest`, epoch milliseconds. The records themselves stay unchanged. */
  dueBy(latest: number): void {
    for (const kind of ['message', 'delivery'] as const) {
      for (const { state, ids } of this.tables[kind].buckets) {
        if (state !== 'received' && !isOpenDelivery(state)) continue;
        for (let batch = ids.above(undefined, BATCH); batch.length > 0; batch = ids.above(batch.at(-1), BATCH)) {
          for (const id of batch) {
            const entry = this.get(kind, id)!;
            if ((entry.notBefore ?? 0) > latest) this.put(kind, id, entry, { ...entry, notBefore: latest });
          }
        }
      }
    }
  }

  /** Sets or (undefined) removes a setting. */
  putSetting(key: string, text: string | undefined): void {
    this.dirty.add(SETTINGS_SHARD);
    if (text === undefined) this.settings.delete(key);
    else this.settings.set(key, text);
  }

  /** Ids of the messages or deliveries of a conversation, oldest first. */
  membersOf(kind: 'message' | 'delivery', conversation: string): readonly string[] {
    return this.members.get(conversation)?.[kind] ?? [];
  }

  /** Ids of the deliveries of a message, oldest first. */
  deliveriesOfMessage(message: string): readonly string[] {
    return this.deliveriesOf.get(message) ?? [];
  }

  /** Whether a record may not age out: unfinished work, failures, and everything in an open conversation. */
  isOpen(entry: MessageEntry | DeliveryEntry): boolean {
    if (entry.kind === 'message' && (entry.state === 'received' || entry.state === 'failed' || entry.state === 'needsDecision'))
      return true;
    if (
      entry.kind === 'delivery' &&
      (entry.state === 'failed' || entry.state === 'needsDecision' || OPEN_DELIVERY.includes(entry.state))
    )
      return true;
    return entry.conversation !== undefined && this.get('conversation', entry.conversation)?.state === 'open';
  }

  counts(): StoreCounts {
    const { message, delivery, conversation } = this.tables;
    return {
      messages: {
        received: message.count('received'),
        settled: message.count('settled'),
        failed: message.count('failed'),
        needsDecision: message.count('needsDecision'),
        skipped: message.count('skipped'),
      },
      deliveries: {
        pending: delivery.count('pending'),
        sending: delivery.count('sending'),
        inDoubt: delivery.count('inDoubt'),
        delivered: delivery.count('delivered'),
        failed: delivery.count('failed'),
        needsDecision: delivery.count('needsDecision'),
        skipped: delivery.count('skipped'),
      },
      conversations: { open: conversation.count('open'), closed: conversation.count('closed') },
      unrouted: message.count('unrouted'),
      warned: { messages: message.count('unseen'), deliveries: delivery.count('unseen') },
      waiting: Object.fromEntries(this.waiting),
    };
  }

  private messageChanged(before: MessageEntry | undefined, after: MessageEntry | undefined): void {
    if (before?.conversation !== after?.conversation) {
      if (before?.conversation !== undefined) this.leave('message', before.conversation, before.id);
      if (after?.conversation !== undefined) this.join('message', after.conversation, after.id);
    }
    this.inbox.change(before, after);
  }

  private deliveryChanged(before: DeliveryEntry | undefined, after: DeliveryEntry | undefined): void {
    if (before?.conversation !== after?.conversation) {
      if (before) this.leave('delivery', before.conversation, before.id);
      if (after) this.join('delivery', after.conversation, after.id);
    }
    if (before?.message !== after?.message) {
      if (before) {
        const ids = withoutKey(this.deliveriesOf.get(before.message) ?? [], before.id);
        if (ids.length > 0) this.deliveriesOf.set(before.message, ids);
        else this.deliveriesOf.delete(before.message);
      }
      if (after) {
        this.deliveriesOf.set(after.message, withKey(this.deliveriesOf.get(after.message) ?? [], after.id));
      }
    }
    const more = Number(isWaiting(after)) - Number(isWaiting(before));
    if (more !== 0) this.countWaiting((after ?? before)!.endpoint, more);
    this.lanes.change(before, after);
  }

  private countWaiting(endpoint: string, more: number): void {
    const count = (this.waiting.get(endpoint) ?? 0) + more;
    if (count > 0) this.waiting.set(endpoint, count);
    else this.waiting.delete(endpoint);
  }

  /** Ids occur in many records; each string is stored once. */
  private shareIds(before: RecordEntry | undefined, after: RecordEntry): void {
    if (before) after.id = before.id;
    if (after.kind === 'conversation') return;
    const old = before as MessageEntry | DeliveryEntry | undefined;
    if (after.conversation !== undefined)
      after.conversation = this.sharedId('conversation', after.conversation, old?.conversation);
    if (after.kind === 'delivery')
      after.message = this.sharedId('message', after.message, (old as DeliveryEntry | undefined)?.message);
  }

  /** The string already stored for an id: by the previous entry, or by the record it refers to. */
  private sharedId(kind: RecordKind, id: string, before: string | undefined): string {
    return id === before ? before : (this.get(kind, id)?.id ?? id);
  }

  private join(kind: keyof Members, conversation: string, id: string): void {
    let members = this.members.get(conversation);
    if (!members) {
      members = { message: NONE, delivery: NONE };
      this.members.set(conversation, members);
    }
    members[kind] = withKey(members[kind], id);
  }

  private leave(kind: keyof Members, conversation: string, id: string): void {
    const members = this.members.get(conversation);
    if (!members) return;
    members[kind] = withoutKey(members[kind], id);
    if (members.message.length + members.delivery.length === 0) this.members.delete(conversation);
  }
}
