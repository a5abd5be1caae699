import { type Evaluation, ExpressionProcess, type Limits } from './expression-process.js';

/** Evaluates an expression; resolves when that is over. */
type Job = (process: ExpressionProcess) => Promise<void>;

/** Evaluates expressions in a few processes. Owners take turns, so that many evaluations of one do not delay another. */
export class ExpressionLane {
  private readonly processes: ExpressionProcess[] = [];
  private readonly idle: ExpressionProcess[] = [];
  /** Evaluations that wait, by owner. */
  private readonly waiting = new Map<string, Job[]>();

  /** `priority`: see ExpressionProcess. */
  constructor(
    private readonly size: number,
    private readonly priority = 0,
  ) {}

  /** The value; rejects like ExpressionProcess. `limits`: asked when it is its turn. */
  evaluate(owner: string, evaluation: Evaluation, limits: () => Limits): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.add(owner, [(process) => process.evaluate(evaluation, limits()).then(resolve, reject)]);
    });
  }

  /** What waits of an owner waits in another lane from now on. */
  handOver(owner: string, lane: ExpressionLane): void {
    const jobs = this.waiting.get(owner);
    this.waiting.delete(owner);
    if (jobs) lane.add(owner, jobs);
  }

  close(): void {
    for (const process of this.processes) process.close();
  }

  private add(owner: string, jobs: Job[]): void {
    const waiting = this.waiting.get(owner);
    if (waiting) waiting.push(...jobs);
    else this.waiting.set(owner, jobs);
    for (const _ of jobs) this.startNext();
  }

  private startNext(): void {
    const [first] = this.waiting;
    const process = first && (this.idle.pop() ?? this.grow());
    if (!process) return;
    const [owner, waiting] = first;
    const job = waiting.shift();
    // Behind the other owners.
    this.waiting.delete(owner);
    if (waiting.length > 0) this.waiting.set(owner, waiting);
    job?.(process).finally(() => {
      this.idle.push(process);
      this.startNext();
    });
  }

  private grow(): ExpressionProcess | undefined {
    if (this.processes.length >= this.size) return undefined;
    const process = new ExpressionProcess(this.priority);
    this.processes.push(process);
    return process;
  }
}
