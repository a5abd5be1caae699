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
  /** Milliseconds between polls. */
  interval: number;
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
    this.next(0);
  }

  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.running;
  }

  private next(wait: number): void {
    if (this.stopped) return;
    this.timer = setTimeout(() => {
      this.running = this.poll();
    }, wait);
  }

  private async poll(): Promise<void> {
    const { broker, client, node, entityType, interval, onPolled, onTrouble } = this.options;
    const key = `poll|${node}|${client.id}|${entityType}`;
    try {
      let more = true;
      let found = 0;
      while (more && !this.stopped) {
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
      this.troubles = 0;
      onPolled(found);
      this.next(interval);
    } catch (error) {
      if (this.stopped) return;
      const asked = error instanceof PartnerError ? (error.retryAfter ?? 0) : 0;
      const wait = Math.max(asked, interval, backoff({ ...DEFAULT_RETRY, base: 1_000 }, ++this.troubles, Math.random));
      onTrouble(error, broker.clock() + wait);
      this.next(wait);
    }
  }
}
