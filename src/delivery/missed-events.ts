import type { Change, MessageRecord, Store } from '../store/store.js';
import type { MonotonicClock } from './monotonic-clock.js';

export interface MissedEventDetectorOptions {
  store: Store;
  /** The in node. */
  node: string;
  time: MonotonicClock;
  /** Milliseconds for which an event may come after the change it is about. */
  grace: number;
}

/**
 * Do a provider's events come? An event proves that the subscription stands. A change that was found by asking, and was news to us, without an
 * event until the end of the grace, is a sign that it does not: an echo of our own write is none, because many providers tell nobody of those.
 */
export class MissedEventDetector {
  private heardAt: number | undefined;
  private missedAt: number | undefined;
  private since: number;
  /** Registrations that a missed event led to: in a row without an event, and all. */
  private fruitless = 0;
  private remade = 0;
  /** Messages found by asking that are not settled yet. */
  private readonly found = new Set<string>();
  private readonly unwatch: () => void;

  constructor(private readonly options: MissedEventDetectorOptions) {
    this.since = options.time.elapsed();
    this.unwatch = options.store.watch((changes) => this.take(changes));
  }

  stop(): void {
    this.unwatch();
  }

  /** An event has come to the callback. */
  heard(): void {
    this.heardAt = this.options.time.elapsed();
    this.missedAt = undefined;
    this.fruitless = 0;
  }

  /** When the last one came, by the time that passes; undefined: none in this run. */
  get lastHeard(): number | undefined {
    return this.heardAt;
  }

  /**
   * Was an event missed, so that it is time to register again? Where that did not help the last time, it is waited for longer each time: a
   * filter, or the provider itself, leaves some changes out. Where a former registration cannot be ended, each counts.
   */
  missed({ least, endable }: { least: number; endable: boolean }): boolean {
    const { time, grace } = this.options;
    const now = time.elapsed();
    const { missedAt } = this;
    const times = Math.min(endable ? this.fruitless : this.remade, 16);
    return missedAt !== undefined && now - missedAt >= grace && now - this.since >= least * 2 ** times;
  }

  /** It was registered (again): from now on events are expected. */
  registered(): void {
    if (this.missedAt !== undefined) {
      this.fruitless++;
      this.remade++;
    }
    this.since = this.options.time.elapsed();
    this.missedAt = undefined;
    this.found.clear();
  }

  private take(changes: Change[]): void {
    const now = this.options.time.elapsed();
    for (const change of changes) {
      if (change.kind !== 'message') continue;
      const { id, node, origin, state, outcome } = change.record as MessageRecord;
      if (node !== this.options.node || origin !== 'poll') continue;
      if (state === 'received') {
        // What is found soon after a registration happened before it.
        if (now - this.since >= this.options.grace) this.found.add(id);
      } else if (this.found.delete(id) && outcome !== 'ignored' && state !== 'skipped') this.missedAt ??= now;
    }
  }
}
