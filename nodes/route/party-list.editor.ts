import { partySelect } from './party-select.editor.js';

/** A row of the list; `port` is its output when the dialog was opened. */
interface Row {
  endpoint: string;
  port?: number;
}

export interface PartyList {
  show(parties: readonly string[]): void;
  /** Ids of the endpoints. */
  read(): string[];
  /** For each output that the node had when the dialog was opened its new position; '-1' = removed. */
  ports(hadLast: boolean, hasLast: boolean): Record<string, number | string>;
}

const LIST = '#switchboard-route-parties';

/** One row per party: its endpoint. The order is that of the outputs. */
export function partyList(translate: Translate, changed: () => void): PartyList {
  let before = 0;
  const rows = () =>
    $(LIST)
      .editableList('items')
      .toArray()
      // While a party is dragged, its place is held by a row without one.
      .flatMap((row) => ($(row).data('data') as Row | undefined) ?? []);
  $(LIST).editableList<Row>({
    addButton: translate('party.add'),
    height: 'auto',
    sortable: true,
    removable: true,
    sortItems: changed,
    removeItem: () => setTimeout(changed, 0),
    addItem(row, _index, item) {
      const party = Object.assign(item, { endpoint: item.endpoint ?? '' });
      const select = partySelect(party.endpoint, translate('party.choose')).attr('aria-label', translate('party.endpoint'));
      select.on('change', () => {
        party.endpoint = String(select.val() ?? '');
        changed();
      });
      row.append(select);
      setTimeout(changed, 0);
    },
  });
  return {
    show(parties) {
      before = parties.length;
      $(LIST).editableList('empty');
      $(LIST).editableList(
        'addItems',
        parties.map((endpoint, port) => ({ endpoint, port })),
      );
    },
    read: () => rows().map(({ endpoint }) => endpoint),
    ports(hadLast, hasLast) {
      const now = rows();
      const ports: Record<string, number | string> = {};
      for (let port = 0; port < before; port++) {
        const at = now.findIndex((row) => row.port === port);
        ports[port] = at < 0 ? '-1' : at;
      }
      if (hadLast) ports[before] = hasLast ? now.length : '-1';
      // The editor treats keys that are no numbers as new outputs.
      now.forEach((row, at) => {
        if (row.port === undefined) ports[`new ${at}`] = at;
      });
      if (hasLast && !hadLast) ports['new last'] = now.length;
      return ports;
    },
  };
}
