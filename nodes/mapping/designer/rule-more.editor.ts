import { RULE_TYPES, type Rule } from '../../../src/mapping/mapping.js';
import { element } from '../../kit/editor/element.js';
import { checkboxRow, jsonataInput, jsonInput, row, select, textInput } from './inputs.editor.js';
import { changedRule, withCondition, withDirectionValue } from './rule-edits.js';

type Edit = (change: (rule: Rule) => Rule) => void;

const FOLDED = ['type', 'maxLength', 'sendEmptied', 'constant', 'onlyIf', 'when', 'expression'] as const;

/** Rarely used properties are folded away. */
export function hasFoldedProperties(rule: Rule): boolean {
  return FOLDED.some((key) => rule[key] !== undefined);
}

/** Inputs for required and default. */
export function commonRows(rule: Rule, edit: Edit, t: Translate): HTMLElement[] {
  const required = select(
    rule.required ?? '',
    ['', 'in', 'out', 'both'].map((value) => ({ value, text: t(`required.${value || 'no'}`) })),
    t('rule.required'),
    (value) => edit((now) => changedRule(now, { required: value || undefined })),
  );
  const fallback = ways(rule, 'default', t, (way, value, label) =>
    jsonInput(value as never, label, (next) => edit((now) => withDirectionValue(now, 'default', way, next))),
  );
  return [row(t('rule.required'), required), ...fallback];
}

/** Inputs for type, length, fixed value, conditions and expressions. */
export function foldedRows(rule: Rule, edit: Edit, t: Translate): HTMLElement[] {
  const type = select(
    rule.type ?? '',
    ['', ...RULE_TYPES].map((value) => ({ value, text: t(`type.${value || 'asIs'}`) })),
    t('rule.type'),
    (value) => edit((now) => changedRule(now, { type: value || undefined })),
  );
  const length = textInput(rule.maxLength === undefined ? '' : String(rule.maxLength), t('rule.maxLength'), (text) =>
    edit((now) => changedRule(now, { maxLength: Math.round(Number(text)) > 0 ? Math.round(Number(text)) : undefined })),
  );
  length.inputMode = 'numeric';
  const constant = jsonInput(rule.constant, t('rule.constant'), (value) => edit((now) => changedRule(now, { constant: value })));
  return [
    row(t('rule.type'), type),
    row(t('rule.maxLength'), length, element('small', {}, t('rule.maxLengthUnit'))),
    checkboxRow(t('rule.sendEmptied'), t('rule.sendEmptiedHint'), rule.sendEmptied === true, (checked) =>
      edit((now) => changedRule(now, { sendEmptied: checked || undefined })),
    ),
    row(t('rule.constant'), constant),
    condition(rule, edit, t),
    ...expressions(rule, 'when', edit, t),
    ...expressions(rule, 'expression', edit, t),
  ];
}

function expressions(rule: Rule, name: 'when' | 'expression', edit: Edit, t: Translate): HTMLElement[] {
  return ways(rule, name, t, (way, value, label) =>
    jsonataInput(value as string | undefined, label, (next) => edit((now) => withDirectionValue(now, name, way, next))),
  );
}

/** One input for each direction of the rule. */
function ways(
  rule: Rule,
  name: 'default' | 'when' | 'expression',
  t: Translate,
  input: (way: 'in' | 'out', value: unknown, label: string) => HTMLElement,
): HTMLElement[] {
  const used = (['in', 'out'] as const).filter(
    (way) => rule.direction === undefined || rule.direction === way || rule[name]?.[way] !== undefined,
  );
  return used.map((way) => {
    const label = `${t(`rule.${name}`)} ${t(`way.${way}`)}`;
    return row(label, input(way, rule[name]?.[way], label));
  });
}

function condition(rule: Rule, edit: Edit, t: Translate): HTMLElement {
  const generic = textInput(rule.onlyIf?.generic ?? '', t('rule.onlyIfField'), (text) =>
    edit((now) => withCondition(now, { generic: text })),
  );
  const is = textInput((rule.onlyIf?.is ?? []).join(', '), t('rule.onlyIfValues'), (text) =>
    edit((now) =>
      withCondition(now, {
        is: text
          .split(',')
          .map((value) => value.trim())
          .filter(Boolean),
      }),
    ),
  );
  generic.placeholder = t('rule.onlyIfField');
  is.placeholder = t('rule.onlyIfValues');
  return row(t('rule.onlyIf'), generic, element('span', {}, t('rule.is')), is);
}
