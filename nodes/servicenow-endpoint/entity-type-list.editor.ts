import type { ServiceNowEndpointConfig } from './servicenow-endpoint.config.js';

type EntityType = ServiceNowEndpointConfig['entityTypes'][number];

const COLUMNS = ['name', 'table', 'fields'] as const;
/** Not named after the setting: the editor would take the list for an input and its value, nothing, for the setting's. */
const LIST = '#switchboard-entity-types';

/** The table of record types: our name, ServiceNow's table, and columns to read beside those the mappings name. */
export function prepareEntityTypes(node: EditorNode<ServiceNowEndpointConfig>): void {
  const head = $('<div>', { class: 'switchboard-columns switchboard-head' });
  for (const column of COLUMNS) head.append($('<span>').text(node._(`types.${column}`)));
  $(LIST).editableList<EntityType>({
    header: head,
    height: 'auto',
    sortable: false,
    removable: true,
    addItem(row, _index, item) {
      const line = $('<div>', { class: 'switchboard-columns' }).appendTo(row);
      for (const column of COLUMNS) {
        const input = $('<input>', { type: 'text', 'data-column': column, 'aria-label': node._(`types.${column}`) });
        line.append(input.val(item[column] ?? ''));
      }
    },
  });
  $(LIST).editableList('addItems', node.entityTypes ?? []);
}

/** Rows without a name or table say nothing and are left out. */
export function readEntityTypes(): EntityType[] {
  const rows = $(LIST).editableList('items');
  const types = rows.toArray().map((row) => {
    const value = (column: string) => String($(row).find(`[data-column=${column}]`).val() ?? '').trim();
    return { name: value('name'), table: value('table'), fields: value('fields') };
  });
  return types.filter((type) => type.name && type.table);
}
