import {
  type BodyRef,
  decodeRefs,
  type Held,
  type HeldDelivery,
  type HeldMessage,
  type HeldOf,
  type Keys,
  type Kind,
  keysOf,
  OPEN_DELIVERY,
  type RecordOf,
  type Warned,
} from './held.js';
import { InboxQueues } from './inbox-queues.js';
import { Lanes } from './lanes.js';
import { PARTITIONS, PartitionedMap, partitionOf } from './partitioned-map.js';
import { Slabs } from './slabs.js';
import { SortedKeys, withKey, withoutKey } from './sorted-keys.js';
import type { MessageOutcome, StoreCounts } from './store.js';
import { UniqueKeys } from './unique-keys.js';
import { WordIndex } from './word-index.js';

/** The shard of settings comes after those of records. */
export const SETTINGS_SHARD = PARTITIONS;
export const SHARDS = PARTITIONS + 1;

/** Where a record stands among those of its kind: lists ask for these and then look at nothing else. */
interface Standing {
  state: string;
  /** Of a settled message. */
  outcome?: MessageOutcome;
  /** Of messages and deliveries. */
  warned?: Warned;
  endpoint?: string;
  entityType?: string;
}

/** Ids of what stands alike. */
export interface Shelf extends Standing {
  ids: SortedKeys;
}

function standingOf(held: Held): Standing {
  if (held.kind === 'conversation') return { state: held.state };
  const { state, warned, endpoint, entityType } = held;
  return { state, warned, endpoint, entityType, outcome: held.kind === 'message' ? held.outcome : undefined };
}

const shelfName = ({ state, outcome, warned, endpoint, entityType }: Standing): string =>
  [state, outcome, warned, endpoint, entityType].join('\u0000');

/** All records of one kind with the indexes every kind has. */
export class Table<K extends Kind> {
  readonly records = new PartitionedMap<HeldOf[K]>();
  readonly unique = new UniqueKeys();
  readonly found = new SortedKeys();
  readonly words = new WordIndex();
  /** All ids. */
  private readonly shelved = new Map<string, Shelf>();
  private readonly counts = new Map<string, number>();

  get(id: string): HeldOf[K] | undefined {
    return this.records.get(id);
  }

  get shelves(): IterableIterator<Shelf> {
    return this.shelved.values();
  }

  /** How many are in a state, have an outcome, or have a warning that was `seen` or is `unseen`. */
  count(what: string): number {
    return this.counts.get(what) ?? 0;
  }

  /** Puts, replaces or (undefined) removes a record. */
  put(id: string, before: HeldOf[K] | undefined, after: HeldOf[K] | undefined, oldKeys: Keys, newKeys: Keys): void {
    if (after) this.records.set(id, after);
    else this.records.delete(id);
    const [from, to] = [before && this.shelfOf(before), after && this.shelfOf(after)];
    if (from !== to) {
      if (from) this.take(from, id);
      if (to) this.lay(to, id);
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

  private shelfOf(held: HeldOf[K]): Shelf {
    const standing = standingOf(held);
    const name = shelfName(standing);
    let shelf = this.shelved.get(name);
    if (!shelf) {
      shelf = { ...standing, ids: new SortedKeys() };
      this.shelved.set(name, shelf);
    }
    return shelf;
  }

  private lay(shelf: Shelf, id: string): void {
    if (shelf.ids.add(id)) this.counted(shelf, 1);
  }

  private take(shelf: Shelf, id: string): void {
    if (shelf.ids.delete(id)) this.counted(shelf, -1);
  }

  private counted({ state, outcome, warned }: Shelf, more: number): void {
    for (const what of [state, outcome, warned]) if (what) this.counts.set(what, this.count(what) + more);
  }
}

const NO_KEYS: Keys = { from: [], unique: [], found: [], words: [] };

function replaceKeys(
  before: readonly string[],
  after: readonly string[],
  remove: (key: string) => void,
  add: (key: string) => void,
): void {
  if (before === after) return;
  for (const key of before) if (!after.includes(key)) remove(key);
  after.forEach((key, i) => {
    // A key may stand twice in a record; it counts once.
    if (!before.includes(key) && after.indexOf(key) === i) add(key);
  });
}

/** Ids of what belongs to a conversation, oldest first. */
interface Members {
  message: readonly string[];
  delivery: readonly string[];
}

const NONE: readonly string[] = [];
const isOpenDelivery = (state: string) => (OPEN_DELIVERY as readonly string[]).includes(state);
const isWaiting = (delivery: HeldDelivery | undefined) => delivery !== undefined && isOpenDelivery(delivery.state);
/** Ids looked at in one go. */
const BATCH = 256;
/** Records whose keys are remembered. */
const MOST_KEYS = 2_000;

/** Everything but bodies, in memory, with every index kept current by one function: `put`. */
export class Heap {
  /** Texts of records. */
  readonly slabs = new Slabs();
  readonly tables: { [K in Kind]: Table<K> } = {
    message: new Table<'message'>(),
    delivery: new Table<'delivery'>(),
    conversation: new Table<'conversation'>(),
  };
  /** Settings as JSON text. */
  readonly settings = new Map<string, string>();
  readonly inbox = new InboxQueues((id) => this.tables.message.get(id));
  readonly lanes = new Lanes((id) => this.tables.delivery.get(id));
  /** The greatest id that a message or delivery has had. */
  newestId: string | undefined;
  /** Shards that differ from their file. */
  readonly dirty = new Set<number>();
  private readonly members = new PartitionedMap<Members>();
  private readonly deliveriesOf = new PartitionedMap<readonly string[]>();
  /** Keys of records used lately: making them takes the whole record. */
  /** How many open deliveries each endpoint has. */
  private readonly waiting = new Map<string, number>();
  private readonly recentKeys = new Map<Held, Keys>();

  get<K extends Kind>(kind: K, id: string): HeldOf[K] | undefined {
    return this.tables[kind].get(id) as HeldOf[K] | undefined;
  }

  /** The record itself, in a copy of the reader's own. */
  record<K extends Kind>(held: HeldOf[K]): RecordOf[K] {
    return JSON.parse(this.slabs.get(held.text)) as RecordOf[K];
  }

  /** The words of a conversation's title. */
  wordsOf(conversation: string): readonly string[] {
    const held = this.get('conversation', conversation);
    return held ? this.keys(held).words : [];
  }

  /** Where the bodies of a record are. */
  refs(held: Held | undefined): readonly BodyRef[] {
    return held?.unplaced ?? (held?.refs ? decodeRefs(this.slabs.get(held.refs)) : []);
  }

  /** The record that has a unique key. */
  ownerOf(kind: Kind, key: string): string | undefined {
    return this.tables[kind].unique.owner(key, (id) => {
      const held = this.get(kind, id);
      return held !== undefined && this.has(held, key);
    });
  }

  /** True when a held record has a unique key. */
  has(held: Held, key: string): boolean {
    return this.keys(held).unique.includes(key);
  }

  /** The keys of a record that is to replace `before`: the very same object where they stay the same, so that no index need be touched. */
  keysOver(before: Held | undefined, kind: Kind, record: RecordOf[Kind]): Keys {
    return keysOf(kind, record, before && this.keys(before));
  }

  /**
   * Puts, replaces or (undefined) removes a record and brings every index up to date. `keys` are those of `after`, when at hand. The memory of
   * what was there before is kept, so that the change can be taken back; `discard` frees it.
   */
  put(kind: Kind, id: string, before: Held | undefined, after: Held | undefined, keys?: Keys): void {
    this.dirty.add(partitionOf(id));
    if (kind !== 'conversation' && !(this.newestId && this.newestId >= id)) this.newestId = id;
    if (after) this.shareIds(before, after);
    const [oldKeys, newKeys] = [before ? this.keys(before) : NO_KEYS, after ? this.keys(after, keys) : NO_KEYS];
    if (before) this.recentKeys.delete(before);
    (this.tables[kind] as Table<Kind>).put(after?.id ?? id, before, after, oldKeys, newKeys);
    if (kind === 'message') this.messageChanged(before as HeldMessage | undefined, after as HeldMessage | undefined);
    if (kind === 'delivery') this.deliveryChanged(before as HeldDelivery | undefined, after as HeldDelivery | undefined);
  }

  /** The keys of a held record; `known`: when at hand. */
  private keys(held: Held, known?: Keys): Keys {
    const remembered = this.recentKeys.get(held);
    if (remembered) return remembered;
    const keys = known ?? keysOf(held.kind, this.record(held));
    if (this.recentKeys.size >= MOST_KEYS) this.recentKeys.clear();
    this.recentKeys.set(held, keys);
    return keys;
  }

  /** Frees the memory of a held record that `successor` has replaced for good. */
  discard(gone: Held | undefined, successor: Held | undefined): void {
    if (!gone) return;
    if (gone.text !== successor?.text) this.slabs.release(gone.text);
    if (gone.refs && gone.refs !== successor?.refs) this.slabs.release(gone.refs);
  }

  /** Makes all work due by `latest`, epoch milliseconds. Records keep what they say. */
  dueBy(latest: number): void {
    for (const kind of ['message', 'delivery'] as const) {
      for (const { state, ids } of this.tables[kind].shelves) {
        if (state !== 'received' && !isOpenDelivery(state)) continue;
        for (let batch = ids.above(undefined, BATCH); batch.length > 0; batch = ids.above(batch.at(-1), BATCH)) {
          for (const id of batch) {
            const held = this.get(kind, id)!;
            if ((held.notBefore ?? 0) > latest) this.put(kind, id, held, { ...held, notBefore: latest });
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

  /** Ids of the deliveries a message led to, oldest first. */
  deliveriesOfMessage(message: string): readonly string[] {
    return this.deliveriesOf.get(message) ?? [];
  }

  /** True for what may not age out: work to be done or mended, and everything in an open conversation. */
  isOpen(held: HeldMessage | HeldDelivery): boolean {
    if (held.kind === 'message' && (held.state === 'received' || held.state === 'failed' || held.state === 'needsDecision'))
      return true;
    if (
      held.kind === 'delivery' &&
      (held.state === 'failed' || held.state === 'needsDecision' || OPEN_DELIVERY.includes(held.state))
    )
      return true;
    return held.conversation !== undefined && this.get('conversation', held.conversation)?.state === 'open';
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

  private messageChanged(before: HeldMessage | undefined, after: HeldMessage | undefined): void {
    if (before?.conversation !== after?.conversation) {
      if (before?.conversation !== undefined) this.leave('message', before.conversation, before.id);
      if (after?.conversation !== undefined) this.join('message', after.conversation, after.id);
    }
    this.inbox.change(before, after);
  }

  private deliveryChanged(before: HeldDelivery | undefined, after: HeldDelivery | undefined): void {
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

  /** Ids stand in many places; each is kept once. */
  private shareIds(before: Held | undefined, after: Held): void {
    if (before) after.id = before.id;
    if (after.kind === 'conversation') return;
    const old = before as HeldMessage | HeldDelivery | undefined;
    if (after.conversation !== undefined)
      after.conversation = this.sharedId('conversation', after.conversation, old?.conversation);
    if (after.kind === 'delivery')
      after.message = this.sharedId('message', after.message, (old as HeldDelivery | undefined)?.message);
  }

  /** An id as it is kept already: by what was there before, or by the record it names. */
  private sharedId(kind: Kind, id: string, before: string | undefined): string {
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
