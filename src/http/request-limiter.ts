import { pause } from '../timer.js';

/** Kinds of requests that do not hold up each other. */
const KINDS = ['read', 'change'] as const;
export type RequestKind = (typeof KINDS)[number];

/** With fewer slots, none is kept free: the partner is meant to get few requests at once. */
const ENOUGH = 4;

/** Spaces the starts of tasks, so that no more than `rate` start per second. */
export class RateLimit {
  /** When the next task may start. */
  private nextStart = 0;

  constructor(
    /** Per second; 0 = no limit. */
    private readonly rate: number,
    /** The steady clock, milliseconds. */
    private readonly clock: () => number,
  ) {}

  /** Resolves when the task may start. */
  async turn(): Promise<void> {
    if (this.rate <= 0) return;
    const now = this.clock();
    const start = Math.max(now, this.nextStart);
    this.nextStart = start + 1000 / this.rate;
    if (start > now) await pause(start - now);
  }
}

interface Waiting {
  kind: RequestKind;
  start: () => void;
}

/**
 * Limits the number of concurrent requests, and their rate, which several limiters may share; others wait in a queue. A slot is
 * kept free for a kind without a request, so that requests of one kind which hang do not hold up the others. Kinds that wait take
 * turns, so that many reads, as after a poll that found many changes, do not hold up a write.
 */
export class RequestLimiter {
  private readonly running: Record<RequestKind, number> = { read: 0, change: 0 };
  private readonly queue: Waiting[] = [];
  /** The kind that was started last of those that waited. */
  private last: RequestKind = 'read';

  constructor(
    private readonly concurrency: number,
    private readonly rate: RateLimit,
    /** Kinds for which a slot is kept free. */
    private readonly keptFor: readonly RequestKind[] = KINDS,
  ) {}

  /** Resolves when the request may start, with a function that releases the slot; call it once. */
  async acquire(kind: RequestKind): Promise<() => void> {
    if (this.hasSlot(kind)) this.running[kind]++;
    else await new Promise<void>((start) => this.queue.push({ kind, start }));
    await this.rate.turn();
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      this.running[kind]--;
      this.startNext();
    };
  }

  private hasSlot(kind: RequestKind): boolean {
    const taken = KINDS.reduce((sum, each) => sum + this.running[each], 0);
    if (this.running[kind] === 0 || this.concurrency < ENOUGH) return taken < this.concurrency;
    const kept = this.keptFor.filter((other) => this.running[other] === 0).length;
    return taken + kept < this.concurrency;
  }

  private startNext(): void {
    const inTurn = [...KINDS.filter((kind) => kind !== this.last), this.last].filter((kind) => this.hasSlot(kind));
    const index = inTurn.map((kind) => this.queue.findIndex((waiting) => waiting.kind === kind)).find((at) => at >= 0);
    const [next] = index === undefined ? [] : this.queue.splice(index, 1);
    if (!next) return;
    this.running[next.kind]++;
    this.last = next.kind;
    next.start();
  }
}
