import assert from 'node:assert/strict';
import { sourceOf, trustedProxies } from '../../src/http/source-address.js';

const trust = (text: string) => trustedProxies({ SWITCHBOARD_TRUSTED_PROXIES: text });

describe('the source of a request', () => {
  const { list } = trust('10.0.0.7, 10.1.0.0/16 fd00::/8');
  const CASES: [string, string | undefined, string | undefined, string][] = [
    ['the address of its connection', '192.0.2.1', undefined, '192.0.2.1'],
    ['not what a sender claims', '192.0.2.1', '198.51.100.9', '192.0.2.1'],
    ['what a trusted proxy says', '10.0.0.7', '198.51.100.9', '198.51.100.9'],
    ['what the proxy says, not what the sender wrote before', '10.0.0.7', '127.0.0.1, 10.0.0.7, 198.51.100.9', '198.51.100.9'],
    ['what the outer of several proxies says', '10.0.0.7', '1.1.1.1, 198.51.100.9, 10.1.2.3', '198.51.100.9'],
    ['the outermost proxy, if it is the sender', '10.0.0.7', '10.1.2.3', '10.1.2.3'],
    ['the proxy, if what it says is no address', '10.0.0.7', '198.51.100.9, unknown', '10.0.0.7'],
    ['without a port', '10.0.0.7', '198.51.100.9:4711', '198.51.100.9'],
    ['an IPv4 address, however it is written', '::ffff:192.0.2.1', undefined, '192.0.2.1'],
    ['a trusted proxy over IPv6', '::ffff:10.0.0.7', '[2001:db8:1:2:3::4]:443', '2001:db8:1:2::/64'],
    ['of IPv6, the network', '2001:DB8:0:7:aaaa:bbbb:cccc:dddd', undefined, '2001:db8:0:7::/64'],
    ['of IPv6, the network of a short address', '::1', undefined, '0:0:0:0::/64'],
    ['of IPv6, without the zone', 'fe80::1%eth0', undefined, 'fe80:0:0:0::/64'],
    ['not known once the connection is closed', undefined, '198.51.100.9', 'unknown'],
  ];
  for (const [what, remote, forwarded, expected] of CASES)
    it(`is ${what}`, () => assert.equal(sourceOf(remote, forwarded, list), expected));

  it('names the entries of the setting that are no addresses', () => {
    assert.deepEqual(trust('proxy.example, 10.0.0.0/33, 10.0.0.1, ::1/129, 10.0.0.0/x').invalid, [
      'proxy.example',
      '10.0.0.0/33',
      '::1/129',
      '10.0.0.0/x',
    ]);
  });
});
