import { MAX_NESTING } from '../nesting.js';
import { say } from '../text/say.js';

/** Names that JavaScript calls when it turns an object into a text or copies it: with them, an object is no plain data. */
const METHODS = new Set(['__proto__', 'toString', 'valueOf', 'toJSON', 'hasOwnProperty']);

/** Why JSON from outside is no plain data that can be processed like any other; undefined: it is. Pure. */
export function notPlain(value: unknown, levels = MAX_NESTING): string | undefined {
  if (typeof value === 'string') return value.isWellFormed() ? undefined : say`It contains half a character.`;
  if (typeof value !== 'object' || value === null) return undefined;
  if (levels === 0) return say`It is nested more than ${MAX_NESTING} levels deep.`;
  for (const [name, inner] of Object.entries(value)) {
    if (METHODS.has(name)) return say`It contains the name ${name}.`;
    const problem = notPlain(name, 0) ?? notPlain(inner, levels - 1);
    if (problem) return problem;
  }
  return undefined;
}

/** A value nested no deeper than MAX_NESTING, with a replacement character for each half of one. Pure. */
export function wellFormed(value: unknown): unknown {
  return isWellFormed(value) ? value : repaired(value);
}

function isWellFormed(value: unknown): boolean {
  if (typeof value === 'string') return value.isWellFormed();
  if (typeof value !== 'object' || value === null) return true;
  for (const name in value) if (!name.isWellFormed() || !isWellFormed((value as Record<string, unknown>)[name])) return false;
  return true;
}

function repaired(value: unknown): unknown {
  if (typeof value === 'string') return value.toWellFormed();
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(repaired);
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name.toWellFormed(), repaired(inner)]));
}
