import { SwitchboardError } from '../errors.js';
import { fitToSchema } from '../model/fit.js';
import type { GenericMessage, Json } from '../model/message.js';
import { TimeSlice } from '../time-slice.js';
import type { Carries } from './carried.js';
import { genericMessage } from './catalog/generic.js';
import { faultsOf, indexValues, requireId, withRules } from './compile.js';
import { type CompiledRule, compileRule } from './compile-rule.js';
import { type Evaluator, sharedExpressions } from './expressions.js';
import type { Direction, Mapping, Notation, Problem, Rule, Trace } from './mapping.js';
import { marksOf } from './preview-marks.js';
import type { Mark, Preview, PreviewProblem, Table } from './preview-result.js';

export interface PreviewOptions {
  expressions?: Evaluator;
  /** How the system of the mapping writes values. */
  notation?: Notation;
  /** Which fields are kept although no rule uses them. */
  carries?: Carries;
  /** Problems for which the partner would refuse a payload. */
  check?: (body: Record<string, Json>) => Problem[];
}

/**
 * The result of a mapping for one partner's record (`in`) or generic message (`out`). Unfinished rules are reported as problems
 * and left out, because the preview runs while the mapping is being edited. Never throws for errors in the mapping.
 */
export async function preview(
  mapping: Mapping,
  direction: Direction,
  sample: Record<string, Json>,
  options: PreviewOptions = {},
): Promise<Preview> {
  const { expressions = sharedExpressions(), notation, carries } = options;
  const order = await usable(mapping.rules, 'order', expressions);
  const items = await usable(mapping.items?.rules ?? [], 'items', expressions);
  const wrong = [...order.problems, ...items.problems];
  if (order.rules.length === 0) return { result: {}, marks: {}, problems: wrong, sample };
  try {
    requireId(mapping, items.rules);
  } catch (error) {
    wrong.push(configProblem(error));
    items.rules = [];
  }
  const rules = { order: order.rules, items: items.rules };
  const compiled = withRules(mapping, rules, { expressions, notation, carries });
  if (direction === 'in') {
    const { fields, trace, problems } = await compiled.toGeneric(sample);
    const result = fields as Record<string, Json>;
    const schema = fitToSchema(genericMessage({ fields })).problems.map((p) => ({
      ...p,
      at: slashed(p.field.replace(/^fields\./, '')),
    }));
    return finish(result, trace, [...wrong, ...problems, ...schema]);
  }
  const { body, trace, problems } = await compiled.fromGeneric(messageOf(sample));
  const schema = (options.check?.(body) ?? []).map((p) => ({ ...p, at: slashed(p.field) }));
  return finish(body, trace, [...wrong, ...problems, ...schema]);

  function finish(result: Record<string, Json>, trace: Trace, problems: PreviewProblem[]): Preview {
    const marks = marksOf(result, trace, direction === 'out' ? mapping.items?.field : undefined);
    const places = { order: placesOf(mapping.rules, direction), items: placesOf(mapping.items?.rules ?? [], direction) };
    const inItems = mapping.items && places.items;
    return { result, marks, problems: problems.map((problem) => located(problem, marks, places.order, inItems)), sample };
  }
}

/** The rules that compile, and the problems of the others. */
async function usable(
  rules: Rule[],
  table: Table,
  expressions: Evaluator,
): Promise<{ rules: CompiledRule[]; problems: PreviewProblem[] }> {
  const compiled: CompiledRule[] = [];
  const wrong = new Map<number, unknown>();
  const slice = new TimeSlice();
  for (const [index, rule] of rules.entries()) {
    await slice.yieldIfDue();
    try {
      compiled.push(compileRule(rule, index, table));
    } catch (error) {
      wrong.set(index, error);
    }
  }
  await indexValues(compiled);
  for (const { rule, error } of await faultsOf(compiled, expressions, table))
    wrong.set(rule.index, wrong.get(rule.index) ?? error);
  return {
    rules: compiled.filter(({ index }) => !wrong.has(index)),
    problems: [...wrong].sort(([a], [b]) => a - b).map(([rule, error]) => ({ ...configProblem(error), rule: { table, rule } })),
  };
}

function configProblem(error: unknown): PreviewProblem {
  const field = error instanceof SwitchboardError ? (error.field ?? '') : '';
  return { level: 'error', code: 'schema', field, text: error instanceof Error ? error.message : String(error) };
}

/** A generic message from a sample that may be only its fields. */
function messageOf(sample: Record<string, Json>): GenericMessage {
  const given = ('fields' in sample ? sample : { fields: sample }) as Partial<GenericMessage>;
  const fields = typeof given.fields === 'object' && given.fields !== null ? given.fields : {};
  // Without `changed`, as if nothing was compared: a preview shows all that would be written.
  const { changed: _, ...message } = genericMessage({ ...given, fields });
  return message;
}

/** The rule that is about a field, by each name of the field, and the place of its value in the result. */
type Places = Map<string, { rule: number; at: string | undefined }>;

function placesOf(rules: Rule[], direction: Direction): Places {
  const places: Places = new Map();
  rules.forEach((rule, index) => {
    if ((rule.direction ?? direction) !== direction) return;
    for (const name of [rule.generic, [rule.field].flat().join(', ')])
      if (!places.has(name)) places.set(name, { rule: index, at: targetOf(rule, direction) });
  });
  return places;
}

/** Adds the rule and the place of a problem, where they are missing. `items`: absent if the mapping has no items. */
function located(problem: PreviewProblem, marks: Record<string, Mark>, order: Places, items?: Places): PreviewProblem {
  if (problem.rule) return problem;
  const mark = problem.at === undefined ? undefined : marks[problem.at];
  if (mark) return { ...problem, rule: { table: mark.table, rule: mark.rule } };
  const found = order.get(problem.field);
  if (found) return { ...problem, at: problem.at ?? found.at, rule: { table: 'order', rule: found.rule } };
  const item = items && /^[^.[]+(?:\[.*?\])?\.(.+)$/s.exec(problem.field);
  const inItems = item && items.get(item[1] ?? '');
  return inItems ? { ...problem, rule: { table: 'items', rule: inItems.rule } } : problem;
}

function targetOf(rule: Rule, direction: Direction): string | undefined {
  const path = direction === 'in' ? rule.generic : [rule.field].flat()[0];
  return path === undefined || /[[{]/.test(path) ? undefined : slashed(path);
}

/** Schemas write a place in a list with a dot or in brackets. */
function slashed(path: string): string {
  return path.replace(/\[(\d+)\]/g, '.$1').replaceAll('.', '/');
}
