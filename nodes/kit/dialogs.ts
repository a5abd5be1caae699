import type { EndpointForm, Setting, SystemForm } from '../../src/endpoints/form.js';
import { fieldsOf, type SignInMethod } from '../../src/endpoints/sign-in.js';
import { hasTypes } from './in.config.js';

/*
 * Generates the dialogs of a system's nodes from its form. The build writes them; `<!-- include x.html -->` inserts a file of
 * nodes/kit/editor/.
 */

/** The dialog of an endpoint's config node. */
export function endpointDialog(form: EndpointForm): string {
  const prefix = 'node-config-input';
  return template(form.node, [
    nameField(prefix, 'dialog.nameExample'),
    ...(form.address
      ? [textField(prefix, 'baseUrl', 'endpoint.baseUrl', { icon: 'fa-globe', attributes: placeholder(form.address.example) })]
      : []),
    ...form.settings.map((setting) => settingField(prefix, setting)),
    include('sign-in'),
    include('endpoint'),
    include('connection-test'),
    ...form.folds.map(({ name, settings }) =>
      fold(
        `dialog.${name}`,
        settings.map((setting) => settingField(prefix, setting)),
      ),
    ),
    fold('label.advanced', [include('endpoint-limits')]),
  ]);
}

/** The dialog of an in node. */
export function inDialog(form: SystemForm): string {
  const { webhook, hub, poll } = form.receive;
  return template(`${form.id}-in`, [
    ...nodeFields(form),
    ...(webhook ? [include('webhook')] : []),
    ...(hub ? [include('hub')] : []),
    ...(poll ? [include('poll')] : []),
    ...(webhook ? [include('webhook-more')] : []),
    ...(hub ? [include('hub-more')] : []),
    include('shared-intake'),
  ]);
}

/** The dialog of an out node. */
export function outDialog(form: SystemForm): string {
  return template(`${form.id}-out`, [...nodeFields(form), include('joins-others')]);
}

/** The select of authentication methods, and the fields that each method needs. */
export function signInFields(methods: readonly SignInMethod[], prefix = 'node-config-input'): string {
  const options = methods.map(({ id }) => `      <option value="${id}" data-i18n="endpoint.authKind.${id}"></option>`);
  const using = (name: string) => methods.filter(({ fields }) => fields.some((field) => field.name === name)).map(({ id }) => id);
  const fields = fieldsOf(methods).map(({ name, kept, icon }) =>
    textField(prefix, name, `endpoint.${name}`, {
      icon,
      row: ` data-show-auth="${using(name).join(' ')}"`,
      type: kept === 'secret' ? 'password' : 'text',
      attributes:
        kept === 'secret' ? ' autocomplete="new-password"' : kept === 'credential' ? ' autocomplete="off"' : (HINTS[name] ?? ''),
    }),
  );
  return [
    `  <div class="form-row">
    ${label(prefix, 'auth', 'endpoint.auth', 'fa-lock')}
    <select id="${prefix}-auth">
${options.join('\n')}
    </select>
  </div>`,
    ...fields,
  ].join('\n');
}

/** Placeholders of settings. */
const HINTS: Record<string, string> = {
  tokenUrl: ' data-i18n="[placeholder]endpoint.tokenUrlExample"',
  scope: ' data-i18n="[placeholder]label.optional"',
};

function nodeFields(form: SystemForm): string[] {
  const prefix = 'node-input';
  return [
    nameField(prefix, 'label.optional'),
    textField(prefix, 'endpoint', 'label.endpoint', { icon: 'fa-server' }),
    ...(hasTypes(form)
      ? [
          `  <div class="form-row">
    ${label(prefix, 'entityType', 'label.entityType', 'fa-ticket')}
    <select id="${prefix}-entityType"></select>
  </div>`,
        ]
      : []),
  ];
}

function settingField(prefix: string, setting: Setting): string {
  const { name, icon } = setting;
  const showIf = 'showIf' in setting ? setting.showIf : undefined;
  const row = showIf ? ` data-show-${showIf.setting.toLowerCase()}="${showIf.is.join(' ')}"` : '';
  const key = `dialog.${name}`;
  if (setting.kind === 'text') {
    const example = typeof setting.example === 'string' ? placeholder(setting.example) : '';
    return textField(prefix, name, key, { ...(icon && { icon }), row, attributes: example });
  }
  if (setting.kind === 'flag') {
    return `  <div class="form-row switchboard-check"${row}>
    <input type="checkbox" id="${prefix}-${name}"><label for="${prefix}-${name}" data-i18n="${key}"></label>
  </div>`;
  }
  if (setting.kind === 'rows') {
    return `  <ol id="switchboard-rows-${name}"></ol>
  <div class="switchboard-note" id="switchboard-rows-${name}-note" role="status"></div>`;
  }
  const options = setting.values.map((value) => `      <option value="${value}" data-i18n="${key}Kind.${value}"></option>`);
  return `  <div class="form-row"${row}>
    ${label(prefix, name, key, icon)}
    <select id="${prefix}-${name}">
${options.join('\n')}
    </select>
  </div>`;
}

interface TextOptions {
  icon?: string;
  /** Attributes of the row, and of the input. */
  row?: string;
  attributes?: string;
  type?: 'text' | 'password';
}

function textField(
  prefix: string,
  name: string,
  key: string,
  { icon, row = '', attributes = '', type = 'text' }: TextOptions = {},
): string {
  return `  <div class="form-row"${row}>
    ${label(prefix, name, key, icon)}
    <input type="${type}" id="${prefix}-${name}"${attributes}>
  </div>`;
}

function nameField(prefix: string, example: string): string {
  return `  <div class="form-row">
    <label for="${prefix}-name"><i class="fa fa-tag"></i> <span data-i18n="node-red:common.label.name"></span></label>
    <input type="text" id="${prefix}-name" data-i18n="[placeholder]${example}">
  </div>`;
}

function label(prefix: string, name: string, key: string, icon?: string): string {
  if (!icon) return `<label for="${prefix}-${name}" data-i18n="${key}"></label>`;
  return `<label for="${prefix}-${name}"><i class="fa ${icon}"></i> <span data-i18n="${key}"></span></label>`;
}

function placeholder(text: string): string {
  return ` placeholder="${text.replaceAll('&', '&amp;').replaceAll('"', '&quot;')}"`;
}

function fold(key: string, content: string[]): string {
  return `  <details class="switchboard-fold">
    <summary data-i18n="${key}"></summary>
${content.join('\n')}
  </details>`;
}

function include(piece: string): string {
  return `  <!-- include ${piece}.html -->`;
}

function template(name: string, content: string[]): string {
  return `<script type="text/html" data-template-name="switchboard-${name}">
<div class="switchboard-dialog">
${content.join('\n')}
</div>
</script>
`;
}
