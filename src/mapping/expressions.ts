import { Worker } from 'node:worker_threads';
import jsonata from 'jsonata';
import { SwitchboardError } from '../errors.js';

/** Milliseconds an expression may run. */
const LIMIT = 1_000;
/** A new worker needs its time to load before the first expression's own time counts. */
const STARTING = 5_000;

/**
 * The worker's program, as text so that it runs the same from sources and from dist. It only evaluates: what it gives back is cloned, which
 * also turns JSONata's objects without prototype into ordinary ones.
 */
const PROGRAM = `
const { parentPort, workerData } = require('node:worker_threads');
const jsonata = require(workerData.jsonata);
const known = new Map();
parentPort.on('message', async ({ id, expression, input }) => {
  try {
    let compiled = known.get(expression);
    if (!compiled) known.set(expression, (compiled = jsonata(expression)));
    const value = await compiled.evaluate(input);
    parentPort.postMessage({ id, value: value === undefined ? undefined : JSON.parse(JSON.stringify(value)) });
  } catch (error) {
    parentPort.postMessage({ id, error: { message: String(error && error.message), position: error && error.position } });
  }
});
parentPort.postMessage({ ready: true });
`;

interface Job {
  id: number;
  expression: string;
  input: unknown;
  resolve: (value: unknown) => void;
  reject: (error: unknown) => void;
}

/** Evaluates JSONata in a worker that is ended when an expression runs too long: no expression can hang or crash the process. */
export class Expressions {
  private worker: Worker | undefined;
  private ready = false;
  private current: Job | undefined;
  private readonly queue: Job[] = [];
  private timer: NodeJS.Timeout | undefined;
  private next = 0;

  constructor(private readonly limit = LIMIT) {}

  /** Throws SWB_CONFIG when it is no JSONata expression. */
  static check(expression: string, where: string): void {
    try {
      jsonata(expression);
    } catch (error) {
      const { message, position } = error as { message?: string; position?: number };
      throw new SwitchboardError(
        'SWB_CONFIG',
        `The expression «${expression}» is wrong at position ${position ?? '?'}: ${message ?? 'syntax error'}.`,
        { where, hint: 'See docs.jsonata.org.' },
      );
    }
  }

  /** The expression's value for an input; rejects with SWB_EXPRESSION. */
  evaluate(expression: string, input: unknown): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.queue.push({ id: this.next++, expression, input, resolve, reject });
      this.run();
    });
  }

  async close(): Promise<void> {
    clearTimeout(this.timer);
    await this.worker?.terminate();
    this.worker = undefined;
  }

  private run(): void {
    if (this.current) return;
    this.current = this.queue.shift();
    if (!this.current) {
      this.worker?.unref();
      return;
    }
    this.worker ??= this.spawn();
    this.worker.ref();
    if (this.ready) this.post();
    else this.watch(STARTING);
  }

  private post(): void {
    if (!this.current) return;
    const { id, expression, input } = this.current;
    this.watch(this.limit);
    try {
      this.worker?.postMessage({ id, expression, input });
    } catch (error) {
      this.finish((job) => job.reject(failure(job.expression, (error as Error).message)));
    }
  }

  private watch(milliseconds: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.drop();
      this.finish((job) => job.reject(failure(job.expression, `it ran longer than ${this.limit} ms and was ended`)));
    }, milliseconds);
  }

  private spawn(): Worker {
    const worker = new Worker(PROGRAM, {
      eval: true,
      workerData: { jsonata: require.resolve('jsonata') },
      resourceLimits: { maxOldGenerationSizeMb: 128 },
    });
    worker.on(
      'message',
      (message: { ready?: boolean; id?: number; value?: unknown; error?: { message: string; position?: number } }) => {
        if (worker !== this.worker) return;
        if (message.ready) {
          this.ready = true;
          this.post();
          return;
        }
        const { error, value } = message;
        const place = error?.position === undefined ? '' : ` (position ${error.position})`;
        this.finish((job) => (error ? job.reject(failure(job.expression, `${error.message}${place}`)) : job.resolve(value)));
      },
    );
    const gone = (text: string) => {
      if (worker !== this.worker) return;
      this.drop();
      this.finish((job) => job.reject(failure(job.expression, text)));
    };
    worker.on('error', (error: Error) => gone(error.message));
    worker.on('exit', () => gone('it ended its worker, perhaps for want of memory'));
    return worker;
  }

  private drop(): void {
    const worker = this.worker;
    this.worker = undefined;
    this.ready = false;
    worker?.terminate();
  }

  private finish(settle: (job: Job) => void): void {
    clearTimeout(this.timer);
    const job = this.current;
    this.current = undefined;
    if (job) settle(job);
    this.run();
  }
}

function failure(expression: string, text: string): SwitchboardError {
  return new SwitchboardError('SWB_EXPRESSION', `The expression «${expression}» failed: ${text}.`, {
    hint: 'Mend it in the mapping, deploy, then replay the message.',
  });
}
