import { ROUTE_FIELDS, ROUTE_SIDES, type RouteCondition, type RouteRule } from '../../src/conversation/route-rules.js';
import { conditionLine } from './condition.editor.js';
import { allEndpoints, fillParties, partySelect } from './party-select.editor.js';

export interface RuleList {
  show(rules: readonly RouteRule[]): void;
  read(): RouteRule[];
}

const LIST = '#switchboard-route-rules';
const FIELDS = 'switchboard-route-fields';

/** One block per rule: where the message comes from, the conditions, and the parties that get it. The order matters. */
export function ruleList(translate: Translate, parties: () => string[], changed: () => void): RuleList {
  $(LIST).after($('<datalist>', { id: FIELDS }).append(ROUTE_FIELDS.map((name) => $('<option>').val(name))));
  $(LIST).editableList<RouteRule>({
    addButton: translate('rule.add'),
    height: 'auto',
    sortable: true,
    removable: true,
    sortItems: changed,
    removeItem: () => setTimeout(changed, 0),
    addItem(row, _index, item) {
      const isNew = item.to === undefined;
      const rule = Object.assign(item, {
        from: item.from ?? '',
        when: item.when ?? [emptyCondition()],
        to: item.to ?? [''],
      });
      row.append(ruleBlock(rule, translate, parties, changed));
      if (isNew) row.find('input').first().trigger('focus');
      setTimeout(changed, 0);
    },
  });
  return {
    show(rules) {
      $(LIST).editableList('empty');
      $(LIST).editableList('addItems', structuredClone([...rules]));
    },
    read: () =>
      $(LIST)
        .editableList('items')
        .toArray()
        .map((row) => $(row).data('data') as RouteRule)
        .map(({ from, when, to }) => ({ from, when: when.map((one) => ({ ...one })), to: to.filter(Boolean) })),
  };
}

function emptyCondition(): RouteCondition {
  return { field: '', operator: 'is', value: '' };
}

function ruleBlock(rule: RouteRule, translate: Translate, parties: () => string[], changed: () => void): JQuery {
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
  const draw = () => {
    conditions.empty();
    targets.empty();
    rule.when.forEach((condition, index) => {
      const drop = () => void rule.when.splice(index, 1);
      const content = conditionLine(condition, FIELDS, translate, changed, drawAgain);
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
  return box.append(line(translate('rule.from'), from), conditions, targets);
}

function line(label: string, content: JQuery): JQuery {
  return $('<div>', { class: 'switchboard-route-line' }).append($('<span>').text(label), content);
}

function addButton(label: string, act: () => void, draw: () => void): JQuery {
  const button = $('<button>', { type: 'button', class: 'red-ui-button red-ui-button-small' });
  button.append($('<i>', { class: 'fa fa-plus' }), ' ', $('<span>').text(label));
  return button.on('click', () => {
    act();
    draw();
  });
}

function removeButton(label: string, act: () => void, draw: () => void): JQuery {
  const button = $('<button>', { type: 'button', class: 'red-ui-button red-ui-button-small', 'aria-label': label });
  return button.append($('<i>', { class: 'fa fa-times' })).on('click', () => {
    act();
    draw();
  });
}
