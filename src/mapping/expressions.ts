import jsonata from 'jsonata';
import { SwitchboardError } from '../errors.js';
import { say } from '../text/say.js';
import { ExpressionLane } from './expression-lane.js';
import { type Evaluation, failure, TooSlow } from './expression-process.js';

/** Milliseconds an expression may run. */
const LIMIT = 1_000;
/** An evaluation that runs longer than this leaves the way to the others, milliseconds. */
const QUICK = 250;
/** The same for an expression that was slow before: most of its evaluations may be quick all the same. */
const QUICK_AGAIN = 50;
/** Processes for quick expressions, and as many for slow ones. */
const PROCESSES = 2;
/** Slow expressions to remember. */
const MAX_SLOW = 1_000;

/**
 * Evaluates JSONata in separate processes (ExpressionProcess). An evaluation that turns out to be slow is stopped and evaluated
 * again in a lane for slow ones. That depends on the input, so each evaluation is tried as a quick one first: an endless one delays
 * its own message only.
 */
export class Expressions {
  private readonly quick = new ExpressionLane(PROCESSES);
  private readonly slow = new ExpressionLane(PROCESSES);
  private readonly knownSlow = new Set<string>();

  constructor(private readonly limit = LIMIT) {}

  /** Throws SWB_CONFIG for an invalid JSONata expression. */
  static check(expression: string, where?: string): void {
    try {
      jsonata(expression);
    } catch (error) {
      const { message = say`syntax error`, position = '?' } = error as { message?: string; position?: number };
      throw new SwitchboardError(
        'SWB_CONFIG',
        say`The expression "${expression}" is invalid at position ${position}: ${message}.`,
        { where, hint: say`See docs.jsonata.org.` },
      );
    }
  }

  /** The value of an expression for an input; rejects with SWB_EXPRESSION, which names the place `where`, if given. */
  async evaluate(expression: string, input: unknown, where?: string): Promise<unknown> {
    try {
      return await this.evaluated({ expression, input });
    } catch (error) {
      const shown =
        error instanceof TooSlow ? failure(expression, say`it ran longer than ${this.limit} ms and was stopped`) : error;
      throw where && shown instanceof SwitchboardError ? shown.at(where) : shown;
    }
  }

  private async evaluated(evaluation: Evaluation): Promise<unknown> {
    const { expression } = evaluation;
    try {
      return await this.quick.evaluate(evaluation, () =>
        Math.min(this.knownSlow.has(expression) ? QUICK_AGAIN : QUICK, this.limit),
      );
    } catch (error) {
      if (!(error instanceof TooSlow)) throw error;
    }
    if (this.knownSlow.size >= MAX_SLOW) this.knownSlow.clear();
    this.knownSlow.add(expression);
    return this.slow.evaluate(evaluation, () => this.limit);
  }

  close(): void {
    this.quick.close();
    this.slow.close();
  }
}

let shared: Expressions | undefined;

/** The processes shared by all who do not need their own. */
export function sharedExpressions(): Expressions {
  shared ??= new Expressions();
  return shared;
}
