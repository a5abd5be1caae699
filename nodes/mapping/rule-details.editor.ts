import type { Rule } from '../../src/mapping/mapping.js';
import { fromText, toText } from './json-text.editor.js';
import { choice, labelled, row, textField } from './rule-fields.editor.js';
import { valueList } from './value-list.editor.js';

/** Everything a rule can say beside its two fields. An empty input takes its property out of the rule. */
export function ruleDetails(rule: Rule, translate: Translate, changed: () => void): JQuery[] {
  const required = choice(
    rule.required ?? '',
    ['', 'in', 'out', 'both'],
    (value) => translate(`required.${value || 'no'}`),
    (value) => set('required', value || undefined),
  );
  const type = choice(
    rule.type ?? '',
    ['', 'text', 'number', 'time'],
    (value) => translate(`type.${value || 'asIs'}`),
    (value) => set('type', value || undefined),
  );
  const constant = textField(toText(rule.constant), (value) => set('constant', fromText(value)));
  const maxLength = textField(rule.maxLength === undefined ? '' : String(rule.maxLength), (value) =>
    set('maxLength', Number(value) > 0 ? Number(value) : undefined),
  );
  return [
    valueList(rule, translate, changed),
    row(translate('rule.required'), required),
    row(translate('rule.type'), type),
    row(translate('rule.maxLength'), maxLength),
    row(translate('rule.constant'), constant),
    row(translate('rule.default'), ...pair('default', translate('rule.default'), fromText, toText)),
    row(translate('rule.expression'), ...pair('expression', translate('rule.expression'), (text) => text || undefined, String)),
    row(translate('rule.when'), ...pair('when', translate('rule.when'), (text) => text || undefined, String)),
  ];

  function set(name: keyof Rule, value: unknown): void {
    if (value === undefined) delete rule[name];
    else Object.assign(rule, { [name]: value });
    changed();
  }

  /** Two inputs, one for each direction. */
  function pair(
    name: 'default' | 'expression' | 'when',
    label: string,
    parse: (text: string) => unknown,
    print: (value: never) => string,
  ): JQuery[] {
    return (['in', 'out'] as const).map((direction) => {
      const value = rule[name]?.[direction];
      const input = textField(value === undefined ? '' : print(value as never), (text) => {
        const both: Record<string, unknown> = { ...rule[name], [direction]: parse(text) };
        if (both[direction] === undefined) delete both[direction];
        set(name, Object.keys(both).length ? both : undefined);
      });
      const title = `${label}, ${translate(`direction.${direction}`)}`;
      return labelled(input, title).attr('placeholder', translate(`direction.${direction}`));
    });
  }
}
