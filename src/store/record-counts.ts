import type { RecordEntry } from './record-entry.js';
import type { RecordKind, StoreCounts } from './store.js';

/** Numbers of records, kept up to date with each change. */
export class RecordCounts {
  private readonly counts: Map<string, number>;

  constructor(counts: Readonly<Record<string, number>> = {}) {
    this.counts = new Map(Object.entries(counts));
  }

  change(before: RecordEntry | undefined, after: RecordEntry | undefined): void {
    this.add(before, -1);
    this.add(after, 1);
  }

  /** The counts for the manifest. */
  toJSON(): Record<string, number> {
    return Object.fromEntries([...this.counts].filter(([, count]) => count !== 0));
  }

  /** `waiting`: what waits for each endpoint. */
  summary(waiting: ReadonlyMap<string, number>): StoreCounts {
    const count = (kind: RecordKind, what: string) => this.counts.get(`${kind} ${what}`) ?? 0;
    const all = <S extends string>(kind: RecordKind, ...states: S[]) =>
      Object.fromEntries(states.map((state) => [state, count(kind, state)])) as Record<S, number>;
    return {
      messages: all('message', 'received', 'settled', 'failed', 'needsDecision', 'skipped'),
      deliveries: all('delivery', 'pending', 'sending', 'inDoubt', 'delivered', 'failed', 'needsDecision', 'skipped', 'merged'),
      conversations: all('conversation', 'open', 'closed'),
      unrouted: count('message', 'unrouted'),
      warned: { messages: count('message', 'unseen'), deliveries: count('delivery', 'unseen') },
      waiting: Object.fromEntries(waiting),
    };
  }

  private add(entry: RecordEntry | undefined, more: number): void {
    if (!entry) return;
    const outcome = entry.kind === 'message' ? entry.outcome : undefined;
    const warned = entry.kind === 'conversation' ? undefined : entry.warned;
    for (const what of [entry.state, outcome, warned]) {
      if (!what) continue;
      const name = `${entry.kind} ${what}`;
      this.counts.set(name, (this.counts.get(name) ?? 0) + more);
    }
  }
}
