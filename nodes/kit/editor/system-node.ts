import type { SystemForm } from '../../../src/endpoints/form.js';
import {
  hasTypes,
  headerFor,
  type InConfig,
  type InCredentials,
  inCredentials,
  inDefaults,
  needsCredential,
} from '../in.config.js';
import { versionSetting } from '../migrate.js';
import { type OutConfig, outDefaults } from '../out.config.js';
import { CATEGORY } from './category.js';
import { copyField, httpRoot } from './copy-field.js';
import { checkedCredentials, fillEmptyCredentials } from './credentials.js';
import { endpointField } from './endpoints.js';
import { entityTypeSelect } from './entity-types.js';
import { field, openInvalid, showBy } from './fields.js';
import { warnOfAddress } from './risks.js';
import { sameUpdates, showSameUpdates } from './same-updates.js';
import { updateSettings } from './settings.js';
import { addStyle } from './style.js';
import { address, headerName, number, requestPath, when } from './validate.js';
import { newPath, pathTaken } from './webhook-path.js';

const PREFIX = 'node-input';

/** The definition that a set registers; its script adds the category as a literal. */
type Definition<Config, Credentials = Record<never, never>> = Omit<NodeDefinition<Config, Credentials>, 'category'> &
  ThisType<EditorNode<Config>>;

/** The appearance of a system's in or out node in the palette and the workspace. */
function appearance(form: SystemForm, kind: 'in' | 'out') {
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
  const defaults = outDefaults(form);
  const migrations = form.migrations?.out;
  return {
    ...appearance(form, 'out'),
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
      ...(hasTypes(form) && { entityType: { value: defaults.entityType, required: true } }),
      joinsOthers: { value: defaults.joinsOthers },
      ...versionSetting(migrations),
    },
    oneditprepare() {
      addStyle();
      updateSettings(PREFIX, this, defaults, migrations);
      if (hasTypes(form)) entityTypeSelect(PREFIX, this.entityType ?? '');
    },
  };
}

/** The in node of a system. */
export function inNode(form: SystemForm): Definition<InConfig, InCredentials> {
  const { webhook, hub, poll } = form.receive;
  const defaults = inDefaults(form);
  const migrations = form.migrations?.in;
  return {
    ...appearance(form, 'in'),
    inputs: 0,
    outputs: 1,
    outputLabels() {
      return this._('port.record');
    },
    defaults: {
      name: { value: '' },
      endpoint: endpointField(form),
      ...(hasTypes(form) && { entityType: { value: defaults.entityType, required: true } }),
      ...(webhook && webhookFields(defaults)),
      ...(hub && hubFields(defaults)),
      ...(poll && {
        poll: { value: defaults.poll },
        pollInterval: {
          value: defaults.pollInterval,
          validate: when<InConfig>((node) => node.poll === true, number({ from: 1, to: 86_400 })),
        },
      }),
      newOnly: { value: '', validate: sameUpdates(form) },
      ...versionSetting(migrations),
    },
    ...checkedCredentials<InConfig>(inCredentials(form.receive), needsCredential),
    onadd() {
      if (webhook && !this.path) this.path = newPath(form.id, this.id);
    },
    oneditprepare() {
      addStyle();
      updateSettings(PREFIX, this, defaults, migrations);
      if (webhook) fillEmptyCredentials(this);
      if (hasTypes(form)) entityTypeSelect(PREFIX, this.entityType ?? '');
      for (const setting of ['webhookAuth', 'webhook', 'hub', 'poll']) if (setting in defaults) showBy(PREFIX, setting);
      if (webhook) {
        const path = field(PREFIX, 'path');
        const url = () => httpRoot() + String(path.val()).replace(/^\/+/, '');
        copyField(PREFIX, 'switchboard-copy', url, [path], this._);
        followWithHeader();
      }
      if (hub) warnOfAddress(PREFIX, 'publicUrl', this._);
      const example = form.newOnlyExample;
      if (example) field(PREFIX, 'newOnly').attr('placeholder', this._('receive.newOnlyExample', { example }));
      showSameUpdates(this, form);
      openInvalid(PREFIX);
    },
  };
}

/** Another kind of protection has another default header. The editor triggers `change` of what is unchanged, too. */
function followWithHeader(): void {
  const [kind, header] = [field(PREFIX, 'webhookAuth'), field(PREFIX, 'webhookHeader')];
  let before = kind.val();
  kind.on('change', () => {
    if (kind.val() === before) return;
    before = kind.val();
    header.val(headerFor(before as NonNullable<InConfig['webhookAuth']>, String(header.val()))).trigger('change');
  });
}

function webhookFields(defaults: InConfig) {
  return {
    webhook: { value: defaults.webhook },
    path: {
      value: '',
      validate: when<InConfig>(
        (node) => node.webhook === true,
        function (value, options) {
          if (value && pathTaken(this.id, value)) return this._def._('invalid.pathTaken');
          return requestPath<InConfig>().call(this, value, options);
        },
      ),
    },
    webhookAuth: { value: defaults.webhookAuth },
    webhookHeader: {
      value: defaults.webhookHeader,
      validate: when<InConfig>((node) => node.webhook === true && node.webhookAuth !== 'basic', headerName()),
    },
    hmacPrefix: { value: defaults.hmacPrefix },
    signatureTolerance: {
      value: defaults.signatureTolerance,
      validate: when<InConfig>((node) => node.webhook === true && node.webhookAuth === 'timed', number({ from: 1, to: 60 })),
    },
    webhookLimit: {
      value: defaults.webhookLimit,
      validate: when<InConfig>((node) => node.webhook === true, number({ from: 1 })),
    },
  };
}

function hubFields(defaults: InConfig) {
  const on = (node: InConfig) => node.hub === true;
  return {
    hub: { value: defaults.hub },
    publicUrl: { value: '', validate: when<InConfig>(on, address({ optional: true })) },
    query: { value: '' },
    renewInterval: { value: defaults.renewInterval, validate: when<InConfig>(on, number({ from: 1, to: 10_080 })) },
    eventLimit: { value: defaults.eventLimit, validate: when<InConfig>(on, number({ from: 1 })) },
  };
}
