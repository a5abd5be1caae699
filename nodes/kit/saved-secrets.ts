import type { Node, NodeAPI } from 'node-red';
import { type EndpointForm, settingsOf } from '../../src/endpoints/form.js';
import { SwitchboardError } from '../../src/errors.js';
import { say } from '../../src/text/say.js';
import { credentialsOf, type EndpointConfig, type EndpointCredentials } from './endpoint.config.js';
import { tokenAddress } from './http-options.js';
import { withEnvironment } from './settings.js';

/** The editor's value of a password that was not changed. */
const UNCHANGED = '__PWRD__';

/** The endpoint of a request: its node's id and type, and the settings and credentials shown in its dialog. */
export interface EndpointRequest {
  id: string;
  type: string;
  config: EndpointConfig;
  credentials: Record<string, unknown>;
}

/** Names of credentials in texts, where they differ from the name of the field. */
const NAMES: Record<string, string> = {
  user: 'user name',
  apiKey: 'API key',
  clientId: 'client id',
  clientSecret: 'client secret',
  refreshToken: 'refresh token',
};

/**
 * The credentials to use: those in the request, completed by the deployed ones if the request is for the endpoint they were
 * deployed for: the same node, type and origin. Sent to any other address they would leak to whoever makes the request. Throws
 * SWB_CONFIG when the request relies on deployed credentials that it must not use.
 */
export function credentialsFor(
  RED: NodeAPI,
  form: EndpointForm,
  { id, type, config, credentials }: EndpointRequest,
): EndpointCredentials {
  const names = Object.keys(credentialsOf(form));
  const entered = names.filter((name) => typeof credentials[name] === 'string' && credentials[name] !== UNCHANGED);
  // The dialog sends all credentials, including those that the selected authentication method does not use.
  const unchanged = credentialsUsedBy(form, config.auth).filter((name) => credentials[name] === UNCHANGED);
  const saved = deployedSettings(RED, id, type);
  const isSameEndpoint = saved !== undefined && sameOrigins(originsOf(form, saved), originsOf(form, config));
  if (!isSameEndpoint && unchanged.length > 0) throw secretsRequired(form, unchanged, config, saved);
  const deployed = isSameEndpoint ? ((RED.nodes.getCredentials(id) ?? {}) as EndpointCredentials) : {};
  return { ...deployed, ...Object.fromEntries(entered.map((name) => [name, String(credentials[name])])) };
}

/** The credentials that an authentication method uses. */
function credentialsUsedBy({ signIn }: EndpointForm, auth: string): string[] {
  const fields = signIn.find(({ id }) => id === auth)?.fields ?? [];
  return fields.filter((field) => field.kept !== 'setting').map(({ name }) => name);
}

function secretsRequired(
  form: EndpointForm,
  unchanged: string[],
  config: EndpointConfig,
  saved?: EndpointConfig,
): SwitchboardError {
  const names = unchanged.map((name) => NAMES[name] ?? name).join(', ');
  const { base, secrets } = saved ? originsOf(form, saved) : {};
  const origins = [...new Set([base, secrets])].join(', ');
  return new SwitchboardError(
    'SWB_CONFIG',
    saved
      ? say`These saved credentials are only valid for ${origins}: ${names}.`
      : say`These credentials are not saved for this endpoint: ${names}.`,
    {
      where: config.name || say`This endpoint`,
      field: unchanged[0],
      hint: say`Enter them again to use them with this address.`,
    },
  );
}

/** The deployed settings of a node, with placeholders filled in; undefined if there is no such node of that type. */
function deployedSettings(RED: NodeAPI, id: string, type: string): EndpointConfig | undefined {
  let found: EndpointConfig | undefined;
  RED.nodes.eachNode((node) => {
    if (node.id === id && node.type === type) found = node as unknown as EndpointConfig;
  });
  return found && withEnvironment(RED, RED.nodes.getNode(id) as Node | null, found);
}

interface Origins {
  /** The origin of the endpoint, which receives the password or the access token. */
  base: string;
  /**
   * The origin that receives the secrets themselves: the endpoint, or the token endpoint, which may belong to another provider.
   */
  secrets: string;
}

function originsOf(form: EndpointForm, config: EndpointConfig): Origins {
  // Without a URL, any setting of the system may say where it is.
  const base = form.address ? originOf(config.baseUrl ?? '') : ownSettings(form, config);
  return { base, secrets: config.auth.startsWith('oauth') && config.tokenUrl ? originOf(tokenAddress(config)) : base };
}

function ownSettings(form: EndpointForm, config: EndpointConfig): string {
  const values: Record<string, unknown> = { ...config };
  return settingsOf(form)
    .map(({ name, default: usual }) => `${name}=${JSON.stringify(values[name] ?? usual)}`)
    .join(', ');
}

function sameOrigins(one: Origins, other: Origins): boolean {
  return one.base === other.base && one.secrets === other.secrets;
}

/** Scheme, host and port; the text itself if it is not a URL. */
function originOf(address: string): string {
  const { origin } = URL.canParse(address) ? new URL(address) : { origin: 'null' };
  return origin === 'null' ? address : origin;
}
