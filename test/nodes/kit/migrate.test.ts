import assert from 'node:assert/strict';
import { migrate, versionSetting } from '../../../nodes/kit/migrate.js';
import type { Settings } from '../../../src/endpoints/form.js';
import { tmfEndpoint } from '../../../src/endpoints/tmf/form.js';

describe('settings that an earlier version saved', () => {
  const migrations = [
    ({ colour, ...settings }: Settings) => ({ ...settings, color: colour }),
    (settings: Settings) => ({ ...settings, color: String(settings.color).toLowerCase() }),
  ];

  it('go through all later migrations in order, and get the new version', () => {
    assert.deepEqual(migrate<Settings>({ id: 'n', colour: 'RED' }, migrations), { id: 'n', color: 'red', settingsVersion: 2 });
    assert.deepEqual(migrate<Settings>({ color: 'RED', settingsVersion: 1 }, migrations), { color: 'red', settingsVersion: 2 });
  });

  it('are not changed if they have this version or a newer one', () => {
    for (const settings of [
      { color: 'RED', settingsVersion: 2 },
      { color: 'RED', settingsVersion: 3 },
    ])
      assert.equal(migrate(settings, migrations), settings);
  });

  it('have the current version in new nodes, and none in nodes without migrations', () => {
    assert.deepEqual(versionSetting(migrations), { settingsVersion: { value: 2 } });
    assert.deepEqual(versionSetting(), {});
  });

  it('of a TM Forum endpoint without an API become those of TMF621, and still send whole lists', () => {
    const { api, arrayMode } = migrate<Settings>({ version: 'v5' }, tmfEndpoint.migrations);
    assert.deepEqual([api, arrayMode], ['tmf621', 'replace']);
    const chosen = { api: 'tmf622', arrayMode: 'jsonPatch' };
    assert.deepEqual(migrate<Settings>(chosen, tmfEndpoint.migrations), { ...chosen, settingsVersion: 1 });
  });
});
