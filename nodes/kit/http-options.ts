import type { Node, NodeAPI } from 'node-red';
import { fieldsOf } from '../../src/endpoints/sign-in.js';
import type { System } from '../../src/endpoints/system.js';
import { SwitchboardError } from '../../src/errors.js';
import { type AllowedHost, allowedHosts } from '../../src/http/allowed-hosts.js';
import type { Auth, HttpOptions } from '../../src/http/http.js';
import { environmentProxies, type ProxyRules, proxyFor } from '../../src/http/proxy.js';
import { say } from '../../src/text/say.js';
import { type EndpointConfig, type EndpointCredentials, endpointDefaults, PROXY_USES } from './endpoint.config.js';
import { choiceSetting, headerName, numberSetting, optionalSetting, requiredSetting } from './settings.js';

/** The part of Node-RED's tls-config node that we use. */
interface TlsNode extends Node {
  addTLSOptions(options: Record<string, unknown>): Record<string, unknown>;
}

/** The part of Node-RED's `http proxy` node that we use. */
export interface ProxyNode {
  url?: string;
  noproxy?: string[];
  credentials?: { username?: string; password?: string };
}

/** The options of an endpoint's HTTP client, from its node's settings and credentials; throws SWB_CONFIG. */
export function httpOptions(
  RED: NodeAPI,
  system: System,
  config: EndpointConfig,
  credentials: EndpointCredentials,
  where: string,
): HttpOptions {
  const defaults = endpointDefaults(system.endpoint);
  const tls = config.tls ? tlsOptions(RED, config.tls, where) : undefined;
  const auth = authOf(RED, system, config, credentials, where);
  const address = baseUrl(RED, config, where);
  return {
    name: where,
    baseUrl: address,
    auth,
    allowedHosts: hostsOf(RED, config, where),
    proxies: proxiesOf(RED, config, ['tokenUrl' in auth ? auth.tokenUrl : address, address], where),
    timeout: numberSetting(RED, config.timeout, defaults.timeout, 'timeout', where) * 1000,
    rateLimit: numberSetting(RED, config.rateLimit, defaults.rateLimit, 'rateLimit', where),
    concurrency: concurrencyOf(RED, config, defaults, where),
    retryDelay: numberSetting(RED, config.retryDelay, defaults.retryDelay, 'retryDelay', where) * 1000,
    maxRetryAfter: numberSetting(RED, config.maxRetryAfter, defaults.maxRetryAfter, 'maxRetryAfter', where) * 1000,
    ...(tls && { tls }),
    secrets: secretsOf(system, credentials),
  };
}

/** Credentials that must never be shown, whatever the system makes of them. */
function secretsOf({ endpoint }: System, credentials: EndpointCredentials): string[] {
  const fields = fieldsOf(endpoint.signIn).filter(({ kept }) => kept === 'secret');
  return fields.flatMap(({ name }) => credentials[name] ?? []);
}

/** The number of concurrent requests. */
export function concurrencyOf(RED: NodeAPI, { concurrency }: EndpointConfig, defaults: EndpointConfig, where: string): number {
  return Math.max(1, numberSetting(RED, concurrency, defaults.concurrency, 'concurrency', where));
}

function baseUrl(RED: NodeAPI, config: EndpointConfig, where: string): string {
  const text = requiredSetting(RED, config.baseUrl, 'baseUrl', where).replace(/\/+$/, '');
  const url = URL.canParse(text) ? new URL(text) : undefined;
  // A path appended after a query or a fragment never reaches the partner.
  if (url && /^https?:$/.test(url.protocol) && !/[?#]/.test(text)) return text;
  throw new SwitchboardError('SWB_CONFIG', say`"${text}" is not the base URL of an API.`, {
    where,
    field: 'baseUrl',
    hint: say`Enter a URL that starts with http:// or https:// and contains neither ? nor #.`,
  });
}

function hostsOf(RED: NodeAPI, { allowedHosts: text }: EndpointConfig, where: string): AllowedHost[] {
  const { hosts, invalid } = allowedHosts(optionalSetting(RED, text, 'allowedHosts', where));
  if (invalid === undefined) return hosts;
  throw new SwitchboardError('SWB_CONFIG', say`"${invalid}" is not a host.`, {
    where,
    field: 'allowedHosts',
    hint: say`Enter host names or IP addresses separated by commas or spaces, such as files.partner.example, *.partner.example or 10.1.2.3:8443.`,
  });
}

function tlsOptions(RED: NodeAPI, id: string, where: string): HttpOptions['tls'] {
  const node = RED.nodes.getNode(id) as TlsNode | null;
  if (node?.addTLSOptions) return node.addTLSOptions({}) as HttpOptions['tls'];
  throw new SwitchboardError('SWB_CONFIG', say`The TLS configuration does not exist or is disabled.`, {
    where,
    field: 'tls',
    hint: say`Choose another TLS configuration in the endpoint’s settings. A new one must be deployed first.`,
  });
}

/** The proxies for the endpoint's addresses; throws SWB_CONFIG where one of them is invalid. */
function proxiesOf(
  RED: NodeAPI,
  { proxyUse, proxy }: EndpointConfig,
  addresses: readonly string[],
  where: string,
): ProxyRules | undefined {
  const use = choiceSetting(RED, proxyUse, PROXY_USES, 'proxyUse', where);
  if (use === 'none') return undefined;
  const rules = use === 'node' ? configuredProxy(RED, proxy, where) : environmentProxies();
  try {
    for (const address of addresses) if (URL.canParse(address)) proxyFor(new URL(address), rules);
  } catch (error) {
    throw error instanceof SwitchboardError ? error.at(where) : error;
  }
  return rules;
}

function configuredProxy(RED: NodeAPI, id: string, where: string): ProxyRules {
  const node = RED.nodes.getNode(id) as unknown as ProxyNode | null;
  if (node?.url) {
    const url = withCredentials(node.url, node.credentials);
    return { http: url, https: url, except: node.noproxy ?? [] };
  }
  throw new SwitchboardError('SWB_CONFIG', say`The proxy configuration does not exist, is disabled, or has no URL.`, {
    where,
    field: 'proxy',
    hint: say`Choose another proxy configuration in the endpoint’s settings. A new one must be deployed first.`,
  });
}

/** The URL with the user and password of its own fields. */
function withCredentials(text: string, { username = '', password = '' }: NonNullable<ProxyNode['credentials']> = {}): string {
  if ((!username && !password) || !URL.canParse(text)) return text;
  const url = new URL(text);
  url.username = encodeURIComponent(username);
  url.password = encodeURIComponent(password);
  return url.href;
}

/** The token URL: as entered, or resolved against the base URL if it is a path. */
export function tokenAddress({ tokenUrl = '', baseUrl = '' }: Pick<EndpointConfig, 'tokenUrl' | 'baseUrl'>): string {
  const base = `${baseUrl.replace(/\/+$/, '')}/`;
  return URL.canParse(tokenUrl) || !URL.canParse(tokenUrl, base) ? tokenUrl : new URL(tokenUrl, base).href;
}

function requiredTokenUrl(address: string, where: string): string {
  if (URL.canParse(address) && /^https?:$/.test(new URL(address).protocol)) return address;
  throw new SwitchboardError('SWB_CONFIG', say`"${address}" is not the URL of a token endpoint.`, {
    where,
    field: 'tokenUrl',
    hint: say`Enter a URL that starts with http:// or https://, or a path below the base URL.`,
  });
}

function authOf(RED: NodeAPI, system: System, config: EndpointConfig, credentials: EndpointCredentials, where: string): Auth {
  const settings: Record<string, unknown> = { ...endpointDefaults(system.endpoint), ...config };
  const need = (name: string) => requiredSetting(RED, credentials[name] ?? (settings[name] as string | undefined), name, where);
  const tokenUrl = () => requiredTokenUrl(tokenAddress({ ...config, tokenUrl: need('tokenUrl') }), where);
  const scope = config.scope || undefined;
  const oauth = () => ({ tokenUrl: tokenUrl(), clientId: need('clientId'), clientSecret: credentials.clientSecret ?? '', scope });
  const signInAs = system.signInAs?.[config.auth];
  if (signInAs) return signInAs({ settings, credentials, need });
  switch (config.auth) {
    case 'none':
      return { kind: 'none' };
    case 'basic':
      return { kind: 'basic', user: need('user'), password: credentials.password ?? '' };
    case 'bearer':
      return { kind: 'bearer', token: need('token') };
    case 'apiKey':
      return { kind: 'apiKey', header: headerName(RED, need('apiKeyHeader'), 'apiKeyHeader', where), key: need('apiKey') };
    case 'oauthClientCredentials':
      return { kind: 'oauthClientCredentials', ...oauth() };
    case 'oauthPassword':
      return { kind: 'oauthPassword', ...oauth(), user: need('user'), password: credentials.password ?? '' };
    case 'oauthRefreshToken':
      return { kind: 'oauthRefreshToken', ...oauth(), refreshToken: need('refreshToken') };
    default:
      throw new SwitchboardError('SWB_CONFIG', say`"${String(config.auth)}" is not an authentication method.`, {
        where,
        field: 'auth',
        hint: say`Choose an authentication method from the list.`,
      });
  }
}
