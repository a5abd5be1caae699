import { type ChildProcess, spawn } from 'node:child_process';
import { setPriority } from 'node:os';
import { SwitchboardError } from '../errors.js';
import { say } from '../text/say.js';
import type { ExpressionInput } from './expression-input.js';
import { type Answer, type ExpressionFault, MAX_DEPTH, MAX_RESULT, PROGRAM, type Question } from './expression-program.js';

/** A new process may take this long to load before the first expression's own time counts, milliseconds. */
const STARTING = 30_000;
/** A process without work ends after this time, milliseconds. */
const IDLE = 60_000;
/** Memory limit of an evaluating process, megabytes. */
const MEMORY = 128;

/** Characters of an expression that an error shows. */
const SHOWN = 200;

/** An expression and what it is evaluated for, or expressions to be checked. */
export type Evaluation = { expression: string; input: ExpressionInput } | { check: string[] };

interface Job {
  evaluation: Evaluation;
  id: number;
  limits: Limits;
  resolve: (value: unknown) => void;
  reject: (error: unknown) => void;
}

/** What an evaluation may take, milliseconds: of CPU time, and until its value is no longer wanted. */
export interface Limits {
  work: number;
  time: number;
}

/** The evaluation reached one of its limits and was stopped. */
export class TooSlow extends Error {}

/**
 * Evaluates JSONata, one expression at a time, in a separate process, which is started when first needed and ended when an
 * expression works too long, so that no expression can block or crash ours. A worker thread would not do: one that runs out of
 * memory takes the whole process down.
 */
export class ExpressionProcess {
  private child: ChildProcess | undefined;
  private ready = false;
  private job: Job | undefined;
  private timer: NodeJS.Timeout | undefined;
  private evaluations = 0;
  /** The input that the process has. */
  private input: ExpressionInput | undefined;

  /** `priority`: how much the process leaves to others, 0 (nothing) to 19, as the operating system counts it. */
  constructor(private readonly priority = 0) {}

  /**
   * The value; of a check, the faults. To be called when the one before has settled. Rejects with TooSlow at one of its limits, with
   * SWB_CONFIG if it is no JSONata, else with SWB_EXPRESSION.
   */
  evaluate(evaluation: Evaluation, limits: Limits): Promise<unknown> {
    if (limits.time <= 0) return Promise.reject(new TooSlow());
    return new Promise((resolve, reject) => {
      this.job = { evaluation, id: this.evaluations++, limits, resolve, reject };
      this.child ??= this.spawn();
      this.child.ref();
      this.child.channel?.ref();
      if (this.ready) this.post();
      else this.stopAfter(STARTING);
    });
  }

  close(): void {
    clearTimeout(this.timer);
    const child = this.child;
    this.child = undefined;
    this.ready = false;
    this.input = undefined;
    child?.kill('SIGKILL');
  }

  private post(): void {
    if (!this.job) return;
    const { id, evaluation, limits } = this.job;
    this.stopAfter(limits.time);
    this.child?.send(this.question(id, limits.work, evaluation));
  }

  /** The rules of a mapping have one input, which is sent once, because writing a large one takes a while. */
  private question(id: number, work: number, evaluation: Evaluation): Question {
    if ('check' in evaluation) return { id, work, ...evaluation };
    const { expression, input } = evaluation;
    if (input === this.input) return { id, work, expression, sameInput: true };
    this.input = input;
    return { id, work, expression, input: input.text };
  }

  private stopAfter(milliseconds: number): void {
    clearTimeout(this.timer);
    const job = this.job;
    const stop = () => {
      if (job !== this.job) return;
      this.close();
      this.finish(({ reject }) => reject(new TooSlow()));
    };
    // After what has arrived meanwhile: the answer may be there, and only our own process was held up.
    this.timer = setTimeout(() => setImmediate(stop), milliseconds);
  }

  private spawn(): ChildProcess {
    // Without our environment, which may hold secrets.
    const child = spawn(
      process.execPath,
      [`--max-old-space-size=${MEMORY}`, '-e', PROGRAM, require.resolve('jsonata'), String(process.pid)],
      {
        stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
        env: {},
      },
    );
    this.yieldTo(child.pid);
    child.on('message', ({ ready, error, value, faults }: Answer) => {
      if (child !== this.child) return;
      if (ready) {
        this.ready = true;
        this.post();
        return;
      }
      this.finish(({ evaluation, resolve, reject }) => {
        if (error) reject(faultError(textOf(evaluation), error));
        else resolve(faults ?? value);
      });
    });
    const gone = (failed: (evaluation: Evaluation) => Error) => {
      if (child !== this.child) return;
      this.close();
      this.finish(({ evaluation, reject }) => reject(failed(evaluation)));
    };
    child.on('error', (error: Error) => gone((evaluation) => failure(textOf(evaluation), error.message)));
    child.on('exit', (_code, signal) =>
      gone((evaluation) =>
        // It ends itself so when an evaluation has done all the work that it may.
        signal === 'SIGKILL'
          ? new TooSlow()
          : failure(textOf(evaluation), say`its process ended, perhaps because it ran out of memory`),
      ),
    );
    return child;
  }

  private yieldTo(pid: number | undefined): void {
    try {
      if (pid && this.priority > 0) setPriority(pid, this.priority);
    } catch {
      // It has ended, or the system allows no priorities.
    }
  }

  private finish(settle: (job: Job) => void): void {
    clearTimeout(this.timer);
    const job = this.job;
    this.job = undefined;
    // An idle process must not keep ours alive.
    this.child?.unref();
    this.child?.channel?.unref();
    if (this.child) this.timer = setTimeout(() => this.close(), IDLE).unref();
    if (job) settle(job);
  }
}

/** The error of an expression that failed. */
export function failure(expression: string, text: string): SwitchboardError {
  return new SwitchboardError('SWB_EXPRESSION', say`The expression "${shown(expression)}" failed: ${text}.`, {
    hint: say`Fix the expression, deploy, then replay the message.`,
  });
}

/** The error for what the evaluating process found: SWB_CONFIG for what is no JSONata, else SWB_EXPRESSION. */
export function faultError(expression: string, { message, position, isInvalid, exceeds }: ExpressionFault): SwitchboardError {
  if (isInvalid)
    return new SwitchboardError(
      'SWB_CONFIG',
      say`The expression "${shown(expression)}" is invalid at position ${position ?? '?'}: ${message}.`,
      { hint: say`See docs.jsonata.org.` },
    );
  if (exceeds === 'levels') return failure(expression, say`its result has more than ${MAX_DEPTH} levels`);
  if (exceeds === 'characters') return failure(expression, say`its result has more than ${MAX_RESULT} characters`);
  return failure(expression, `${message}${position === undefined ? '' : say` (position ${position})`}`);
}

function textOf(evaluation: Evaluation): string {
  return 'check' in evaluation ? (evaluation.check[0] ?? '') : evaluation.expression;
}

function shown(expression: string): string {
  return expression.length > SHOWN ? `${expression.slice(0, SHOWN)}…` : expression;
}
