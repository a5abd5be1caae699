/** Maximum requests in flight; keys requested meanwhile wait and are sent together. */
const MAX_IN_FLIGHT = 2;

/**
 * Batches look-ups of single keys into few requests. A key that is requested alone is sent at once; under load, keys are sent in
 * batches, which saves the partner's rate limit as well as our own time.
 */
export class BatchLoader<Value> {
  private readonly waiting: { key: string; resolve: (value: Value) => void; reject: (error: unknown) => void }[] = [];
  private inFlight = 0;

  /** `fetch` returns, for each of its keys and in their order, a value or the failure. */
  constructor(
    private readonly fetch: (keys: string[]) => Promise<PromiseSettledResult<Value>[]>,
    private readonly most: number,
  ) {}

  get(key: string): Promise<Value> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ key, resolve, reject });
      // Keys requested in the same turn of the event loop belong together.
      if (this.waiting.length === 1) queueMicrotask(() => this.next());
    });
  }

  private next(): void {
    if (this.inFlight >= MAX_IN_FLIGHT || this.waiting.length === 0) return;
    const batch = this.waiting.splice(0, this.most);
    this.inFlight++;
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
        this.inFlight--;
        this.next();
      });
    this.next();
  }
}
