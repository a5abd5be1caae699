/** Keys asked for while this many requests are under way wait, and go out together. */
const UNDER_WAY = 2;

/**
 * Gathers look-ups of single keys into few requests. A key that is asked for alone goes out at once, alone; under load, keys travel in
 * batches, which spares the partner's rate limit as much as our own time.
 */
export class BatchLoader<Value> {
  private readonly waiting: { key: string; resolve: (value: Value) => void; reject: (error: unknown) => void }[] = [];
  private underWay = 0;

  /** `fetch` gives a value, or what went wrong with it, for each of its keys, in their order. */
  constructor(
    private readonly fetch: (keys: string[]) => Promise<PromiseSettledResult<Value>[]>,
    private readonly most: number,
  ) {}

  get(key: string): Promise<Value> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ key, resolve, reject });
      // Keys asked for in the same turn of the event loop belong together.
      if (this.waiting.length === 1) queueMicrotask(() => this.next());
    });
  }

  private next(): void {
    if (this.underWay >= UNDER_WAY || this.waiting.length === 0) return;
    const batch = this.waiting.splice(0, this.most);
    this.underWay++;
    this.fetch([...new Set(batch.map(({ key }) => key))])
      .then((results) => {
        const byKey = new Map([...new Set(batch.map(({ key }) => key))].map((key, i) => [key, results[i]]));
        for (const { key, resolve, reject } of batch) {
          const result = byKey.get(key);
          if (result?.status === 'fulfilled') resolve(result.value);
          else reject(result?.reason);
        }
      })
      .catch((error) => {
        for (const { reject } of batch) reject(error);
      })
      .finally(() => {
        this.underWay--;
        this.next();
      });
    this.next();
  }
}
