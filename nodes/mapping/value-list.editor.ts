import type { Rule, ValueRow } from '../../src/mapping/mapping.js';
import { choice, labelled, line, textField } from './rule-fields.editor.js';

/** The value map of a rule, one row per pair. A partner's value of several fields is written with commas. */
export function valueList(rule: Rule, translate: Translate, changed: () => void): JQuery {
  const box = $('<div>', { class: 'switchboard-values' });
  const rows = $('<div>').appendTo(box);
  const add = $('<button>', { type: 'button', class: 'red-ui-button red-ui-button-small' });
  add.append($('<i>', { class: 'fa fa-plus' }), ' ', $('<span>').text(translate('rule.addValue')));
  add.on('click', () => {
    rule.values = [...(rule.values ?? []), { partner: '', generic: '' }];
    draw();
    rows.find('input').last().closest('div').find('input').first().trigger('focus');
  });
  draw();
  return box.append(add);

  function draw(): void {
    rows.empty().append(...(rule.values ?? []).map(valueRow));
    changed();
  }

  function valueRow(value: ValueRow): JQuery {
    const several = Array.isArray(rule.field);
    const partner = textField([value.partner].flat().join(', '), (text) => {
      value.partner = several ? text.split(',').map((part) => part.trim()) : text;
    });
    const direction = choice(
      value.direction ?? '',
      ['', 'in', 'out'],
      (one) => translate(`direction.${one || 'both'}`),
      (one) => {
        if (one) value.direction = one as 'in' | 'out';
        else delete value.direction;
      },
    );
    const generic = textField(value.generic, (text) => {
      value.generic = text;
    });
    const remove = $('<button>', {
      type: 'button',
      class: 'red-ui-button red-ui-button-small',
      'aria-label': translate('rule.removeValue'),
    });
    remove.append($('<i>', { class: 'fa fa-times' })).on('click', () => {
      const rest = (rule.values ?? []).filter((other) => other !== value);
      if (rest.length) rule.values = rest;
      else delete rule.values;
      draw();
    });
    labelled(partner, translate('rule.partnerValue'));
    labelled(direction, translate('rule.direction'));
    labelled(generic, translate('rule.genericValue'));
    return line('switchboard-rule-line', partner, direction, generic, remove);
  }
}
