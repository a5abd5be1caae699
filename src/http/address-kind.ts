import { BlockList, isIP } from 'node:net';
import { say } from '../text/say.js';
import { isThisMachine } from './this-machine.js';

/** What an IP address is that is not public. */
export type AddressKind = 'thisMachine' | 'private' | 'linkLocal' | 'metadata' | 'reserved';

/** Where a system on this machine or in our own network is. No API is at an address of another kind, except a public one. */
export const OWN_NETWORK: ReadonlySet<AddressKind> = new Set(['thisMachine', 'private']);

/** In this order, as the metadata services of clouds have addresses of every kind. */
const NETWORKS: [AddressKind, BlockList][] = [
  [
    'metadata',
    networks(
      '169.254.169.254/32', // AWS, Azure, Google Cloud, OpenStack, Oracle
      '169.254.170.0/24', // AWS: credentials of containers
      'fd00:ec2::/32', // AWS
      'fd20:ce::254/128', // Google Cloud
      '100.100.100.200/32', // Alibaba Cloud
      '168.63.129.16/32', // Azure: the host of virtual machines
      '192.0.0.192/32', // Oracle Cloud
    ),
  ],
  ['thisMachine', networks('127.0.0.0/8', '::1/128', '0.0.0.0/32', '::/128')],
  [
    'private',
    networks('10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', 'fc00::/7', 'fec0::/10', '64:ff9b:1::/48'),
  ],
  ['linkLocal', networks('169.254.0.0/16', 'fe80::/10')],
  [
    'reserved',
    networks(
      '0.0.0.0/8',
      '192.0.0.0/24',
      '192.0.2.0/24',
      '192.88.99.0/24',
      '198.18.0.0/15',
      '198.51.100.0/24',
      '203.0.113.0/24',
      '224.0.0.0/4', // multicast
      '240.0.0.0/4', // with the broadcast address
      '::/96', // IPv4-compatible
      '100::/64',
      '2001::/23', // with Teredo
      '2001:db8::/32',
      '2002::/16', // 6to4
      '3fff::/20',
      '5f00::/16',
      'ff00::/8', // multicast
    ),
  ],
];

/**
 * The kind of an IP address (IANA special-purpose registries); undefined: it is public. An IPv4 address counts the same mapped
 * into IPv6 (RFC 4291 §2.5.5.2) or translated (RFC 6052, NAT64). What is no address is `reserved`.
 */
export function addressKind(address: string): AddressKind | undefined {
  const [plain = ''] = address.split('%');
  const family = isIP(plain);
  if (family === 0) return 'reserved';
  const found = NETWORKS.find(([, list]) => list.check(plain, family === 6 ? 'ipv6' : 'ipv4'))?.[0];
  return found ?? (isThisMachine(family === 6 ? `[${plain}]` : plain) ? 'thisMachine' : undefined);
}

/** A kind in words, after "is". */
export function kindText(kind: AddressKind): string {
  switch (kind) {
    case 'thisMachine':
      return say`an address of this machine`;
    case 'private':
      return say`an address in a private network`;
    case 'linkLocal':
      return say`a link-local address`;
    case 'metadata':
      return say`the address of a cloud’s metadata service`;
    case 'reserved':
      return say`a reserved address`;
  }
}

/** `address/prefix`; IPv4 networks with their NAT64 translations. BlockList itself compares mapped addresses with IPv4 networks. */
function networks(...texts: string[]): BlockList {
  const list = new BlockList();
  for (const text of texts) {
    const [address = '', prefix] = text.split('/');
    if (address.includes(':')) list.addSubnet(address, Number(prefix), 'ipv6');
    else {
      list.addSubnet(address, Number(prefix), 'ipv4');
      list.addSubnet(`64:ff9b::${address}`, 96 + Number(prefix), 'ipv6');
    }
  }
  return list;
}
