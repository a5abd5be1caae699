import type { Node, NodeAPI } from 'node-red';
import type { EndpointForm } from '../../src/endpoints/form.js';
import { SwitchboardError } from '../../src/errors.js';
import { say } from '../../src/text/say.js';
import { credentialsOf, type EndpointConfig, type EndpointCredentials } from './endpoint.config.js';
import { tokenAddress } from './http-options.js';
import { withEnvironment } from './settings.js';

/** How the editor says that a password was not changed. */
const UNCHANGED = '__PWRD__';

/** The endpoint a request is about: its node's id and type, and the settings and credentials as they stand in its dialog. */
export interface EndpointRequest {
  id: string;
  type: string;
  config: EndpointConfig;
  credentials: Record<string, unknown>;
}

/** Names of credentials in texts, where they are not just the name of the field. */
const NAMES: Record<string, string> = {
  user: 'user name',
  apiKey: 'API key',
  clientId: 'client id',
  clientSecret: 'client secret',
  refreshToken: 'refresh token',
};

/**
 * The credentials to sign in with: those the request brings, and beside them the deployed ones, as they are kept, where the request goes to
 * the very endpoint they were deployed for: this node, of this type, at its own origin. Anywhere else they would be given to whoever asks.
 * Throws SWB_CONFIG when the request counts on deployed ones that it does not get.
 */
export function credentialsFor(
  RED: NodeAPI,
  form: EndpointForm,
  { id, type, config, credentials }: EndpointRequest,
): EndpointCredentials {
  const names = Object.keys(credentialsOf(form));
  const brought = names.filter((name) => typeof credentials[name] === 'string' && credentials[name] !== UNCHANGED);
  // The dialog sends all it has, also what the chosen way to sign in has no use for.
  const unchanged = neededBy(form, config.auth).filter((name) => credentials[name] === UNCHANGED);
  const saved = deployed(RED, id, type);
  const isTheirs = saved !== undefined && same(originsOf(saved), originsOf(config));
  if (!isTheirs && unchanged.length > 0) throw notTheirs(unchanged, config, saved);
  const kept = isTheirs ? ((RED.nodes.getCredentials(id) ?? {}) as EndpointCredentials) : {};
  return { ...kept, ...Object.fromEntries(brought.map((name) => [name, String(credentials[name])])) };
}

/** The credentials that a way to sign in uses. */
function neededBy({ signIn }: EndpointForm, auth: string): string[] {
  const fields = signIn.find(({ id }) => id === auth)?.fields ?? [];
  return fields.filter((field) => field.kept !== 'setting').map(({ name }) => name);
}

function notTheirs(unchanged: string[], asked: EndpointConfig, saved?: EndpointConfig): SwitchboardError {
  const what = unchanged.map((name) => NAMES[name] ?? name).join(' and ');
  const [are, them] = unchanged.length > 1 ? ['are', 'them'] : ['is', 'it'];
  const { base, secrets } = saved ? originsOf(saved) : {};
  const own = [...new Set([base, secrets])].join(' with ');
  return new SwitchboardError(
    'SWB_CONFIG',
    saved ? `The saved ${what} ${are} for ${own} only.` : `No ${what} ${are} saved for this endpoint.`,
    {
      where: asked.name || 'This endpoint',
      field: unchanged[0],
      hint: say`Type ${them} again to use ${them} with this address.`,
    },
  );
}

/** Settings of a node of that type as deployed, placeholders filled in; undefined where there is none. */
function deployed(RED: NodeAPI, id: string, type: string): EndpointConfig | undefined {
  let found: EndpointConfig | undefined;
  RED.nodes.eachNode((node) => {
    if (node.id === id && node.type === type) found = node as unknown as EndpointConfig;
  });
  return found && withEnvironment(RED, RED.nodes.getNode(id) as Node | null, found);
}

interface Origins {
  /** Of the endpoint, which gets what proves who asks: a password, or the token that was fetched. */
  base: string;
  /** Of whoever gets the secrets themselves: the endpoint, or its token endpoint, which may be somebody else's. */
  secrets: string;
}

function originsOf(config: EndpointConfig): Origins {
  const base = originOf(config.baseUrl);
  return { base, secrets: config.auth.startsWith('oauth') && config.tokenUrl ? originOf(tokenAddress(config)) : base };
}

function same(one: Origins, other: Origins): boolean {
  return one.base === other.base && one.secrets === other.secrets;
}

/** Scheme, host and port; of what is no address, the text itself. */
function originOf(address: string): string {
  const { origin } = URL.canParse(address) ? new URL(address) : { origin: 'null' };
  return origin === 'null' ? address : origin;
}
