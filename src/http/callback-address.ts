import { isIPv6 } from 'node:net';
import { SwitchboardError } from '../errors.js';
import { say } from '../text/say.js';
import { isLoopback, isThisMachine } from './this-machine.js';

/** How this process serves HTTP. */
export interface Listening {
  /** The name or address that it listens at; empty, `0.0.0.0` or `::`: all addresses of this machine. */
  host: string;
  /** A text: a Unix socket or a named pipe. Absent: not known. */
  port?: number | string;
  https: boolean;
  /** The path below which nodes serve their paths; false: they serve none. */
  root: string | false;
}

/** The names of this machine for itself, where the process listens at all addresses. */
const SELF: Record<string, string> = {
  '': '127.0.0.1',
  '0.0.0.0': '127.0.0.1',
  '::ffff:0.0.0.0': '127.0.0.1',
  '::': 'localhost',
};

/**
 * The URL below which a partner reaches the paths of nodes, without a slash at its end: as configured (`publicUrl`, which stands for
 * the root of the server) or, for partners that can be known to reach this machine, as the process listens. Throws SWB_CONFIG
 * where it is not known. `partner`: the partner's URL.
 */
export function callbackAddress(
  listening: Listening,
  { publicUrl, partner, where }: { publicUrl: string; partner: string; where: string },
): string {
  if (listening.root === false) {
    throw new SwitchboardError('SWB_CONFIG', say`Node-RED serves no paths of nodes, so that no events can arrive.`, {
      where,
      field: 'publicUrl',
      hint: say`Set httpNodeRoot to a path in Node-RED’s settings, or receive changes by polling only.`,
    });
  }
  const root = listening.root.replace(/^\/+|\/+$/g, '');
  const base = publicUrl ? configured(publicUrl, where) : ownAddress(listening, partner, where);
  return root ? `${base}/${root}` : base;
}

function configured(publicUrl: string, where: string): string {
  const url = URL.canParse(publicUrl) ? new URL(publicUrl) : undefined;
  if (url && /^https?:$/.test(url.protocol) && !/[?#]/.test(publicUrl)) return publicUrl.replace(/\/+$/, '');
  throw new SwitchboardError('SWB_CONFIG', say`"${publicUrl}" is not a URL at which a provider can reach Node-RED.`, {
    where,
    field: 'publicUrl',
    hint: say`Enter a URL that starts with http:// or https:// and contains neither ? nor #.`,
  });
}

function ownAddress({ host, port, https }: Listening, partner: string, where: string): string {
  const plain = host.trim().replace(/^\[|\]$/g, '');
  const name = SELF[plain] ?? (isIPv6(plain) ? `[${plain}]` : plain);
  const url = `${https ? 'https' : 'http'}://${name}${port === (https ? 443 : 80) ? '' : `:${port}`}`;
  const reason = whyUnknown({ name, port, url }, partner);
  if (reason === undefined) return url;
  throw new SwitchboardError('SWB_CONFIG', say`The address at which the provider reaches Node-RED is not known: ${reason}.`, {
    where,
    field: 'publicUrl',
    hint: say`Enter the Public URL. Until then, changes are found by polling only.`,
  });
}

function whyUnknown(own: { name: string; port?: number | string; url: string }, partner: string): string | undefined {
  const { name, port, url } = own;
  if (typeof port === 'string') return say`it listens at the socket ${port}, not at a port`;
  if (!port) return say`its port is not known`;
  if (!URL.canParse(url)) return say`${name} is no host of a URL`;
  const { hostname } = new URL(partner);
  if (isLoopback(new URL(url).hostname) && !isThisMachine(hostname))
    return say`only this machine reaches it at ${url}, and the provider is at ${hostname}`;
  return undefined;
}
