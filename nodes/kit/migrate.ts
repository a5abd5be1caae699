import type { Migration, Settings } from '../../src/endpoints/form.js';

/** The number of migrations applied to the settings of a node; absent in settings saved before the first migration. */
const VERSION = 'settingsVersion';

/**
 * Migrates the settings of a node to the current version. Runs when a flow starts, and when a user opens the dialog, which then
 * saves the new version. Migrations are only ever appended: each converts the settings of one version to the next.
 */
export function migrate<Config extends object>(config: Config, migrations: readonly Migration[] = []): Config {
  const saved = config as Settings;
  const from = Number(saved[VERSION] ?? 0);
  if (from >= migrations.length) return config;
  const settings = migrations.slice(from).reduce<Settings>((older, migration) => migration(older), { ...saved });
  return { ...settings, [VERSION]: migrations.length } as Config;
}

/** The setting that stores the version, for a node's defaults; none while there are no migrations. */
export function versionSetting(migrations: readonly Migration[] = []): Record<string, { value: number }> {
  return migrations.length > 0 ? { [VERSION]: { value: migrations.length } } : {};
}
