/** Things remembered; those begun longest ago are forgotten. */
const MOST = 10_000;

/** How old things at least are that have a beginning in this process, by the steady clock. */
export class EntityAges {
  private readonly began = new Map<string, number>();
  private readonly start: number;

  constructor(private readonly steady: () => number) {
    this.start = steady();
  }

  begin(id: string): void {
    this.began.delete(id);
    this.began.set(id, this.steady());
    if (this.began.size > MOST) this.began.delete(this.began.keys().next().value as string);
  }

  /** Milliseconds. What did not begin here was there before: it is no younger than this. */
  atLeast(id: string): number {
    return this.steady() - (this.began.get(id) ?? this.start);
  }
}
