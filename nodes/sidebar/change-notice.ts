/** Milliseconds between two notices, because each goes to every open editor. */
const INTERVAL = 500;

interface Watchable {
  watch(listener: () => void): () => void;
}

interface Watched {
  id: string;
  store: Watchable;
  intakeTroubles: Watchable;
}

/**
 * Notifies the views, at most every half second, that a store or the intake troubles have changed; the views then fetch their
 * data.
 */
export class ChangeNotice {
  private readonly watching = new Map<Watched, () => void>();
  private timer?: NodeJS.Timeout;

  constructor(private readonly notify: () => void) {}

  /** Watches these brokers, and stops watching all others. */
  follow(brokers: Watched[]): void {
    for (const [broker, stop] of this.watching) {
      if (brokers.includes(broker)) continue;
      stop();
      this.watching.delete(broker);
    }
    for (const broker of brokers) {
      if (this.watching.has(broker)) continue;
      const stops = [broker.store, broker.intakeTroubles].map((one) => one.watch(() => this.changed()));
      this.watching.set(broker, () => {
        for (const stop of stops) stop();
      });
    }
    this.changed();
  }

  private changed(): void {
    if (this.timer) return;
    this.timer = setTimeout(() => {
      this.timer = undefined;
      this.notify();
    }, INTERVAL);
    this.timer.unref();
  }
}
