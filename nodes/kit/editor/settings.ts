import type { Migration, Settings } from '../../../src/endpoints/form.js';
import { migrated } from '../migrate.js';
import { field, type Prefix } from './fields.js';

/** Shows the settings of a node that an earlier version saved as the newest version has them; they are saved with the dialog. */
export function updateSettings(prefix: Prefix, node: object, migrations: readonly Migration[] = []): void {
  const before = node as Settings;
  const after = migrated(before, migrations);
  if (after === before) return;
  for (const [name, value] of Object.entries(after)) {
    if (value === before[name]) continue;
    before[name] = value;
    const input = field(prefix, name);
    if (input.is(':checkbox')) input.prop('checked', value === true);
    else input.val(String(value));
  }
}
