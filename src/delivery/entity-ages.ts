/** Entities remembered; the oldest are forgotten first. */
const MAX_ENTITIES = 10_000;

/** Minimum age of entities, by the steady clock: since this process created them, or else since it started. */
export class EntityAges {
  private readonly createdAt = new Map<string, number>();
  private readonly start: number;

  constructor(private readonly steady: () => number) {
    this.start = steady();
  }

  created(id: string): void {
    this.createdAt.delete(id);
    this.createdAt.set(id, this.steady());
    if (this.createdAt.size > MAX_ENTITIES) this.createdAt.delete(this.createdAt.keys().next().value as string);
  }

  /** Milliseconds. An entity that was not created here existed before this process, so it is at least as old. */
  atLeast(id: string): number {
    return this.steady() - (this.createdAt.get(id) ?? this.start);
  }
}
