import type { Json } from '../model/message.js';
import type { Store } from '../store/store.js';
import { say } from '../text/say.js';

const KEY = 'endpointNames';

/** The last known names of endpoints: the records of one that was deleted name only its id. Kept as a setting of the store. */
export class EndpointNames {
  private readonly names = new Map<string, string>();
  private writing: Promise<unknown>;

  constructor(private readonly store: Store) {
    this.writing = this.load().catch(() => undefined);
  }

  /** Remembers the name of an endpoint that is in the flows. */
  remember(id: string, name: string): void {
    this.writing = this.writing
      .then(async () => {
        if (this.names.get(id) === name) return;
        this.names.set(id, name);
        const value = Object.fromEntries(this.names) as Json;
        await this.store.commit([{ kind: 'setting', key: KEY, value }], { durable: false });
      })
      // Sending must not wait for it, or fail with it; the next deploy tries again.
      .catch(() => undefined);
  }

  /** How an endpoint that is no longer in the flows is shown; undefined if its name is not known. */
  deleted(id: string): string | undefined {
    const name = this.names.get(id);
    return name && say`${name} (deleted)`;
  }

  /** The ids of all endpoints that were ever in the flows. */
  ids(): string[] {
    return [...this.names.keys()];
  }

  private async load(): Promise<void> {
    const kept = (await this.store.setting(KEY)) as Record<string, string> | undefined;
    for (const [id, name] of Object.entries(kept ?? {})) this.names.set(id, name);
  }
}
