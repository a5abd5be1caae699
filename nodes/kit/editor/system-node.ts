import type { SystemForm } from '../../../src/endpoints/form.js';
import { hasTypes, type InConfig, type InCredentials, inCredentials, inDefaults } from '../in.config.js';
import { versionSetting } from '../migrate.js';
import { type OutConfig, outDefaults } from '../out.config.js';
import { CATEGORY } from './category.js';
import { copyField, httpRoot } from './copy-field.js';
import { settleCredentials } from './credentials.js';
import { endpointField } from './endpoints.js';
import { entityTypeSelect } from './entity-types.js';
import { field, openInvalid, showBy } from './fields.js';
import { updateSettings } from './settings.js';
import { addStyle } from './style.js';
import { address, number, text, when } from './validate.js';
import { freePath, pathTaken } from './webhook-path.js';

const PREFIX = 'node-input';

/** What a set registers; the category stands in its script, literally. */
type Definition<Config, Credentials = Record<never, never>> = Omit<NodeDefinition<Config, Credentials>, 'category'> &
  ThisType<EditorNode<Config>>;

/** What the palette and the workspace show of a system's in or out node. */
function looks(form: SystemForm, kind: 'in' | 'out') {
  const name = `${form.id} ${kind}`;
  return {
    categoryDescription: CATEGORY,
    color: form.color,
    icon: `switchboard-${form.id}-${kind}.svg`,
    paletteLabel: name,
    label(this: { name: string }) {
      return this.name || name;
    },
    labelStyle(this: { name: string }) {
      return this.name ? 'node_label_italic' : '';
    },
  };
}

/** The out node of a system. */
export function outNode(form: SystemForm): Definition<OutConfig> {
  const usual = outDefaults(form);
  const migrations = form.migrations?.out;
  return {
    ...looks(form, 'out'),
    align: 'right',
    inputs: 1,
    outputs: 1,
    inputLabels() {
      return this._('port.payload');
    },
    outputLabels() {
      return this._('port.answer');
    },
    defaults: {
      name: { value: '' },
      endpoint: endpointField(form),
      ...(hasTypes(form) && { entityType: { value: usual.entityType, required: true } }),
      ...versionSetting(migrations),
    },
    oneditprepare() {
      addStyle();
      updateSettings(PREFIX, this, usual, migrations);
      if (hasTypes(form)) entityTypeSelect(PREFIX, this.entityType ?? '');
    },
  };
}

/** The in node of a system. */
export function inNode(form: SystemForm): Definition<InConfig, InCredentials> {
  const { webhook, hub, poll } = form.receive;
  const usual = inDefaults(form);
  const migrations = form.migrations?.in;
  return {
    ...looks(form, 'in'),
    inputs: 0,
    outputs: 1,
    outputLabels() {
      return this._('port.record');
    },
    defaults: {
      name: { value: '' },
      endpoint: endpointField(form),
      ...(hasTypes(form) && { entityType: { value: usual.entityType, required: true } }),
      ...(webhook && webhookFields(usual)),
      ...(hub && hubFields(usual)),
      ...(poll && {
        poll: { value: usual.poll },
        pollInterval: {
          value: usual.pollInterval,
          validate: when<InConfig>((node) => node.poll === true, number({ from: 1, to: 86_400 })),
        },
      }),
      ...versionSetting(migrations),
    },
    credentials: inCredentials(form.receive) as never,
    onadd() {
      if (webhook && !this.path) this.path = freePath(form.id, this.id);
    },
    oneditprepare() {
      addStyle();
      updateSettings(PREFIX, this, usual, migrations);
      if (webhook) settleCredentials(this);
      if (hasTypes(form)) entityTypeSelect(PREFIX, this.entityType ?? '');
      for (const setting of ['webhookAuth', 'webhook', 'hub', 'poll']) if (setting in usual) showBy(PREFIX, setting);
      if (webhook) {
        const path = field(PREFIX, 'path');
        const url = () => httpRoot() + String(path.val()).replace(/^\/+/, '');
        copyField(PREFIX, 'switchboard-copy', url, [path], this._);
      }
      openInvalid(PREFIX);
    },
  };
}

function webhookFields(usual: InConfig) {
  return {
    webhook: { value: usual.webhook },
    path: {
      value: '',
      validate(this: EditorNode<InConfig>, value: string, _options: unknown) {
        if (!this.webhook) return true;
        if (!value) return this._def._('invalid.missing');
        return pathTaken(this.id, value) ? this._def._('invalid.pathTaken') : true;
      },
    },
    webhookAuth: { value: usual.webhookAuth },
    webhookHeader: {
      value: usual.webhookHeader,
      validate: when<InConfig>((node) => node.webhook === true && node.webhookAuth !== 'basic', text()),
    },
    hmacPrefix: { value: usual.hmacPrefix },
    webhookLimit: { value: usual.webhookLimit, validate: when<InConfig>((node) => node.webhook === true, number({ from: 1 })) },
  };
}

function hubFields(usual: InConfig) {
  const on = (node: InConfig) => node.hub === true;
  return {
    hub: { value: usual.hub },
    publicUrl: { value: '', validate: when<InConfig>(on, address({ optional: true })) },
    query: { value: '' },
    renewInterval: { value: usual.renewInterval, validate: when<InConfig>(on, number({ from: 1, to: 10_080 })) },
    eventLimit: { value: usual.eventLimit, validate: when<InConfig>(on, number({ from: 1 })) },
  };
}
