import { BlockList, isIP, isIPv4, isIPv6 } from 'node:net';

/** Proxies whose `X-Forwarded-For` is believed, and the entries of the setting that are no addresses. */
export interface TrustedProxies {
  list: BlockList;
  invalid: string[];
}

/** The proxies in SWITCHBOARD_TRUSTED_PROXIES: addresses and networks, `10.0.0.7, 10.1.0.0/16, fd00::/8`. None: no proxy is trusted. */
export function trustedProxies(environment: NodeJS.ProcessEnv = process.env): TrustedProxies {
  const list = new BlockList();
  const entries = (environment.SWITCHBOARD_TRUSTED_PROXIES ?? '').split(/[\s,]+/).filter(Boolean);
  return { list, invalid: entries.filter((entry) => !add(list, entry)) };
}

function add(list: BlockList, entry: string): boolean {
  const [, text = '', bits] = /^([^/]*)(?:\/(\d{1,3}))?$/.exec(entry) ?? [];
  const address = plainAddress(text);
  if (address === undefined) return false;
  const family = isIPv4(address) ? 'ipv4' : 'ipv6';
  if (bits === undefined) list.addAddress(address, family);
  else if (Number(bits) > (family === 'ipv4' ? 32 : 128)) return false;
  else list.addSubnet(address, Number(bits), family);
  return true;
}

/**
 * Whom a request comes from: the address of its connection, or what the trusted proxies in front of it say. `X-Forwarded-For` is read
 * from the right, because anything may stand to the left of what the first trusted proxy added. Of IPv6, the network of 64 bits, of
 * which one site has at least one.
 * @param remote the address of the connection; undefined: it is closed already
 */
export function sourceOf(remote: string | undefined, forwarded: string | undefined, trusted: BlockList): string {
  let address = plainAddress(remote ?? '');
  if (address === undefined) return 'unknown';
  let rest = forwarded ?? '';
  while (rest !== '' && isTrusted(trusted, address)) {
    const at = rest.lastIndexOf(',');
    const next = plainAddress(rest.slice(at + 1));
    if (next === undefined) break;
    address = next;
    rest = rest.slice(0, Math.max(0, at));
  }
  return isIPv4(address) ? address : `${networkOf(address)}::/64`;
}

function isTrusted(trusted: BlockList, address: string): boolean {
  return trusted.check(address, isIPv4(address) ? 'ipv4' : 'ipv6');
}

/** An address without port, brackets and zone, an IPv4 address as such; undefined: it is none. */
function plainAddress(text: string): string | undefined {
  const trimmed = text.trim();
  const bare = (/^\[([^\]]*)\](?::\d+)?$/.exec(trimmed)?.[1] ?? trimmed).replace(/%.*$/, '');
  const address = /^\d+\.\d+\.\d+\.\d+:\d+$/.test(bare) ? bare.replace(/:\d+$/, '') : bare;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped && isIPv4(mapped)) return mapped;
  return isIP(address) ? address : undefined;
}

/** The first four groups of an IPv6 address. */
function networkOf(address: string): string {
  if (!isIPv6(address)) return address;
  const [head = '', tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::');
  const groups = (text: string) => text.split(':').filter(Boolean);
  const missing = tail === undefined ? 0 : 8 - groups(head).length - groups(tail).length;
  return [...groups(head), ...Array<string>(missing).fill('0'), ...groups(tail ?? '')].slice(0, 4).join(':');
}
