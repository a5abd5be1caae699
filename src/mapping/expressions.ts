import { SwitchboardError } from '../errors.js';
import { say } from '../text/say.js';
import { ExpressionInput } from './expression-input.js';
import { ExpressionLane } from './expression-lane.js';
import { type Evaluation, failure, faultError, TooSlow } from './expression-process.js';
import type { ExpressionFault } from './expression-program.js';

/** Milliseconds of CPU time that an evaluation may take. */
const LIMIT = 1_000;
/** How many times as long it may take in all, on a machine that is busy with something else. */
const BUSY = 60;
/** An evaluation that works longer than this leaves the way to the others, milliseconds. */
const QUICK = 250;
/** The same for the expressions of an owner who had a slow one: most of its evaluations may be quick all the same. */
const QUICK_AGAIN = 100;
/** An owner who had a slow evaluation keeps to a lane for such owners for this long, milliseconds. */
const SUSPECTED = 60_000;
/** Owners with slow evaluations to remember. */
const MAX_SUSPECTS = 1_000;
/** How much slow evaluations leave to the rest of this machine (ExpressionProcess). */
const SLOW_PRIORITY = 5;
/** Characters of an expression. */
export const MAX_EXPRESSION = 50_000;
/** Expressions that are checked together, and their characters. */
const BATCH = 100;
const BATCH_LENGTH = 10_000;

/** Whose expression is evaluated. */
export interface Turn {
  /** The place that errors name. */
  where?: string;
  /** Owners take turns, and one with slow expressions does not delay the others; by default the place, or the expression. */
  owner?: string;
  /** When it is no longer wanted, by `performance.now()`. */
  until?: number;
}

/** Evaluates the expressions of rules. */
export type Evaluator = Pick<Expressions, 'evaluate' | 'faults'>;

export interface ExpressionsOptions {
  /** Milliseconds of CPU time that an evaluation may take. */
  limit?: number;
  /** Processes of each of the three lanes. */
  processes?: number;
  /** How much all of them leave to the rest of this machine (ExpressionProcess). */
  priority?: number;
}

/**
 * Compiles and evaluates JSONata in separate processes (ExpressionProcess). Whether an evaluation is slow depends on the input, so
 * each is tried as a quick one first; one that turns out to be slow is stopped and evaluated again in a lane for slow ones. From
 * then on its owner keeps to a lane for such owners. So an endless evaluation delays only its own message, those of its owner a
 * little, and the other owners once, by the time of a quick one.
 */
export class Expressions {
  private readonly limit: number;
  private readonly quick: ExpressionLane;
  private readonly suspected: ExpressionLane;
  private readonly slow: ExpressionLane;
  /** The owners who had a slow evaluation, and until when they are suspected. */
  private readonly suspects = new Map<string, number>();

  constructor({ limit = LIMIT, processes = 2, priority = 0 }: ExpressionsOptions = {}) {
    this.limit = limit;
    this.quick = new ExpressionLane(processes, priority);
    this.suspected = new ExpressionLane(processes, priority);
    this.slow = new ExpressionLane(processes, Math.max(priority, SLOW_PRIORITY));
  }

  /**
   * The value of an expression for an input; a large one for several expressions is best given as one ExpressionInput. Rejects with
   * SWB_CONFIG if it is no JSONata, with SWB_EXPRESSION if it fails.
   */
  async evaluate(expression: string, given: unknown, turn: Turn = {}): Promise<unknown> {
    const { where } = turn;
    const input = given instanceof ExpressionInput ? given : new ExpressionInput(given);
    try {
      requireLength(expression);
      return await this.evaluated({ expression, input }, { ...turn, owner: turn.owner ?? where ?? expression });
    } catch (error) {
      const shown = this.shown(expression, error);
      throw where && shown instanceof SwitchboardError ? shown.at(where) : shown;
    }
  }

  /** What is wrong with each of the expressions: SWB_CONFIG, or SWB_EXPRESSION if that could not be found out in time. */
  async faults(expressions: readonly string[], turn: Omit<Turn, 'where'> = {}): Promise<(SwitchboardError | undefined)[]> {
    const found: (SwitchboardError | undefined)[] = [];
    for (const batch of batches(expressions)) found.push(...(await this.batchFaults(batch, turn)));
    return found;
  }

  /** Rejects with SWB_CONFIG for the first invalid expression, naming its place. */
  async check(all: readonly { expression: string; where: string }[]): Promise<void> {
    const faults = await this.faults(
      all.map(({ expression }) => expression),
      { owner: all[0]?.where },
    );
    const first = faults.findIndex(Boolean);
    if (first >= 0) throw faults[first]?.at(all[first]?.where ?? '');
  }

  close(): void {
    for (const lane of [this.quick, this.suspected, this.slow]) lane.close();
  }

  private async batchFaults(batch: string[], turn: Omit<Turn, 'where'>): Promise<(SwitchboardError | undefined)[]> {
    const [first = ''] = batch;
    try {
      for (const expression of batch) requireLength(expression);
      const faults = (await this.evaluated(
        { check: batch },
        { ...turn, owner: turn.owner ?? first },
      )) as (ExpressionFault | null)[];
      return faults.map((fault, index) => (fault ? faultError(batch[index] ?? '', fault) : undefined));
    } catch (error) {
      if (batch.length === 1) return [this.shown(first, error) as SwitchboardError];
      const each: (SwitchboardError | undefined)[] = [];
      for (const expression of batch) each.push(...(await this.batchFaults([expression], turn)));
      return each;
    }
  }

  private async evaluated(evaluation: Evaluation, { owner, until = Infinity }: Turn & { owner: string }): Promise<unknown> {
    const isSuspected = (this.suspects.get(owner) ?? 0) > performance.now();
    const lane = isSuspected ? this.suspected : this.quick;
    const limits = (limit: number) => {
      const work = Math.min(limit, this.limit);
      return { work, time: Math.min(work * BUSY, until - performance.now()) };
    };
    try {
      return await lane.evaluate(owner, evaluation, () => limits(this.suspects.has(owner) ? QUICK_AGAIN : QUICK));
    } catch (error) {
      if (!(error instanceof TooSlow)) throw error;
    }
    this.suspect(owner);
    return this.slow.evaluate(owner, evaluation, () => limits(this.limit));
  }

  private suspect(owner: string): void {
    const [oldest] = this.suspects.keys();
    if (this.suspects.size >= MAX_SUSPECTS && oldest !== undefined) this.suspects.delete(oldest);
    this.suspects.delete(owner);
    this.suspects.set(owner, performance.now() + SUSPECTED);
    this.quick.handOver(owner, this.suspected);
  }

  private shown(expression: string, error: unknown): unknown {
    return error instanceof TooSlow
      ? failure(expression, say`it needed more than ${this.limit} ms of computing time and was stopped`)
      : error;
  }
}

function requireLength(expression: string): void {
  if (expression.length <= MAX_EXPRESSION) return;
  throw new SwitchboardError('SWB_CONFIG', say`An expression has ${expression.length} characters, more than ${MAX_EXPRESSION}.`, {
    hint: say`Shorten it.`,
  });
}

function batches(expressions: readonly string[]): string[][] {
  const all: string[][] = [];
  let batch: string[] = [];
  let length = 0;
  for (const expression of expressions) {
    if (batch.length >= BATCH || (length > 0 && length + expression.length > BATCH_LENGTH)) {
      all.push(batch);
      batch = [];
      length = 0;
    }
    batch.push(expression);
    length += expression.length;
  }
  return batch.length > 0 ? [...all, batch] : all;
}

let shared: Expressions | undefined;

/** The processes shared by all who do not need their own. */
export function sharedExpressions(): Expressions {
  shared ??= new Expressions();
  return shared;
}
