import type { CatalogField } from '../../../src/mapping/catalog/field.js';
import type { Mapping, Rule, ValueRow } from '../../../src/mapping/mapping.js';
import type { Table } from '../../../src/mapping/preview-result.js';

/** The order in which the properties of an edited rule are written, so that two people's edits differ only in what they say. */
const KEYS: (keyof Rule)[] = [
  'field',
  'generic',
  'direction',
  'values',
  'onlyIf',
  'default',
  'constant',
  'expression',
  'when',
  'required',
  'type',
  'maxLength',
];

export function rulesOf(mapping: Mapping, table: Table): Rule[] {
  return (table === 'items' ? mapping.items?.rules : mapping.rules) ?? [];
}

export function withRules(mapping: Mapping, table: Table, rules: Rule[]): Mapping {
  if (table === 'order') return { ...mapping, rules };
  return { ...mapping, items: { ...(mapping.items ?? { field: '' }), rules } };
}

/** A rule with other properties; those that are undefined are taken out. */
export function changedRule(rule: Rule, change: Partial<Record<keyof Rule, unknown>>): Rule {
  const merged: Partial<Record<keyof Rule, unknown>> = { ...rule, ...change };
  const known = KEYS.filter((key) => merged[key] !== undefined);
  return Object.fromEntries(known.map((key) => [key, merged[key]])) as unknown as Rule;
}

export function replaced(rules: Rule[], index: number, rule: Rule): Rule[] {
  return rules.map((old, at) => (at === index ? rule : old));
}

/** Moves one rule before the one that stands at `to` now; `to` = length moves it to the end. */
export function moved(rules: Rule[], from: number, to: number): Rule[] {
  const rule = rules[from];
  if (!rule) return rules;
  const rest = rules.filter((_, at) => at !== from);
  const place = to > from ? to - 1 : to;
  return [...rest.slice(0, place), rule, ...rest.slice(place)];
}

export function inserted(rules: Rule[], at: number, more: Rule[]): Rule[] {
  return [...rules.slice(0, at), ...more, ...rules.slice(at)];
}

/** The rule that joining two fields means: what is known of them says direction, type, length and, where names are the same, values. */
export function joining(
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

/** As it is saved: without rules and rows that were begun and not finished. The same object where there are none. */
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
  const fields = [rule.field].flat().filter((path) => path !== '');
  const values = rule.values?.filter((row) => row.generic !== '' && [row.partner].flat().some((value) => value !== ''));
  const full = fields.length === [rule.field].flat().length && values?.length === rule.values?.length;
  if (full) return rule;
  return changedRule(rule, { field: fields.length > 1 ? fields : fields[0], values: values?.length ? values : undefined });
}

/** Rules that were copied: a list of them, one alone, or a whole mapping. Undefined where the text is none of these. */
export function rulesIn(text: string): Rule[] | undefined {
  const given = parsed(text);
  const list = Array.isArray(given) ? given : isTree(given) && Array.isArray(given.rules) ? given.rules : [given];
  return list.length > 0 && list.every(isRule) ? list : undefined;
}

/** A mapping that was exported; undefined where the text is none. */
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
