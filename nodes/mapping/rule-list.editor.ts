import type { Rule } from '../../src/mapping/mapping.js';
import { GENERIC_PATHS } from './generic-paths.editor.js';
import { ruleDetails } from './rule-details.editor.js';
import { choice, labelled, line, textField } from './rule-fields.editor.js';

export interface RuleList {
  show(rules: Rule[]): void;
  read(): Rule[];
}

const LIST = '#switchboard-mapping-list';
const PATHS = 'switchboard-generic-paths';

/** One line per rule: partner's field, direction, generic field; what else a rule says is folded below it. */
export function ruleList(translate: Translate): RuleList {
  const head = $('<div>', { class: 'switchboard-rule-line switchboard-rule-head' });
  head.append(...['rule.field', 'rule.direction', 'rule.generic', 'rule.more'].map((key) => $('<span>').text(translate(key))));
  const paths = $('<datalist>', { id: PATHS }).append(...GENERIC_PATHS.map((path) => $('<option>').val(path)));
  $(LIST).after(paths);
  $(LIST).editableList<Rule>({
    header: head,
    height: 'auto',
    sortable: true,
    removable: true,
    addItem(row, _index, item) {
      // The add button gives an empty object.
      const rule = Object.assign(item, { field: item.field ?? '', generic: item.generic ?? '' });
      row.append(ruleRow(rule, translate));
    },
  });
  return {
    show(rules) {
      $(LIST).editableList('empty');
      $(LIST).editableList('addItems', structuredClone(rules));
    },
    read() {
      const rows = $(LIST).editableList('items').toArray();
      return rows.map((row) => $(row).data('data') as Rule).filter((rule) => rule.generic !== '' && String(rule.field) !== '');
    },
  };
}

function ruleRow(rule: Rule, translate: Translate): JQuery {
  const box = $('<div>', { class: 'switchboard-rule' });
  const details = $('<div>', { class: 'switchboard-rule-details' }).hide();
  const more = $('<button>', { type: 'button', class: 'red-ui-button red-ui-button-small', 'aria-expanded': 'false' });
  const caption = $('<span>').text(summary(rule, translate));
  more.append($('<i>', { class: 'fa fa-angle-right' }), ' ', caption);
  more.on('click', () => {
    const opens = details.is(':hidden');
    // Built when first asked for: a mapping has dozens of rules, and few are opened.
    if (opens && details.children().length === 0) details.append(ruleDetails(rule, translate, changed));
    details.toggle(opens);
    more.attr('aria-expanded', String(opens)).find('i').toggleClass('fa-angle-right', !opens).toggleClass('fa-angle-down', opens);
  });
  const changed = () => caption.text(summary(rule, translate));

  const field = textField([rule.field].flat().join(', '), (value) => {
    const names = value
      .split(',')
      .map((name) => name.trim())
      .filter(Boolean);
    rule.field = names.length > 1 ? names : (names[0] ?? '');
  });
  const direction = choice(
    rule.direction ?? '',
    ['', 'in', 'out'],
    (value) => translate(`direction.${value || 'both'}`),
    (value) => {
      if (value) rule.direction = value as 'in' | 'out';
      else delete rule.direction;
    },
  );
  const generic = textField(rule.generic, (value) => {
    rule.generic = value;
  }).attr('list', PATHS);
  labelled(field, translate('rule.field'));
  labelled(direction, translate('rule.direction'));
  labelled(generic, translate('rule.generic'));
  return box.append(line('switchboard-rule-line', field, direction, generic, more), details);
}

/** What is folded away, in a few words. */
function summary(rule: Rule, translate: Translate): string {
  const parts = [
    rule.values?.length ? translate('summary.values', { count: rule.values.length }) : '',
    rule.required ? translate('summary.required') : '',
    rule.constant !== undefined ? translate('summary.constant') : '',
    rule.expression ? translate('summary.expression') : '',
    rule.when ? translate('summary.when') : '',
    rule.default ? translate('summary.default') : '',
  ];
  return parts.filter(Boolean).join(', ') || translate('summary.plain');
}
