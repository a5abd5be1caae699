import type { CatalogField } from '../../../src/mapping/catalog/field.js';
import type { Rule } from '../../../src/mapping/mapping.js';
import type { RuleRef } from '../../../src/mapping/preview-result.js';
import type { Side } from './drag.editor.js';
import type { Layout } from './layout.js';
import type { Line } from './lines.editor.js';

/** Which rules use the field of a row. */
export function usersOf({ rules }: Layout): Record<Side, Map<number, number[]>> {
  const partner = new Map<number, number[]>();
  const generic = new Map<number, number[]>();
  const note = (map: Map<number, number[]>, row: number, index: number) => map.set(row, [...(map.get(row) ?? []), index]);
  for (const rule of rules) {
    for (const row of new Set(rule.partner)) note(partner, row, rule.index);
    if (rule.generic >= 0) note(generic, rule.generic, rule.index);
  }
  return { partner, generic };
}

/** The lines between the partner's fields and the rules. */
export function linesLeft({ rules: placed }: Layout, rules: Rule[], ref: (index: number) => RuleRef): Line[] {
  return placed.flatMap(({ index, row, partner }) =>
    partner.map((from) => ({ ref: ref(index), from, to: row, headAtStart: rules[index]?.direction !== 'in', headAtEnd: false })),
  );
}

/** The lines between the rules and the generic fields. */
export function linesRight({ rules: placed }: Layout, rules: Rule[], ref: (index: number) => RuleRef): Line[] {
  return placed
    .filter(({ generic }) => generic >= 0)
    .map(({ index, row, generic }) => ({
      ref: ref(index),
      from: row,
      to: generic,
      headAtStart: false,
      headAtEnd: rules[index]?.direction !== 'out',
    }));
}

interface Badge {
  icon?: string;
  text?: string;
  title: string;
}

/** Icons for the other properties of a rule. */
export function badges(rule: Rule, t: Translate): Badge[] {
  const found: (Badge | false | undefined)[] = [
    rule.values && {
      icon: 'fa-table',
      text: String(rule.values.length),
      title: t('summary.values', { count: rule.values.length }),
    },
    rule.constant !== undefined && { icon: 'fa-thumb-tack', title: t('summary.constant') },
    rule.expression && { text: 'ƒ', title: t('summary.expression') },
    (rule.when || rule.onlyIf) && { icon: 'fa-filter', title: t('summary.condition') },
    rule.default && { icon: 'fa-life-ring', title: t('summary.default') },
    rule.required && { text: '*', title: t('summary.required') },
    rule.type === 'time' && { icon: 'fa-clock-o', title: t('type.time') },
    rule.maxLength !== undefined && { icon: 'fa-scissors', title: t('summary.maxLength', { count: rule.maxLength }) },
  ];
  return found.filter((badge): badge is Badge => Boolean(badge));
}

/** Tooltip of a field: all that is known about it. */
export function fieldTooltip(field: CatalogField, value: string | undefined, t: Translate): string {
  const values = (field.values ?? []).map(({ value: one, label }) => (label ? `${one} ${label}` : one)).join(', ');
  const lines = [
    field.path,
    field.description,
    [t(`field.type.${field.type}`), field.required && t('field.required'), field.readOnly && t('field.readOnly')]
      .filter(Boolean)
      .join(', '),
    field.maxLength && t('field.maxLength', { count: field.maxLength }),
    values && t('field.values', { values }),
    field.seen && t('field.seen'),
    value !== undefined && value,
  ];
  return lines.filter(Boolean).join('\n');
}
