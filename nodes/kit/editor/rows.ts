import type { RowsColumn, RowsSetting, Settings } from '../../../src/endpoints/form.js';
import type { ConnectionTest } from './connection-test.js';
import { loadDeployedList, loadListFromDialog, type PickListResult, suggest } from './pick-list.js';

type Row = Record<string, string>;

/** Must not be the id of the setting's input: the editor would save the list's empty value as the setting. */
const listId = ({ name }: RowsSetting) => `switchboard-rows-${name}`;

/** The inputs of one row, by column. */
type Inputs = Record<string, JQuery>;

/** Prepares a table of settings. `current` reads the endpoint as shown in the dialog, to load suggestions from the partner. */
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
      for (const column of setting.columns) addSuggestions(column, inputs);
    },
    removeItem: () => setTimeout(() => mark(node._, setting), 0),
  });
  list.editableList('addItems', ((node as Settings)[setting.name] as Row[] | undefined) ?? []);

  /** Suggests values for a column. A column whose list depends on another column holds several values. */
  function addSuggestions({ name, suggest: from }: RowsColumn, inputs: Inputs): void {
    const input = inputs[name];
    if (!from || !input) return;
    if (!from.of) {
      // Suggested until the partner's list has been loaded.
      suggest(
        input,
        setting.default.map((row) => ({ name: row[name] ?? '' })),
      );
      const load = lists.get(from.list) ?? once(() => loadListFromDialog(node._, from.list, current()));
      lists.set(from.list, load);
      input.one('focus', () => showResult(load(), (result) => suggest(input, result.items)));
      return;
    }
    const of = from.of;
    let items: PickListResult['items'] = [];
    const show = () => suggest(input, ...remaining(String(input.val() ?? ''), items));
    input.on('focus', () => {
      const parameters = { [of]: textOf(inputs[of]) };
      showResult(loadDeployedList(node._, node.id, from.list, parameters), (result) => {
        items = result.items;
        show();
      });
    });
    input.on('input', show);
  }

  /** Shows a loaded list, and its note or the error. Loading does not block typing. */
  function showResult(loading: Promise<PickListResult>, show: (result: PickListResult) => void): void {
    loading.then(
      (result) => {
        show(result);
        note.text(result.note ?? '');
      },
      (error: Error) => note.text(error.message),
    );
  }
}

/** Reads the rows; those without a value in a required column are left out. */
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

/** Marks missing required values, and duplicates in unique columns. */
function mark(translate: Translate, setting: RowsSetting): void {
  const all = inputsOf(setting);
  for (const { name, unique } of setting.columns.filter(({ required }) => required)) {
    const values = all.map((inputs) => textOf(inputs[name]));
    all.forEach((inputs, at) => {
      const own = values[at] ?? '';
      const isDuplicate = unique && own !== '' && values.indexOf(own) < at;
      const isStarted = setting.columns.some((column) => column.required && textOf(inputs[column.name]) !== '');
      const error = isDuplicate ? translate('invalid.twice') : isStarted && own === '' ? translate('invalid.missing') : '';
      inputs[name]?.toggleClass('input-error', error !== '').attr({ title: error, 'aria-invalid': String(error !== '') });
    });
  }
}

/** The items that are not among the values typed so far, and the typed text before the current value. */
function remaining(typed: string, items: PickListResult['items']): [PickListResult['items'], string] {
  const before = typed.replace(/[^\s,]*$/, '');
  const used = new Set(typed.split(/[\s,]+/));
  return [items.filter(({ name }) => !used.has(name)), before];
}

/** Calls `load` once, and again after a failure. */
function once<Result>(load: () => Promise<Result>): () => Promise<Result> {
  let loading: Promise<Result> | undefined;
  return () => {
    loading ??= load();
    loading.catch(() => {
      loading = undefined;
    });
    return loading;
  };
}
