import { type ChildProcess, spawn } from 'node:child_process';
import { SwitchboardError } from '../errors.js';
import { say } from '../text/say.js';

/** A new process may take this long to load before the first expression's own time counts, milliseconds. */
const STARTING = 30_000;
/** A process without work ends after this time, milliseconds. */
const IDLE = 60_000;
/** Memory limit of an evaluating process, megabytes. */
const MEMORY = 128;

/** Program of the evaluating process, as text so that it runs the same from the sources and from dist. It returns plain JSON. */
const PROGRAM = `
const jsonata = require(process.argv[1]);
const known = new Map();
process.on('disconnect', () => process.exit());
process.on('message', async ({ id, expression, input }) => {
  try {
    let compiled = known.get(expression);
    if (!compiled) known.set(expression, (compiled = jsonata(expression)));
    const value = await compiled.evaluate(input);
    process.send({ id, value: value === undefined ? undefined : JSON.parse(JSON.stringify(value)) });
  } catch (error) {
    process.send({ id, error: { message: String(error && error.message), position: error && error.position } });
  }
});
process.send({ ready: true });
`;

interface Answer {
  ready?: boolean;
  id?: number;
  value?: unknown;
  error?: { message: string; position?: number };
}

/** An expression and what it is evaluated for. */
export interface Evaluation {
  expression: string;
  input: unknown;
}

interface Job extends Evaluation {
  id: number;
  limit: number;
  resolve: (value: unknown) => void;
  reject: (error: unknown) => void;
}

/** The expression ran longer than its limit and was stopped. */
export class TooSlow extends Error {}

/**
 * Evaluates JSONata, one expression at a time, in a separate process, which is started when first needed and killed when an
 * expression runs too long, so that no expression can block or crash ours. A worker thread would not do: one that runs out of
 * memory takes the whole process down.
 */
export class ExpressionProcess {
  private child: ChildProcess | undefined;
  private ready = false;
  private job: Job | undefined;
  private timer: NodeJS.Timeout | undefined;
  private evaluations = 0;

  /** To be called when the one before has settled. Rejects with TooSlow after `limit` milliseconds, else with SWB_EXPRESSION. */
  evaluate(evaluation: Evaluation, limit: number): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.job = { ...evaluation, id: this.evaluations++, limit, resolve, reject };
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
    child?.kill('SIGKILL');
  }

  private post(): void {
    if (!this.job) return;
    const { id, expression, input, limit } = this.job;
    this.stopAfter(limit);
    this.child?.send({ id, expression, input });
  }

  private stopAfter(milliseconds: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.close();
      this.finish(({ reject }) => reject(new TooSlow()));
    }, milliseconds);
  }

  private spawn(): ChildProcess {
    // Without our environment, which may hold secrets.
    const child = spawn(process.execPath, [`--max-old-space-size=${MEMORY}`, '-e', PROGRAM, require.resolve('jsonata')], {
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      env: {},
    });
    child.on('message', (message: Answer) => {
      if (child !== this.child) return;
      if (message.ready) {
        this.ready = true;
        this.post();
        return;
      }
      const { error, value } = message;
      const place = error?.position === undefined ? '' : say` (position ${error.position})`;
      this.finish(({ expression, resolve, reject }) => {
        if (error) reject(failure(expression, `${error.message}${place}`));
        else resolve(value);
      });
    });
    const gone = (text: string) => {
      if (child !== this.child) return;
      this.close();
      this.finish((job) => job.reject(failure(job.expression, text)));
    };
    child.on('error', (error: Error) => gone(error.message));
    child.on('exit', () => gone(say`its process ended, perhaps because it ran out of memory`));
    return child;
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
  return new SwitchboardError('SWB_EXPRESSION', say`The expression "${expression}" failed: ${text}.`, {
    hint: say`Fix the expression, deploy, then replay the message.`,
  });
}
