import { SwitchboardError } from '../errors.js';
import { fitToSchema } from '../model/fit.js';
import type { GenericMessage, Json } from '../model/message.js';
import type { Carries } from './carried.js';
import { genericMessage } from './catalog/generic.js';
import { requireId, withRules } from './compile.js';
import { type CompiledRule, compileRule } from './compile-rule.js';
import type { Expressions } from './expressions.js';
import type { Direction, Mapping, Notation, Problem, Rule, Trace } from './mapping.js';
import { parsePath } from './paths.js';
import type { Mark, Preview, PreviewProblem, Table } from './preview-result.js';

export interface PreviewOptions {
  expressions?: Expressions;
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
  const order = usable(mapping.rules, 'order');
  const items = usable(mapping.items?.rules ?? [], 'items');
  const wrong = [...order.problems, ...items.problems];
  if (order.rules.length === 0) return { result: {}, marks: {}, problems: wrong, sample };
  try {
    requireId(mapping, items.rules);
  } catch (error) {
    wrong.push(configProblem(error));
    items.rules = [];
  }
  const compiled = withRules(
    mapping,
    { order: order.rules, items: items.rules },
    {
      expressions: options.expressions,
      notation: options.notation,
      carries: options.carries,
    },
  );
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
    return { result, marks, problems: problems.map((problem) => located(problem, mapping, direction, marks)), sample };
  }
}

/** The rules that compile, and the problems of the others. */
function usable(rules: Rule[], table: Table): { rules: CompiledRule[]; problems: PreviewProblem[] } {
  const ready: CompiledRule[] = [];
  const problems: PreviewProblem[] = [];
  rules.forEach((rule, index) => {
    try {
      ready.push(compileRule(rule, index, table));
    } catch (error) {
      problems.push({ ...configProblem(error), rule: { table, rule: index } });
    }
  });
  return { rules: ready, problems };
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

/** The places in a result that a trace covers. `list`: the partner's list of items, where the result is a payload. */
function marksOf(result: Record<string, Json>, trace: Trace, list: string | undefined): Record<string, Mark> {
  const marks: Record<string, Mark> = {};
  const ids: string[] = [];
  for (const [target, { rule, source, kind, row }] of Object.entries(trace)) {
    const item = /^([^.[]+)\[(.*?)\]\.(.+)$/.exec(target);
    const [, top = '', id = '', rest = ''] = item ?? [];
    const isItem = item !== null && (list ? top === list : top === 'items' || top === 'progress');
    const base = isItem ? itemAt(result, top, id, list ? ids : undefined) : undefined;
    const at = isItem ? base && placeOf(base.value, rest, base.at) : placeOf(result, target, []);
    const mark: Mark = { table: isItem ? 'items' : 'order', rule, source, kind, ...(row !== undefined && { row }) };
    if (at) marks[at.join('/')] = mark;
  }
  return marks;
}

/** An item by its id; in a payload, whose id field may have any name, by the order in which the ids appeared. */
function itemAt(
  result: Record<string, Json>,
  top: string,
  id: string,
  ids?: string[],
): { value: Json; at: string[] } | undefined {
  const list = result[top];
  if (!Array.isArray(list)) return undefined;
  if (ids && !ids.includes(id)) ids.push(id);
  const index = ids ? ids.indexOf(id) : list.findIndex((element) => isTree(element) && element.id === id);
  const value = list[index];
  return value === undefined ? undefined : { value, at: [top, String(index)] };
}

function placeOf(tree: Json, path: string, before: string[]): string[] | undefined {
  const at = [...before];
  let here: Json | undefined = tree;
  for (const { name, element } of parsePath(path).steps) {
    here = isTree(here) ? here[name] : undefined;
    at.push(name);
    if (!element) continue;
    if (!Array.isArray(here)) return undefined;
    const list: Json[] = here;
    const index = list.findIndex(
      (one) => isTree(one) && Object.entries(element).every(([key, value]) => key.startsWith('@') || one[key] === value),
    );
    here = list[index];
    at.push(String(index));
  }
  return here === undefined ? undefined : at;
}

/** Adds the rule and the place of a problem, where they are missing. */
function located(problem: PreviewProblem, mapping: Mapping, direction: Direction, marks: Record<string, Mark>): PreviewProblem {
  if (problem.rule) return problem;
  const mark = problem.at === undefined ? undefined : marks[problem.at];
  if (mark) return { ...problem, rule: { table: mark.table, rule: mark.rule } };
  const item = mapping.items && /^[^.[]+(?:\[.*?\])?\.(.+)$/.exec(problem.field);
  const found = ruleAbout(mapping.rules, problem.field, direction);
  if (found >= 0) {
    const rule = mapping.rules[found] as Rule;
    return { ...problem, at: problem.at ?? targetOf(rule, direction), rule: { table: 'order', rule: found } };
  }
  const inItems = item ? ruleAbout(mapping.items?.rules ?? [], item[1] ?? '', direction) : -1;
  return inItems < 0 ? problem : { ...problem, rule: { table: 'items', rule: inItems } };
}

function ruleAbout(rules: Rule[], field: string, direction: Direction): number {
  const applies = rules.map((rule) => (rule.direction ?? direction) === direction);
  const names = (rule: Rule) => [rule.generic, [rule.field].flat().join(', ')];
  return rules.findIndex((rule, index) => applies[index] && names(rule).includes(field));
}

function targetOf(rule: Rule, direction: Direction): string | undefined {
  const path = direction === 'in' ? rule.generic : [rule.field].flat()[0];
  return path === undefined || /[[{]/.test(path) ? undefined : slashed(path);
}

/** Schemas write a place in a list with a dot or in brackets. */
function slashed(path: string): string {
  return path.replace(/\[(\d+)\]/g, '.$1').replaceAll('.', '/');
}

function isTree(value: Json | undefined): value is { [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
