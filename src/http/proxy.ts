import { SwitchboardError } from '../errors.js';
import { percentDecoded } from '../text/percent.js';
import { say } from '../text/say.js';
import { isLoopback } from './this-machine.js';

/** Which requests go through which proxy. */
export interface ProxyRules {
  /** URLs of the proxies for http and for https addresses, possibly with credentials; absent or empty: none. */
  http?: string;
  https?: string;
  /** Hosts that are addressed directly: `acme.example`, `.acme.example`, `*.acme.example`, each with or without a port; `*`: all. */
  except: readonly string[];
  /** This machine is addressed directly, too. */
  exceptLoopback?: boolean;
}

/** A proxy. */
export interface HttpProxy {
  /** Without credentials. */
  url: URL;
  /** The Proxy-Authorization header; absent: the proxy needs no credentials. */
  authorization?: string;
}

/**
 * The rules in the environment variables HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY, in lower or upper case; as in Node-RED's
 * own nodes, lower case comes first. No proxy can reach this machine under a loopback address.
 */
export function environmentProxies(environment: NodeJS.ProcessEnv = process.env): ProxyRules {
  const value = (name: string) => environment[name] || environment[name.toUpperCase()] || '';
  const all = value('all_proxy');
  return {
    http: value('http_proxy') || all,
    https: value('https_proxy') || all,
    except: value('no_proxy')
      .split(/[,\s]+/)
      .filter(Boolean),
    exceptLoopback: true,
  };
}

/** The proxy for an address; undefined: it is addressed directly. Throws SWB_CONFIG if the proxy's URL is invalid. */
export function proxyFor({ protocol, hostname, port }: URL, rules: ProxyRules | undefined): HttpProxy | undefined {
  const text = protocol === 'https:' ? rules?.https : rules?.http;
  if (!text || !rules || (rules.exceptLoopback && isLoopback(hostname))) return undefined;
  const number = port || (protocol === 'https:' ? '443' : '80');
  if (rules.except.some((entry) => isExcept(entry.trim().toLowerCase(), hostname, number))) return undefined;
  return parseProxy(text);
}

/** The credentials of the proxies: texts that must never be shown. */
export function proxySecrets({ http, https }: Partial<ProxyRules> = {}): string[] {
  return [http, https].flatMap((text) => {
    const url = text ? urlOf(text) : undefined;
    return url ? credentialsOf(url).secrets : [];
  });
}

/** Whether an entry of NO_PROXY covers a host. As in Node-RED's own nodes, a name without a dot or `*` in front does not cover its subdomains. */
function isExcept(entry: string, hostname: string, port: string): boolean {
  if (entry === '*') return true;
  const [, name = entry, only = port] = /^(.+):(\d+)$/.exec(isBareIPv6(entry) ? `[${entry}]` : entry) ?? [];
  const host = isBareIPv6(name) ? `[${name}]` : name;
  if (only !== port || host === '') return false;
  return /^[.*]/.test(host) ? hostname.endsWith(host.replace(/^\*/, '')) : hostname === host;
}

function isBareIPv6(entry: string): boolean {
  return /^[0-9a-f]*:[0-9a-f:]*:[0-9a-f.]*$/.test(entry);
}

function parseProxy(text: string): HttpProxy {
  const url = urlOf(text);
  if (!url || !/^https?:$/.test(url.protocol)) {
    throw new SwitchboardError('SWB_CONFIG', say`"${withoutUser(text)}" is not the URL of an HTTP proxy.`, {
      field: 'proxy',
      hint: say`Use a URL such as http://proxy.example.com:3128 in the environment variables HTTP_PROXY and HTTPS_PROXY, or in Node-RED’s proxy configuration. SOCKS proxies are not supported.`,
    });
  }
  const { authorization } = credentialsOf(url);
  url.username = '';
  url.password = '';
  return { url, ...(authorization && { authorization }) };
}

function urlOf(text: string): URL | undefined {
  const address = text.includes('://') ? text : `http://${text}`;
  return URL.canParse(address) ? new URL(address) : undefined;
}

/** The Proxy-Authorization header for the credentials in a URL, and the texts that must never be shown. */
function credentialsOf({ username, password }: URL): { authorization?: string; secrets: string[] } {
  if (!username && !password) return { secrets: [] };
  const secret = percentDecoded(password);
  const encoded = Buffer.from(`${percentDecoded(username)}:${secret}`).toString('base64');
  return { authorization: `Basic ${encoded}`, secrets: [secret, encoded].filter(Boolean) };
}

function withoutUser(text: string): string {
  return text.replace(/^([^/]*\/\/)?[^/]*@/, '$1');
}
