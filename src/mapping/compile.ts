import { SwitchboardError } from '../errors.js';
import type { GenericFields, GenericMessage, Json } from '../model/message.js';
import { type Expressions, sharedExpressions } from './expressions.js';
import { itemsIn, itemsOut } from './items.js';
import type { InResult, Mapping, OutResult } from './mapping.js';
import { applyIn, applyOut, type CompiledRule, compileRule, type Tree } from './rules.js';

export interface CompiledMapping {
  readonly mapping: Mapping;
  /** The partner's top-level fields that the rules read. */
  readonly reads: string[];
  toGeneric(record: Record<string, Json>): Promise<InResult>;
  fromGeneric(message: GenericMessage): Promise<OutResult>;
}

/** Makes a mapping ready for use. Throws SWB_CONFIG, naming rule and field, when the mapping itself is wrong. */
export function compile(mapping: Mapping, options: { expressions?: Expressions } = {}): CompiledMapping {
  const where = `Mapping «${mapping.name}»`;
  if (!Array.isArray(mapping.rules) || mapping.rules.length === 0)
    throw new SwitchboardError('SWB_CONFIG', 'It has no rules.', { where, hint: 'Begin from a preset.' });
  const rules = mapping.rules.map((rule, index) => compileRule(rule, index, where));
  const items = (mapping.items?.rules ?? []).map((rule, index) => compileRule(rule, index, `${where}, items`));
  if (mapping.items && !items.some((r) => r.rule.generic === 'id'))
    throw new SwitchboardError('SWB_CONFIG', 'No rule gives the id of an item.', {
      where,
      field: mapping.items.field,
      hint: 'Add a rule for id: items are told apart by it.',
    });
  const wantsExpressions = [...rules, ...items].some(({ rule }) => rule.expression || rule.when);
  const expressions = options.expressions ?? (wantsExpressions ? sharedExpressions() : undefined);
  return {
    mapping,
    reads: reads(mapping, rules),
    toGeneric: async (record) => {
      const { fields, trace, problems } = await applyIn(rules, record, expressions);
      const found = await itemsIn(mapping, items, record, expressions);
      return {
        fields: { ...fields, ...found.fields } as GenericFields,
        trace: { ...trace, ...found.trace },
        problems: [...problems, ...found.problems],
      };
    },
    fromGeneric: async (message) => {
      const news = message.changed && new Set(message.changed);
      const isNews = news && ((top: string) => news.has(top));
      const scope: Tree = { ...(message.fields as Tree), entity: message.entity, source: message.source as unknown as Json };
      const { body, changed, defaults, trace, problems } = await applyOut(
        mapping,
        rules,
        { scope, input: message, isNews },
        expressions,
      );
      const made = await itemsOut(mapping, items, message, isNews, expressions);
      return {
        body: { ...body, ...made.body } as Record<string, Json>,
        changed: [...changed, ...made.changed],
        defaults: [...defaults],
        trace: { ...trace, ...made.trace },
        problems: [...problems, ...made.problems],
      };
    },
  };
}

function reads(mapping: Mapping, rules: CompiledRule[]): string[] {
  const names = new Set(rules.filter((r) => r.rule.direction !== 'out').flatMap((r) => r.fields.map((f) => f.top)));
  if (mapping.items) names.add(mapping.items.field);
  return [...names];
}
