import { SwitchboardError } from '../errors.js';
import type { GenericFields, GenericMessage, Json } from '../model/message.js';
import { Expressions } from './expressions.js';
import type { Direction, InResult, Mapping, OutResult, Problem, Rule, Trace } from './mapping.js';
import { type Path, parsePath, read, write } from './paths.js';
import { isoTime, serviceNowTime } from './times.js';
import { ANY, ValueMap } from './value-map.js';

export interface CompiledMapping {
  readonly mapping: Mapping;
  /** The partner's top-level fields that the rules read. */
  readonly reads: string[];
  toGeneric(record: Record<string, Json>): Promise<InResult>;
  fromGeneric(message: GenericMessage): Promise<OutResult>;
}

type Tree = { [key: string]: Json | undefined };

interface CompiledRule {
  index: number;
  rule: Rule;
  fields: Path[];
  generic: Path;
  values?: ValueMap;
  onlyIf?: { path: Path; is: Set<string> };
}

/** What a rule found, before it is written to its target. */
interface Found {
  value: Json;
  kind: Trace[string]['kind'];
  row?: number;
}

let shared: Expressions | undefined;

/** Makes a mapping ready for use. Throws SWB_CONFIG, naming rule and field, when the mapping itself is wrong. */
export function compile(mapping: Mapping, options: { expressions?: Expressions } = {}): CompiledMapping {
  if (!Array.isArray(mapping.rules) || mapping.rules.length === 0) {
    throw new SwitchboardError('SWB_CONFIG', 'It has no rules.', {
      where: `Mapping «${mapping.name}»`,
      hint: 'Begin from a preset.',
    });
  }
  const rules = mapping.rules.map((rule, index) => compileRule(rule, index, mapping));
  const wantsExpressions = mapping.rules.some((r) => r.expression || r.when);
  if (wantsExpressions && !options.expressions) shared ??= new Expressions();
  const expressions = options.expressions ?? shared;
  return {
    mapping,
    reads: [...new Set(rules.filter((r) => r.rule.direction !== 'out').flatMap((r) => r.fields.map((f) => f.top)))],
    toGeneric: (record) => toGeneric(rules, record, expressions),
    fromGeneric: (message) => fromGeneric(mapping, rules, message, expressions),
  };
}

function compileRule(rule: Rule, index: number, mapping: Mapping): CompiledRule {
  const where = `Mapping «${mapping.name}», rule ${index + 1}`;
  if (!rule.generic || rule.field === undefined) {
    throw new SwitchboardError('SWB_CONFIG', 'It has no field or no generic field.', {
      where,
      hint: 'Fill both columns, or remove the rule.',
    });
  }
  const fields = [rule.field].flat().map(parsePath);
  for (const text of [rule.expression?.in, rule.expression?.out, rule.when?.in, rule.when?.out])
    if (text) Expressions.check(text, where);
  return {
    index,
    rule,
    fields,
    generic: parsePath(rule.generic),
    ...(rule.values && { values: new ValueMap(rule.values, fields.length, where) }),
    ...(rule.onlyIf && { onlyIf: { path: parsePath(rule.onlyIf.generic), is: new Set(rule.onlyIf.is) } }),
  };
}

const empty = (value: Json | undefined) => value === undefined || value === null || value === '';
const textOf = (value: Json | undefined): string =>
  value === undefined || value === null ? '' : typeof value === 'object' ? JSON.stringify(value) : String(value);

async function toGeneric(rules: CompiledRule[], record: Record<string, Json>, expressions?: Expressions): Promise<InResult> {
  const fields: Tree = {};
  const trace: Trace = {};
  const problems: Problem[] = [];
  for (const compiled of rules) {
    const { rule, generic } = compiled;
    if (rule.direction === 'out' || rule.generic in trace) continue;
    if (compiled.onlyIf && !compiled.onlyIf.is.has(textOf(read(fields, compiled.onlyIf.path)))) continue;
    if (rule.when?.in && !(await expressions?.evaluate(rule.when.in, record))) continue;
    const sources = compiled.fields.map((f) => f.text);
    const found = rule.expression?.in
      ? await computed(rule.expression.in, record, compiled, 'in', problems, expressions)
      : incomingValue(compiled, record, problems);
    const given = found ?? fallback(rule, 'in');
    if (!given) {
      if (demanded(rule, 'in'))
        problems.push({
          level: 'error',
          code: 'required',
          field: sources.join(', '),
          text: `${sources.join(', ')} is missing, and ${rule.generic} is required.`,
        });
      continue;
    }
    const value = incomingType(given.value, compiled, problems);
    if (value === undefined) continue;
    write(fields, generic, value);
    trace[rule.generic] = {
      rule: compiled.index,
      source: given.kind === 'constant' ? [] : sources,
      kind: given.kind,
      ...(given.row !== undefined && { row: given.row }),
    };
  }
  return { fields: fields as GenericFields, trace, problems };
}

function incomingValue(compiled: CompiledRule, record: Record<string, Json>, problems: Problem[]): Found | undefined {
  const { rule, fields, values } = compiled;
  if (rule.constant !== undefined) return { value: rule.constant, kind: 'constant' };
  const given = fields.map((f) => read(record, f));
  if (given.every(empty)) return undefined;
  if (!values) return { value: given[0] as Json, kind: 'source' };
  const texts = given.map(textOf);
  const row = values.toGeneric(texts);
  if (row) return { value: row.value, kind: 'source', row: row.row };
  problems.push(
    unmapped(
      fields.map((f) => f.text).join(', '),
      texts.filter(Boolean).join(' / '),
      demanded(rule, 'in') && rule.default?.in === undefined,
    ),
  );
  return undefined;
}

async function fromGeneric(
  mapping: Mapping,
  rules: CompiledRule[],
  message: GenericMessage,
  expressions?: Expressions,
): Promise<OutResult> {
  const body: Tree = {};
  const trace: Trace = {};
  const problems: Problem[] = [];
  const changed = new Set<string>();
  const defaults = new Set<string>();
  const news = message.changed && new Set(message.changed);
  const scope: Tree = { ...(message.fields as Tree), entity: message.entity, source: message.source as unknown as Json };
  for (const compiled of rules) {
    const { rule } = compiled;
    if (rule.direction === 'in') continue;
    const targets = compiled.fields.filter((f) => !(f.text in trace));
    if (targets.length === 0) continue;
    if (compiled.onlyIf && !compiled.onlyIf.is.has(textOf(read(scope, compiled.onlyIf.path)))) continue;
    if (rule.when?.out && !(await expressions?.evaluate(rule.when.out, message))) continue;
    const found = rule.expression?.out
      ? await computed(rule.expression.out, message, compiled, 'out', problems, expressions)
      : outgoingValue(compiled, scope, problems);
    const given = found ?? fallbackOut(rule, compiled.fields.length);
    if (!given) {
      if (demanded(rule, 'out') && !requiredElsewhere(rules, compiled)) {
        problems.push({
          level: 'error',
          code: 'required',
          field: rule.generic,
          text: `${rule.generic} is missing, and ${compiled.fields.map((f) => f.text).join(', ')} is required there.`,
        });
      }
      continue;
    }
    const isNews = touched(compiled, given.kind, news);
    given.values.forEach((raw, i) => {
      const target = compiled.fields[i];
      if (raw === ANY || !target || target.text in trace) return;
      write(body, target, outgoingType(raw, compiled, target, mapping, problems));
      trace[target.text] = {
        rule: compiled.index,
        source: given.kind === 'constant' ? [] : [rule.generic],
        kind: given.kind,
        ...(given.row !== undefined && { row: given.row }),
      };
      if (isNews) changed.add(target.top);
      if (given.kind === 'default' || given.kind === 'constant') defaults.add(target.top);
      else defaults.delete(target.top);
    });
  }
  return { body: body as Record<string, Json>, changed: [...changed], defaults: [...defaults], trace, problems };
}

interface FoundOut {
  values: Json[];
  kind: Trace[string]['kind'];
  row?: number;
}

function outgoingValue(compiled: CompiledRule, scope: Tree, problems: Problem[]): FoundOut | undefined {
  const { rule, values } = compiled;
  if (rule.constant !== undefined) return { values: [rule.constant], kind: 'constant' };
  const value = read(scope, compiled.generic);
  if (empty(value)) return undefined;
  if (!values) return { values: [value as Json], kind: 'source' };
  const row = values.toPartner(textOf(value));
  if (row) return { values: row.values, kind: 'source', row: row.row };
  problems.push(unmapped(rule.generic, textOf(value), demanded(rule, 'out') && rule.default?.out === undefined));
  return undefined;
}

/** Whether a written field is news: its source changed, or it is a default that goes along with a changed condition. */
function touched(compiled: CompiledRule, kind: Trace[string]['kind'], news: Set<string> | undefined): boolean {
  if (!news || kind === 'expression') return true;
  const top = compiled.generic.top;
  if (top === 'source' || top === 'entity') return kind === 'source';
  if (kind === 'source') return news.has(top);
  return compiled.onlyIf !== undefined && news.has(compiled.onlyIf.path.top);
}

async function computed(
  expression: string,
  input: unknown,
  compiled: CompiledRule,
  direction: Direction,
  problems: Problem[],
  expressions?: Expressions,
): Promise<(Found & FoundOut) | undefined> {
  try {
    const value = (await expressions?.evaluate(expression, input)) as Json | undefined;
    return empty(value) ? undefined : { value: value as Json, values: [value as Json], kind: 'expression' };
  } catch (error) {
    const field = direction === 'in' ? compiled.rule.generic : compiled.fields.map((f) => f.text).join(', ');
    problems.push({ level: 'error', code: 'expression', field, text: error instanceof Error ? error.message : String(error) });
    return undefined;
  }
}

function fallback(rule: Rule, direction: Direction): Found | undefined {
  const value = rule.default?.[direction];
  return value === undefined ? undefined : { value, kind: 'default' };
}

function fallbackOut(rule: Rule, fields: number): FoundOut | undefined {
  const value = rule.default?.out;
  if (value === undefined) return undefined;
  return { values: fields > 1 && Array.isArray(value) ? value : [value], kind: 'default' };
}

function demanded(rule: Rule, direction: Direction): boolean {
  return rule.required === direction || rule.required === 'both';
}

/** A later rule may still give the target its value: only the last one may complain. */
function requiredElsewhere(rules: CompiledRule[], compiled: CompiledRule): boolean {
  const text = compiled.fields[0]?.text;
  return rules.some((r) => r.index > compiled.index && r.rule.direction !== 'in' && r.fields[0]?.text === text);
}

function unmapped(field: string, value: string, fatal: boolean): Problem {
  return {
    level: fatal ? 'error' : 'warning',
    code: 'unmapped',
    field,
    value,
    text: `«${value}» of ${field} has no row in its value map.`,
  };
}

function incomingType(value: Json, { rule }: CompiledRule, problems: Problem[]): Json | undefined {
  if (rule.type === 'time') {
    const time = isoTime(textOf(value));
    if (time === undefined)
      problems.push({ level: 'warning', code: 'schema', field: rule.generic, value, text: `«${textOf(value)}» is no time.` });
    return time;
  }
  if (rule.type === 'number') return Number(value);
  return rule.type === 'text' ? textOf(value) : value;
}

function outgoingType(value: Json, { rule }: CompiledRule, target: Path, mapping: Mapping, problems: Problem[]): Json {
  if (rule.type === 'time') {
    const time = isoTime(textOf(value)) ?? textOf(value);
    return mapping.system === 'servicenow' || mapping.version === 'servicenow' ? serviceNowTime(time) : time;
  }
  if (rule.type === 'number') return Number(value);
  const text = rule.type === 'text' ? textOf(value) : value;
  if (rule.maxLength === undefined || typeof text !== 'string' || text.length <= rule.maxLength) return text;
  problems.push({
    level: 'warning',
    code: 'cut',
    field: target.text,
    value: text,
    text: `${target.text} takes ${rule.maxLength} characters; the whole text goes along as a comment.`,
  });
  return `${text.slice(0, rule.maxLength - 1)}…`;
}
