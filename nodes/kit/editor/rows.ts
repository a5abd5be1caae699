import type { RowsColumn, RowsSetting, Settings } from '../../../src/endpoints/form.js';
import type { ConnectionTest } from './connection-test.js';
import { deployedList, type PickListResult, suggest, typedList } from './pick-list.js';

type Row = Record<string, string>;

/** Not named after the setting: the editor would take the list for an input and its value, nothing, for the setting's. */
const listId = ({ name }: RowsSetting) => `switchboard-rows-${name}`;

/** The inputs of one row by column. */
type Inputs = Record<string, JQuery>;

/** A table of settings. `current`: the endpoint as shown in the dialog, to ask the partner for suggestions. */
export function prepareRows(node: EditorNode<unknown>, setting: RowsSetting, current: () => ConnectionTest): void {
  const list = $(`#${listId(setting)}`);
  const note = $(`#${listId(setting)}-note`);
  const label = ({ name }: RowsColumn) => node._(`${setting.name}.${name}`);
  const head = $('<div>', { class: 'switchboard-columns switchboard-head' });
  for (const column of setting.columns) head.append($('<span>').text(label(column)));
  const lists = new Map<string, () => Promise<PickListResult>>();
  let rows = 0;
  list.editableList<Row>({
    header: head,
    height: 'auto',
    sortable: false,
    removable: true,
    addItem(row, _index, item) {
      const line = $('<div>', { class: 'switchboard-columns' }).appendTo(row);
      const number = rows++;
      const inputs: Inputs = {};
      for (const column of setting.columns) {
        const { name } = column;
        const input = $('<input>', { type: 'text', 'data-column': name, 'aria-label': label(column) });
        line.append(input.attr('id', `switchboard-type-${number}-${name}`).val(item[name] ?? ''));
        inputs[name] = input;
        if (column.required) input.on('input', () => mark(node._, setting));
      }
      for (const column of setting.columns) offerFor(column, inputs);
    },
    removeItem: () => setTimeout(() => mark(node._, setting), 0),
  });
  list.editableList('addItems', ((node as Settings)[setting.name] as Row[] | undefined) ?? []);

  /** Suggests values for a column; a list that depends on another column is of several values, one after the other. */
  function offerFor({ name, suggest: from }: RowsColumn, inputs: Inputs): void {
    const input = inputs[name];
    if (!from || !input) return;
    if (!from.of) {
      // Offered until the partner has answered.
      suggest(
        input,
        setting.default.map((row) => ({ name: row[name] ?? '' })),
      );
      const ask = lists.get(from.list) ?? once(() => typedList(node._, from.list, current()));
      lists.set(from.list, ask);
      input.one('focus', () => offer(ask(), (listed) => suggest(input, listed.items)));
      return;
    }
    const of = from.of;
    let items: PickListResult['items'] = [];
    const show = () => suggest(input, ...following(String(input.val() ?? ''), items));
    input.on('focus', () => {
      const asked = { [of]: textOf(inputs[of]) };
      offer(deployedList(node._, node.id, from.list, asked), (listed) => {
        items = listed.items;
        show();
      });
    });
    input.on('input', show);
  }

  /** Shows what came, or why it is not all; a person can type on meanwhile. */
  function offer(asked: Promise<PickListResult>, show: (listed: PickListResult) => void): void {
    asked.then(
      (listed) => {
        show(listed);
        note.text(listed.note ?? '');
      },
      (error: Error) => note.text(error.message),
    );
  }
}

/** Rows that lack a required column say nothing and are left out. */
export function readRows(setting: RowsSetting): Row[] {
  return inputsOf(setting)
    .map((inputs) => Object.fromEntries(setting.columns.map(({ name }) => [name, textOf(inputs[name])])))
    .filter((row) => setting.columns.every(({ name, required }) => !required || row[name]));
}

function inputsOf(setting: RowsSetting): Inputs[] {
  const rows = $(`#${listId(setting)}`)
    .editableList('items')
    .toArray();
  return rows.map((row) => Object.fromEntries(setting.columns.map(({ name }) => [name, $(row).find(`[data-column=${name}]`)])));
}

function textOf(input: JQuery | undefined): string {
  return String(input?.val() ?? '').trim();
}

/** What a row lacks, and values that appear twice where they must not. */
function mark(translate: Translate, setting: RowsSetting): void {
  const all = inputsOf(setting);
  for (const { name, unique } of setting.columns.filter(({ required }) => required)) {
    const values = all.map((inputs) => textOf(inputs[name]));
    all.forEach((inputs, at) => {
      const own = values[at] ?? '';
      const isTwice = unique && own !== '' && values.indexOf(own) < at;
      const begun = setting.columns.some((column) => column.required && textOf(inputs[column.name]) !== '');
      const wrong = isTwice ? translate('invalid.twice') : begun && own === '' ? translate('invalid.missing') : '';
      inputs[name]?.toggleClass('input-error', wrong !== '').attr({ title: wrong, 'aria-invalid': String(wrong !== '') });
    });
  }
}

/** What comes after the values typed so far; those are not offered again. */
function following(typed: string, items: PickListResult['items']): [PickListResult['items'], string] {
  const before = typed.replace(/[^\s,]*$/, '');
  const named = new Set(typed.split(/[\s,]+/));
  return [items.filter(({ name }) => !named.has(name)), before];
}

/** Asks once, and again after a failure. */
function once<Answer>(ask: () => Promise<Answer>): () => Promise<Answer> {
  let asked: Promise<Answer> | undefined;
  return () => {
    asked ??= ask();
    asked.catch(() => {
      asked = undefined;
    });
    return asked;
  };
}
