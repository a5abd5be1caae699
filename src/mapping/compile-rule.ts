import { SwitchboardError } from '../errors.js';
import { choiceKey } from '../model/choice.js';
import { say } from '../text/say.js';
import { RULE_TYPES, type Rule } from './mapping.js';
import { isPlain, type Path, parsePath } from './paths.js';
import type { Table } from './preview-result.js';
import { ruleName } from './rule-name.js';
import { ValueMap } from './value-map.js';

export interface CompiledRule {
  index: number;
  /** Names the rule in errors. */
  where: string;
  rule: Rule;
  fields: Path[];
  generic: Path;
  values?: ValueMap;
  /** `is`: the values as they are compared (model/choice.ts). */
  onlyIf?: { path: Path; is: Set<string> };
}

/** The expressions of a rule. */
export function expressionsOf({ expression, when }: Rule): string[] {
  return [expression?.in, expression?.out, when?.in, when?.out].filter((text): text is string => Boolean(text));
}

/** Compiles one rule, but not its expressions (CompiledMapping.check). Throws SWB_CONFIG, naming the rule; `mapping`: the name of the mapping, if the error should contain it. */
export function compileRule(rule: Rule, index: number, table: Table, mapping?: string): CompiledRule {
  const name = ruleName(rule, index, table);
  const where = mapping === undefined ? `${name.charAt(0).toUpperCase()}${name.slice(1)}` : say`Mapping "${mapping}", ${name}`;
  try {
    return { index, where, ...compiledParts(rule, table) };
  } catch (error) {
    throw atRule(error, where);
  }
}

/** The same error, naming the rule, because its thrower only knows a path, a row or an expression. */
export function atRule(error: unknown, where: string): SwitchboardError {
  if (error instanceof SwitchboardError) return error.at(where);
  const text = error instanceof Error ? error.message : String(error);
  return new SwitchboardError('SWB_CONFIG', say`The rule cannot be read: ${text}.`, {
    where,
    hint: say`See docs/mapping.md.`,
    cause: error,
  });
}

function compiledParts(rule: Rule, table: Table): Omit<CompiledRule, 'index' | 'where'> {
  const paths = [rule.field].flat();
  const fields =
    paths.length > 1
      ? paths.map((path, at) => pathOf(path, say`Field ${at + 1} of ${paths.length}`, say`Fill it in, or remove it.`))
      : [pathOf(paths[0], say`The field`, say`Fill it in, or remove the rule.`)];
  const generic = pathOf(rule.generic, say`The generic field`, say`Fill it in, or remove the rule.`);
  for (const text of expressionsOf(rule)) requireText(text);
  if (rule.type && !RULE_TYPES.includes(rule.type))
    throw new SwitchboardError('SWB_CONFIG', say`The type ${JSON.stringify(rule.type)} is not supported.`, {
      field: 'type',
      hint: say`Use one of ${RULE_TYPES.join(', ')}, or leave it out.`,
    });
  if (rule.maxLength !== undefined && !(Number.isInteger(rule.maxLength) && rule.maxLength > 0))
    throw new SwitchboardError('SWB_CONFIG', say`maxLength is ${JSON.stringify(rule.maxLength)}, not a whole number above 0.`, {
      field: 'maxLength',
      hint: say`Enter the number of characters, or leave it out.`,
    });
  if (rule.sendEmptied) checkEmptied(fields, generic, table);
  return {
    rule,
    fields,
    generic,
    ...(rule.values && { values: new ValueMap(rule.values, fields.length) }),
    ...(rule.onlyIf && { onlyIf: condition(rule.onlyIf) }),
  };
}

function requireText(expression: unknown): void {
  if (typeof expression === 'string') return;
  throw new SwitchboardError('SWB_CONFIG', say`An expression is not text.`, { hint: say`See docs.jsonata.org.` });
}

/** Throws SWB_CONFIG where "send when emptied" could not work. */
function checkEmptied(fields: Path[], generic: Path, table: Table): void {
  const isPart = fields.some(({ text }) => !/^[\w$-]+$/.test(text)) || !isPlain(generic);
  // The kind of an entity and its identity at the source are never empty.
  const isFixed = generic.top === 'entity' || generic.top === 'source';
  if (table === 'order' && !isPart && !isFixed) return;
  const reason = isPart
    ? say`Only a plain field can be emptied, not part of an object or list.`
    : isFixed
      ? say`${generic.text} is never emptied.`
      : say`Fields of items cannot be emptied.`;
  throw new SwitchboardError('SWB_CONFIG', reason, { field: 'sendEmptied', hint: say`Switch off "Send when emptied".` });
}

function pathOf(text: unknown, what: string, hint: string): Path {
  const isText = typeof text === 'string';
  if (isText && text.trim() !== '') return parsePath(text);
  const isMissing = isText || text === undefined || text === null;
  throw new SwitchboardError('SWB_CONFIG', isMissing ? say`${what} is empty.` : say`${what} is not text.`, { hint });
}

function condition({ generic, is }: NonNullable<Rule['onlyIf']>): CompiledRule['onlyIf'] {
  const path = pathOf(
    generic,
    say`The generic field of the condition "only for values"`,
    say`Fill it in, or remove the values of the condition.`,
  );
  if (Array.isArray(is)) return { path, is: new Set(is.map((value) => choiceKey(String(value)))) };
  throw new SwitchboardError('SWB_CONFIG', say`The values of the condition "only for values" are not a list.`, {
    field: generic,
  });
}
