import jsonata from 'jsonata';
import { SwitchboardError } from '../errors.js';
import { say } from '../text/say.js';
import { ExpressionLane } from './expression-lane.js';
import { failure, TooSlow } from './expression-process.js';

/** Milliseconds an expression may run. */
const LIMIT = 1_000;
/** An expression that runs longer than this leaves the way to the others, milliseconds. */
const QUICK = 250;
/** Processes for quick expressions, and as many for slow ones. */
const PROCESSES = 2;
/** Slow expressions to remember. */
const MAX_SLOW = 1_000;

/**
 * Evaluates JSONata in separate processes (ExpressionProcess). An expression that turns out to be slow is stopped and evaluated
 * again in a lane for slow ones, as are its later evaluations, until one is quick again: so an endless expression delays its own
 * message only.
 */
export class Expressions {
  private readonly quick: ExpressionLane;
  private readonly slow: ExpressionLane;
  private readonly knownSlow = new Set<string>();

  constructor(private readonly limit = LIMIT) {
    this.quick = new ExpressionLane(PROCESSES, Math.min(QUICK, limit));
    this.slow = new ExpressionLane(PROCESSES, limit);
  }

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
    const isQuick = !this.knownSlow.has(expression);
    try {
      const { value, took } = await (isQuick ? this.quick : this.slow).evaluate({ expression, input });
      if (took < QUICK) this.knownSlow.delete(expression);
      return value;
    } catch (error) {
      const isTooSlow = error instanceof TooSlow;
      if (!isTooSlow || !isQuick) {
        const shown = isTooSlow ? failure(expression, say`it ran longer than ${this.limit} ms and was stopped`) : error;
        throw where && shown instanceof SwitchboardError ? shown.at(where) : shown;
      }
    }
    if (this.knownSlow.size >= MAX_SLOW) this.knownSlow.clear();
    this.knownSlow.add(expression);
    this.quick.evict(expression);
    return await this.evaluate(expression, input, where);
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
