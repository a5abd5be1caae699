import { type Held, type HeldDelivery, type HeldMessage, type HeldOf, type Kind, OPEN_DELIVERY } from './held.js';
import { InboxQueues } from './inbox-queues.js';
import { Lanes } from './lanes.js';
import { PARTITIONS, PartitionedMap, partitionOf } from './partitioned-map.js';
import { insertKey, removeKey, SortedKeys } from './sorted-keys.js';
import type { StoreCounts } from './store.js';

/** The shard of settings comes after those of records. */
export const SETTINGS_SHARD = PARTITIONS;
export const SHARDS = PARTITIONS + 1;

/** All records of one kind with the indexes every kind has. */
export class Table<K extends Kind> {
  readonly records = new PartitionedMap<HeldOf[K]>();
  readonly unique = new PartitionedMap<string>();
  readonly found = new SortedKeys();
  /** Ids by state; their sizes are the counts. */
  readonly states = new Map<string, SortedKeys>();

  get(id: string): HeldOf[K] | undefined {
    return this.records.get(id);
  }

  count(state: string): number {
    return this.states.get(state)?.size ?? 0;
  }

  /** Puts, replaces or (undefined) removes a record. */
  put(id: string, before: HeldOf[K] | undefined, after: HeldOf[K] | undefined): void {
    if (after) this.records.set(id, after);
    else this.records.delete(id);
    if (before?.state !== after?.state) {
      if (before) this.states.get(before.state)?.delete(id);
      if (after) this.idsIn(after.state).add(id);
    }
    if (!sameKeys(before?.unique, after?.unique)) {
      for (const key of before?.unique ?? []) if (this.unique.get(key) === id) this.unique.delete(key);
      for (const key of after?.unique ?? []) this.unique.set(key, id);
    }
    if (!sameKeys(before?.found, after?.found)) {
      for (const key of before?.found ?? []) this.found.delete(key);
      for (const key of after?.found ?? []) this.found.add(key);
    }
  }

  private idsIn(state: string): SortedKeys {
    let ids = this.states.get(state);
    if (!ids) {
      ids = new SortedKeys();
      this.states.set(state, ids);
    }
    return ids;
  }
}

function sameKeys(a: readonly string[] | undefined, b: readonly string[] | undefined): boolean {
  if (!a || !b || a.length !== b.length) return false;
  return a.every((key, i) => key === b[i]);
}

/** Ids of what belongs to a conversation, oldest first. */
interface Members {
  message: string[];
  delivery: string[];
}

/** Everything but bodies, in memory, with every index kept current by one function: `put`. */
export class Heap {
  readonly tables: { [K in Kind]: Table<K> } = {
    message: new Table<'message'>(),
    delivery: new Table<'delivery'>(),
    conversation: new Table<'conversation'>(),
  };
  /** Settings as JSON text. */
  readonly settings = new Map<string, string>();
  readonly inbox = new InboxQueues((id) => this.tables.message.get(id));
  readonly lanes = new Lanes((id) => this.tables.delivery.get(id));
  /** Shards that differ from their file. */
  readonly dirty = new Set<number>();
  private readonly members = new PartitionedMap<Members>();
  private readonly deliveriesOf = new PartitionedMap<string[]>();
  private unrouted = 0;

  get<K extends Kind>(kind: K, id: string): HeldOf[K] | undefined {
    return this.tables[kind].get(id) as HeldOf[K] | undefined;
  }

  /** Puts, replaces or (undefined) removes a record and brings every index up to date. */
  put(kind: Kind, id: string, after: Held | undefined): void {
    this.dirty.add(partitionOf(id));
    const before = this.tables[kind].get(id);
    (this.tables[kind] as Table<Kind>).put(id, before, after);
    if (kind === 'message') this.messageChanged(before as HeldMessage | undefined, after as HeldMessage | undefined);
    if (kind === 'delivery') this.deliveryChanged(before as HeldDelivery | undefined, after as HeldDelivery | undefined);
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
    if (held.kind === 'message' && (held.state === 'received' || held.state === 'failed')) return true;
    if (held.kind === 'delivery' && (held.state === 'failed' || OPEN_DELIVERY.includes(held.state))) return true;
    return held.conversation !== undefined && this.get('conversation', held.conversation)?.state === 'open';
  }

  counts(): StoreCounts {
    const { message, delivery, conversation } = this.tables;
    return {
      messages: {
        received: message.count('received'),
        settled: message.count('settled'),
        failed: message.count('failed'),
        skipped: message.count('skipped'),
      },
      deliveries: {
        pending: delivery.count('pending'),
        sending: delivery.count('sending'),
        inDoubt: delivery.count('inDoubt'),
        delivered: delivery.count('delivered'),
        failed: delivery.count('failed'),
        skipped: delivery.count('skipped'),
      },
      conversations: { open: conversation.count('open'), closed: conversation.count('closed') },
      unrouted: this.unrouted,
    };
  }

  private messageChanged(before: HeldMessage | undefined, after: HeldMessage | undefined): void {
    this.unrouted += Number(after?.unrouted ?? false) - Number(before?.unrouted ?? false);
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
        const ids = this.deliveriesOf.get(before.message);
        if (ids && removeKey(ids, before.id) && ids.length === 0) this.deliveriesOf.delete(before.message);
      }
      if (after) {
        const ids = this.deliveriesOf.get(after.message);
        if (ids) insertKey(ids, after.id);
        else this.deliveriesOf.set(after.message, [after.id]);
      }
    }
    this.lanes.change(before, after);
  }

  private join(kind: keyof Members, conversation: string, id: string): void {
    let members = this.members.get(conversation);
    if (!members) {
      members = { message: [], delivery: [] };
      this.members.set(conversation, members);
    }
    insertKey(members[kind], id);
  }

  private leave(kind: keyof Members, conversation: string, id: string): void {
    const members = this.members.get(conversation);
    if (!members) return;
    removeKey(members[kind], id);
    if (members.message.length + members.delivery.length === 0) this.members.delete(conversation);
  }
}
