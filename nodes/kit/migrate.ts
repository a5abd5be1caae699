import type { Migration, Settings } from '../../src/endpoints/form.js';

/** How many migrations the settings of a node have gone through; absent in those that were saved before its first one. */
const VERSION = 'settingsVersion';

/**
 * The settings of a node as its newest version has them. Runs when a flow starts, and when a person opens the dialog; what is saved from then on is new.
 * Migrations are only ever appended: each makes the settings of one version into those of the next.
 */
export function migrated<Config extends object>(config: Config, migrations: readonly Migration[] = []): Config {
  const given = config as Settings;
  const from = Number(given[VERSION] ?? 0);
  if (from >= migrations.length) return config;
  const settings = migrations.slice(from).reduce<Settings>((older, migration) => migration(older), { ...given });
  return { ...settings, [VERSION]: migrations.length } as Config;
}

/** The setting that keeps the version, for a node's defaults; none while there are no migrations. */
export function versionSetting(migrations: readonly Migration[] = []): Record<string, { value: number }> {
  return migrations.length > 0 ? { [VERSION]: { value: migrations.length } } : {};
}
