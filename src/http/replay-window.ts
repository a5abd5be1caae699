interface Answered<Answer> {
  /** Epoch milliseconds from which it cannot come again. */
  until: number;
  answer: Promise<Answer>;
}

/**
 * Recognises signed requests that come again. They get the answer of the first one: a partner whose answer was lost must not take its
 * retry for refused. One that failed is none of them. Of more than `max`, the oldest are forgotten.
 */
export class ReplayWindow<Answer> {
  private readonly answered = new Map<string, Answered<Answer>>();

  constructor(
    /** Epoch milliseconds. */
    private readonly clock: () => number,
    private readonly max = 10_000,
  ) {}

  /** The answer of `work`, which is done once for each signature. `until`: as long as the request could come again. */
  once(signature: string, until: number, work: () => Promise<Answer>): Promise<Answer> {
    const known = this.answered.get(signature);
    if (known) return known.answer;
    this.forget();
    const entry: Answered<Answer> = { until, answer: work() };
    this.answered.set(signature, entry);
    entry.answer.catch(() => {
      if (this.answered.get(signature) === entry) this.answered.delete(signature);
    });
    return entry.answer;
  }

  private forget(): void {
    const now = this.clock();
    for (const [signature, { until }] of this.answered) {
      if (until >= now && this.answered.size < this.max) return;
      this.answered.delete(signature);
    }
  }
}
