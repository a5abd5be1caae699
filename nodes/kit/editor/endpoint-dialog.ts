import type { EndpointForm } from '../../../src/endpoints/form.js';
import { fieldsOf, type SignInMethod } from '../../../src/endpoints/sign-in.js';
import { credentialsOf, type EndpointConfig } from '../endpoint.config.js';
import { type ConnectionTest, connectionTest } from './connection-test.js';
import { fillEmptyCredentials } from './credentials.js';
import { dialog, field, openInvalid, read, showBy } from './fields.js';
import { warnOfAddress, warnOfProxy, warnOfTls } from './risks.js';
import { addStyle } from './style.js';

const PREFIX = 'node-config-input';
/** Settings in the dialog of every endpoint, whatever its authentication method. */
const SETTINGS: (keyof EndpointConfig)[] = [
  'name',
  'store',
  'baseUrl',
  'auth',
  'tls',
  'proxyUse',
  'proxy',
  'allowedHosts',
  'timeout',
  'rateLimit',
  'concurrency',
  'maxTries',
  'retryDelay',
  'maxRetryAfter',
  'settling',
  'recordTraffic',
  'side',
  'edits',
  'deletions',
  'attachments',
  'attachmentTypes',
  'attachmentMegabytes',
  'attachmentNameLength',
  'integrationUser',
];
/** The value of "none" in Node-RED's select of config nodes. */
const NONE = '_ADD_';

/**
 * Prepares the part of the dialog that all endpoints have; see endpoint.html. `ownSettings` reads the settings of this system.
 * Returns a function that reads the endpoint as shown in the dialog.
 */
export function prepareEndpoint(
  node: EditorNode<EndpointConfig>,
  form: EndpointForm,
  ownSettings: () => Record<string, unknown>,
): () => ConnectionTest {
  addStyle();
  fillEmptyCredentials(node);
  for (const name of ['baseUrl', 'tokenUrl']) warnOfAddress(PREFIX, name, node._);
  warnOfTls(PREFIX, node._);
  warnOfProxy(PREFIX, node._);
  chooseOnlyStore();
  showBy(PREFIX, 'auth');
  showBy(PREFIX, 'proxyUse');
  showBy(PREFIX, 'attachments');
  openInvalid(PREFIX);
  const current = () => ({
    id: node.id,
    type: node.type,
    config: { ...values([...SETTINGS, ...signInSettings(form.signIn)]), ...ownSettings() },
    credentials: values(Object.keys(credentialsOf(form))) as Record<string, string>,
  });
  connectionTest(dialog(PREFIX), node._, current);
  return current;
}

/** The fields of authentication methods that are settings, not credentials. */
export function signInSettings(methods: readonly SignInMethod[]): string[] {
  return fieldsOf(methods)
    .filter(({ kept }) => kept === 'setting')
    .map(({ name }) => name);
}

export function values(names: readonly string[]): Record<string, unknown> {
  const entries = names.map((name) => [name, read(PREFIX, name)] as const);
  return Object.fromEntries(entries.map(([name, value]) => [name, value === NONE ? '' : value]));
}

/** Most installations have one store; it is selected without asking. */
function chooseOnlyStore(): void {
  const select = field(PREFIX, 'store');
  const stores = select.find('option').filter((_, option) => option.value !== NONE && option.value !== '');
  if (read(PREFIX, 'store') === NONE && stores.length === 1) select.val(String(stores.first().val())).trigger('change');
}
