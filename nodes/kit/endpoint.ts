import type { Node, NodeAPI, NodeDef } from 'node-red';
import { FIELD_RULES, type PartyRules } from '../../src/conversation/ownership.js';
import type { Broker } from '../../src/delivery/broker.js';
import type { EndpointClient } from '../../src/endpoints/endpoint.js';
import { SwitchboardError } from '../../src/errors.js';
import type { Auth, HttpOptions } from '../../src/http/http.js';
import type { StoreNode } from '../switchboard-store/switchboard-store.js';
import { type EndpointConfig, type EndpointCredentials, endpointDefaults } from './endpoint.config.js';
import type { EndpointNode } from './parties.js';
import { numberSetting, requiredSetting } from './settings.js';

/** Longest wait for nodes that say goodbye to the partner, milliseconds; Node-RED gives a close 15 s. */
const FAREWELL = 5_000;

/** Node-RED's tls-config node, as far as we use it. */
interface TlsNode extends Node {
  addTLSOptions(options: Record<string, unknown>): Record<string, unknown>;
}

/** The HTTP settings of an endpoint from its node's settings and credentials; throws SWB_CONFIG in words. */
export function httpOptions(RED: NodeAPI, config: EndpointConfig, credentials: EndpointCredentials, where: string): HttpOptions {
  const baseUrl = requiredSetting(config.baseUrl, 'baseUrl', where).replace(/\/+$/, '');
  const url = URL.canParse(baseUrl) ? new URL(baseUrl) : undefined;
  // A path that is appended to a query or a fragment never reaches the partner.
  if (!url || !/^https?:$/.test(url.protocol) || /[?#]/.test(baseUrl)) {
    throw new SwitchboardError('SWB_CONFIG', `«${baseUrl}» is not the base URL of an API.`, {
      where,
      field: 'baseUrl',
      hint: 'It begins with http:// or https:// and has neither ? nor #.',
    });
  }
  const tls = config.tls ? tlsOptions(RED, config.tls, where) : undefined;
  return {
    name: where,
    baseUrl,
    auth: authOf(config, credentials, where),
    timeout: numberSetting(config.timeout, endpointDefaults.timeout, 'timeout', where) * 1000,
    rateLimit: numberSetting(config.rateLimit, endpointDefaults.rateLimit, 'rateLimit', where),
    concurrency: Math.max(1, numberSetting(config.concurrency, endpointDefaults.concurrency, 'concurrency', where)),
    ...(tls && { tls }),
  };
}

function tlsOptions(RED: NodeAPI, id: string, where: string): HttpOptions['tls'] {
  const node = RED.nodes.getNode(id) as TlsNode | null;
  if (node?.addTLSOptions) return node.addTLSOptions({}) as HttpOptions['tls'];
  throw new SwitchboardError('SWB_CONFIG', 'Its TLS configuration is missing.', {
    where,
    field: 'tls',
    hint: 'Choose one that is there and enabled; a new one has to be deployed first.',
  });
}

/** Where tokens are fetched: an address, or a path at the endpoint. */
export function tokenAddress({ tokenUrl, baseUrl }: Pick<EndpointConfig, 'tokenUrl' | 'baseUrl'>): string {
  const base = `${baseUrl.replace(/\/+$/, '')}/`;
  return URL.canParse(tokenUrl) || !URL.canParse(tokenUrl, base) ? tokenUrl : new URL(tokenUrl, base).href;
}

function authOf(config: EndpointConfig, given: EndpointCredentials, where: string): Auth {
  const need = (name: keyof EndpointCredentials) => requiredSetting(given[name], name, where);
  const tokenUrl = () => tokenAddress({ ...config, tokenUrl: requiredSetting(config.tokenUrl, 'tokenUrl', where) });
  const scope = config.scope || undefined;
  const oauth = () => ({ tokenUrl: tokenUrl(), clientId: need('clientId'), clientSecret: given.clientSecret ?? '', scope });
  switch (config.auth) {
    case 'none':
      return { kind: 'none' };
    case 'basic':
      return { kind: 'basic', user: need('user'), password: given.password ?? '' };
    case 'bearer':
      return { kind: 'bearer', token: need('token') };
    case 'apiKey':
      return { kind: 'apiKey', header: requiredSetting(config.apiKeyHeader, 'apiKeyHeader', where), key: need('apiKey') };
    case 'oauthClientCredentials':
      return { kind: 'oauthClientCredentials', ...oauth() };
    case 'oauthPassword':
      return { kind: 'oauthPassword', ...oauth(), user: need('user'), password: given.password ?? '' };
    case 'oauthRefreshToken':
      return { kind: 'oauthRefreshToken', ...oauth(), refreshToken: need('refreshToken') };
    default:
      throw new SwitchboardError('SWB_CONFIG', `«${String(config.auth)}» is no way of authentication.`, {
        where,
        field: 'auth',
        hint: 'Choose one from the list.',
      });
  }
}

/** How the party is dealt with; of an endpoint that was saved before there were such settings, as usual. */
function partyRules({ side, edits, deletions, fieldRules = {} }: EndpointConfig, where: string): Partial<PartyRules> {
  const wrong = Object.entries(fieldRules).find(([, rule]) => !FIELD_RULES.includes(rule));
  if (wrong) {
    throw new SwitchboardError('SWB_CONFIG', `«${String(wrong[1])}» is no rule for the field ${wrong[0]}.`, {
      where,
      field: 'fieldRules',
      hint: `Use one of ${FIELD_RULES.join(', ')}.`,
    });
  }
  return { fields: fieldRules, ...(side && { side }), ...(edits && { edits }), ...(deletions && { deletions }) };
}

/**
 * What the config nodes of all systems do alike: make the client, join the store's broker, send what waits, leave again.
 * A wrong setting leaves the node without a client; the nodes that use it say so.
 */
export function endpointRuntime<Client extends EndpointClient>(
  RED: NodeAPI,
  node: EndpointNode<Client> & { credentials: EndpointCredentials },
  config: NodeDef & EndpointConfig,
  system: string,
  makeClient: (options: HttpOptions) => Client,
): void {
  const where = config.name || `${system} endpoint`;
  node.label = where;
  node.storeId = config.store;
  node.broker = (async () => {
    const options = httpOptions(RED, config, node.credentials ?? {}, where);
    node.client = makeClient(options);
    const store = RED.nodes.getNode(config.store) as StoreNode | null;
    if (!store?.broker) {
      throw new SwitchboardError('SWB_CONFIG', 'It has no store.', {
        where,
        field: 'store',
        hint: 'Choose or add a store in the endpoint’s dialog and deploy.',
      });
    }
    const retryDelay = numberSetting(config.retryDelay, endpointDefaults.retryDelay, 'retryDelay', where) * 1000;
    const maxTries = Math.max(1, numberSetting(config.maxTries, endpointDefaults.maxTries, 'maxTries', where));
    const settling = numberSetting(config.settling, endpointDefaults.settling, 'settling', where) * 1000;
    const broker: Broker = await store.broker;
    const retry = { baseDelay: retryDelay, maxTries };
    broker.addEndpoint(node.client, { concurrency: options.concurrency, settling, retry, rules: partyRules(config, where) });
    return broker;
  })();
  const farewells: Promise<unknown>[] = [];
  node.hold = (farewell) => {
    farewells.push(farewell.catch(() => undefined));
  };
  node.broker.catch((error) => node.error(error instanceof Error ? error.message : String(error)));
  node.on('close', (_removed: boolean, done: () => void) => {
    node.broker
      .then(
        (broker) => broker.removeEndpoint(node.id),
        () => undefined,
      )
      .then(() => Promise.race([Promise.all(farewells), new Promise((resolve) => setTimeout(resolve, FAREWELL).unref())]))
      .then(() => node.client?.close())
      .finally(done);
  });
}
