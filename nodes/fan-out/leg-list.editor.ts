import { type FanOutLeg, type ItemRule, LEG_NAME_LENGTH, rowIdOf } from '../../src/conversation/fan-out-rules.js';
import { ORDER_STATES } from '../../src/model/message.js';
import type { Predecessor } from '../../src/store/store.js';
import { addButton, removeButton } from '../kit/editor/list-buttons.js';
import type { FanOutConfig } from './fan-out.config.js';

/** A leg in the open dialog; `port` is its output when the dialog was opened, and `id` what open orders know it by since then. */
interface Row extends FanOutLeg {
  port?: number;
}

export interface LegList {
  show(legs: FanOutLeg[]): void;
  /** The edited legs, and for each previous output its new position. */
  read(by: FanOutConfig['by']): { legs: FanOutLeg[]; ports: Record<string, number | string> };
}

const LIST = '#switchboard-legs';
/** Event of the list: a leg was renamed. */
const RENAMED = 'switchboard:renamed';
/** Item properties that usually determine the vendor. */
const FIELDS = ['category', 'offering.id', 'offering.name', 'specification.id', 'action', 'place.country'];

/**
 * One block per leg: its name, the items it accepts, and its predecessors. The order matters: an item goes to the first leg that
 * accepts it.
 */
export function legList(translate: Translate): LegList {
  let before = 0;
  const fields = $('<datalist>', { id: 'switchboard-item-fields' }).append(...FIELDS.map((f) => $('<option>').val(f)));
  $(LIST).after(fields);
  $(LIST).editableList<Row>({
    addButton: translate('leg.add'),
    height: 'auto',
    sortable: true,
    removable: true,
    addItem(row, _index, item) {
      const leg = Object.assign(item, { name: item.name ?? '' });
      row.append(legBlock(leg, translate, current));
      row.find('input').first().trigger('focus');
    },
  });
  const current = () =>
    $(LIST)
      .editableList('items')
      .toArray()
      .map((row) => $(row).data('data') as Row);
  return {
    show(legs) {
      before = legs.length;
      $(LIST).editableList('empty');
      $(LIST).editableList(
        'addItems',
        structuredClone(legs).map((leg, port) => ({ ...leg, id: rowIdOf(leg), port })),
      );
    },
    read(by) {
      const rows = current();
      const ports: Record<string, number | string> = {};
      for (let port = 0; port < before; port++) {
        const at = rows.findIndex((row) => row.port === port);
        ports[port] = at < 0 ? '-1' : at;
      }
      // The output for unassigned items stays the last one. The editor treats non-numeric keys as new outputs.
      ports[before] = rows.length;
      rows.forEach((row, at) => {
        if (row.port === undefined) ports[`new ${at}`] = at;
      });
      const ids = new Set(rows.flatMap(({ id }) => id || []));
      return { legs: rows.map((row) => legOf(row, idOf(row, ids), by)), ports };
    },
  };
}

/** What identifies a row: that of a new one is its name, where no renamed row has it. `taken`: the ids of the other rows. */
function idOf({ id, name }: Row, taken: ReadonlySet<string>): string {
  if (id) return id;
  let free = name.trim();
  for (let n = 2; taken.has(free); n++) {
    const end = `-${n}`;
    free = `${name.trim().slice(0, LEG_NAME_LENGTH - end.length)}${end}`;
  }
  return free;
}

/** The leg of a row, with only the settings that its mode uses. */
function legOf({ name, takes, condition, after }: Row, id: string, by: FanOutConfig['by']): FanOutLeg {
  const rules = (takes ?? []).filter((rule) => rule.field.trim() && rule.is.length);
  const waits = (after ?? []).filter((p) => p.leg && p.states.length);
  return {
    name: name.trim(),
    ...(id !== name.trim() && { id }),
    ...(by === 'item' && rules.length && { takes: rules }),
    ...(by === 'target' && condition?.trim() && { condition: condition.trim() }),
    ...(waits.length && { after: waits }),
  };
}

function legBlock(leg: Row, translate: Translate, legs: () => Row[]): JQuery {
  const box = $('<div>', { class: 'switchboard-leg' });
  const name = input(leg.name, translate('leg.nameExample'), (text) => {
    leg.name = text;
  });
  let known = leg.name;
  // Only when typing is finished: an intermediate value may be the name of another leg.
  name.on('change', () => {
    if (leg.name === '' || leg.name === known) return;
    renamePredecessors(legs(), known, leg.name);
    known = leg.name;
  });
  box.append(row(translate('leg.name'), name));
  const takes = $('<div>', { 'data-show-by': 'item' });
  box.append(takes);
  rules(leg, takes, translate);
  const condition = input(leg.condition ?? '', translate('leg.conditionExample'), (text) => {
    leg.condition = text;
  }).addClass('switchboard-code');
  box.append(row(translate('leg.condition'), condition).attr('data-show-by', 'target'));
  const waits = $('<div>');
  box.append(waits);
  predecessors(leg, waits, translate, legs);
  // Rows that are added later must follow the current mode.
  const showByMode = () => {
    const by = String($('#node-input-by').val());
    box.find('[data-show-by]').each((_, part) => {
      $(part).toggle(part.getAttribute('data-show-by') === by);
    });
  };
  $('#node-input-by').on('change', showByMode);
  setTimeout(showByMode, 0);
  return box;
}

/** Updates the legs that wait for a renamed leg, unless another leg still has the old name. */
function renamePredecessors(legs: Row[], before: string, after: string): void {
  if (before === '' || legs.some((leg) => leg.name === before)) return;
  for (const predecessor of legs.flatMap((leg) => leg.after ?? [])) if (predecessor.leg === before) predecessor.leg = after;
  $(LIST).trigger(RENAMED);
}

/** The rules for the items a leg accepts: a property of the item, and the matching values. */
function rules(leg: Row, box: JQuery, translate: Translate): void {
  leg.takes ??= [];
  if (leg.takes.length === 0) leg.takes.push({ field: 'category', is: [] });
  const list = leg.takes;
  const draw = () => {
    box.empty();
    list.forEach((rule, index) => {
      const field = input(rule.field, 'category', (text) => {
        rule.field = text.trim();
      }).attr('list', 'switchboard-item-fields');
      const is = input(rule.is.join(', '), translate('leg.isExample'), (text) => {
        rule.is = text
          .split(',')
          .map((part) => part.trim())
          .filter(Boolean);
      });
      field.attr('aria-label', translate('leg.field'));
      is.attr('aria-label', translate('leg.is'));
      const line = $('<div>', { class: 'switchboard-leg-rule' }).append(field, $('<span>').text(translate('leg.isWord')), is);
      line.append(removeButton(translate('leg.remove'), () => list.splice(index, 1), draw));
      box.append(row(index === 0 ? translate('leg.takes') : translate('leg.or'), line));
    });
    box.append(
      row(
        '',
        addButton(translate('leg.addRule'), () => list.push({ field: 'offering.id', is: [] } satisfies ItemRule), draw),
      ),
    );
  };
  draw();
}

/** The states that other legs must reach before this one is ordered. */
function predecessors(leg: Row, box: JQuery, translate: Translate, legs: () => Row[]): void {
  leg.after ??= [];
  const list = leg.after;
  const draw = () => {
    box.empty();
    list.forEach((predecessor, index) => {
      const other = $('<select>', { 'aria-label': translate('leg.afterLeg') });
      const fill = () => {
        const names = [predecessor.leg, ...legs().map(({ name }) => name)];
        const offered = new Set(names.filter((name) => name && name !== leg.name));
        other.empty().append([...offered].map((name) => $('<option>').val(name).text(name)));
        other.val(predecessor.leg);
      };
      fill();
      // Legs may be renamed after this select was drawn.
      other.on('focus', fill);
      $(LIST).on(RENAMED, fill);
      other.on('change', () => {
        predecessor.leg = String(other.val() ?? '');
      });
      predecessor.leg = String(other.val() ?? predecessor.leg);
      const states = $('<select>', { 'aria-label': translate('leg.afterState') });
      for (const state of ORDER_STATES)
        states.append(
          $('<option>')
            .val(state)
            .text(translate(`orderState.${state}`)),
        );
      states.val(predecessor.states[0] ?? 'completed').on('change', () => {
        predecessor.states = [String(states.val())] as Predecessor['states'];
      });
      const line = $('<div>', { class: 'switchboard-leg-rule' }).append(other, $('<span>').text(translate('leg.isWord')), states);
      line.append(removeButton(translate('leg.remove'), () => list.splice(index, 1), draw));
      box.append(row(index === 0 ? translate('leg.after') : translate('leg.and'), line));
    });
    const more = addButton(translate('leg.addAfter'), () => list.push({ leg: '', states: ['completed'] }), draw);
    box.append(row('', more));
  };
  draw();
}

function row(label: string, content: JQuery): JQuery {
  return $('<div>', { class: 'switchboard-leg-row' }).append($('<span>').text(label), content);
}

function input(value: string, placeholder: string, changed: (text: string) => void): JQuery {
  const created = $('<input>', { type: 'text', placeholder }).val(value);
  return created.on('input change', () => changed(String(created.val() ?? '')));
}
