import { isIPv4 } from 'node:net';
import { hostname as nameOfThisMachine, networkInterfaces } from 'node:os';

/** Whether a host name as in `URL.hostname` stands for the machine that uses it (RFC 6761 §6.3, RFC 1122 §3.2.1.3). */
export function isLoopback(hostname: string): boolean {
  return /^(.+\.)?localhost$/.test(hostname) || hostname === '[::1]' || (isIPv4(hostname) && hostname.startsWith('127.'));
}

/** Whether a host name as in `URL.hostname` is known to be this machine: by a loopback address, one of its own, or its name. */
export function isThisMachine(hostname: string): boolean {
  const plain = hostname.replace(/^\[|\]$/g, '');
  const own = Object.values(networkInterfaces()).flatMap((addresses = []) => addresses.map(({ address }) => address));
  return isLoopback(hostname) || own.includes(plain) || plain === nameOfThisMachine().toLowerCase();
}
