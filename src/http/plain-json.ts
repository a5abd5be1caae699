import { MAX_NESTING } from '../nesting.js';
import { say } from '../text/say.js';

/** Names that JavaScript calls when it turns an object into a text or copies it: with them, an object is no plain data. */
const METHODS = new Set(['__proto__', 'toString', 'valueOf', 'toJSON', 'hasOwnProperty']);
/** Half of a character of two units: no text in any encoding, so that it can neither be sent nor stand in a URL. */
const LONE_SURROGATE = /\p{Surrogate}/u;

/** Why JSON from outside is no plain data that can be processed like any other; undefined: it is. Pure. */
export function notPlain(value: unknown, levels = MAX_NESTING): string | undefined {
  if (typeof value === 'string') return LONE_SURROGATE.test(value) ? say`It contains half a character.` : undefined;
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
  if (typeof value === 'string') return LONE_SURROGATE.test(value) ? value.replace(/\p{Surrogate}/gu, '\ufffd') : value;
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(wellFormed);
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [wellFormed(name), wellFormed(inner)]));
}
