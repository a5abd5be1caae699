import { SwitchboardError } from '../errors.js';
import { say } from '../text/say.js';
import { MAX_EXPRESSION } from './expressions.js';

/** Rules in a table of a mapping that is tried out. */
const MAX_RULES = 2_000;
/** Values, levels and characters, together and in one text, of what is sent to be tried out, and of what comes out of it. */
const GIVEN: Size = { values: 100_000, levels: 100, characters: 2_000_000, text: MAX_EXPRESSION };
const SAMPLE: Size = { values: 50_000, levels: 100, characters: 1_000_000, text: 1_000_000 };
const RESULT: Size = { values: 500_000, levels: 120, characters: 10_000_000, text: 10_000_000 };

interface Size {
  values: number;
  levels: number;
  characters: number;
  text: number;
}

/** Throws SWB_TOO_LARGE if rules that are to be tried out are too many or too long. `name`: of the tables in texts. */
export function requireSmallRules(rules: unknown, tables: readonly (readonly unknown[])[], where: string): void {
  for (const table of tables)
    if (table.length > MAX_RULES)
      throw tooLarge(say`There are ${table.length} rules; a preview takes at most ${MAX_RULES}.`, where);
  requireSize(rules, say`The rules`, where, GIVEN);
}

/** Throws SWB_TOO_LARGE if a sample is too large for a preview. */
export function requireSmallSample(sample: unknown, where: string): void {
  requireSize(sample, say`The sample`, where, SAMPLE);
}

/** Throws SWB_TOO_LARGE if the result of a preview is too large to be shown. */
export function requireSmallResult(result: unknown, where: string): void {
  requireSize(result, say`The result`, where, RESULT);
}

function requireSize(given: unknown, what: string, where: string, most: Size): void {
  const waiting: { value: unknown; level: number }[] = [{ value: given, level: 0 }];
  let values = 0;
  let characters = 0;
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const { value, level } = next;
    if (typeof value === 'string') {
      if (value.length > most.text)
        throw tooLarge(say`${what}: a text has ${value.length} characters; a preview takes at most ${most.text}.`, where);
      characters += value.length;
    } else if (typeof value === 'object' && value !== null) {
      if (level >= most.levels)
        throw tooLarge(say`${what}: more than ${most.levels} levels, the most that a preview takes.`, where);
      for (const name in value) {
        if (++values > most.values)
          throw tooLarge(say`${what}: more than ${most.values} values, the most that a preview takes.`, where);
        if (!Array.isArray(value)) characters += name.length;
        waiting.push({ value: (value as Record<string, unknown>)[name], level: level + 1 });
      }
    }
    if (characters > most.characters)
      throw tooLarge(say`${what}: more than ${most.characters} characters, the most that a preview takes.`, where);
  }
}

function tooLarge(what: string, where: string): SwitchboardError {
  return new SwitchboardError('SWB_TOO_LARGE', what, { where, hint: say`Send less.` });
}
