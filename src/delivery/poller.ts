import type { EndpointClient } from '../endpoints/endpoint.js';
import { Timer } from '../timer.js';
import { PausedError } from './access.js';
import type { Broker } from './broker.js';
import { receivedHint } from './received-item.js';
import { backoff, DEFAULT_RETRY, waitAfter } from './retry.js';

export interface PollerOptions {
  broker: Broker;
  client: EndpointClient;
  /** The in node. */
  node: string;
  entityType: string;
  /** Milliseconds between polls; absent: polls only on `pollOnce`. */
  interval?: number;
  onPolled: (found: number) => void;
  onError: (error: unknown, retryAt: number) => void;
}

/** Milliseconds until a paused endpoint may be asked again. */
const waitOf = (error: unknown): number | undefined => (error instanceof PausedError ? error.retryAfter : undefined);

/**
 * Polls a partner for changes. The watermark moves in the commit that stores the changes found. Waits are timers, and watermarks
 * are the partner's own times, so our wall clock only serves to show the time of the next poll.
 */
export class Poller {
  private timer: Timer | undefined;
  private running: Promise<void> = Promise.resolve();
  private stopped = false;
  private failures = 0;

  constructor(private readonly options: PollerOptions) {
    if (options.interval !== undefined) this.schedule(0, options.interval);
  }

  /** Polls once, after a poll that is under way. Throws where the poll fails. */
  pollOnce(): Promise<void> {
    const polled = this.running.then(async () => {
      this.options.broker.access(this.options.client.id)?.assertOpen();
      await this.fetchChanges();
    });
    this.running = polled.catch(() => undefined);
    return polled;
  }

  async stop(): Promise<void> {
    this.stopped = true;
    this.timer?.cancel();
    await this.running;
  }

  private schedule(wait: number, interval: number): void {
    if (this.stopped) return;
    this.timer = new Timer(wait, () => {
      this.running = this.running.then(() => this.poll(interval));
    });
  }

  private async poll(interval: number): Promise<void> {
    const { broker, client, onPolled, onError } = this.options;
    const access = broker.access(client.id);
    try {
      access?.assertOpen();
      const found = await this.fetchChanges();
      this.failures = 0;
      access?.succeeded();
      onPolled(found);
      this.schedule(interval, interval);
    } catch (error) {
      if (this.stopped) return;
      const culprit = await access?.judge(error);
      if (this.stopped) return;
      // Its operator is notified of the pause itself.
      if (culprit === 'endpoint') return this.schedule(waitOf(error) ?? interval, interval);
      const least = Math.max(interval, backoff({ ...DEFAULT_RETRY, baseDelay: 1_000 }, ++this.failures, Math.random));
      const wait = waitAfter(error, least);
      onError(error, broker.clock() + wait);
      this.schedule(wait, interval);
    }
  }

  /** Stores all changes since the watermark. Returns their number. */
  private async fetchChanges(): Promise<number> {
    const { broker, client, node, entityType } = this.options;
    const key = `poll|${node}|${client.id}|${entityType}`;
    let found = 0;
    for (let more = true; more && !this.stopped; ) {
      const cursor = await broker.store.setting(key);
      const result = await client.poll(entityType, cursor);
      const items = result.hints.map((hint) => receivedHint(hint, { node, origin: 'poll', endpoint: client.id }));
      await broker.inbox.accept(items, [{ kind: 'setting', key, value: result.cursor }]);
      found += items.length;
      more = result.more;
    }
    return found;
  }
}
