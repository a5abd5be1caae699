import { choiceKey } from '../model/choice.js';
import type { Json } from '../model/message.js';
import { say } from '../text/say.js';
import { TimeSlice } from '../time-slice.js';
import type { CompiledRule } from './compile-rule.js';
import { ExpressionInput } from './expression-input.js';
import type { Direction, Notation, Problem, Rule, Trace } from './mapping.js';
import { isPlain, type Path, read, write } from './paths.js';
import { shapeIn, shapeOut } from './shapes.js';
import { isoTime } from './times.js';
import { ANY } from './value-rows.js';

export type Tree = { [key: string]: Json | undefined };

/** Evaluates the expression of a rule; rejects with SWB_EXPRESSION or SWB_CONFIG, naming the rule `where`. */
export type Evaluate = (expression: string, input: ExpressionInput, where: string) => Promise<unknown>;

/** The value that a rule found, before it is written to its target. */
interface FoundValue {
  value: Json;
  kind: Trace[string]['kind'];
  row?: number;
}

const empty = (value: Json | undefined) => value === undefined || value === null || value === '';
const textOf = (value: Json | undefined): string =>
  value === undefined || value === null ? '' : typeof value === 'object' ? JSON.stringify(value) : String(value);

/**
 * Applies the incoming rules to a partner's record, or to one of its items. `keepsState`: the partner's own word for a state is the
 * reason of the state where no rule takes it.
 */
export async function applyIn(
  rules: CompiledRule[],
  record: Tree,
  evaluate: Evaluate,
  { keepsState = false }: { keepsState?: boolean } = {},
): Promise<{ fields: Tree; emptied: Record<string, string[]>; trace: Trace; problems: Problem[] }> {
  const fields: Tree = {};
  const empties = new Map<string, { generic: Path; names: Set<string> }>();
  const trace: Trace = {};
  const problems: Problem[] = [];
  const slice = new TimeSlice();
  const input = new ExpressionInput(record);
  for (const compiled of rules) {
    await slice.yieldIfDue();
    const { rule, generic } = compiled;
    if (rule.direction === 'out' || rule.generic in trace) continue;
    if (compiled.onlyIf && !compiled.onlyIf.is.has(choiceKey(textOf(read(fields, compiled.onlyIf.path))))) continue;
    if (rule.when?.in && !(await evaluate(rule.when.in, input, compiled.where))) continue;
    const sources = compiled.fields.map((f) => f.text);
    const found = rule.expression?.in
      ? await computed(rule.expression.in, input, compiled, 'in', problems, evaluate)
      : incomingValue(compiled, record, problems);
    const given = found ?? fallback(rule, 'in');
    if (!given) {
      if (isPlain(generic) && showsEmpty(compiled, record)) {
        const { names } = empties.get(generic.text) ?? { names: [] };
        empties.set(generic.text, { generic, names: new Set([...names, ...compiled.fields.map(({ top }) => top)]) });
      }
      if (demanded(rule, 'in'))
        problems.push({
          level: 'error',
          code: 'required',
          field: sources.join(', '),
          text: say`${sources.join(', ')} is missing, and ${rule.generic} is required.`,
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
  const own = keepsState && !('state' in trace) && !(STATE_REASON in trace) ? ownStateWord(rules, record) : undefined;
  if (own) {
    fields[STATE_REASON] = own.word;
    trace[STATE_REASON] = own.trace;
  }
  const emptied: Record<string, string[]> = {};
  for (const [path, { generic, names }] of empties) if (read(fields, generic) === undefined) emptied[path] = [...names];
  return { fields, emptied, trace, problems };
}

const STATE_REASON = 'stateReason';

/** A state in the partner's own words, of which no value map has a row. */
function ownStateWord(rules: CompiledRule[], record: Tree): { word: string; trace: Trace[string] } | undefined {
  const ofState = rules.filter(
    ({ rule, values }) => rule.generic === 'state' && rule.direction !== 'out' && values !== undefined,
  );
  for (const { fields, index } of ofState) {
    const word = fields.map((field) => textOf(read(record, field))).filter(Boolean);
    if (word.length > 0)
      return { word: word.join(' / '), trace: { rule: index, source: fields.map(({ text }) => text), kind: 'source' } };
  }
  return undefined;
}

/** Whether the record shows all fields of a rule, without a value. A field that a partner omits may also be hidden from us. */
function showsEmpty({ fields }: CompiledRule, record: Tree): boolean {
  return fields.every((field) => field.top in record && empty(read(record, field)));
}

function incomingValue(compiled: CompiledRule, record: Tree, problems: Problem[]): FoundValue | undefined {
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

/** The input of the outgoing rules. */
export interface OutScope {
  /** The fields that rules read. */
  scope: Tree;
  /** The input of expressions. */
  input: unknown;
  /** Whether the generic value with that top-level name changed. Absent = nothing was compared, all count. */
  isChanged?: (top: string) => boolean;
}

export interface OutgoingFields {
  body: Tree;
  /** Top-level names of the body that depend on changed values; all names where nothing was compared. */
  changed: Set<string>;
  defaults: Set<string>;
  trace: Trace;
  problems: Problem[];
}

/** Applies the outgoing rules to the generic values of a message or of one item. */
export async function applyOut(
  notation: Notation,
  rules: CompiledRule[],
  { scope, input: message, isChanged: hasChanged }: OutScope,
  evaluate: Evaluate,
): Promise<OutgoingFields> {
  const body: Tree = {};
  const trace: Trace = {};
  const problems: Problem[] = [];
  const changed = new Set<string>();
  const defaults = new Set<string>();
  const last = lastOfTargets(rules);
  const input = new ExpressionInput(message);
  const slice = new TimeSlice();
  for (const compiled of rules) {
    await slice.yieldIfDue();
    const { rule } = compiled;
    if (rule.direction === 'in') continue;
    const targets = compiled.fields.filter((f) => !(f.text in trace));
    if (targets.length === 0) continue;
    if (compiled.onlyIf && !compiled.onlyIf.is.has(choiceKey(textOf(read(scope, compiled.onlyIf.path))))) continue;
    if (rule.when?.out && !(await evaluate(rule.when.out, input, compiled.where))) continue;
    if (rule.sendEmptied && isEmptied(compiled, scope, hasChanged)) {
      for (const target of targets) {
        write(body, target, '');
        trace[target.text] = { rule: compiled.index, source: [rule.generic], kind: 'source' };
        changed.add(target.top);
        defaults.delete(target.top);
      }
      continue;
    }
    const found = rule.expression?.out
      ? await computed(rule.expression.out, input, compiled, 'out', problems, evaluate)
      : outgoingValue(compiled, scope, problems);
    const given = found ?? fallbackOut(rule, compiled.fields.length);
    if (!given) {
      if (demanded(rule, 'out') && last.get(compiled.fields[0]?.text) === compiled) {
        problems.push({
          level: 'error',
          code: 'required',
          field: rule.generic,
          text: say`${rule.generic} is missing, and ${compiled.fields.map((f) => f.text).join(', ')} is required there.`,
        });
      }
      continue;
    }
    const isChanged = dependsOnChange(compiled, given.kind, hasChanged);
    given.values.forEach((raw, i) => {
      const target = compiled.fields[i];
      if (raw === ANY || !target || target.text in trace) return;
      write(body, target, outgoingType(raw, compiled, target, notation, problems));
      trace[target.text] = {
        rule: compiled.index,
        source: given.kind === 'constant' ? [] : [rule.generic],
        kind: given.kind,
        ...(given.row !== undefined && { row: given.row }),
      };
      if (isChanged) changed.add(target.top);
      if (given.kind === 'default' || given.kind === 'constant') defaults.add(target.top);
      else defaults.delete(target.top);
    });
  }
  return { body, changed, defaults, trace, problems };
}

/** Whether the value of a rule was there before and was emptied. */
function isEmptied({ generic }: CompiledRule, scope: Tree, hasChanged: OutScope['isChanged']): boolean {
  return hasChanged?.(generic.top) === true && read(scope, generic) === '';
}

interface FoundValues {
  values: Json[];
  kind: Trace[string]['kind'];
  row?: number;
}

function outgoingValue(compiled: CompiledRule, scope: Tree, problems: Problem[]): FoundValues | undefined {
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

/** Whether a written field counts as changed: its source changed, or it is a default whose condition changed. */
function dependsOnChange(compiled: CompiledRule, kind: Trace[string]['kind'], hasChanged: OutScope['isChanged']): boolean {
  if (!hasChanged || kind === 'expression') return true;
  const top = compiled.generic.top;
  // The kind of entity never changes: it is sent on creation, and must not overwrite the partner's own type later.
  if (top === 'entity') return false;
  if (top === 'source') return kind === 'source';
  if (kind === 'source') return hasChanged(top);
  return compiled.onlyIf !== undefined && hasChanged(compiled.onlyIf.path.top);
}

async function computed(
  expression: string,
  input: ExpressionInput,
  compiled: CompiledRule,
  direction: Direction,
  problems: Problem[],
  evaluate: Evaluate,
): Promise<(FoundValue & FoundValues) | undefined> {
  try {
    const value = (await evaluate(expression, input, compiled.where)) as Json | undefined;
    return empty(value) ? undefined : { value: value as Json, values: [value as Json], kind: 'expression' };
  } catch (error) {
    const field = direction === 'in' ? compiled.rule.generic : compiled.fields.map((f) => f.text).join(', ');
    problems.push({ level: 'error', code: 'expression', field, text: error instanceof Error ? error.message : String(error) });
    return undefined;
  }
}

function fallback(rule: Rule, direction: Direction): FoundValue | undefined {
  const value = rule.default?.[direction];
  return value === undefined ? undefined : { value, kind: 'default' };
}

function fallbackOut(rule: Rule, fields: number): FoundValues | undefined {
  const value = rule.default?.out;
  if (value === undefined) return undefined;
  return { values: fields > 1 && Array.isArray(value) ? value : [value], kind: 'default' };
}

function demanded(rule: Rule, direction: Direction): boolean {
  return rule.required === direction || rule.required === 'both';
}

/** A later rule may still set a target, so only its last one reports that the value is missing. */
function lastOfTargets(rules: CompiledRule[]): Map<string | undefined, CompiledRule> {
  return new Map(rules.filter(({ rule }) => rule.direction !== 'in').map((one) => [one.fields[0]?.text, one]));
}

/** Characters of a value that a text about it shows. */
const SHOWN = 200;
const shown = (text: string) => (text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text);

function unmapped(field: string, value: string, fatal: boolean): Problem {
  return {
    level: fatal ? 'error' : 'warning',
    code: 'unmapped',
    field,
    value: shown(value),
    text: say`${field} "${shown(value)}" has no row in its value map.`,
  };
}

function incomingType(value: Json, { rule }: CompiledRule, problems: Problem[]): Json | undefined {
  if (rule.type === 'time') {
    const time = isoTime(textOf(value));
    if (time === undefined)
      problems.push({
        level: 'warning',
        code: 'schema',
        field: rule.generic,
        value: shown(textOf(value)),
        text: say`"${shown(textOf(value))}" is not a valid time.`,
      });
    return time;
  }
  if (rule.type === 'number') return Number(value);
  if (rule.type === 'text') return textOf(value);
  return rule.type ? shapeIn(rule.type, value) : value;
}

function outgoingType(value: Json, { rule }: CompiledRule, target: Path, notation: Notation, problems: Problem[]): Json {
  if (rule.type === 'time') {
    const time = isoTime(textOf(value));
    return time === undefined ? textOf(value) : notation.time(time);
  }
  if (rule.type === 'number') return Number(value);
  if (rule.type && rule.type !== 'text') return shapeOut(rule.type, value, notation);
  const text = rule.type === 'text' ? textOf(value) : value;
  if (rule.maxLength === undefined || typeof text !== 'string' || text.length <= rule.maxLength) return text;
  problems.push({
    level: 'warning',
    code: 'cut',
    field: target.text,
    value: text,
    text: say`${target.text} takes ${rule.maxLength} characters; the whole text goes along as a comment.`,
  });
  return `${text.slice(0, rule.maxLength - 1)}…`;
}
