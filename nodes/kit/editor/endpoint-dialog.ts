import type { EndpointForm } from '../../../src/endpoints/form.js';
import { fieldsOf, type SignInMethod } from '../../../src/endpoints/sign-in.js';
import { credentialsOf, type EndpointConfig } from '../endpoint.config.js';
import { type ConnectionTest, connectionTest } from './connection-test.js';
import { settleCredentials } from './credentials.js';
import { dialog, field, openInvalid, read, showBy } from './fields.js';
import { addStyle } from './style.js';

const PREFIX = 'node-config-input';
/** Settings that every endpoint has in its dialog, whatever its way to sign in. */
const SETTINGS: (keyof EndpointConfig)[] = [
  'name',
  'store',
  'baseUrl',
  'auth',
  'tls',
  'timeout',
  'rateLimit',
  'concurrency',
  'maxTries',
  'retryDelay',
  'settling',
  'side',
  'edits',
  'deletions',
  'integrationUser',
];
/** What Node-RED's config node select gives for "none". */
const NONE = '_ADD_';

/**
 * What the dialogs of all endpoints have in common; see endpoint.html. `more` reads the settings only this system has. Gives what reads the
 * endpoint as it stands in the dialog.
 */
export function prepareEndpoint(
  node: EditorNode<EndpointConfig>,
  form: EndpointForm,
  more: () => Record<string, unknown>,
): () => ConnectionTest {
  addStyle();
  settleCredentials(node);
  chooseOnlyStore();
  showBy(PREFIX, 'auth');
  openInvalid(PREFIX);
  const current = () => ({
    id: node.id,
    type: node.type,
    config: { ...values([...SETTINGS, ...signInSettings(form.signIn)]), ...more() },
    credentials: values(Object.keys(credentialsOf(form))) as Record<string, string>,
  });
  connectionTest(dialog(PREFIX), node._, current);
  return current;
}

/** Settings that ways to sign in have beside credentials. */
export function signInSettings(methods: readonly SignInMethod[]): string[] {
  return fieldsOf(methods)
    .filter(({ kept }) => kept === 'setting')
    .map(({ name }) => name);
}

export function values(names: readonly string[]): Record<string, unknown> {
  const entries = names.map((name) => [name, read(PREFIX, name)] as const);
  return Object.fromEntries(entries.map(([name, value]) => [name, value === NONE ? '' : value]));
}

/** Most installations have one store; then there is nothing to choose. */
function chooseOnlyStore(): void {
  const select = field(PREFIX, 'store');
  const stores = select.find('option').filter((_, option) => option.value !== NONE && option.value !== '');
  if (read(PREFIX, 'store') === NONE && stores.length === 1) select.val(String(stores.first().val())).trigger('change');
}
