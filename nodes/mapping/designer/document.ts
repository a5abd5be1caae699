import type { CatalogField } from '../../../src/mapping/catalog/field.js';
import type { Mapping, Rule, ValueRow } from '../../../src/mapping/mapping.js';
import type { Table } from '../../../src/mapping/preview-result.js';
import { ANY } from '../../../src/mapping/value-rows.js';
import { changedRule, fieldsOf, withoutField, withRows } from './rule-edits.js';

export function rulesOf(mapping: Mapping, table: Table): Rule[] {
  return (table === 'items' ? mapping.items?.rules : mapping.rules) ?? [];
}

export function withRules(mapping: Mapping, table: Table, rules: Rule[]): Mapping {
  if (table === 'order') return { ...mapping, rules };
  return { ...mapping, items: { ...(mapping.items ?? { field: '' }), rules } };
}

export function withReplaced(rules: Rule[], index: number, rule: Rule): Rule[] {
  return rules.map((old, at) => (at === index ? rule : old));
}

/** Moves a rule, or a row of a value map, before the one now at `to`; `to` = length moves it to the end. */
export function withMoved<One>(list: One[], from: number, to: number): One[] {
  const one = list[from];
  if (one === undefined) return list;
  const rest = list.filter((_, at) => at !== from);
  const place = to > from ? to - 1 : to;
  return [...rest.slice(0, place), one, ...rest.slice(place)];
}

export function withInserted(rules: Rule[], at: number, more: Rule[]): Rule[] {
  return [...rules.slice(0, at), ...more, ...rules.slice(at)];
}

/** The rule for two joined fields: what is known about them sets direction, type, length and, for equal names, values. */
export function joinedRule(
  partner: CatalogField | undefined,
  generic: CatalogField | undefined,
  paths: { field: string; generic: string },
): Rule {
  const direction = generic?.readOnly ? 'out' : partner?.readOnly ? 'in' : undefined;
  const time = [partner, generic].some((one) => one?.type === 'time');
  const number = generic?.type === 'number' && partner?.type !== 'number';
  const values = partner?.values && generic?.values ? sameNames(partner.values, generic.values) : [];
  return changedRule(
    { ...paths },
    {
      direction,
      values: values.length ? values : undefined,
      type: time ? 'time' : number ? 'number' : undefined,
      maxLength: direction === 'in' || values.length ? undefined : partner?.maxLength,
    },
  );
}

type Value = NonNullable<CatalogField['values']>[number];

function sameNames(partner: Value[], generic: Value[]): ValueRow[] {
  const plain = (text: string) => text.toLowerCase().replace(/[^a-z0-9]/g, '');
  return partner.flatMap(({ value, label }) => {
    const same = generic.find((one) => [value, label ?? ''].some((name) => plain(name) === plain(one.value)));
    return same ? [{ partner: value, generic: same.value }] : [];
  });
}

/** A rule and its place. */
export interface RulePlace {
  table: Table;
  index: number;
  rule: Rule;
}

function places(mapping: Mapping): RulePlace[] {
  return (['order', 'items'] as const).flatMap((table) => rulesOf(mapping, table).map((rule, index) => ({ table, index, rule })));
}

/** Rules that lose something that was typed when they are saved. */
export function unfinished(mapping: Mapping): RulePlace[] {
  return places(mapping).filter(({ rule }) => {
    const saved = finishedRules([rule])[0];
    return typedIn(rule) > (saved ? typedIn(saved) : 0);
  });
}

function typedIn({ field, generic, values = [] }: Rule): number {
  const texts = [field, generic, ...values.flatMap((row) => [row.partner, row.generic])].flat();
  return texts.filter((text) => text !== '' && text !== ANY).length;
}

/** The mapping as it is saved: without unfinished rules and rows. Returns the same object where there are none. */
export function finished(mapping: Mapping): Mapping {
  const rules = finishedRules(mapping.rules);
  const items = mapping.items && { ...mapping.items, rules: finishedRules(mapping.items.rules) };
  const same = rules === mapping.rules && items?.rules === mapping.items?.rules;
  return same ? mapping : { ...mapping, rules, ...(items && { items }) };
}

function finishedRules(rules: Rule[]): Rule[] {
  const whole = rules.filter(({ field, generic }) => generic !== '' && [field].flat().some((path) => path !== ''));
  const done = whole.map(finishedRule);
  return done.length === rules.length && done.every((rule, at) => rule === rules[at]) ? rules : done;
}

function finishedRule(rule: Rule): Rule {
  const empty = fieldsOf(rule).lastIndexOf('');
  if (empty >= 0) return finishedRule(withoutField(rule, empty));
  const isWhole = ({ partner, generic }: ValueRow) => generic !== '' && [partner].flat().some((value) => value !== '');
  return rule.values?.every(isWhole) === false ? withRows(rule, (rows) => rows.filter(isWhole)) : rule;
}

/** Rules in a copied text: a list of rules, a single rule, or a whole mapping. Undefined for any other text. */
export function rulesIn(text: string): Rule[] | undefined {
  const given = parsed(text);
  const list = Array.isArray(given) ? given : isTree(given) && Array.isArray(given.rules) ? given.rules : [given];
  return list.length > 0 && list.every(isRule) ? list : undefined;
}

/** The first rule without a field or a generic field in the text of a mapping. */
export function firstInvalidRule(text: string): RulePlace | undefined {
  const given = parsed(text) as Partial<Mapping> | undefined;
  const { rules, items } = given ?? {};
  if (!Array.isArray(rules) || !(items === undefined || Array.isArray(items?.rules))) return undefined;
  return places(given as Mapping).find(({ rule }) => !isRule(rule));
}

/** An exported mapping; undefined for any other text. */
export function mappingIn(text: string): Mapping | undefined {
  const given = parsed(text);
  if (!isTree(given) || !Array.isArray(given.rules) || !given.rules.every(isRule)) return undefined;
  const items = given.items;
  if (items !== undefined && !(isTree(items) && Array.isArray(items.rules) && items.rules.every(isRule))) return undefined;
  return typeof given.system === 'string' && typeof given.entityType === 'string' ? (given as unknown as Mapping) : undefined;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isRule(value: unknown): value is Rule {
  if (!isTree(value) || typeof value.generic !== 'string') return false;
  const { field } = value;
  return typeof field === 'string' || (Array.isArray(field) && field.every((path) => typeof path === 'string'));
}

function isTree(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
