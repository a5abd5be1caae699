import type { Node, NodeAPI } from 'node-red';
import { SwitchboardError } from '../../src/errors.js';
import { type EndpointConfig, type EndpointCredentials, endpointCredentials } from './endpoint.config.js';
import { tokenAddress } from './endpoint.js';
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

/**
 * The credentials to sign in with: those the request brings, and beside them the deployed ones, as they are kept, where the request goes to
 * the very endpoint they were deployed for: this node, of this type, at its own origin. Anywhere else they would be given to whoever asks.
 * Throws SWB_CONFIG when the request counts on deployed ones that it does not get.
 */
export function credentialsFor(RED: NodeAPI, { id, type, config, credentials }: EndpointRequest): EndpointCredentials {
  const names = Object.keys(endpointCredentials) as (keyof EndpointCredentials)[];
  const brought = names.filter((name) => typeof credentials[name] === 'string' && credentials[name] !== UNCHANGED);
  const unchanged = names.filter((name) => credentials[name] === UNCHANGED);
  const saved = deployed(RED, id);
  const kept = saved && saved.type === type && goesTo(saved.config, config) ? (RED.nodes.getCredentials(id) ?? {}) : undefined;
  if (!kept && unchanged.length > 0) {
    const own = saved?.type === type ? [...new Set(origins(saved.config))].join(' and ') : '';
    throw new SwitchboardError(
      'SWB_CONFIG',
      own
        ? `The saved ${unchanged.join(', ')} is for ${own} only.`
        : `There is no saved ${unchanged.join(', ')} for this endpoint.`,
      { where: config.name || 'This endpoint', field: unchanged[0], hint: 'Type it again to use it with this address.' },
    );
  }
  return { ...kept, ...Object.fromEntries(brought.map((name) => [name, credentials[name] as string])) };
}

/** Type and settings of a node as deployed, placeholders filled in; undefined where there is none. */
function deployed(RED: NodeAPI, id: string): { type: string; config: EndpointConfig } | undefined {
  let found: (EndpointConfig & { type: string }) | undefined;
  RED.nodes.eachNode((node) => {
    if (node.id === id) found = node as unknown as EndpointConfig & { type: string };
  });
  return found && { type: found.type, config: withEnvironment(RED, RED.nodes.getNode(id) as Node | null, found) };
}

/** Whether a request's secrets go where the deployed endpoint's go: to its own origin, and to its token endpoint's. */
function goesTo(saved: EndpointConfig, asked: EndpointConfig): boolean {
  const [savedBase, savedToken] = origins(saved);
  const [base, token] = origins(asked);
  return base === savedBase && (token === undefined || token === savedBase || token === savedToken);
}

/** Where an endpoint's secrets go: its own origin, then that of its token endpoint where it has one. */
function origins(config: EndpointConfig): string[] {
  const addresses = [config.baseUrl, ...(config.auth.startsWith('oauth') && config.tokenUrl ? [tokenAddress(config)] : [])];
  return addresses.map((address) => (URL.canParse(address) ? new URL(address).origin : address));
}
