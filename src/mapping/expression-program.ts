/**
 * What the program is asked for: the value of one expression, or what is wrong with each of several. `work`: milliseconds of CPU time
 * that it may take.
 */
export type Question = { id: number; work: number } & (
  | { expression: string; input?: string; sameInput?: boolean }
  | { check: string[] }
);

/** Why an expression cannot be read, or failed. */
export interface ExpressionFault {
  message: string;
  position?: number;
  /** It is no JSONata at all, for any input. */
  isInvalid?: boolean;
  /** Its result is beyond this limit. */
  exceeds?: 'levels' | 'characters';
}

export interface Answer {
  ready?: boolean;
  id?: number;
  value?: unknown;
  error?: ExpressionFault;
  /** For `check`: null where the expression is valid. */
  faults?: (ExpressionFault | null)[];
}

/** Characters of the JSON text of a result. */
export const MAX_RESULT = 2_000_000;
/** Levels of a result. */
export const MAX_DEPTH = 100;

/** How often the work of an evaluation is looked at, milliseconds. */
const LOOK = 20;

/**
 * Ends the process when its parent has, and when an evaluation has taken more CPU time than it may: in a thread of its own, because an
 * expression that never ends lets nothing else run. CPU time, because on a busy machine an evaluation gets on slowly without doing more.
 */
const WATCH = `const { parent, shared } = require('node:worker_threads').workerData;
const [busy, end] = [new Int32Array(shared, 0, 2), new Float64Array(shared, 8, 1)];
const used = () => { const { user, system } = process.cpuUsage(); return (user + system) / 1000; };
for (;;) {
  Atomics.wait(busy, 0, 0, 1000);
  if (process.ppid !== parent) process.kill(process.pid, 'SIGKILL');
  if (busy[0] === 0) continue;
  if (used() > end[0]) process.kill(process.pid, 'SIGKILL');
  Atomics.wait(busy, 1, 0, ${LOOK});
}`;

/**
 * Program of the evaluating process, as text so that it runs the same from the sources and from dist. It returns plain JSON. An
 * input is kept as text, so that no expression sees what the one before did to it. Its arguments: jsonata, and our process.
 */
export const PROGRAM = `
const jsonata = require(process.argv[1]);
const shared = new SharedArrayBuffer(16);
const [busy, end] = [new Int32Array(shared, 0, 2), new Float64Array(shared, 8, 1)];
new (require('node:worker_threads').Worker)(${JSON.stringify(WATCH)}, {
  eval: true,
  workerData: { parent: Number(process.argv[2]), shared },
}).unref();
const begin = (work) => {
  const { user, system } = process.cpuUsage();
  end[0] = (user + system) / 1000 + work;
  Atomics.store(busy, 0, 1);
  Atomics.notify(busy, 0);
};
const answer = (given) => {
  Atomics.store(busy, 0, 0);
  process.send(given);
};
const MAX_KNOWN = 1000000;
let known = new Map();
let knownSize = 0;
let inputText;
const faultOf = (error, isInvalid) => ({
  message: String(error && error.message).slice(0, 1000),
  position: error && error.position,
  isInvalid,
  exceeds: error && error.exceeds,
});
const compiled = (expression) => {
  let found = known.get(expression);
  if (found) return found;
  found = jsonata(expression);
  knownSize += expression.length;
  if (knownSize > MAX_KNOWN) {
    known = new Map();
    knownSize = expression.length;
  }
  known.set(expression, found);
  return found;
};
const faultIn = (expression) => {
  try {
    compiled(expression);
    return null;
  } catch (error) {
    return faultOf(error, true);
  }
};
const isDeeper = (value, levels) =>
  typeof value === 'object' && value !== null && (levels === 0 || Object.values(value).some((one) => isDeeper(one, levels - 1)));
const plain = (value) => {
  if (isDeeper(value, ${MAX_DEPTH})) throw { exceeds: 'levels' };
  const text = JSON.stringify(value);
  if (text && text.length > ${MAX_RESULT}) throw { exceeds: 'characters' };
  return text && JSON.parse(text);
};
process.on('disconnect', () => process.exit());
process.on('message', async ({ id, work, check, expression, input, sameInput }) => {
  begin(work);
  if (check) return answer({ id, faults: check.map(faultIn) });
  if (!sameInput) inputText = input;
  const fault = faultIn(expression);
  if (fault) return answer({ id, error: fault });
  try {
    const value = await compiled(expression).evaluate(inputText === undefined ? undefined : JSON.parse(inputText));
    answer({ id, value: plain(value) });
  } catch (error) {
    answer({ id, error: faultOf(error) });
  }
});
process.send({ ready: true });
`;
