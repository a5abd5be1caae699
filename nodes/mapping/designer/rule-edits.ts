import type { Direction, Rule, ValueRow } from '../../../src/mapping/mapping.js';
import { ANY } from '../../../src/mapping/value-rows.js';
import type { SeenValues } from './answers.js';
import { withoutRowIn, withoutRowOut } from './coverage.js';

/**
 * The order in which the properties of an edited rule are written, so that flow files of different users differ only in content.
 */
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
  'sendEmptied',
];

/** Edits of a rule. Each takes the current rule and returns the changed one. */

/** A rule with changed properties; undefined ones are removed. */
export function changedRule(rule: Rule, change: Partial<Record<keyof Rule, unknown>>): Rule {
  const merged: Partial<Record<keyof Rule, unknown>> = { ...rule, ...change };
  const known = KEYS.filter((key) => merged[key] !== undefined);
  return Object.fromEntries(known.map((key) => [key, merged[key]])) as unknown as Rule;
}

export function fieldsOf(rule: Rule): string[] {
  return [rule.field].flat();
}

export function withPath(rule: Rule, at: number, path: string): Rule {
  return changedRule(rule, { field: oneOrSeveral(fieldsOf(rule).map((old, i) => (i === at ? path : old))) });
}

/** A rule with one more partner field. A path fills the first empty field; without a path, an empty field is added. */
export function withField(rule: Rule, path = ''): Rule {
  const fields = fieldsOf(rule);
  const free = fields.indexOf('');
  if (path !== '' && fields.includes(path)) return rule;
  if (path !== '' && free >= 0) return withPath(rule, free, path);
  return withColumns(rule, [...fields, path], (values) => [...values, ANY]);
}

export function withoutField(rule: Rule, at: number): Rule {
  const rest = <One>(list: One[]) => list.filter((_, i) => i !== at);
  return withColumns(rule, rest(fieldsOf(rule)), rest);
}

/** Changes the fields of a rule together with the columns of its value map. */
function withColumns(rule: Rule, fields: string[], change: (values: string[]) => string[]): Rule {
  const values = rule.values?.map((row) => ({ ...row, partner: oneOrSeveral(change([row.partner].flat())) }));
  return changedRule(rule, { field: oneOrSeveral(fields), values });
}

export function withDirectionValue(rule: Rule, name: 'default' | 'when' | 'expression', way: Direction, value: unknown): Rule {
  const { in: incoming, out } = { ...rule[name], [way]: value } as { in?: unknown; out?: unknown };
  const both = { ...(incoming !== undefined && { in: incoming }), ...(out !== undefined && { out }) };
  return changedRule(rule, { [name]: Object.keys(both).length ? both : undefined });
}

export function withCondition(rule: Rule, change: Partial<NonNullable<Rule['onlyIf']>>): Rule {
  const next = { ...(rule.onlyIf ?? { generic: '', is: [] }), ...change };
  return changedRule(rule, { onlyIf: next.generic || next.is.length ? next : undefined });
}

export function withRows(rule: Rule, change: (rows: ValueRow[]) => ValueRow[]): Rule {
  const rows = change(rule.values ?? []);
  return changedRule(rule, { values: rows.length ? rows : undefined });
}

export function withRow(rule: Rule, at: number, change: (row: ValueRow) => ValueRow): Rule {
  return withRows(rule, (rows) => rows.map((row, i) => (i === at ? change(row) : row)));
}

export function withPartnerValue(rule: Rule, at: number, column: number, text: string): Rule {
  const fields = fieldsOf(rule);
  return withRow(rule, at, (row) => {
    const old = [row.partner].flat();
    return { ...row, partner: oneOrSeveral(fields.map((_, i) => (i === column ? text : (old[i] ?? '')))) };
  });
}

/** Switches one direction of a row off or on; at least one stays on. */
export function withRowToggled(rule: Rule, at: number, way: Direction): Rule {
  return withRow(rule, at, ({ direction, ...row }) => {
    const other: Direction = way === 'in' ? 'out' : 'in';
    const next = direction === undefined ? other : direction === way ? way : undefined;
    return { ...row, ...(next && { direction: next }) };
  });
}

/** The partner values of a new row: the first field is to be filled in, the others match any value. */
export function blankValues(rule: Rule): string | string[] {
  return oneOrSeveral(fieldsOf(rule).map((_, at) => (at === 0 ? '' : ANY)));
}

/** Rows for the seen values without a row, in the rule's directions. The seen values have none for a field without a path. */
export function rowsForSeen(rule: Rule, seen: SeenValues): ValueRow[] {
  const { values = [], direction } = rule;
  const columns = (given: string[]) => {
    const left = [...given];
    return fieldsOf(rule).map((path) => (path === '' ? ANY : (left.shift() ?? '')));
  };
  const partner = seen.partner.map(({ value }) => columns([value].flat()));
  const generic = seen.generic.map(({ value }) => value);
  return [
    ...(direction === 'out' ? [] : withoutRowIn(values, partner)).map(
      (value): ValueRow => ({ partner: oneOrSeveral(value), generic: '', direction: 'in' }),
    ),
    ...(direction === 'in' ? [] : withoutRowOut(values, generic)).map(
      (value): ValueRow => ({ partner: blankValues(rule), generic: value, direction: 'out' }),
    ),
  ];
}

function oneOrSeveral(texts: string[]): string | string[] {
  return texts.length > 1 ? texts : (texts[0] ?? '');
}
