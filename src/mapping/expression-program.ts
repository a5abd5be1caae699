/** What the program is asked for: the value of one expression, or what is wrong with each of several. */
export type Question = { id: number; expression: string; input?: string; sameInput?: boolean } | { id: number; check: string[] };

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

/**
 * Ends the process when its parent has: in a thread of its own, because an expression that never ends lets nothing else run.
 */
const WATCH = `const { workerData: parent } = require('node:worker_threads');
setInterval(() => process.ppid === parent || process.kill(process.pid, 'SIGKILL'), 1000);`;

/**
 * Program of the evaluating process, as text so that it runs the same from the sources and from dist. It returns plain JSON. An
 * input is kept as text, so that no expression sees what the one before did to it. Its arguments: jsonata, and our process.
 */
export const PROGRAM = `
const jsonata = require(process.argv[1]);
new (require('node:worker_threads').Worker)(${JSON.stringify(WATCH)}, { eval: true, workerData: Number(process.argv[2]) }).unref();
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
process.on('message', async ({ id, check, expression, input, sameInput }) => {
  if (check) return process.send({ id, faults: check.map(faultIn) });
  if (!sameInput) inputText = input;
  const fault = faultIn(expression);
  if (fault) return process.send({ id, error: fault });
  try {
    const value = await compiled(expression).evaluate(inputText === undefined ? undefined : JSON.parse(inputText));
    process.send({ id, value: plain(value) });
  } catch (error) {
    process.send({ id, error: faultOf(error) });
  }
});
process.send({ ready: true });
`;
