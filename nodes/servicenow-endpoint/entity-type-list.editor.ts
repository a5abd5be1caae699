import type { ConnectionTest } from '../kit/editor/connection-test.js';
import { columnsOf, type Listed, suggest, tablesOf } from '../kit/editor/pick-list.js';
import { type ServiceNowEndpointConfig, serviceNowEndpointDefaults } from './servicenow-endpoint.config.js';

type EntityType = ServiceNowEndpointConfig['entityTypes'][number];

const COLUMNS = ['name', 'table', 'fields'] as const;
/** Not named after the setting: the editor would take the list for an input and its value, nothing, for the setting's. */
const LIST = '#switchboard-entity-types';
/** Offered until the instance has answered. */
const KNOWN = serviceNowEndpointDefaults.entityTypes.map(({ table }) => ({ name: table }));
const NOTE = '#switchboard-entity-types-note';

/** The table of record types: our name, ServiceNow's table, and columns to read beside those the mappings name. `current`: to ask the instance with. */
export function prepareEntityTypes(node: EditorNode<ServiceNowEndpointConfig>, current: () => ConnectionTest): void {
  const head = $('<div>', { class: 'switchboard-columns switchboard-head' });
  for (const column of COLUMNS) head.append($('<span>').text(node._(`types.${column}`)));
  const tables = once(() => tablesOf(node._, current()));
  let rows = 0;
  $(LIST).editableList<EntityType>({
    header: head,
    height: 'auto',
    sortable: false,
    removable: true,
    addItem(row, _index, item) {
      const line = $('<div>', { class: 'switchboard-columns' }).appendTo(row);
      const number = rows++;
      for (const column of COLUMNS) {
        const input = $('<input>', { type: 'text', 'data-column': column, 'aria-label': node._(`types.${column}`) });
        line.append(input.attr('id', `switchboard-type-${number}-${column}`).val(item[column] ?? ''));
      }
      const [name, table, fields] = COLUMNS.map((column) => line.find(`[data-column=${column}]`)) as [JQuery, JQuery, JQuery];
      suggest(table, KNOWN);
      table.one('focus', () => offer(tables(), (listed) => suggest(table, listed.items)));
      let columns: Listed['items'] = [];
      const offerColumns = () => suggest(fields, ...following(String(fields.val() ?? ''), columns));
      fields.on('focus', () => {
        offer(columnsOf(node._, node.id, String(table.val() ?? '').trim()), (listed) => {
          columns = listed.items;
          offerColumns();
        });
      });
      fields.on('input', offerColumns);
      for (const input of [name, table]) input.on('input', () => mark(node._));
    },
    removeItem: () => setTimeout(() => mark(node._), 0),
  });
  $(LIST).editableList('addItems', node.entityTypes ?? []);
}

/** Rows without a name or table say nothing and are left out. */
export function readEntityTypes(): EntityType[] {
  return lines()
    .map(({ name, table, fields }) => ({ name: textOf(name), table: textOf(table), fields: textOf(fields) }))
    .filter((type) => type.name && type.table);
}

function lines() {
  const rows = $(LIST).editableList('items').toArray();
  return rows.map((row) => {
    const [name, table, fields] = COLUMNS.map((column) => $(row).find(`[data-column=${column}]`)) as [JQuery, JQuery, JQuery];
    return { name, table, fields };
  });
}

function textOf(input: JQuery): string {
  return String(input.val() ?? '').trim();
}

/** What a row lacks, and names that stand twice: a record type has one table. */
function mark(translate: Translate): void {
  const all = lines();
  const names = all.map(({ name }) => textOf(name));
  all.forEach(({ name, table }, at) => {
    const twice = names[at] !== '' && names.indexOf(names[at] ?? '') < at;
    const begun = names[at] !== '' || textOf(table) !== '';
    tell(name, twice ? translate('invalid.typeTwice') : begun && names[at] === '' ? translate('invalid.missing') : '');
    tell(table, begun && textOf(table) === '' ? translate('invalid.missing') : '');
  });
}

function tell(input: JQuery, wrong: string): void {
  input.toggleClass('input-error', wrong !== '').attr({ title: wrong, 'aria-invalid': String(wrong !== '') });
}

/** What comes after the columns named so far; those are not offered again. */
function following(typed: string, columns: Listed['items']): [Listed['items'], string] {
  const before = typed.replace(/[^\s,]*$/, '');
  const named = new Set(typed.split(/[\s,]+/));
  return [columns.filter(({ name }) => !named.has(name)), before];
}

/** Shows what came, or why it is not all; a person can type on meanwhile. */
function offer(asked: Promise<Listed>, show: (listed: Listed) => void): void {
  asked.then(
    (listed) => {
      show(listed);
      $(NOTE).text(listed.note ?? '');
    },
    (error: Error) => $(NOTE).text(error.message),
  );
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
