import type { Store } from '../store/store.js';

/**
 * Since when an endpoint is in trouble. It is kept in the store until the trouble ends, because deploys and
 * restarts, which create the endpoint again, do not end it.
 */
export class TroubleSince {
  /** Whether the store may have a time. */
  private mayBeKept = true;

  constructor(
    private readonly store: Pick<Store, 'setting' | 'commit'>,
    /** The setting. */
    private readonly key: string,
  ) {}

  /** The trouble has begun at `at`, or goes on: since when, and whether it was not known before. Times are ISO 8601. */
  async begin(at: string): Promise<{ since: string; isNew: boolean }> {
    this.mayBeKept = true;
    const kept = await this.store.setting(this.key);
    if (typeof kept === 'string') return { since: kept, isNew: false };
    await this.store.commit([{ kind: 'setting', key: this.key, value: at }], { durable: false });
    return { since: at, isNew: true };
  }

  /** The trouble is over. */
  async end(): Promise<void> {
    if (!this.mayBeKept) return;
    this.mayBeKept = false;
    if ((await this.store.setting(this.key)) === undefined) return;
    await this.store.commit([{ kind: 'setting', key: this.key, value: undefined }], { durable: false });
  }
}
