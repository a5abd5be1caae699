import type { AuditEntry } from './audit-entry.js';
import { type Recent, RecentChanges } from './recent-changes.js';
import { RecordCache } from './record-cache.js';
import { RecordCounts } from './record-counts.js';
import { type EntryOf, isUnfinished, type RecordEntry } from './record-entry.js';
import { type KeyHashes, searchValue, uniqueKeysOf } from './record-keys.js';
import type { Shard, Shards } from './shards.js';
import type { About, RecordKind, RecordOf } from './store.js';
import { WorkQueues } from './work-queues.js';

/** Bytes of records kept in memory beside the changed ones. */
const CACHE_BYTES = 24_000_000;

/** Whether a line of a shard must be read. */
export type Wanted = (shard: Shard, line: number) => boolean;

/** A setting: its JSON text, and how many times it was set. */
export interface StoredSetting {
  text: string;
  version: number;
}

/**
 * What the store knows: the records changed since the last compaction, those in the shards, the settings, and the work that
 * waits. The newest copy of a record is the one in `active`, else in `frozen` (while a compaction writes it), else in a shard.
 *
 * A record in a shard is read once and then cached. Functions that take `missing` do not wait: they add the places they would
 * have to read, and their result counts only if there are none. `load` reads them.
 */
export class StoreState {
  active = new RecentChanges();
  frozen: RecentChanges | undefined;
  readonly cache = new RecordCache(CACHE_BYTES);
  readonly queues = new WorkQueues();
  counts = new RecordCounts();
  readonly settings = new Map<string, StoredSetting>();
  /** The settings differ from their file. */
  settingsChanged = false;
  /** Entries of the audit trail that were found in the journal when the store was opened. */
  readonly audit: AuditEntry[] = [];
  /** The greatest id of any message or delivery so far. */
  newestId: string | undefined;

  constructor(
    readonly shards: Shards,
    readonly hashes: KeyHashes,
  ) {}

  /** The records that may have a key with this hash. `wants`: other lines need not be read. */
  candidates(hash: number, missing: Set<number>, wants?: Wanted): RecordEntry[] {
    const found: RecordEntry[] = [];
    for (const { entry } of this.active.find(hash)) if (entry) found.push(entry);
    for (const recent of this.frozen?.find(hash) ?? [])
      if (recent.entry && !recent.flushed && !this.active.get(recent.kind, recent.id)) found.push(recent.entry);
    for (const place of this.shards.places(hash)) {
      const entry = this.cache.get(place);
      if (entry) found.push(entry);
      else if (!wants || wants(this.shards.shardOf(place), this.shards.lineOf(place))) missing.add(place);
    }
    return found;
  }

  /** A record. */
  find<K extends RecordKind>(kind: K, id: string, missing: Set<number>): EntryOf[K] | undefined {
    const recent = this.recent(kind, id);
    if (recent) return recent.entry as EntryOf[K] | undefined;
    return this.candidates(this.hashes.id(kind, id), missing).find((entry) => entry.kind === kind && entry.id === id) as
      | EntryOf[K]
      | undefined;
  }

  /** The record that has a unique key, other than the one with this id. */
  owner(
    kind: RecordKind,
    { key, hash }: { key: string; hash: number },
    except: string | undefined,
    missing: Set<number>,
  ): RecordEntry | undefined {
    return this.candidates(hash, missing).find(
      (entry) => entry.kind === kind && entry.id !== except && uniqueKeysOf(kind, parse(entry)).includes(key),
    );
  }

  /** Reads places into the cache. */
  async load(places: Iterable<number>): Promise<void> {
    await Promise.all([...places].map((place) => this.loadOne(place)));
  }

  /** Reads what a function misses until it misses nothing. */
  async complete<T>(look: (missing: Set<number>) => T): Promise<T> {
    for (;;) {
      const missing = new Set<number>();
      const result = look(missing);
      if (missing.size === 0) return result;
      await this.load(missing);
    }
  }

  /** A record, read if necessary. */
  async fetch<K extends RecordKind>(kind: K, id: string): Promise<EntryOf[K] | undefined> {
    return this.complete((missing) => this.find(kind, id, missing));
  }

  /** The messages or deliveries of a conversation, oldest first; those that are not wanted may be left out. */
  async members<K extends 'message' | 'delivery'>(kind: K, conversation: string, wants?: Wanted): Promise<EntryOf[K][]> {
    const hash = this.hashes.member(kind, conversation);
    const found = await this.complete((missing) => this.candidates(hash, missing, wants));
    return sortedById(found.filter((entry): entry is EntryOf[K] => entry.kind === kind && entry.conversation === conversation));
  }

  /** The messages without a conversation about entities, and those of which it is not known what they are about. */
  unlinkedMessages({ endpoint, names }: About, missing: Set<number>): EntryOf['message'][] {
    const isUnlinked = (entry: RecordEntry | undefined): entry is EntryOf['message'] =>
      entry?.kind === 'message' && entry.endpoint === endpoint && entry.conversation === undefined;
    const isAbout = (name: string, entry: EntryOf['message']) => {
      const { entityId, number } = parse<'message'>(entry);
      return entityId === name || number === name;
    };
    const found = new Map<string, EntryOf['message']>();
    for (const id of this.queues.unidentified(endpoint)) {
      const entry = this.find('message', id, missing);
      if (isUnlinked(entry)) found.set(id, entry);
    }
    for (const name of names)
      for (const entry of this.candidates(this.hashes.value('message', searchValue(name)), missing))
        if (isUnlinked(entry) && isAbout(name, entry)) found.set(entry.id, entry);
    return sortedById([...found.values()]);
  }

  /** Whether a conversation has a message or delivery that is not one of these, or that would have to be read to know. */
  hasMembersBeside(conversation: string, known: readonly RecordEntry[]): boolean {
    const missing = new Set<number>();
    const found = (['message', 'delivery'] as const).flatMap((kind) =>
      this.candidates(this.hashes.member(kind, conversation), missing),
    );
    return (
      missing.size > 0 ||
      found.some((entry) => entry.kind !== 'conversation' && entry.conversation === conversation && !known.includes(entry))
    );
  }

  /** The deliveries of a message, oldest first. */
  async deliveriesOf(message: string): Promise<EntryOf['delivery'][]> {
    const found = await this.complete((missing) => this.candidates(this.hashes.deliveryOf(message), missing));
    return sortedById(
      found.filter((entry): entry is EntryOf['delivery'] => entry.kind === 'delivery' && entry.message === message),
    );
  }

  /** Adds, replaces or (undefined) removes a record. `before` must be the current one; `after.keys` must be set. */
  put(kind: RecordKind, id: string, before: RecordEntry | undefined, after: RecordEntry | undefined): void {
    if (kind !== 'conversation' && !(this.newestId && this.newestId >= id)) this.newestId = id;
    if (after && !after.keys) after.keys = this.hashes.keysOf(kind, parse(after));
    this.active.set(kind, id, after, this.active.get(kind, id) ? -1 : this.hide(kind, id, before));
    this.counts.change(before, after);
    this.queues.change(kind, id, after);
  }

  /** Adds a record that the counts already include: its line in a shard was lost, and it was found in the journal. */
  restore(entry: RecordEntry): void {
    entry.keys = this.hashes.keysOf(entry.kind, parse(entry));
    this.active.set(entry.kind, entry.id, entry, -1);
    this.queues.change(entry.kind, entry.id, entry);
  }

  /** Sets or (undefined) removes a setting. */
  putSetting(key: string, setting: StoredSetting | undefined): void {
    this.settingsChanged = true;
    if (setting) this.settings.set(key, setting);
    else this.settings.delete(key);
  }

  /** Starts a compaction: from now on changes are collected separately. */
  freeze(): RecentChanges {
    const frozen = this.active;
    this.frozen = frozen;
    this.active = new RecentChanges();
    return frozen;
  }

  /** Ends a compaction that failed: what was to be written is a change again. */
  thaw(): void {
    const { frozen, active } = this;
    if (!frozen) return;
    this.frozen = undefined;
    this.active = frozen;
    for (const { kind, id, entry, place } of active.values()) frozen.set(kind, id, entry, place);
  }

  /** A frozen record is in a shard now. */
  flushed(recent: Recent, place: number): void {
    recent.flushed = true;
    const newer = this.active.get(recent.kind, recent.id);
    if (newer) {
      newer.place = place;
      this.shards.kill(place);
    } else if (recent.entry && (recent.kind === 'conversation' || isUnfinished(recent.entry))) {
      // What is finished is history, and would push open conversations out.
      this.cache.set(place, { ...recent.entry, keys: undefined });
    }
  }

  /** A record moved to another line. */
  moved(from: number, to: number, entry: RecordEntry): void {
    if (!this.shards.isLive(from)) {
      // Changed meanwhile: the change replaces the new line instead.
      const newer = this.active.get(entry.kind, entry.id) ?? this.frozen?.get(entry.kind, entry.id);
      if (newer && newer.place === from) newer.place = to;
      this.shards.kill(to);
      return;
    }
    const cached = this.cache.get(from);
    this.cache.delete(from);
    if (cached) this.cache.set(to, cached);
    this.shards.kill(from);
  }

  private recent(kind: RecordKind, id: string): Recent | undefined {
    const recent = this.active.get(kind, id);
    if (recent) return recent;
    const frozen = this.frozen?.get(kind, id);
    return frozen && !frozen.flushed ? frozen : undefined;
  }

  /** Hides the line of a record that is changed for the first time since it was written. */
  private hide(kind: RecordKind, id: string, before: RecordEntry | undefined): number {
    const frozen = this.frozen?.get(kind, id);
    if (!before || (frozen && !frozen.flushed)) return -1;
    for (const place of this.shards.places(this.hashes.id(kind, id))) {
      const entry = this.cache.get(place);
      if (entry?.kind !== kind || entry.id !== id) continue;
      this.shards.kill(place);
      this.cache.delete(place);
      return place;
    }
    throw new Error(`The line of ${kind} ${id} is unknown.`);
  }

  private async loadOne(place: number): Promise<void> {
    const shard: Shard | undefined = this.shards.isLive(place) ? this.shards.shardOf(place) : undefined;
    if (!shard) return;
    const release = this.shards.hold(shard);
    try {
      const entry = await this.shards.read(place);
      // Meanwhile it may have been changed, or moved to another shard.
      if (this.shards.isLive(place) && this.shards.shardOf(place) === shard) this.cache.set(place, entry);
    } finally {
      release();
    }
  }
}

/** The record of an entry, as a new object. */
export function parse<K extends RecordKind>(entry: EntryOf[K]): RecordOf[K] {
  return JSON.parse(entry.text) as RecordOf[K];
}

function sortedById<E extends { id: string }>(entries: E[]): E[] {
  return entries.sort((a, b) => (a.id < b.id ? -1 : 1));
}
