import type { RouteHint } from '../../src/conversation/route-hints.js';
import { ROUTE_SIDES, type RouteCondition, type RouteProblem, type RouteRule } from '../../src/conversation/route-rules.js';
import { addButton, removeButton } from '../kit/editor/list-buttons.js';
import { type ConditionLine, conditionLine } from './condition.editor.js';
import { allEndpoints, fillParties, partySelect } from './party-select.editor.js';
import { problemText } from './problem-text.editor.js';

export interface RuleBlock {
  element: JQuery;
  /** Shows the number of the rule, what is wrong with it, and why it has no effect. */
  show(number: number, count: number, problems: readonly RouteProblem[], hints: readonly RouteHint[]): void;
  /** Focuses the button that moves the rule on in a direction, where that is possible. */
  focus(by: -1 | 1): void;
}

export function emptyCondition(): RouteCondition {
  return { field: '', operator: 'is', value: '' };
}

/**
 * One rule: where the message comes from, the conditions, and the parties that get it.
 * @param fields id of the list of suggested fields
 * @param move moves the rule up (-1) or down (1)
 */
export function ruleBlock(
  rule: RouteRule,
  fields: string,
  translate: Translate,
  parties: () => string[],
  changed: () => void,
  move: (by: -1 | 1) => void,
): RuleBlock {
  const box = $('<div>', { class: 'switchboard-route-rule' });
  const from = partySelect(rule.from, translate('rule.any'), allEndpoints()).attr('aria-label', translate('rule.from'));
  for (const side of Object.keys(ROUTE_SIDES).reverse()) {
    from.find(`option[value="${side}"]`).remove();
    from
      .find('option')
      .first()
      .after(
        $('<option>')
          .val(side)
          .text(translate(`rule.${side.replace(':', '.')}`)),
      );
  }
  from.val(rule.from);
  from.on('change', () => {
    rule.from = String(from.val() ?? '');
    changed();
  });
  const conditions = $('<div>');
  const targets = $('<div>');
  const problems = $('<div>', { class: 'switchboard-route-problems' });
  const notes = $('<div>', { class: 'switchboard-route-notes', role: 'status' });
  const title = $('<b>');
  const up = moveButton('up', translate('rule.moveUp'), () => move(-1));
  const down = moveButton('down', translate('rule.moveDown'), () => move(1));
  const head = $('<div>', { class: 'switchboard-route-head' }).append(title, up, down);
  let lines: ConditionLine[] = [];
  const draw = () => {
    conditions.empty();
    targets.empty();
    lines = rule.when.map((condition) => conditionLine(condition, fields, translate, changed, drawAgain));
    lines.forEach(({ element: content }, index) => {
      const drop = () => void rule.when.splice(index, 1);
      content.append(removeButton(translate('rule.removeCondition'), drop, drawAgain));
      conditions.append(line(translate(index === 0 ? 'rule.when' : 'rule.and'), content));
    });
    const more = translate(rule.when.length ? 'rule.addCondition' : 'rule.firstCondition');
    conditions.append(
      line(
        rule.when.length ? '' : translate('rule.when'),
        addButton(more, () => void rule.when.push(emptyCondition()), drawAgain),
      ),
    );
    rule.to.forEach((endpoint, index) => {
      const select = partySelect(endpoint, translate('party.choose'), parties()).attr('aria-label', translate('rule.to'));
      // Parties may be added after this select was drawn.
      select.on('focus', () => fillParties(select, rule.to[index] ?? '', translate('party.choose'), parties()));
      select.on('change', () => {
        rule.to[index] = String(select.val() ?? '');
        changed();
      });
      const content = $('<div>', { class: 'switchboard-route-to' }).append(select);
      if (rule.to.length > 1)
        content.append(removeButton(translate('rule.removeParty'), () => void rule.to.splice(index, 1), drawAgain));
      targets.append(line(translate(index === 0 ? 'rule.then' : 'rule.and'), content));
    });
    targets.append(
      line(
        '',
        addButton(translate('rule.addParty'), () => void rule.to.push(''), drawAgain),
      ),
    );
  };
  const drawAgain = () => {
    draw();
    changed();
  };
  draw();
  box.append(head, line(translate('rule.from'), from), conditions, targets, problems, notes);
  return {
    element: box,
    show(number, count, found, hints) {
      title.text(translate('rule.number', { number }));
      box.attr({ role: 'group', 'aria-label': translate('rule.number', { number }) });
      up.prop('disabled', number === 1);
      down.prop('disabled', number === count);
      lines.forEach((one, index) => {
        one.hint(found.find(({ condition }) => condition === index + 1));
      });
      const others = found.filter(({ condition }) => condition === undefined);
      problems.empty().append(others.map((problem) => $('<div>').text(problemText(problem, translate))));
      const text = hints.map(({ kind, ...values }) => translate(`hint.${kind}`, values)).join('\n');
      // Screen readers announce every write.
      if (notes.text() !== text) notes.text(text);
    },
    focus: (by) => {
      const [first, second] = by < 0 ? [up, down] : [down, up];
      (first.prop('disabled') ? second : first).trigger('focus');
    },
  };
}

function moveButton(direction: 'up' | 'down', label: string, move: () => void): JQuery {
  const button = $('<button>', { type: 'button', class: 'red-ui-button red-ui-button-small', 'aria-label': label, title: label });
  return button.append($('<i>', { class: `fa fa-arrow-${direction}` })).on('click', move);
}

function line(label: string, content: JQuery): JQuery {
  return $('<div>', { class: 'switchboard-route-line' }).append($('<span>').text(label), content);
}
