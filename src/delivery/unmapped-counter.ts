import type { Json } from '../model/message.js';
import type { Store } from '../store/store.js';

/** Different values remembered; a field that takes any text at all must not fill the store. */
const MOST_VALUES = 1_000;
const KEY = 'unmapped';

export interface UnmappedValue {
  /** Mapping and direction. */
  where: string;
  field: string;
  value: Json;
  times: number;
}

/** Counts values without a row in their value map. */
export class UnmappedCounter {
  private counts: Promise<Map<string, UnmappedValue>>;
  private writing: Promise<unknown> = Promise.resolve();

  constructor(private readonly store: Store) {
    this.counts = store.setting(KEY).then((kept) => {
      const list = (kept ?? []) as unknown as UnmappedValue[];
      return new Map(list.map((entry) => [keyOf(entry), entry]));
    });
    this.counts.catch(() => undefined);
  }

  count(where: string, field: string, value: Json): void {
    this.writing = this.writing
      .then(async () => {
        const counts = await this.counts;
        const entry = { where, field, value, times: 0 };
        const known = counts.get(keyOf(entry)) ?? entry;
        if (known.times === 0 && counts.size >= MOST_VALUES) return;
        counts.set(keyOf(entry), { ...known, times: known.times + 1 });
        await this.store.commit([{ kind: 'setting', key: KEY, value: [...counts.values()] as unknown as Json }], {
          durable: false,
        });
      })
      .catch(() => undefined); // a count is not worth failing a message for
  }

  async list(): Promise<UnmappedValue[]> {
    await this.writing;
    return [...(await this.counts).values()];
  }
}

function keyOf({ where, field, value }: Pick<UnmappedValue, 'where' | 'field' | 'value'>): string {
  return JSON.stringify([where, field, value]);
}
