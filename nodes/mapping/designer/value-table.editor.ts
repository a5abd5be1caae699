import type { CatalogField } from '../../../src/mapping/catalog/field.js';
import type { Direction, Rule, ValueRow } from '../../../src/mapping/mapping.js';
import { element } from '../../kit/editor/element.js';
import { type RowMarks, rowMarks, withoutRowIn, withoutRowOut } from './coverage.js';
import { withMoved } from './document.js';
import { iconButton, linkButton, textInput } from './inputs.editor.js';
import { blankValues, fieldsOf, rowsForSeen, withPartnerValue, withRow, withRows, withRowToggled } from './rule-edits.js';
import type { Session } from './session.editor.js';

type Values = NonNullable<CatalogField['values']>;

let tables = 0;

/**
 * The value map of a rule: partner values, an arrow for each direction, and generic values; below it, the known values without a
 * row, side by side. It is recreated when the rule's fields change; its rows are those of the session.
 */
export function valueTable(session: Session, index: number, from: unknown): HTMLElement {
  const { t } = session;
  const rule = () => session.rules[index] as Rule;
  const rowsNow = () => rule().values ?? [];
  const fields = fieldsOf(rule());
  const known = (list: CatalogField[], path: string): Values => list.find((field) => field.path === path)?.values ?? [];
  const partnerValues = fields.map((path) => known(session.partner, path));
  const genericValues = known(session.generic, rule().generic);
  const list = `switchboard-values-${tables++}`;
  const rows = element('ol', { class: 'switchboard-value-rows' });
  const rest = element('div', { class: 'switchboard-value-rest' });
  const head = element(
    'div',
    { class: 'switchboard-value-row switchboard-value-head' },
    ...fields.map((path) => element('span', { title: path }, path)),
    element('span', { class: 'switchboard-value-arrows' }, t('values.ways')),
    element('span', {}, rule().generic),
    element('span'),
  );
  const box = element(
    'div',
    { class: 'switchboard-value-table', style: `--fields: ${fields.length}` },
    head,
    rows,
    element(
      'div',
      { class: 'switchboard-panel-actions' },
      linkButton('fa-plus', t('values.add'), () => add([{ partner: blankValues(rule()), generic: '' }])),
      linkButton('fa-eye', t('values.seen'), () => addSeen()),
    ),
    rest,
    ...partnerValues.map((values, at) => options(`${list}-${at}`, values)),
    options(`${list}-generic`, genericValues),
  );
  draw();
  return box;

  function draw(): void {
    const values = rowsNow();
    const marks = rowMarks(values);
    head.hidden = values.length === 0;
    rows.replaceChildren(...values.map((row, at) => rowElement(row, at, marks[at] as RowMarks)));
    drawRest(values);
  }

  /** An edit that is a step of its own and may change the number of rows. */
  function edit(change: (rule: Rule) => Rule): void {
    session.seal();
    session.editRule(index, change, from);
    session.seal();
    draw();
  }

  /** An edit while the user types: redraws only the hints and the values below. */
  function type(change: (rule: Rule) => Rule): void {
    session.editRule(index, change, from);
    const values = rowsNow();
    const marks = rowMarks(values);
    [...rows.children].forEach((child, at) => {
      const row = values[at];
      const found = marks[at];
      if (row && found) decorate(child as HTMLElement, row, found);
    });
    drawRest(values);
  }

  function add(more: ValueRow[]): void {
    edit((now) => withRows(now, (values) => [...values, ...more]));
    const first = rows.children[rowsNow().length - more.length];
    const inputs = [...(first?.querySelectorAll('input') ?? [])];
    (inputs.find((input) => input.value === '') ?? inputs[0])?.focus();
  }

  function rowElement(row: ValueRow, at: number, marks: RowMarks): HTMLElement {
    const partner = [row.partner].flat();
    const cells = fields.map((path, i) =>
      cell(partner[i] ?? '', t('values.partnerValue', { field: path }), `${list}-${i}`, partnerValues[i] ?? [], (text) =>
        type((now) => withPartnerValue(now, at, i, text)),
      ),
    );
    const line = element(
      'li',
      { class: 'switchboard-value-row' },
      ...cells,
      element('span', { class: 'switchboard-value-arrows' }, arrow('in'), arrow('out')),
      cell(row.generic, t('values.genericValue'), `${list}-generic`, genericValues, (text) =>
        type((now) => withRow(now, at, (old) => ({ ...old, generic: text }))),
      ),
      element(
        'span',
        { class: 'switchboard-value-end' },
        element('span', { class: 'switchboard-value-mark' }),
        iconButton('fa-times', t('values.remove'), () =>
          edit((now) => withRows(now, (values) => values.filter((_, i) => i !== at))),
        ),
      ),
    );
    line.addEventListener('keydown', (event) => {
      const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
      if (!event.altKey || !step) return;
      event.preventDefault();
      event.stopPropagation();
      move(at, at + step);
    });
    decorate(line, row, marks);
    return line;

    function arrow(way: Direction): HTMLElement {
      const button = element(
        'button',
        { type: 'button', class: `switchboard-arrow switchboard-arrow-${way}` },
        way === 'in' ? '→' : '←',
      );
      button.addEventListener('click', () => {
        edit((now) => withRowToggled(now, at, way));
        rows.children[at]?.querySelector<HTMLElement>(`.switchboard-arrow-${way}`)?.focus();
      });
      return button;
    }
  }

  function move(at: number, to: number): void {
    if (to < 0 || to >= rowsNow().length) return;
    edit((now) => withRows(now, (values) => withMoved(values, at, to > at ? to + 1 : to)));
    rows.children[to]?.querySelector('input')?.focus();
  }

  function decorate(line: HTMLElement, row: ValueRow, { unreachable, merges }: RowMarks): void {
    for (const way of ['in', 'out'] as const) {
      const button = line.querySelector<HTMLElement>(`.switchboard-arrow-${way}`);
      const on = row.direction === undefined || row.direction === way;
      const title = unreachable[way] ? t(`values.unreachable.${way}`) : t(`values.way.${way}`);
      button?.setAttribute('aria-pressed', String(on));
      button?.setAttribute('title', title);
      button?.setAttribute('aria-label', title);
      button?.classList.toggle('switchboard-arrow-idle', on && unreachable[way]);
    }
    line.classList.toggle('switchboard-value-open', row.generic === '' || [row.partner].flat().every((value) => value === ''));
    const mark = line.querySelector('.switchboard-value-mark');
    if (!merges) {
      mark?.replaceChildren();
      return;
    }
    const back = merges.back === undefined ? undefined : [rowsNow()[merges.back]?.partner].flat().join(', ');
    const text =
      back === undefined
        ? t('values.mergesLost', { count: merges.values })
        : t('values.merges', { count: merges.values, value: back });
    mark?.replaceChildren(element('i', { class: 'fa fa-code-fork', title: text, 'aria-label': text }));
  }

  /** Known values without a row, one list for each direction. */
  function drawRest(values: ValueRow[]): void {
    const partner =
      fields.length === 1
        ? withoutRowIn(
            values,
            (partnerValues[0] ?? []).map(({ value }) => [value]),
          )
        : [];
    const generic = withoutRowOut(
      values,
      genericValues.map(({ value }) => value),
    );
    const direction = rule().direction;
    const chip = (text: string, label: string | undefined, row: () => ValueRow) => {
      const button = element(
        'button',
        { type: 'button', class: 'switchboard-value-chip', title: t('values.addThis') },
        label ? `${text} ${label}` : text,
      );
      button.addEventListener('click', () => add([row()]));
      return button;
    };
    const lists = [
      direction !== 'out' &&
        partner.length > 0 &&
        part(
          t('values.noRowIn'),
          partner.map(([value = '']) =>
            chip(value, partnerValues[0]?.find((one) => one.value === value)?.label, () => ({
              partner: value,
              generic: '',
              direction: 'in',
            })),
          ),
        ),
      direction !== 'in' &&
        generic.length > 0 &&
        part(
          t('values.noRowOut'),
          generic.map((value) =>
            chip(value, undefined, () => ({ partner: blankValues(rule()), generic: value, direction: 'out' })),
          ),
        ),
    ];
    rest.hidden = values.length === 0;
    rest.replaceChildren(...lists.filter((one): one is HTMLElement => one !== false));
  }

  function part(title: string, chips: HTMLElement[]): HTMLElement {
    return element('div', {}, element('span', {}, title), element('div', {}, ...chips));
  }

  /** Adds rows for the seen values without one; the user fills in the other side. */
  async function addSeen(): Promise<void> {
    const { field, generic } = rule();
    try {
      const seen = await session.api.values(session.mapping, session.state.table, index);
      // Meanwhile, another rule may be shown, or this one may have other fields.
      if (!box.isConnected || rule().field !== field || rule().generic !== generic) return;
      const more = rowsForSeen(rule(), seen);
      if (more.length) add(more);
      if (seen.masked) RED.notify(t('values.masked'), 'warning');
      else if (more.length === 0) RED.notify(t('values.nothingSeen'), 'success');
    } catch (error) {
      RED.notify((error as Error).message, 'error');
    }
  }

  function cell(value: string, label: string, listId: string, values: Values, set: (text: string) => void): HTMLElement {
    const name = element('small');
    const show = (text: string) => name.replaceChildren(values.find((one) => one.value === text)?.label ?? '');
    const input = textInput(value, label, (text) => {
      show(text);
      set(text);
    });
    if (values.length) input.setAttribute('list', listId);
    show(value);
    return element('span', { class: 'switchboard-value-cell' }, input, name);
  }
}

function options(id: string, values: Values): HTMLElement {
  return element('datalist', { id }, ...values.map(({ value, label }) => element('option', { value }, label ?? '')));
}
