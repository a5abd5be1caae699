import { type ChildProcess, spawn } from 'node:child_process';
import jsonata from 'jsonata';
import { SwitchboardError } from '../errors.js';
import { say } from '../text/say.js';

/** Milliseconds an expression may run. */
const LIMIT = 1_000;
/** A new process may take this long to load before the first expression's own time counts. */
const STARTING = 5_000;

/** Memory limit of the evaluating process, megabytes. */
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
  value?: unknown;
  error?: { message: string; position?: number };
}

interface Job {
  id: number;
  expression: string;
  input: unknown;
  resolve: (value: unknown) => void;
  reject: (error: unknown) => void;
}

/**
 * Evaluates JSONata in a separate process, which is started when first needed and killed when an expression runs too long, so
 * that no expression can block or crash ours. A worker thread would not do: one that runs out of memory takes the whole process
 * down.
 */
export class Expressions {
  private child: ChildProcess | undefined;
  private ready = false;
  private current: Job | undefined;
  private readonly queue: Job[] = [];
  private timer: NodeJS.Timeout | undefined;
  private next = 0;

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

  /** The value of an expression for an input; rejects with SWB_EXPRESSION. */
  evaluate(expression: string, input: unknown): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.queue.push({ id: this.next++, expression, input, resolve, reject });
      this.run();
    });
  }

  async close(): Promise<void> {
    clearTimeout(this.timer);
    this.drop();
  }

  private run(): void {
    if (this.current) return;
    this.current = this.queue.shift();
    if (!this.current) {
      this.child?.unref();
      this.child?.channel?.unref();
      return;
    }
    this.child ??= this.spawn();
    this.child.ref();
    this.child.channel?.ref();
    if (this.ready) this.post();
    else this.watch(STARTING);
  }

  private post(): void {
    if (!this.current) return;
    const { id, expression, input } = this.current;
    this.watch(this.limit);
    this.child?.send({ id, expression, input });
  }

  private watch(milliseconds: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.drop();
      this.finish((job) => job.reject(failure(job.expression, say`it ran longer than ${this.limit} ms and was stopped`)));
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
      this.finish((job) => (error ? job.reject(failure(job.expression, `${error.message}${place}`)) : job.resolve(value)));
    });
    const gone = (text: string) => {
      if (child !== this.child) return;
      this.drop();
      this.finish((job) => job.reject(failure(job.expression, text)));
    };
    child.on('error', (error: Error) => gone(error.message));
    child.on('exit', () => gone(say`its process ended, perhaps because it ran out of memory`));
    return child;
  }

  private drop(): void {
    const child = this.child;
    this.child = undefined;
    this.ready = false;
    child?.kill('SIGKILL');
  }

  private finish(settle: (job: Job) => void): void {
    clearTimeout(this.timer);
    const job = this.current;
    this.current = undefined;
    if (job) settle(job);
    this.run();
  }
}

let shared: Expressions | undefined;

/** One process shared by all who do not need their own. */
export function sharedExpressions(): Expressions {
  shared ??= new Expressions();
  return shared;
}

function failure(expression: string, text: string): SwitchboardError {
  return new SwitchboardError('SWB_EXPRESSION', say`The expression "${expression}" failed: ${text}.`, {
    hint: say`Fix it in the mapping, deploy, then replay the message.`,
  });
}
