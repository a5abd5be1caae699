import type { EndpointForm, Settings, SystemForm } from '../form.js';
import { HTTP_SIGN_IN_METHODS } from '../sign-in.js';

/** The standard paths of the APIs, without the version. */
const PATHS: Record<string, string> = {
  tmf621: '/tmf-api/troubleTicket/',
  tmf622: '/tmf-api/productOrderingManagement/',
};

/** The config node of all TM Forum APIs: a provider offers them at one URL, with the same authentication. */
export const tmfEndpoint: EndpointForm = {
  node: 'tmf-endpoint',
  side: 'provider',
  label: 'TMF',
  address: { example: 'https://api.provider.example' },
  signIn: HTTP_SIGN_IN_METHODS,
  defaults: { auth: 'oauthClientCredentials' },
  systemSetting: 'api',
  settings: [
    { kind: 'choice', name: 'api', icon: 'fa-book', default: 'tmf621', values: ['tmf621', 'tmf622'] },
    { kind: 'choice', name: 'version', icon: 'fa-code-fork', default: 'v4', values: ['v4', 'v5'] },
  ],
  folds: [
    {
      name: 'dialect',
      settings: [
        { kind: 'choice', name: 'profile', icon: 'fa-building-o', default: 'standard', values: ['standard', 'servicenow'] },
        {
          kind: 'text',
          name: 'apiPath',
          icon: 'fa-link',
          default: '',
          isPath: true,
          example: ({ api, version }) => `${PATHS[String(api)] ?? ''}${String(version)}`,
        },
        {
          kind: 'choice',
          name: 'arrayMode',
          icon: 'fa-list',
          default: 'auto',
          values: ['auto', 'replace', 'append', 'jsonPatch'],
        },
        { kind: 'flag', name: 'putsWhole', default: false },
        { kind: 'flag', name: 'wholeItems', default: false, showIf: { setting: 'api', is: ['tmf622'] } },
        {
          kind: 'choice',
          name: 'cancelBy',
          icon: 'fa-ban',
          default: 'request',
          values: ['request', 'state', 'delete', 'note'],
          showIf: { setting: 'api', is: ['tmf622'] },
        },
      ],
    },
  ],
  migrations: [addApiAndArrayMode],
};

/** Early versions supported only TMF621 and only replaced whole lists, so their endpoints lack these settings. */
function addApiAndArrayMode(settings: Settings): Settings {
  return { ...settings, api: settings.api || 'tmf621', arrayMode: settings.arrayMode || 'replace' };
}

/** The common part of the in and out nodes of all TM Forum APIs. */
export const TMF_NODES: Pick<SystemForm, 'color' | 'endpoint' | 'receive'> = {
  color: '#79B7BD',
  endpoint: tmfEndpoint,
  receive: { hub: { renewInterval: '60', eventLimit: '10240' }, poll: { interval: '60' } },
};

/** The versions of an API as choices in the wizard. */
export function versions(label: string): SystemForm['wizard']['choices'] {
  return ['v4', 'v5'].map((version) => ({ id: version, label: `${label} ${version}`, settings: { version } }));
}
