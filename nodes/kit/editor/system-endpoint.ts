import { type Setting, type Settings, type SystemForm, settingsOf } from '../../../src/endpoints/form.js';
import { credentialsOf, type EndpointConfig, type EndpointCredentials, endpointDefaults } from '../endpoint.config.js';
import { versionSetting } from '../migrate.js';
import { checkedCredentials } from './credentials.js';
import { prepareEndpoint, values } from './endpoint-dialog.js';
import { endpointFields, needsField } from './endpoint-fields.js';
import { field, read, showBy } from './fields.js';
import { prepareRows, readRows } from './rows.js';
import { updateSettings } from './settings.js';
import { requestPath } from './validate.js';

const PREFIX = 'node-config-input';

type Config = EndpointConfig & Settings;

/** The config node of one or several systems; the set's script contains the category as a literal. */
export function endpointNode({
  endpoint: form,
}: SystemForm): Omit<NodeDefinition<Config, EndpointCredentials>, 'category'> & ThisType<EditorNode<Config>> {
  const defaults = endpointDefaults(form);
  const own = settingsOf(form);
  const fields = own.filter((setting) => setting.kind !== 'rows');
  const tables = own.filter((setting) => setting.kind === 'rows');
  return {
    defaults: {
      ...endpointFields(form, defaults),
      ...Object.fromEntries(own.map((setting) => [setting.name, definitionOf(setting)])),
      ...versionSetting(form.migrations),
    } as never,
    ...checkedCredentials<Config>(credentialsOf(form), (name, { auth }) => needsField(form, auth, name)),
    label() {
      return this.name || this.baseUrl || `${form.label.toLowerCase()} endpoint`;
    },
    labelStyle() {
      return this.name ? 'node_label_italic' : '';
    },
    oneditprepare() {
      updateSettings(PREFIX, this, defaults, form.migrations);
      for (const setting of new Set(own.flatMap((one) => ('showIf' in one && one.showIf?.setting) || [])))
        showBy(PREFIX, setting);
      showExamples(own);
      const current = prepareEndpoint(this, form, () => ({
        ...values(fields.map(({ name }) => name)),
        ...Object.fromEntries(tables.map((table) => [table.name, readRows(table)])),
      }));
      for (const table of tables) prepareRows(this, table, current);
    },
    oneditsave() {
      for (const table of tables) (this as Settings)[table.name] = readRows(table);
    },
  };
}

function definitionOf(setting: Setting): SettingDefinition<Config, unknown> {
  const isPath = setting.kind === 'text' && setting.isPath;
  return { value: setting.default, ...(isPath && { validate: requestPath({ optional: true }) }) };
}

/** Updates placeholders that depend on selections in the dialog. */
function showExamples(settings: readonly Setting[]): void {
  const choices = settings.filter(({ kind }) => kind === 'choice').map(({ name }) => name);
  for (const setting of settings) {
    if (setting.kind !== 'text' || typeof setting.example !== 'function') continue;
    const { name, example } = setting;
    const update = () =>
      field(PREFIX, name).attr(
        'placeholder',
        example(Object.fromEntries(choices.map((choice) => [choice, read(PREFIX, choice)]))),
      );
    for (const choice of choices) field(PREFIX, choice).on('change', update);
    update();
  }
}
