import type { Json } from '../model/message.js';
import type { Change, CommitOptions, Store } from '../store/store.js';

/** Distinct values remembered; a free-text field must not fill the store. */
const MOST_VALUES = 1_000;
const KEY = 'unmapped';

/** A mapping, used in one direction. */
export interface MappingPlace {
  mapping: string;
  /** Its config node; absent for a preset. */
  node?: string;
  direction: 'in' | 'out';
}

export interface UnmappedValue extends MappingPlace {
  field: string;
  value: Json;
  times: number;
}

/** Counts values that have no row in their value map. */
export class UnmappedCounter {
  private counts: Promise<Map<string, UnmappedValue>>;
  private writing: Promise<unknown> = Promise.resolve();

  constructor(private readonly store: Store) {
    this.counts = store.setting(KEY).then((kept) => {
      const list = (kept ?? []) as unknown as UnmappedValue[];
      return new Map(list.map((entry) => [unmappedKey(entry), entry]));
    });
    this.counts.catch(() => undefined);
  }

  count(value: Omit<UnmappedValue, 'times'>): void {
    this.change((counts) => {
      const known = counts.get(unmappedKey(value)) ?? { ...value, times: 0 };
      if (known.times === 0 && counts.size >= MOST_VALUES) return;
      counts.set(unmappedKey(value), { ...known, times: known.times + 1 });
    }).catch(() => undefined); // a message must not fail because its values cannot be counted
  }

  /**
   * Removes values that a user has dealt with. If they occur again, counting starts over. `also`: for its commit, which erases
   * them for good with `erase`.
   */
  async forget(values: Omit<UnmappedValue, 'times'>[], also: readonly Change[] = [], erase = false): Promise<void> {
    await this.change(
      (counts) => {
        for (const value of values) counts.delete(unmappedKey(value));
      },
      also,
      { durable: true, erase },
    );
  }

  async list(): Promise<UnmappedValue[]> {
    await this.writing;
    return [...(await this.counts).values()];
  }

  private change(
    step: (counts: Map<string, UnmappedValue>) => void,
    also: readonly Change[] = [],
    options: CommitOptions = { durable: false },
  ): Promise<void> {
    const changed = this.writing.then(async () => {
      const counts = await this.counts;
      step(counts);
      const value = [...counts.values()] as unknown as Json;
      await this.store.commit([{ kind: 'setting', key: KEY, value }, ...also], options);
    });
    this.writing = changed.catch(() => undefined);
    return changed;
  }
}

/** What makes a value distinct. */
export function unmappedKey({ mapping, node, direction, field, value }: Omit<UnmappedValue, 'times'>): string {
  return JSON.stringify([mapping, node ?? '', direction, field, value]);
}
