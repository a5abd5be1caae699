import { backoff } from '../backoff.js';
import type { EndpointClient } from '../endpoints/endpoint.js';
import type { Json } from '../model/message.js';
import type { Change } from '../store/store.js';
import { Timer } from '../timer.js';
import { pausedFor } from './access.js';
import type { Broker } from './broker.js';
import { receivedHint } from './received-item.js';
import { DEFAULT_RETRY, isLimited, waitAfter } from './retry.js';

export interface PollerOptions {
  broker: Broker;
  client: EndpointClient;
  entityType: string;
  onPolled: (found: number) => void;
  onError: (error: unknown, retryAt: number) => void;
}

/** What is stored between polls. */
interface Watermark {
  cursor: Json;
  /** The in node under whose id found items are stored: it is part of their key, so it stays when the in nodes change. */
  node: string;
}

/**
 * Polls a partner for changes of one entity type. The watermark moves in the commit that stores the changes found. Waits are timers,
 * and watermarks are the partner's own times, so our wall clock only serves to show the time of the next poll.
 */
export class Poller {
  private readonly key: string;
  /** In nodes that may still have a watermark of their own, as they had before they shared one. */
  private readonly joined = new Set<string>();
  private firstNode = '';
  private interval: number | undefined;
  private timer: Timer | undefined;
  private polling = false;
  private running: Promise<void> = Promise.resolve();
  private stopped = false;
  private failures = 0;

  constructor(private readonly options: PollerOptions) {
    this.key = `poll|${options.client.id}|${options.entityType}`;
  }

  /** Polls for an in node too: what it would have found is found once. */
  add(node: string): void {
    this.firstNode ||= node;
    this.joined.add(node);
  }

  /** Polls every so many milliseconds, at once if it did not poll before; undefined: only on `pollOnce`. */
  every(interval: number | undefined): void {
    const before = this.interval;
    if (interval === before) return;
    this.interval = interval;
    this.timer?.cancel();
    if (!this.polling) this.schedule(before === undefined ? 0 : (interval ?? 0));
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

  private schedule(wait: number): void {
    if (this.stopped || this.interval === undefined) return;
    this.timer = new Timer(wait, () => {
      this.polling = true;
      this.running = this.running.then(() => this.poll());
    });
  }

  private async poll(): Promise<void> {
    const { broker, client, onPolled, onError } = this.options;
    const access = broker.access(client.id);
    let wait = 0;
    try {
      access?.assertOpen();
      const found = await this.fetchChanges();
      this.failures = 0;
      access?.succeeded();
      onPolled(found);
    } catch (error) {
      if (this.stopped) return;
      const culprit = await access?.judge(error);
      if (this.stopped) return;
      // Its operator is notified of the pause itself.
      if (culprit === 'endpoint') wait = pausedFor(error) ?? 0;
      else {
        // Where our rate is limited, the endpoint says how long to wait.
        if (!isLimited(error)) this.failures++;
        wait = waitAfter(error, backoff({ ...DEFAULT_RETRY, baseDelay: 1_000 }, this.failures, Math.random));
        onError(error, broker.clock() + Math.max(wait, this.interval ?? 0));
      }
    } finally {
      this.polling = false;
    }
    this.schedule(Math.max(wait, this.interval ?? 0));
  }

  /** Stores all changes since the watermark. Returns their number. */
  private async fetchChanges(): Promise<number> {
    let found = 0;
    for (const node of this.joined) found += await this.takeOver(node);
    const { cursor, node } = (await this.stored()) ?? { node: this.firstNode };
    return found + (await this.fetchSince(cursor, node, (moved) => [this.watermark({ cursor: moved, node })]));
  }

  /**
   * Reads on from an in node's own watermark until it has caught up, and removes it. It becomes the shared one if there is none yet;
   * else what lies between the two is found again, and known by its keys.
   */
  private async takeOver(node: string): Promise<number> {
    const { store } = this.options.broker;
    const { client, entityType } = this.options;
    const key = `poll|${node}|${client.id}|${entityType}`;
    const own = await store.setting(key);
    let found = 0;
    if (own !== undefined) {
      const shared = await this.stored();
      found = await this.fetchSince(own, shared?.node ?? node, (moved, more) => {
        if (more) return [{ kind: 'setting', key, value: moved }];
        const removed: Change = { kind: 'setting', key, value: undefined };
        return shared ? [removed] : [removed, this.watermark({ cursor: moved, node })];
      });
    }
    if (!this.stopped) this.joined.delete(node);
    return found;
  }

  private async stored(): Promise<Watermark | undefined> {
    return (await this.options.broker.store.setting(this.key)) as unknown as Watermark | undefined;
  }

  private watermark(value: Watermark): Change {
    return { kind: 'setting', key: this.key, value: value as unknown as Json };
  }

  /** Stores all changes since a cursor, as found by `node`; `moves`: the changes that store the moved cursor. Returns their number. */
  private async fetchSince(
    since: Json | undefined,
    node: string,
    moves: (cursor: Json, more: boolean) => Change[],
  ): Promise<number> {
    const { broker, client, entityType } = this.options;
    let found = 0;
    let cursor = since;
    for (let more = true; more && !this.stopped; ) {
      const result = await client.poll(entityType, cursor);
      const items = result.hints.map((hint) => receivedHint(hint, { node, origin: 'poll', endpoint: client.id }));
      ({ cursor, more } = result);
      await broker.inbox.accept(items, moves(result.cursor, more));
      found += items.length;
    }
    return found;
  }
}
