import { SwitchboardError } from '../errors.js';
import type { GenericFields, GenericMessage, Json } from '../model/message.js';
import { say } from '../text/say.js';
import { type Carries, carriedFields } from './carried.js';
import { type CompiledRule, compileRule, expressionsOf } from './compile-rule.js';
import { type Evaluator, sharedExpressions } from './expressions.js';
import { itemsIn, itemsOut } from './items.js';
import { type InResult, type Mapping, type Notation, type OutResult, PLAIN_NOTATION } from './mapping.js';
import type { Table } from './preview-result.js';
import { applyIn, applyOut, type Evaluate, type Tree } from './rules.js';

export interface CompiledMapping {
  readonly mapping: Mapping;
  /** The partner's top-level fields that the rules read. */
  readonly reads: string[];
  /**
   * Prepares what takes a while, without holding the event loop; `toGeneric` and `fromGeneric` begin with it. Rejects with
   * SWB_CONFIG, naming the rule, if an expression is invalid.
   */
  check(): Promise<void>;
  toGeneric(record: Record<string, Json>): Promise<InResult>;
  fromGeneric(message: GenericMessage): Promise<OutResult>;
}

/** The compiled rules of a mapping's two tables. */
export type CompiledRules = Record<Table, CompiledRule[]>;

export interface CompileOptions {
  expressions?: Evaluator;
  /** How the system of the mapping writes values. */
  notation?: Notation;
  /** Which fields are kept although no rule uses them; by default none. */
  carries?: Carries;
}

/**
 * Compiles a mapping; endpoints/registry.ts does it for the system it is written for. Throws SWB_CONFIG, naming rule and field, when
 * the mapping itself is wrong. Its expressions are compiled in another process, by `check`.
 */
export function compile(mapping: Mapping, options: CompileOptions = {}): CompiledMapping {
  const { name } = mapping;
  if (!Array.isArray(mapping.rules) || mapping.rules.length === 0)
    throw new SwitchboardError('SWB_CONFIG', say`The mapping has no rules.`, {
      where: placeOf(mapping),
      hint: say`Start from a preset.`,
    });
  const rules = {
    order: mapping.rules.map((rule, index) => compileRule(rule, index, 'order', name)),
    items: (mapping.items?.rules ?? []).map((rule, index) => compileRule(rule, index, 'items', name)),
  };
  requireId(mapping, rules.items);
  const { toGeneric, fromGeneric, ...compiled } = withRules(mapping, rules, options);
  const { expressions = sharedExpressions() } = options;
  const check = once(async () => {
    await indexValues([...rules.order, ...rules.items]);
    const [fault] = await faultsOf([...rules.order, ...rules.items], expressions, placeOf(mapping));
    if (fault) throw fault.error;
  });
  return {
    ...compiled,
    check,
    toGeneric: async (record) => {
      await check();
      return toGeneric(record);
    },
    fromGeneric: async (message) => {
      await check();
      return fromGeneric(message);
    },
  };
}

/** Makes the value maps of rules ready for use. */
export async function indexValues(rules: readonly CompiledRule[]): Promise<void> {
  for (const { values } of rules) await values?.index();
}

/** The invalid expressions of rules. */
export async function faultsOf(
  rules: readonly CompiledRule[],
  expressions: Evaluator,
  owner: string,
): Promise<{ rule: CompiledRule; error: SwitchboardError }[]> {
  const all = rules.flatMap((rule) => expressionsOf(rule.rule).map((text) => ({ rule, text })));
  const faults = await expressions.faults(
    all.map(({ text }) => text),
    { owner },
  );
  return all.flatMap(({ rule }, index) => {
    const error = faults[index];
    return error ? [{ rule, error: error.at(rule.where) }] : [];
  });
}

/** The same check, made once; again if it could not be completed. */
function once(check: () => Promise<void>): () => Promise<void> {
  let made: Promise<void> | undefined;
  return () => {
    made ??= check().catch((error) => {
      if (!(error instanceof SwitchboardError && error.code === 'SWB_CONFIG')) made = undefined;
      throw error;
    });
    return made;
  };
}

/** Throws SWB_CONFIG if the items of an order could not be identified. */
export function requireId(mapping: Mapping, items: CompiledRule[]): void {
  if (!mapping.items || items.some((r) => r.rule.generic === 'id')) return;
  throw new SwitchboardError('SWB_CONFIG', say`No rule sets the id of an item.`, {
    where: placeOf(mapping),
    field: mapping.items.field,
    hint: say`Add a rule for id, which identifies the items.`,
  });
}

/** A mapping with the compiled ones of its rules, whose value maps are indexed and whose expressions are valid. */
export function withRules(
  mapping: Mapping,
  { order: rules, items }: CompiledRules,
  options: CompileOptions = {},
): Omit<CompiledMapping, 'check'> {
  const { notation = PLAIN_NOTATION, carries = () => false, expressions = sharedExpressions() } = options;
  const owner = placeOf(mapping);
  const evaluate: Evaluate = (expression, input, where) => expressions.evaluate(expression, input, { where, owner });
  return {
    mapping,
    reads: reads(mapping, rules),
    toGeneric: async (record) => {
      const { fields, emptied, trace, problems } = await applyIn(rules, record, evaluate, {
        keepsState: mapping.items !== undefined,
      });
      const found = await itemsIn(mapping, items, record, evaluate);
      const carried = carriedFields(record, rules, carries);
      const custom = { ...carried.fields, ...(fields.custom as Tree | undefined) };
      return {
        fields: { ...fields, ...(Object.keys(custom).length > 0 && { custom }), ...found.fields } as GenericFields,
        emptied: { ...emptied, ...Object.fromEntries(carried.empty.map((name) => [`custom.${name}`, [name]])) },
        carried: Object.keys(carried.fields),
        trace: { ...trace, ...found.trace },
        problems: [...problems, ...found.problems],
      };
    },
    fromGeneric: async (message) => {
      const changedNames = message.changed && new Set(message.changed);
      const isChanged = changedNames && ((top: string) => changedNames.has(top));
      const scope: Tree = { ...(message.fields as Tree), entity: message.entity, source: message.source as unknown as Json };
      const { body, changed, defaults, trace, problems } = await applyOut(
        notation,
        rules,
        { scope, input: message, isChanged },
        evaluate,
      );
      const itemResult = await itemsOut(mapping, items, message, isChanged, notation, evaluate);
      return {
        body: { ...body, ...itemResult.body } as Record<string, Json>,
        changed: [...changed, ...itemResult.changed],
        defaults: [...defaults],
        trace: { ...trace, ...itemResult.trace },
        problems: [...problems, ...itemResult.problems],
      };
    },
  };
}

function placeOf({ name }: Mapping): string {
  return say`Mapping "${name}"`;
}

function reads(mapping: Mapping, rules: CompiledRule[]): string[] {
  const names = new Set(rules.filter((r) => r.rule.direction !== 'out').flatMap((r) => r.fields.map((f) => f.top)));
  if (mapping.items) names.add(mapping.items.field);
  return [...names];
}
