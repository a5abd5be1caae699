import { shortPath } from '../../../src/mapping/catalog/field.js';
import type { Direction, Rule } from '../../../src/mapping/mapping.js';
import type { PreviewProblem, RuleRef, Table } from '../../../src/mapping/preview-result.js';
import { element } from '../../kit/editor/element.js';
import { badges, fieldTooltip, linesLeft, linesRight, usersOf } from './board-parts.editor.js';
import { dragging, type Side } from './drag.editor.js';
import { type Layout, layout, type PlacedField, type PlacedRule } from './layout.js';
import { type Line, linesSvg } from './lines.editor.js';
import { pickField } from './picker.editor.js';
import { markAsRule } from './rule-color.editor.js';
import { changedRule, withField } from './rule-edits.js';
import type { Session } from './session.editor.js';

/** The value of a field, as text. */
export type ValueOf = (path: string, table: Table) => string | undefined;

export interface Board {
  element: HTMLElement;
  filter(search: string, direction: Direction | undefined): void;
  /** Shows the problems of the rules. */
  problems(problems: PreviewProblem[]): void;
  /** Shows values beside the fields, from a sample and from its result. */
  values(values: Record<Side, ValueOf>): void;
  focusRule(index: number): void;
}

const COLUMN = { partner: 1, left: 2, rules: 3, right: 4, generic: 5 };

/** The partner's fields on the left, the generic ones on the right, the rules in their order between them. */
export function board(session: Session): Board {
  const { t } = session;
  const grid = element('div', { class: 'switchboard-board-grid' });
  const box = element('div', { class: 'switchboard-board', role: 'group', 'aria-label': t('board.title') }, grid);
  let search = '';
  let direction: Direction | undefined;
  let problems: PreviewProblem[] = [];
  let samples: Partial<Record<Side, ValueOf>> = {};
  let drawn: Layout | undefined;

  dragging(box, grid, {
    join: (field, generic) => session.join(field, generic),
    addTo(index, side, path) {
      session.editRule(index, (rule) => (side === 'generic' ? changedRule(rule, { generic: path }) : withField(rule, path)));
      session.select([index]);
    },
    move: (from, to) => session.move(from, to),
  });
  grid.addEventListener('keydown', (event) => keys(event));
  grid.addEventListener('click', (event) => click(event));
  session.on((reason) => {
    if (reason === 'selection') markSelected();
    else draw();
  });
  draw();

  function draw(): void {
    const focused = (document.activeElement as HTMLElement | null)?.dataset.key;
    const had = grid.contains(document.activeElement);
    const { table } = session.state;
    drawn = layout(session.rules, session.partner, session.generic, { search, direction });
    const ref = (index: number): RuleRef => ({ table, rule: index });
    const users = usersOf(drawn);
    grid.style.gridTemplateRows = `repeat(${Math.max(drawn.rows, 1)}, var(--row))`;
    grid.replaceChildren(
      ...divider(drawn),
      ...drawn.partner.map((placed) => fieldRow('partner', placed, (users.partner.get(placed.row) ?? []).map(ref))),
      gap(COLUMN.left, linesLeft(drawn, session.rules, ref), drawn.rows),
      ...drawn.rules.map((placed) => ruleRow(placed, session.rules[placed.index] as Rule, ref(placed.index))),
      gap(COLUMN.right, linesRight(drawn, session.rules, ref), drawn.rows),
      ...drawn.generic.map((placed) => fieldRow('generic', placed, (users.generic.get(placed.row) ?? []).map(ref))),
    );
    markSelected();
    if (had && focused) grid.querySelector<HTMLElement>(`[data-key="${CSS.escape(focused)}"]`)?.focus();
  }

  function divider({ below, rules, rows }: Layout): HTMLElement[] {
    if (rows <= below || rules.length === 0) return [];
    const line = element('div', { class: 'switchboard-board-divider' });
    line.style.gridRow = String(below + 1);
    return [line];
  }

  function gap(column: number, lines: Line[], rows: number): HTMLElement {
    const cell = element('div', { class: 'switchboard-board-gap' });
    cell.style.gridColumn = String(column);
    cell.append(linesSvg(lines, rows));
    return cell;
  }

  function fieldRow(side: Side, { path, row, field, mapped }: PlacedField, refs: RuleRef[]): HTMLElement {
    const value = samples[side]?.(path, session.state.table);
    const made = element(
      'div',
      {
        class: `switchboard-field switchboard-field-${side}${mapped ? '' : ' switchboard-field-free'}`,
        tabindex: '-1',
        role: 'button',
        title: fieldTooltip(field, value, t),
        'data-key': `${side} ${path}`,
        'data-side': side,
        'data-path': path,
        'aria-label': t(`board.${side}`, { path }),
      },
      element('span', { class: 'switchboard-field-name' }, element('bdi', {}, shortPath(path))),
      field.required ? element('b', { title: t('field.required') }, '*') : undefined,
      element(
        'span',
        { class: value === undefined ? 'switchboard-field-type' : 'switchboard-field-value' },
        value ?? t(`field.type.${field.type}`),
      ),
    );
    made.style.gridColumn = String(COLUMN[side]);
    made.style.gridRow = String(row + 1);
    markAsRule(made, refs);
    return made;
  }

  function ruleRow({ index, row }: PlacedRule, rule: Rule, ref: RuleRef): HTMLElement {
    const found = problems.filter((problem) => problem.rule?.table === ref.table && problem.rule.rule === index);
    const worst = found.find(({ level }) => level === 'error') ?? found[0];
    const made = element(
      'div',
      {
        class: `switchboard-rule${worst ? ` switchboard-rule-${worst.level}` : ''}`,
        role: 'button',
        tabindex: '-1',
        'data-key': `rule ${index}`,
        'data-index': String(index),
        title: worst?.text,
        'aria-label': t('board.rule', {
          number: index + 1,
          field: [rule.field].flat().join(', '),
          generic: rule.generic,
        }),
      },
      element('span', { class: 'switchboard-rule-number' }, String(index + 1)),
      ...badges(rule, t).map(({ icon, text, title }) =>
        element(
          'span',
          { class: 'switchboard-badge', title },
          icon ? element('i', { class: `fa ${icon}`, 'aria-hidden': 'true' }) : undefined,
          text,
        ),
      ),
      worst
        ? element('i', {
            class: `fa fa-exclamation-${worst.level === 'error' ? 'circle' : 'triangle'} switchboard-rule-problem`,
            'aria-label': worst.text,
          })
        : undefined,
    );
    made.style.gridColumn = String(COLUMN.rules);
    made.style.gridRow = String(row + 1);
    markAsRule(made, [ref]);
    return made;
  }

  function markSelected(): void {
    const { selected, table } = session.state;
    const tokens = new Set(selected.map((rule) => `${table}-${rule}`));
    for (const part of grid.querySelectorAll('[data-rules]')) {
      const own = (part.getAttribute('data-rules') ?? '').split(' ');
      part.classList.toggle(
        'switchboard-selected',
        own.some((token) => tokens.has(token)),
      );
    }
    const current = selected.at(-1);
    const stops = grid.querySelectorAll<HTMLElement>('[tabindex]');
    for (const stop of stops) stop.tabIndex = -1;
    // One tab stop in each column; the arrow keys move from there.
    for (const column of ['.switchboard-field-partner', '.switchboard-rule', '.switchboard-field-generic']) {
      const all = [...grid.querySelectorAll<HTMLElement>(column)];
      const stop = all.find(({ dataset }) => dataset.index !== undefined && Number(dataset.index) === current) ?? all[0];
      if (stop) stop.tabIndex = 0;
    }
  }

  function click(event: MouseEvent): void {
    const chip = (event.target as Element).closest<HTMLElement>('.switchboard-rule');
    if (chip) {
      choose(Number(chip.dataset.index), event.ctrlKey || event.metaKey, event.shiftKey);
      chip.focus();
      return;
    }
    const row = (event.target as Element).closest<HTMLElement>('.switchboard-field');
    if (row) openField(row);
  }

  function choose(index: number, more: boolean, range: boolean): void {
    const { selected } = session.state;
    const last = selected.at(-1);
    if (range && last !== undefined) {
      const [from, to] = [Math.min(last, index), Math.max(last, index)];
      const between = Array.from({ length: to - from + 1 }, (_, i) => from + i);
      session.select([...between.filter((one) => one !== index), index]);
    } else if (more) session.select(selected.includes(index) ? selected.filter((one) => one !== index) : [...selected, index]);
    else session.select([index]);
  }

  /** A mapped field selects its rules, one after the other; any other field opens a list of fields to join it with. */
  function openField(row: HTMLElement): void {
    const own = (row.getAttribute('data-rules') ?? '')
      .split(' ')
      .filter(Boolean)
      .map((token) => Number(token.split('-')[1]));
    if (own.length) {
      const current = session.state.selected.at(-1);
      session.select([own[(own.indexOf(current ?? -1) + 1) % own.length] as number]);
      row.focus();
    } else pickPartner(row);
  }

  function pickPartner(row: HTMLElement): void {
    const { side, path = '' } = row.dataset;
    const other: Side = side === 'partner' ? 'generic' : 'partner';
    const placed = drawn?.[other].filter(({ mapped }) => mapped) ?? [];
    pickField(
      row,
      {
        title: t(`picker.${other}`, { path }),
        fields: session[other],
        used: new Set(placed.map((one) => one.path)),
        choose: (chosen) => (side === 'partner' ? session.join(path, chosen) : session.join(chosen, path)),
      },
      t,
    );
  }

  function keys(event: KeyboardEvent): void {
    const here = (event.target as Element).closest<HTMLElement>('[data-key]');
    if (!here || event.ctrlKey || event.metaKey) return;
    const index = here.dataset.index === undefined ? undefined : Number(here.dataset.index);
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    if (step && event.altKey && index !== undefined) {
      session.move(index, step > 0 ? index + 2 : index - 1);
      focusRule(session.state.selected.at(-1) ?? index);
    } else if (step) {
      const column = [
        ...grid.querySelectorAll<HTMLElement>(`.${here.classList[0]}${here.dataset.side ? `-${here.dataset.side}` : ''}`),
      ];
      const next = column[column.indexOf(here) + step];
      next?.focus();
      if (next?.dataset.index !== undefined) choose(Number(next.dataset.index), false, event.shiftKey);
    } else if (event.key === 'ArrowLeft' || event.key === 'ArrowRight')
      neighbour(here, event.key === 'ArrowRight' ? 1 : -1)?.focus();
    else if (event.key === 'Enter' || event.key === ' ') {
      if (index === undefined) openField(here);
      else {
        session.select([index]);
        box.dispatchEvent(new CustomEvent('switchboard:open', { bubbles: true }));
      }
    } else if (event.key === 'Insert' || event.key === '+') {
      if (here.dataset.side) pickPartner(here);
    } else return;
    event.preventDefault();
  }

  /** The element in the next column, in the same row or the nearest one above it. */
  function neighbour(here: HTMLElement, way: number): HTMLElement | undefined {
    const columns = ['.switchboard-field-partner', '.switchboard-rule', '.switchboard-field-generic'];
    const column = columns[columns.findIndex((selector) => here.matches(selector)) + way];
    const row = Number.parseInt(here.style.gridRow, 10);
    const all = column ? [...grid.querySelectorAll<HTMLElement>(column)] : [];
    return all.filter((one) => Number.parseInt(one.style.gridRow, 10) <= row).at(-1) ?? all[0];
  }

  function focusRule(index: number): void {
    const chip = grid.querySelector<HTMLElement>(`[data-index="${index}"]`);
    chip?.focus({ preventScroll: true });
    chip?.scrollIntoView({ block: 'nearest' });
  }

  return {
    element: box,
    filter(text, way) {
      search = text;
      direction = way;
      draw();
    },
    problems(found) {
      problems = found;
      draw();
    },
    values(found) {
      samples = found;
      draw();
    },
    focusRule,
  };
}
