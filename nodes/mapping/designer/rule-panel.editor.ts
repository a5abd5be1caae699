import type { CatalogField } from '../../../src/mapping/catalog/field.js';
import type { Rule } from '../../../src/mapping/mapping.js';
import { element } from '../../kit/editor/element.js';
import { iconButton, jsonataInput, jsonInput, linkButton, row, segments, select, textInput } from './inputs.editor.js';
import { pickField } from './picker.editor.js';
import { belong } from './rule-color.editor.js';
import type { Session } from './session.editor.js';
import { valueTable } from './value-table.editor.js';

export interface RulePanel {
  element: HTMLElement;
  focus(): void;
}

type Way = 'in' | 'out' | 'both';
const TYPES: NonNullable<Rule['type']>[] = ['text', 'number', 'time', 'characteristics', 'itemRelations', 'prices'];

/** Everything the selected rule says: first what most rules say, the rest folded. */
export function rulePanel(session: Session): RulePanel {
  const { t } = session;
  const box = element('section', { class: 'switchboard-panel', 'aria-label': t('rule.title') });
  let shown = '';
  let unfolded = false;
  let valuesAsked = '';

  session.on((_, from) => {
    if (from !== box) draw();
  });
  draw();

  function draw(): void {
    const { current, state } = session;
    const key = `${state.table} ${current?.index}`;
    if (key !== shown) valuesAsked = '';
    shown = key;
    if (state.selected.length > 1) box.replaceChildren(several(state.selected));
    else if (!current)
      box.replaceChildren(
        element('p', { class: 'switchboard-panel-empty' }, t(session.rules.length ? 'rule.none' : 'rule.first')),
      );
    else box.replaceChildren(...parts(current.rule, current.index));
  }

  function several(selected: number[]): HTMLElement {
    return element(
      'div',
      { class: 'switchboard-panel-head' },
      element('b', {}, t('rule.several', { count: selected.length })),
      iconButton('fa-trash', t('rule.remove'), () => session.remove(selected)),
    );
  }

  function parts(rule: Rule, index: number): HTMLElement[] {
    return [
      heading(index),
      fieldsPart(rule, index),
      valuesPart(rule, index),
      ...commonPart(rule, index),
      foldedPart(rule, index),
    ];
  }

  function heading(index: number): HTMLElement {
    const number = element('span', { class: 'switchboard-rule-number' }, String(index + 1));
    belong(number, [{ table: session.state.table, rule: index }]);
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

  function set(index: number, change: Partial<Record<keyof Rule, unknown>>): void {
    session.editRule(index, change, box);
  }

  function fieldsPart(rule: Rule, index: number): HTMLElement {
    const paths = [rule.field].flat();
    const setPaths = (next: string[]) => ({ field: next.length > 1 ? next : (next[0] ?? '') });
    const partner = paths.map((path, at) =>
      pathInput(
        path,
        t('rule.field'),
        session.partner,
        (text) => set(index, setPaths(paths.map((old, i) => (i === at ? text : old)))),
        paths.length > 1
          ? () => session.editRule(index, { ...setPaths(paths.filter((_, i) => i !== at)), values: withoutColumn(rule, at) })
          : undefined,
      ),
    );
    const more = linkButton('fa-plus', t('rule.anotherField'), () =>
      session.editRule(index, { ...setPaths([...paths, '']), values: withColumn(rule) }),
    );
    const ways = segments<Way>(
      [
        { value: 'in', text: '→', title: t('direction.in') },
        { value: 'both', text: '↔', title: t('direction.both') },
        { value: 'out', text: '←', title: t('direction.out') },
      ],
      t('rule.direction'),
      (way) => session.editRule(index, { direction: way === 'both' ? undefined : way }),
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
      element(
        'div',
        {},
        pathInput(rule.generic, t('rule.generic'), session.generic, (text) => set(index, { generic: text })),
      ),
    );
  }

  /** A path, what is known of its field, and a list to choose another one from. */
  function pathInput(
    path: string,
    label: string,
    fields: CatalogField[],
    change: (path: string) => void,
    remove?: () => void,
  ): HTMLElement {
    const input = textInput(path, label, (text) => {
      change(text);
      show(text);
    });
    const note = element('small', { class: 'switchboard-panel-note' });
    const show = (text: string) => {
      note.textContent = aboutField(text, fields);
      note.title = `${text}\n${note.textContent}`;
    };
    show(path);
    const pick = iconButton('fa-search', t('picker.open'), () =>
      pickField(
        pick,
        {
          title: label,
          fields,
          used: new Set([path]),
          choose: (chosen) => {
            change(chosen);
            draw();
            session.tell('rules', box);
          },
        },
        t,
      ),
    );
    return element(
      'div',
      { class: 'switchboard-path' },
      element('div', {}, input, pick, remove && iconButton('fa-times', t('rule.removeField'), remove)),
      note,
    );
  }

  function aboutField(path: string, fields: CatalogField[]): string {
    const field = fields.find((one) => one.path === path);
    if (!field) return path ? t('field.unknown') : '';
    const facts = [t(`field.type.${field.type}`), field.required && t('field.required'), field.readOnly && t('field.readOnly')];
    return [field.description || (field.seen ? t('field.seen') : ''), facts.filter(Boolean).join(', ')]
      .filter(Boolean)
      .join(' · ');
  }

  function valuesPart(rule: Rule, index: number): HTMLElement {
    if (rule.values || valuesAsked === shown) {
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
        draw();
        box.querySelector<HTMLElement>('.switchboard-value-table .switchboard-link-button')?.click();
      }),
    );
  }

  function commonPart(rule: Rule, index: number): HTMLElement[] {
    const required = select(
      rule.required ?? '',
      ['', 'in', 'out', 'both'].map((value) => ({ value, text: t(`required.${value || 'no'}`) })),
      t('rule.required'),
      (value) => set(index, { required: value || undefined }),
    );
    const fallback = ways(rule, index, 'default', (way, value) =>
      jsonInput(value as never, `${t('rule.default')} ${t(`way.${way}`)}`, (next) => setWay(index, 'default', way, next)),
    );
    return [row(t('rule.required'), required), ...fallback];
  }

  function foldedPart(rule: Rule, index: number): HTMLElement {
    const says = ['type', 'maxLength', 'constant', 'onlyIf', 'when', 'expression'].filter(
      (key) => rule[key as keyof Rule] !== undefined,
    );
    const fold = element(
      'details',
      { class: 'switchboard-fold', open: unfolded || says.length > 0 },
      element('summary', {}, t('rule.more')),
    );
    fold.addEventListener('toggle', () => {
      unfolded = fold.open;
      // A typed input measures itself, and has no size while it is folded away.
      if (fold.open && fold.childElementCount === 1) fold.append(...folded(session.rules[index] ?? rule, index));
    });
    if (fold.open) queueMicrotask(() => fold.childElementCount === 1 && fold.append(...folded(rule, index)));
    return fold;
  }

  function folded(rule: Rule, index: number): HTMLElement[] {
    const type = select(
      rule.type ?? '',
      ['', ...TYPES].map((value) => ({ value, text: t(`type.${value || 'asIs'}`) })),
      t('rule.type'),
      (value) => set(index, { type: value || undefined }),
    );
    const length = textInput(rule.maxLength === undefined ? '' : String(rule.maxLength), t('rule.maxLength'), (text) =>
      set(index, { maxLength: Number(text) > 0 ? Math.round(Number(text)) : undefined }),
    );
    length.inputMode = 'numeric';
    return [
      row(t('rule.type'), type),
      row(t('rule.maxLength'), length, element('small', {}, t('rule.maxLengthUnit'))),
      row(
        t('rule.constant'),
        jsonInput(rule.constant, t('rule.constant'), (value) => set(index, { constant: value })),
      ),
      onlyIf(rule, index),
      ...expressions(rule, index, 'when'),
      ...expressions(rule, index, 'expression'),
    ];
  }

  function expressions(rule: Rule, index: number, name: 'when' | 'expression'): HTMLElement[] {
    return ways(rule, index, name, (way, value) =>
      jsonataInput(value as string | undefined, `${t(`rule.${name}`)} ${t(`way.${way}`)}`, (next) =>
        setWay(index, name, way, next),
      ),
    );
  }

  /** One input for each way the rule is used. */
  function ways(
    rule: Rule,
    _index: number,
    name: 'default' | 'when' | 'expression',
    input: (way: 'in' | 'out', value: unknown) => HTMLElement,
  ): HTMLElement[] {
    const used = (['in', 'out'] as const).filter(
      (way) => rule.direction === undefined || rule.direction === way || rule[name]?.[way] !== undefined,
    );
    return used.map((way) => row(`${t(`rule.${name}`)} ${t(`way.${way}`)}`, input(way, rule[name]?.[way])));
  }

  function setWay(index: number, name: 'default' | 'when' | 'expression', way: 'in' | 'out', value: unknown): void {
    const { in: incoming, out } = { ...session.rules[index]?.[name], [way]: value } as { in?: unknown; out?: unknown };
    const both = { ...(incoming !== undefined && { in: incoming }), ...(out !== undefined && { out }) };
    set(index, { [name]: Object.keys(both).length ? both : undefined });
  }

  function onlyIf(rule: Rule, index: number): HTMLElement {
    const now = () => session.rules[index]?.onlyIf ?? { generic: '', is: [] };
    const change = (next: { generic: string; is: string[] }) =>
      set(index, { onlyIf: next.generic || next.is.length ? next : undefined });
    const generic = textInput(rule.onlyIf?.generic ?? '', t('rule.onlyIfField'), (text) => change({ ...now(), generic: text }));
    const is = textInput((rule.onlyIf?.is ?? []).join(', '), t('rule.onlyIfValues'), (text) =>
      change({
        ...now(),
        is: text
          .split(',')
          .map((value) => value.trim())
          .filter(Boolean),
      }),
    );
    generic.placeholder = t('rule.onlyIfField');
    is.placeholder = t('rule.onlyIfValues');
    return row(t('rule.onlyIf'), generic, element('span', {}, t('rule.is')), is);
  }

  return {
    element: box,
    focus: () => box.querySelector<HTMLElement>('input')?.focus(),
  };
}

/** A value map of several fields has one value for each. */
function withColumn(rule: Rule): Rule['values'] {
  return rule.values?.map((row) => ({ ...row, partner: [...[row.partner].flat(), '*'] }));
}

function withoutColumn(rule: Rule, column: number): Rule['values'] {
  return rule.values?.map((row) => {
    const rest = [row.partner].flat().filter((_, at) => at !== column);
    return { ...row, partner: rest.length > 1 ? rest : (rest[0] ?? '') };
  });
}
