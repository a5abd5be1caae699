import { type EndpointConfig, type EndpointCredentials, endpointDefaults } from '../endpoint.config.js';
import { type ConnectionTest, connectionTest } from './connection-test.js';
import { settleCredentials } from './credentials.js';
import { dialog, field, openInvalid, read, showBy } from './fields.js';
import { addStyle } from './style.js';

const PREFIX = 'node-config-input';
const SETTINGS: (keyof EndpointConfig)[] = [
  'name',
  'store',
  'baseUrl',
  'auth',
  'apiKeyHeader',
  'tokenUrl',
  'scope',
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
export const CREDENTIALS: (keyof EndpointCredentials)[] = [
  'user',
  'password',
  'token',
  'apiKey',
  'clientId',
  'clientSecret',
  'refreshToken',
];
/** What Node-RED's config node select gives for "none". */
const NONE = '_ADD_';

/**
 * What the dialogs of all endpoints have in common; see endpoint.html. `more` reads the settings only this system has. Gives what reads the
 * endpoint as it stands in the dialog.
 */
export function prepareEndpoint(node: EditorNode<EndpointConfig>, more: () => Record<string, unknown>): () => ConnectionTest {
  addStyle();
  settleCredentials(node);
  chooseOnlyStore();
  // An endpoint saved before there were the settings.
  for (const name of ['settling', 'edits', 'deletions'] as const)
    if ((node[name] ?? '') === '') field(PREFIX, name).val(endpointDefaults[name]);
  showBy(PREFIX, 'auth');
  openInvalid(PREFIX);
  const current = () => ({
    id: node.id,
    type: node.type,
    config: { ...values(SETTINGS), ...more() },
    credentials: values(CREDENTIALS) as Record<string, string>,
  });
  connectionTest(dialog(PREFIX), node._, current);
  return current;
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
