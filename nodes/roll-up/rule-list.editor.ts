import type { RollUpRule } from '../../src/conversation/roll-up.js';
import { STATES, type State } from '../../src/model/message.js';

export interface RollUpList {
  show(rules: readonly RollUpRule[]): void;
  read(): RollUpRule[];
}

const LIST = '#switchboard-roll-rules';

/** One line per rule: "when all | any of the items are" states, "the order is" a state. The first matching rule applies. */
export function rollUpList(translate: Translate, changed: (rules: RollUpRule[]) => void): RollUpList {
  const read = () =>
    $(LIST)
      .editableList('items')
      .toArray()
      .map((row) => $(row).data('data') as RollUpRule)
      .map(({ when, of, gives }) => ({ when, of, gives }));
  const notify = () => changed(read());
  $(LIST).editableList<RollUpRule>({
    addButton: translate('rule.add'),
    height: 'auto',
    sortable: true,
    removable: true,
    sortItems: notify,
    removeItem: () => setTimeout(notify, 0),
    addItem(row, _index, item) {
      const rule = Object.assign(item, { when: item.when ?? 'all', of: item.of ?? [], gives: item.gives ?? 'inProgress' });
      row.append(line(rule, translate, notify));
    },
  });
  return {
    show(rules) {
      $(LIST).editableList('empty');
      $(LIST).editableList('addItems', structuredClone([...rules]));
      notify();
    },
    read,
  };
}

function line(rule: RollUpRule, translate: Translate, changed: () => void): JQuery {
  const when = $('<select>', { 'aria-label': translate('rule.when') });
  for (const word of ['all', 'any'] as const)
    when.append(
      $('<option>')
        .val(word)
        .text(translate(`rule.${word}`)),
    );
  when.val(rule.when).on('change', () => {
    rule.when = String(when.val()) as RollUpRule['when'];
    changed();
  });
  const chips = $('<div>', { class: 'switchboard-roll-chips' });
  const draw = () => {
    chips.empty();
    for (const state of rule.of) {
      const chip = $('<button>', { type: 'button', class: 'switchboard-roll-chip', title: translate('rule.remove') });
      chip.append($('<span>').text(translate(`orderState.${state}`)), $('<i>', { class: 'fa fa-times', 'aria-hidden': 'true' }));
      chip.on('click', () => {
        rule.of = rule.of.filter((s) => s !== state);
        draw();
        changed();
      });
      chips.append(chip);
    }
    const rest = STATES.filter((s) => !rule.of.includes(s));
    const more = $('<select>', { class: 'switchboard-roll-chip-add', 'aria-label': translate('rule.addState') });
    more.append($('<option>').val('').text(translate('rule.addState')));
    for (const state of rest)
      more.append(
        $('<option>')
          .val(state)
          .text(translate(`orderState.${state}`)),
      );
    more.on('change', () => {
      rule.of = [...rule.of, String(more.val()) as State];
      draw();
      chips.find('select').trigger('focus');
      changed();
    });
    chips.append(more);
  };
  draw();
  const gives = $('<select>', { 'aria-label': translate('rule.gives') });
  for (const state of STATES)
    gives.append(
      $('<option>')
        .val(state)
        .text(translate(`orderState.${state}`)),
    );
  gives.val(rule.gives).on('change', () => {
    rule.gives = String(gives.val()) as State;
    changed();
  });
  return $('<div>', { class: 'switchboard-roll-line' }).append(when, chips, $('<i>', { class: 'fa fa-long-arrow-right' }), gives);
}
