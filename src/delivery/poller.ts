import type { EndpointClient } from '../endpoints/endpoint.js';
import { PartnerError } from '../errors.js';
import type { MessageOrigin } from '../store/store.js';
import type { Broker } from './broker.js';
import { backoff, DEFAULT_RETRY } from './retry.js';

export interface PollerOptions {
  broker: Broker;
  client: EndpointClient;
  /** The in node. */
  node: string;
  entityType: string;
  /** Milliseconds between polls; absent: only when it is told to ask. */
  interval?: number;
  onPolled: (found: number) => void;
  onTrouble: (error: unknown, retryAt: number) => void;
}

/**
 * Asks a partner for changes again and again. The watermark moves in the same commit that keeps what was found. Waits are timers, which go by the monotonic
 * clock, and watermarks are the partner's own times: our wall clock is only for showing when it is asked again.
 */
export class Poller {
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> = Promise.resolve();
  private stopped = false;
  private troubles = 0;

  constructor(private readonly options: PollerOptions) {
    if (options.interval !== undefined) this.next(0, options.interval);
  }

  /** Asks once, after a poll that is under way. Throws where the partner does not say. */
  ask(): Promise<void> {
    const asked = this.running.then(async () => {
      await this.take();
    });
    this.running = asked.catch(() => undefined);
    return asked;
  }

  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.running;
  }

  private next(wait: number, interval: number): void {
    if (this.stopped) return;
    this.timer = setTimeout(() => {
      this.running = this.running.then(() => this.poll(interval));
    }, wait);
  }

  private async poll(interval: number): Promise<void> {
    const { broker, onPolled, onTrouble } = this.options;
    try {
      const found = await this.take();
      this.troubles = 0;
      onPolled(found);
      this.next(interval, interval);
    } catch (error) {
      if (this.stopped) return;
      const asked = error instanceof PartnerError ? (error.retryAfter ?? 0) : 0;
      const wait = Math.max(asked, interval, backoff({ ...DEFAULT_RETRY, baseDelay: 1_000 }, ++this.troubles, Math.random));
      onTrouble(error, broker.clock() + wait);
      this.next(wait, interval);
    }
  }

  /** Keeps all changes since the watermark; gives how many were found. */
  private async take(): Promise<number> {
    const { broker, client, node, entityType } = this.options;
    const key = `poll|${node}|${client.id}|${entityType}`;
    let found = 0;
    for (let more = true; more && !this.stopped; ) {
      const cursor = await broker.store.setting(key);
      const result = await client.poll(entityType, cursor);
      const items = result.hints.map((hint) => ({
        node,
        origin: 'poll' as MessageOrigin,
        endpoint: client.id,
        entityType: hint.entityType,
        entityId: hint.id,
        number: hint.number,
        key: hint.key,
        expects: hint.expects,
        payload: hint.payload,
      }));
      await broker.inbox.accept(items, [{ kind: 'setting', key, value: result.cursor }]);
      found += items.length;
      more = result.more;
    }
    return found;
  }
}
