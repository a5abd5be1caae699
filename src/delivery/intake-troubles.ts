/** What can go wrong with taking messages in, each by itself: the hub may be down while the poll works. */
export type IntakePart = 'hub' | 'poll' | 'read';

export interface IntakeTrouble {
  /** Id of the endpoint whose news do not come. */
  endpoint: string;
  /** Of the in node, as a person named it. */
  name: string;
  part: IntakePart;
  /** ISO 8601. */
  since: string;
  reason: string;
}

/** What hinders the in nodes of one store just now. */
export class IntakeTroubles {
  private readonly kept = new Map<string, IntakeTrouble>();
  private readonly listeners = new Set<() => void>();

  constructor(private readonly clock: () => number) {}

  begin(node: string, trouble: Omit<IntakeTrouble, 'since'>): void {
    const key = `${node}|${trouble.part}`;
    const before = this.kept.get(key);
    this.kept.set(key, { ...trouble, since: before?.since ?? new Date(this.clock()).toISOString() });
    if (before?.reason !== trouble.reason) this.tell();
  }

  end(node: string, part: IntakePart): void {
    if (this.kept.delete(`${node}|${part}`)) this.tell();
  }

  /** Calls back when a trouble has begun, changed or ended; gives the function that ends it. */
  watch(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private tell(): void {
    for (const listener of this.listeners) listener();
  }

  list(): IntakeTrouble[] {
    return [...this.kept.values()];
  }
}
