/** Parts of the intake that can fail independently: the hub may be down while polling works. `file`: a file cannot be fetched. */
export type IntakePart = 'hub' | 'poll' | 'read' | 'file';

export interface IntakeTrouble {
  /** Id of the in node. */
  node: string;
  /** Id of the endpoint whose changes are not received. */
  endpoint: string;
  /** Name of the in node; of a file, of the endpoint that it is for. */
  name: string;
  part: IntakePart;
  /** ISO 8601. */
  since: string;
  reason: string;
}

/** Current intake failures of the in nodes of one store. */
export class IntakeTroubles {
  private readonly troubles = new Map<string, IntakeTrouble>();
  private readonly listeners = new Set<() => void>();

  constructor(private readonly clock: () => number) {}

  /** `node`: the in node, or the delivery of the file. */
  begin(node: string, trouble: Omit<IntakeTrouble, 'node' | 'since'>): void {
    const key = `${node}|${trouble.part}`;
    const before = this.troubles.get(key);
    this.troubles.set(key, { node, ...trouble, since: before?.since ?? new Date(this.clock()).toISOString() });
    if (before?.reason !== trouble.reason) this.notify();
  }

  end(node: string, part: IntakePart): void {
    if (this.troubles.delete(`${node}|${part}`)) this.notify();
  }

  /** Calls back when a failure begins, changes or ends. Returns a function that removes the listener. */
  watch(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private notify(): void {
    for (const listener of this.listeners) listener();
  }

  list(): IntakeTrouble[] {
    return [...this.troubles.values()];
  }
}
