import type { Migration, Settings } from '../../../src/endpoints/form.js';
import { migrate } from '../migrate.js';
import { field, type Prefix } from './fields.js';

/**
 * Shows settings that an earlier version saved in their current form: migrated, and with defaults for settings that did not
 * exist. Also sets them in the node, so that closing its dialog does not count as a change.
 */
export function updateSettings(prefix: Prefix, node: object, defaults: object, migrations: readonly Migration[] = []): void {
  const saved = node as Settings;
  const missing = Object.entries(defaults).filter(([name]) => saved[name] === undefined);
  const after: Settings = { ...Object.fromEntries(missing), ...definedIn(migrate(saved, migrations)) };
  for (const [name, value] of Object.entries(after)) {
    if (value === saved[name]) continue;
    saved[name] = value;
    const input = field(prefix, name);
    if (input.is(':checkbox')) input.prop('checked', value === true);
    else input.val(String(value));
  }
}

function definedIn(settings: Settings): Settings {
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
}
