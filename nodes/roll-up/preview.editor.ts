import { combinations, type RollUpRule, rollUp } from '../../src/conversation/roll-up.js';
import { ORDER_STATES, type State } from '../../src/model/message.js';

/** Combinations shown: there can be four thousand, and the states picked above narrow them down. */
const MAX_ROWS = 100;

/** Shows the state of the order for the item states that are picked, and below it all combinations that contain them. */
export function preview(translate: Translate): { element: JQuery; update(rules: RollUpRule[]): void } {
  let rules: RollUpRule[] = [];
  const picked = new Set<State>(['completed', 'failed']);
  const word = (state: State) => translate(`orderState.${state}`);
  const result = $('<div>', { class: 'switchboard-roll-result', role: 'status' });
  const table = $('<div>', {
    class: 'switchboard-roll-table',
    tabindex: 0,
    role: 'region',
    'aria-label': translate('preview.list'),
  });
  const all = $('<details>', { class: 'switchboard-fold' }).append($('<summary>'), table);
  const states = ORDER_STATES.filter((s) => s !== 'draft');
  const chips = $('<div>', { class: 'switchboard-roll-chips' });
  for (const state of states) {
    const chip = $('<button>', { type: 'button', class: 'switchboard-roll-chip' }).text(word(state));
    const mark = () => chip.attr('aria-pressed', String(picked.has(state)));
    chip.on('click', () => {
      if (!picked.delete(state)) picked.add(state);
      mark();
      draw();
    });
    mark();
    chips.append(chip);
  }
  all.on('toggle', () => draw());

  const draw = () => {
    const chosen = states.filter((s) => picked.has(s));
    const { state, rule } = rollUp(chosen, rules);
    const by = rule < 0 ? translate('preview.noRule') : translate('preview.rule', { number: rule + 1 });
    result.empty();
    if (chosen.length === 0) result.text(translate('preview.pick'));
    else result.append($('<span>').text(translate('preview.gives')), ' ', $('<b>').text(word(state)), ' ', $('<small>').text(by));
    const matching = combinations(states, rules).filter((c) => chosen.every((s) => c.states.includes(s)));
    all.find('summary').text(translate('preview.all', { count: matching.length }));
    if (!all.prop('open')) return;
    table.empty();
    for (const { states: set, state: gives, rule: by } of matching.slice(0, MAX_ROWS)) {
      const items = $('<span>').text(set.map(word).join(', '));
      table.append($('<div>').append(items, $('<b>').text(word(gives)), $('<small>').text(by < 0 ? '–' : String(by + 1))));
    }
    if (matching.length > MAX_ROWS)
      table.append($('<div>').text(translate('preview.more', { count: matching.length - MAX_ROWS })));
  };
  return {
    element: $('<div>').append(
      $('<div>', { class: 'switchboard-roll-title' }).text(translate('preview.title')),
      chips,
      result,
      all,
    ),
    update(changed) {
      rules = changed;
      draw();
    },
  };
}
