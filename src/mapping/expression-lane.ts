import { type Evaluated, type Evaluation, ExpressionProcess, TooSlow } from './expression-process.js';

interface Job {
  /** Resolves when the evaluation is over. */
  start: (process: ExpressionProcess) => Promise<void>;
  evict: () => void;
}

/** Evaluates expressions in a few processes. Expressions take turns, so that many evaluations of one do not delay another. */
export class ExpressionLane {
  private readonly processes: ExpressionProcess[] = [];
  private readonly idle: ExpressionProcess[] = [];
  /** Evaluations that wait, by expression. */
  private readonly waiting = new Map<string, Job[]>();

  constructor(
    private readonly size: number,
    /** Milliseconds an evaluation may take. */
    private readonly limit: number,
  ) {}

  /** The value; rejects with TooSlow, or with SWB_EXPRESSION. */
  evaluate(evaluation: Evaluation): Promise<Evaluated> {
    return new Promise((resolve, reject) => {
      const job: Job = {
        start: (process) => process.evaluate(evaluation, this.limit).then(resolve, reject),
        evict: () => reject(new TooSlow()),
      };
      const { expression } = evaluation;
      const waiting = this.waiting.get(expression);
      if (waiting) waiting.push(job);
      else this.waiting.set(expression, [job]);
      this.startNext();
    });
  }

  /** Rejects with TooSlow the evaluations of an expression that wait. */
  evict(expression: string): void {
    const waiting = this.waiting.get(expression) ?? [];
    this.waiting.delete(expression);
    for (const { evict } of waiting) evict();
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
    job?.start(process).finally(() => {
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
