/**
 * Access to the fields of the open dialog. Node-RED names them by prefix: `node-input-` for nodes, `node-config-input-` for
 * config nodes (whose dialog may be open on top of a node's). The wizard uses one prefix for each party.
 */
export type Prefix = 'node-input' | 'node-config-input' | `switchboard-party-${number}`;

export function field(prefix: Prefix, name: string): JQuery {
  return $(`#${prefix}-${name}`);
}

export function read(prefix: Prefix, name: string): string | boolean {
  const input = field(prefix, name);
  return input.is(':checkbox') ? input.is(':checked') : String(input.val() ?? '');
}

/**
 * Shows the elements with `data-show-<name>="a b"` only while the field has one of these values; `yes` and `no` for check boxes.
 */
export function showBy(prefix: Prefix, name: string): void {
  const input = field(prefix, name);
  const rows = dialog(prefix).find(`[data-show-${name.toLowerCase()}]`);
  const update = () => {
    const value = read(prefix, name);
    const word = typeof value === 'boolean' ? (value ? 'yes' : 'no') : value;
    rows.each((_, row) => {
      const wanted = row.getAttribute(`data-show-${name.toLowerCase()}`)?.split(' ') ?? [];
      $(row).toggle(wanted.includes(word));
    });
  };
  input.on('change', update);
  update();
}

export function dialog(prefix: Prefix): JQuery {
  if (prefix.startsWith('switchboard-')) return $(`#${prefix}`);
  return $(prefix === 'node-input' ? '#dialog-form' : '#node-config-dialog-edit-form');
}

/** Opens the folded sections that hide a field with an error. */
export function openInvalid(prefix: Prefix): void {
  // The editor validates after the dialog is prepared.
  setTimeout(() => dialog(prefix).find('details').has('.input-error').prop('open', true), 0);
}
