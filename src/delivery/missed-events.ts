import type { ChangeNotice, Store } from '../store/store.js';
import type { MonotonicClock } from './monotonic-clock.js';

export interface MissedEventDetectorOptions {
  store: Store;
  /** The queue of the endpoint's changes (message-queue.ts). */
  queue: string;
  time: MonotonicClock;
  /** Milliseconds that an event may arrive after its change. */
  grace: number;
}

/**
 * Detects that a provider's events do not arrive. An event proves that the subscription works. A change that only polling found,
 * with no event until the end of the grace period, suggests that it does not. An echo of our own write does not count, because
 * many providers send no events for those.
 */
export class MissedEventDetector {
  private receivedAt: number | undefined;
  private missedAt: number | undefined;
  private since: number;
  /** Registrations because of a missed event: since the last event, and in total. */
  private fruitless = 0;
  private total = 0;
  /** Messages received late enough after a registration, and not settled yet. */
  private readonly pending = new Set<string>();
  private readonly unwatch: () => void;

  constructor(private readonly options: MissedEventDetectorOptions) {
    this.since = options.time.elapsed();
    this.unwatch = options.store.watch((changes) => this.take(changes));
  }

  stop(): void {
    this.unwatch();
  }

  /** An event arrived at the callback. */
  eventReceived(): void {
    this.receivedAt = this.options.time.elapsed();
    this.missedAt = undefined;
    this.fruitless = 0;
  }

  /** Time of the last event, by the monotonic clock; undefined: none in this run. */
  get lastEvent(): number | undefined {
    return this.receivedAt;
  }

  /**
   * Whether an event was missed, so that it is time to register again. The wait grows with each registration that did not help,
   * because a filter or the provider may leave some changes out. Where registrations cannot be removed, all of them count,
   * because each leaves one more behind.
   */
  missed({ minWait, removable }: { minWait: number; removable: boolean }): boolean {
    const { time, grace } = this.options;
    const now = time.elapsed();
    const { missedAt } = this;
    const attempts = Math.min(removable ? this.fruitless : this.total, 16);
    return missedAt !== undefined && now - missedAt >= grace && now - this.since >= minWait * 2 ** attempts;
  }

  /** Called after each registration: events are expected from now on. */
  registered(): void {
    if (this.missedAt !== undefined) {
      this.fruitless++;
      this.total++;
    }
    this.since = this.options.time.elapsed();
    this.missedAt = undefined;
    this.pending.clear();
  }

  private take(changes: ChangeNotice[]): void {
    const now = this.options.time.elapsed();
    for (const change of changes) {
      if (change.kind !== 'message' || change.queue !== this.options.queue) continue;
      if (change.state === 'received') {
        // A change found soon after a registration was made before it.
        if (now - this.since >= this.options.grace) this.pending.add(change.id);
      } else if (this.pending.delete(change.id) && change.state !== 'skipped') void this.settled(change.id, now);
    }
  }

  private async settled(id: string, now: number): Promise<void> {
    const { receivedAt, since } = this;
    const record = await this.options.store.message(id).catch(() => undefined);
    if (record?.origin !== 'poll' || record.outcome === 'ignored') return;
    // An event or a registration during the reading counts more.
    if (receivedAt === this.receivedAt && since === this.since) this.missedAt ??= now;
  }
}
