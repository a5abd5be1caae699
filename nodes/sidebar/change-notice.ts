/** Milliseconds between two notices: each goes to every open editor. */
const QUIET = 500;

interface Watched {
  id: string;
  store: { watch(listener: () => void): () => void };
}

/** Tells that something changed in one of the stores, at most once per half second; the views then fetch what they show. */
export class ChangeNotice {
  private readonly watching = new Map<Watched, () => void>();
  private timer?: NodeJS.Timeout;

  constructor(private readonly tell: () => void) {}

  /** Follows these stores and no others. */
  follow(brokers: Watched[]): void {
    for (const [broker, stop] of this.watching) {
      if (brokers.includes(broker)) continue;
      stop();
      this.watching.delete(broker);
    }
    for (const broker of brokers) {
      if (!this.watching.has(broker))
        this.watching.set(
          broker,
          broker.store.watch(() => this.changed()),
        );
    }
    this.changed();
  }

  private changed(): void {
    if (this.timer) return;
    this.timer = setTimeout(() => {
      this.timer = undefined;
      this.tell();
    }, QUIET);
    this.timer.unref();
  }
}
