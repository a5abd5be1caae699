import { type RouteHint, takesAll } from '../../src/conversation/route-hints.js';
import { ROUTE_FIELDS, type RouteProblem, type RouteRule } from '../../src/conversation/route-rules.js';
import { emptyCondition, type RuleBlock, ruleBlock } from './rule-block.editor.js';

export interface RuleList {
  show(rules: readonly RouteRule[]): void;
  read(): RouteRule[];
  /** Numbers the rules, and shows at each what is wrong with it, and why it has no effect. */
  mark(problems: readonly RouteProblem[], hints: readonly RouteHint[]): void;
}

const LIST = '#switchboard-route-rules';
const FIELDS = 'switchboard-route-fields';

/** One block per rule. The order matters; rules are moved by dragging, with their buttons, or with Alt and the arrow keys. */
export function ruleList(translate: Translate, parties: () => string[], changed: () => void): RuleList {
  const blocks = new WeakMap<RouteRule, RuleBlock>();
  const rules = () =>
    $(LIST)
      .editableList('items')
      .toArray()
      // While a rule is dragged, its place is held by a row without a rule.
      .flatMap((row) => ($(row).data('data') as RouteRule | undefined) ?? []);
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
      const move = (by: -1 | 1) => {
        const own = row.closest('li');
        const other = by < 0 ? own.prev('li') : own.next('li');
        if (other.length === 0) return false;
        if (by < 0) own.insertBefore(other);
        else own.insertAfter(other);
        changed();
        return true;
      };
      const block = ruleBlock(rule, FIELDS, translate, parties, changed, (by) => {
        if (move(by)) block.focus(by);
      });
      blocks.set(rule, block);
      row.append(block.element);
      row.on('keydown', (event) => {
        const by = event.altKey && ({ ArrowUp: -1, ArrowDown: 1 } as const)[event.key as 'ArrowUp'];
        if (!by) return;
        event.preventDefault();
        const focused = document.activeElement as HTMLElement | null;
        if (move(by)) focused?.focus();
      });
      if (isNew) {
        // Below a rule that takes everything it would have no effect.
        const own = row.closest('li');
        const rest = own.prevAll('li').toArray();
        const above = rest.findIndex(
          (one) => !takesAll($(one).find('.red-ui-editableList-item-content').data('data') as RouteRule),
        );
        own.insertBefore(rest[(above < 0 ? rest.length : above) - 1] ?? own);
        row.find('input').first().trigger('focus');
      }
      setTimeout(changed, 0);
    },
  });
  return {
    show(shown) {
      $(LIST).editableList('empty');
      $(LIST).editableList('addItems', structuredClone([...shown]));
    },
    read: () => rules().map(({ from, when, to }) => ({ from, when: when.map((one) => ({ ...one })), to: to.filter(Boolean) })),
    mark(problems, hints) {
      const all = rules();
      all.forEach((rule, index) => {
        const own = problems.filter(({ kind, number }) => number === index + 1 && kind.startsWith('rule'));
        const notes = hints.filter(({ number }) => number === index + 1);
        blocks.get(rule)?.show(index + 1, all.length, own, notes);
      });
    },
  };
}
