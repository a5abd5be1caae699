import { type Evaluation, ExpressionProcess } from './expression-process.js';

/** Evaluates an expression; resolves when that is over. */
type Job = (process: ExpressionProcess) => Promise<void>;

/** Evaluates expressions in a few processes. Expressions take turns, so that many evaluations of one do not delay another. */
export class ExpressionLane {
  private readonly processes: ExpressionProcess[] = [];
  private readonly idle: ExpressionProcess[] = [];
  /** Evaluations that wait, by expression. */
  private readonly waiting = new Map<string, Job[]>();

  constructor(private readonly size: number) {}

  /** The value; rejects with TooSlow, or with SWB_EXPRESSION. `limit`: milliseconds it may take, asked when it is its turn. */
  evaluate(evaluation: Evaluation, limit: () => number): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const job: Job = (process) => process.evaluate(evaluation, limit()).then(resolve, reject);
      const { expression } = evaluation;
      const waiting = this.waiting.get(expression);
      if (waiting) waiting.push(job);
      else this.waiting.set(expression, [job]);
      this.startNext();
    });
  }

  close(): void {
    for (const process of this.processes) process.close();
  }

  private startNext(): void {
    const [first] = this.waiting;
    const process = first && (this.idle.pop() ?? this.grow());
    if (!process) return;
    const [expression, waiting] = first;
    const job = waiting.shift();
    // Behind the other expressions.
    this.waiting.delete(expression);
    if (waiting.length > 0) this.waiting.set(expression, waiting);
    job?.(process).finally(() => {
      this.idle.push(process);
      this.startNext();
    });
  }

  private grow(): ExpressionProcess | undefined {
    if (this.processes.length >= this.size) return undefined;
    const process = new ExpressionProcess();
    this.processes.push(process);
    return process;
  }
}
