import { HashIndex } from './hash-index.js';
import type { RecordEntry } from './record-entry.js';
import { SortedKeys } from './sorted-keys.js';
import type { RecordKind } from './store.js';

const TABLES = 64;
/** What an entry costs beside its text. */
const OVERHEAD = 1200;

const NONE: readonly Recent[] = [];

/** A record that differs from its line in a shard, if it has one. */
export interface Recent {
  kind: RecordKind;
  id: string;
  /** Undefined: the record was removed. */
  entry: RecordEntry | undefined;
  /** The line in a shard that it replaces; -1 if there is none. */
  place: number;
  /** It is in a shard by now, and found there. */
  flushed: boolean;
}

/** The records changed since the last compaction, with the indexes that shards have, too. */
export class RecentChanges {
  /** Estimated size in memory. */
  bytes = 0;
  /** Positions in lists; a record that moved since, or was removed, may still be at its old one. */
  readonly order: Record<RecordKind, SortedKeys> = {
    message: new SortedKeys(),
    delivery: new SortedKeys(),
    conversation: new SortedKeys(),
  };
  private readonly all: Recent[] = [];
  private readonly byId: Record<RecordKind, Map<string, number>> = {
    message: new Map(),
    delivery: new Map(),
    conversation: new Map(),
  };
  private readonly keys = new HashIndex(TABLES);

  get empty(): boolean {
    return this.all.length === 0;
  }

  values(): readonly Recent[] {
    return this.all;
  }

  get(kind: RecordKind, id: string): Recent | undefined {
    const at = this.byId[kind].get(id);
    return at === undefined ? undefined : this.all[at];
  }

  /** Records that may have a key with this hash, removed ones included. */
  find(hash: number): readonly Recent[] {
    const found = this.keys.get(hash);
    return found.length === 0 ? NONE : found.map((at) => this.all[at]!);
  }

  /** Sets a record, or (`entry` undefined) that it was removed. `place`: see `Recent`; only used the first time. */
  set(kind: RecordKind, id: string, entry: RecordEntry | undefined, place: number): void {
    let at = this.byId[kind].get(id);
    let before: RecordEntry | undefined;
    if (at === undefined) {
      at = this.all.push({ kind, id, entry, place, flushed: false }) - 1;
      this.byId[kind].set(id, at);
    } else {
      const recent = this.all[at]!;
      before = recent.entry;
      recent.entry = entry;
    }
    this.bytes += entry ? entry.text.length - (before ? before.text.length : -OVERHEAD) : 0;
    if (before && before.order !== entry?.order) this.order[kind].delete(before.order);
    if (!entry) return;
    if (before?.order !== entry.order) this.order[kind].add(entry.order);
    const known = before?.keys?.hashes;
    for (const hash of entry.keys!.hashes)
      if (!known?.includes(hash) && !this.keys.get(hash).includes(at)) this.keys.add(hash, at);
  }
}
