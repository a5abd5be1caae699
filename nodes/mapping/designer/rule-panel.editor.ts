import type { Rule } from '../../../src/mapping/mapping.js';
import { element } from '../../kit/editor/element.js';
import { iconButton, linkButton, segments } from './inputs.editor.js';
import { keepingFocus } from './keep-focus.editor.js';
import { pathInput } from './path-input.editor.js';
import { markAsRule } from './rule-color.editor.js';
import { changedRule, fieldsOf, withField, withoutField, withPath } from './rule-edits.js';
import { commonRows, foldedRows, hasFoldedProperties } from './rule-more.editor.js';
import type { Session } from './session.editor.js';
import { valueTable } from './value-table.editor.js';

export interface RulePanel {
  element: HTMLElement;
  focus(): void;
}

type Way = 'in' | 'out' | 'both';

/**
 * Edits the selected rule: common properties first, the others folded. Typing does not redraw the panel, so the rule it was drawn
 * from is outdated after the first letter: edits always start from the session's current rule.
 */
export function rulePanel(session: Session): RulePanel {
  const { t } = session;
  const box = element('section', { class: 'switchboard-panel', 'aria-label': t('rule.title') });
  let shown = '';
  let unfolded = false;
  let valuesAsked = '';
  let values: HTMLElement = element('div');

  session.on((_, from) => {
    if (from !== box) draw();
  });
  // Typing in one input is one undo step.
  box.addEventListener('focusin', () => session.seal());
  draw();

  function draw(): void {
    const { current, state } = session;
    const key = `${state.table} ${current?.index}`;
    if (key !== shown) valuesAsked = '';
    shown = key;
    keepingFocus(box, () => box.replaceChildren(...parts()));
  }

  function parts(): HTMLElement[] {
    const { current, state } = session;
    if (state.selected.length > 1) return [several(state.selected)];
    if (!current)
      return [element('p', { class: 'switchboard-panel-empty' }, t(session.rules.length ? 'rule.none' : 'rule.first'))];
    const { rule, index } = current;
    values = valuesPart(index);
    return [heading(index), fieldsPart(rule, index), values, ...commonRows(rule, typing(index), t), foldedPart(rule, index)];
  }

  function several(selected: number[]): HTMLElement {
    return element(
      'div',
      { class: 'switchboard-panel-head' },
      element('b', {}, t('rule.several', { count: selected.length })),
      iconButton('fa-trash', t('rule.remove'), () => session.remove(selected)),
    );
  }

  function heading(index: number): HTMLElement {
    const number = element('span', { class: 'switchboard-rule-number' }, String(index + 1));
    markAsRule(number, [{ table: session.state.table, rule: index }]);
    return element(
      'div',
      { class: 'switchboard-panel-head' },
      number,
      element('b', {}, t('rule.title')),
      iconButton('fa-arrow-up', t('rule.up'), () => session.move(index, index - 1)),
      iconButton('fa-arrow-down', t('rule.down'), () => session.move(index, index + 2)),
      iconButton('fa-trash', t('rule.remove'), () => session.remove([index])),
    );
  }

  /** Edits that the panel already shows. */
  function typing(index: number): (change: (rule: Rule) => Rule) => void {
    return (change) => session.editRule(index, change, box);
  }

  function fieldsPart(rule: Rule, index: number): HTMLElement {
    const fields = fieldsOf(rule);
    const partner = fields.map((_, at) =>
      path(index, 'rule.field', () => session.partner, {
        of: (now) => fieldsOf(now)[at] ?? '',
        with: (now, text) => withPath(now, at, text),
        ...(fields.length > 1 && { remove: () => session.editRule(index, (now) => withoutField(now, at)) }),
      }),
    );
    const generic = path(index, 'rule.generic', () => session.generic, {
      of: (now) => now.generic,
      with: (now, text) => changedRule(now, { generic: text }),
    });
    const more = linkButton('fa-plus', t('rule.anotherField'), () => {
      session.editRule(index, (now) => withField(now));
      box.querySelectorAll<HTMLElement>('.switchboard-path input')[fields.length]?.focus();
    });
    const ways = segments<Way>(
      [
        { value: 'in', text: '→', title: t('direction.in') },
        { value: 'both', text: '↔', title: t('direction.both') },
        { value: 'out', text: '←', title: t('direction.out') },
      ],
      t('rule.direction'),
      (way) => session.editRule(index, (now) => changedRule(now, { direction: way === 'both' ? undefined : way })),
    );
    ways.choose(rule.direction ?? 'both');
    return element(
      'div',
      { class: 'switchboard-panel-fields' },
      element('div', {}, ...partner, element('div', { class: 'switchboard-panel-actions' }, more)),
      element(
        'div',
        { class: 'switchboard-panel-ways' },
        ways.element,
        element('small', {}, t(`direction.${rule.direction ?? 'both'}`)),
      ),
      element('div', {}, generic),
    );
  }

  /** An input for one path of the rule, with functions that read and change it. */
  function path(
    index: number,
    label: string,
    fields: () => Session['partner'],
    it: { of: (rule: Rule) => string; with: (rule: Rule, path: string) => Rule; remove?: () => void },
  ): HTMLElement {
    return pathInput(
      {
        label: t(label),
        fields,
        path: () => it.of(session.rules[index] as Rule),
        typed: (text) => {
          session.editRule(index, (now) => it.with(now, text), box);
          redrawValues(index);
        },
        picked: (text) => session.editRule(index, (now) => it.with(now, text)),
        remove: it.remove,
      },
      t,
    );
  }

  /** Redraws the value map, which shows the names of the fields and offers their values. */
  function redrawValues(index: number): void {
    const next = valuesPart(index);
    values.replaceWith(next);
    values = next;
  }

  function valuesPart(index: number): HTMLElement {
    if (session.rules[index]?.values || valuesAsked === shown) {
      return element(
        'div',
        { class: 'switchboard-panel-part' },
        element('h4', {}, t('values.title')),
        valueTable(session, index, box),
      );
    }
    return element(
      'div',
      { class: 'switchboard-panel-actions' },
      linkButton('fa-table', t('values.begin'), () => {
        valuesAsked = shown;
        redrawValues(index);
        box.querySelector<HTMLElement>('.switchboard-value-table .switchboard-link-button')?.click();
      }),
    );
  }

  function foldedPart(rule: Rule, index: number): HTMLElement {
    const fold = element(
      'details',
      { class: 'switchboard-fold', open: unfolded || hasFoldedProperties(rule) },
      element('summary', {}, t('rule.more')),
    );
    // A typed input measures itself, and has no size while it is folded away.
    const fill = () => {
      const now = session.rules[index];
      if (now && fold.open && fold.childElementCount === 1) fold.append(...foldedRows(now, typing(index), t));
    };
    fold.addEventListener('toggle', () => {
      unfolded = fold.open;
      fill();
    });
    queueMicrotask(fill);
    return fold;
  }

  return {
    element: box,
    focus: () => box.querySelector<HTMLElement>('input')?.focus(),
  };
}
