import { ANSWER_JSON } from '../budgets.js';
import { JsonAllowance, type JsonExcess } from '../json-shape.js';
import { say } from '../text/say.js';

/**
 * The JSON in an answer; undefined where it is something else, or has more than may be parsed.
 * @param allowance shared by texts that came in one answer
 */
export function jsonIn(text: string, allowance = new JsonAllowance(ANSWER_JSON)): unknown {
  if (allowance.excess(text)) return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** What an answer has too much of, after "an answer that"; undefined: it may be parsed. */
export function excessOf(text: string): string | undefined {
  const excess = new JsonAllowance(ANSWER_JSON).excess(text);
  return excess && EXCESS[excess]();
}

const EXCESS: Record<JsonExcess, () => string> = {
  depth: () => say`is nested more than ${ANSWER_JSON.depth} levels deep`,
  values: () => say`has more than ${ANSWER_JSON.values} values`,
  names: () => say`has an object with more than ${ANSWER_JSON.names} names`,
};
