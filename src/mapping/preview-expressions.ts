import { SwitchboardError } from '../errors.js';
import { say } from '../text/say.js';
import { failure } from './expression-process.js';
import { type Evaluator, Expressions, type Turn } from './expressions.js';

/** Milliseconds that the expressions of one preview may take together. */
const LIMIT = 5_000;
/** How much they leave to the rest of this machine (ExpressionProcess). */
const PRIORITY = 10;

let processes: Expressions | undefined;
let previews = 0;

/** Expressions that are tried out, and those for samples, run in processes of their own, so that they never delay messages. */
export function previewProcesses(): Expressions {
  processes ??= new Expressions({ processes: 1, priority: PRIORITY });
  return processes;
}

/** Evaluates the expressions of one preview. Previews take turns, and each has a total time. */
export class PreviewExpressions implements Evaluator {
  private readonly until: number;
  private readonly owner = `preview ${++previews}`;

  /** `limit`: milliseconds for all expressions together. */
  constructor(
    private readonly limit = LIMIT,
    private readonly expressions = previewProcesses(),
  ) {
    this.until = performance.now() + limit;
  }

  get isOver(): boolean {
    return performance.now() > this.until;
  }

  async evaluate(expression: string, input: unknown, { where }: Turn = {}): Promise<unknown> {
    if (!this.isOver) return this.expressions.evaluate(expression, input, { where, owner: this.owner, until: this.until });
    const error = failure(expression, say`the preview took longer than ${this.limit / 1000} s`);
    throw where ? error.at(where) : error;
  }

  faults(expressions: readonly string[]): ReturnType<Evaluator['faults']> {
    return this.expressions.faults(expressions, { owner: this.owner, until: this.until });
  }

  /** Throws SWB_TOO_LARGE when its time is over. */
  requireTime(where: string): void {
    if (this.isOver)
      throw new SwitchboardError('SWB_TOO_LARGE', say`The preview took longer than ${this.limit / 1000} s.`, { where });
  }
}
