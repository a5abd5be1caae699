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

  constructor(private readonly clock: () => number) {}

  begin(node: string, trouble: Omit<IntakeTrouble, 'since'>): void {
    const key = `${node}|${trouble.part}`;
    const since = this.kept.get(key)?.since ?? new Date(this.clock()).toISOString();
    this.kept.set(key, { ...trouble, since });
  }

  end(node: string, part: IntakePart): void {
    this.kept.delete(`${node}|${part}`);
  }

  list(): IntakeTrouble[] {
    return [...this.kept.values()];
  }
}
