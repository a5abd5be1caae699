/** Milliseconds between two notices: each goes to every open editor. */
const INTERVAL = 500;

interface Watchable {
  watch(listener: () => void): () => void;
}

interface Watched {
  id: string;
  store: Watchable;
  intakeTroubles: Watchable;
}

/** Tells that something changed in one of the stores, or in what keeps news from coming in, at most once per half second; the views then fetch what they show. */
export class ChangeNotice {
  private readonly watching = new Map<Watched, () => void>();
  private timer?: NodeJS.Timeout;

  constructor(private readonly notify: () => void) {}

  /** Follows these stores and no others. */
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
