import assert from 'node:assert/strict';
import { networkInterfaces } from 'node:os';
import { type AddressKind, addressKind } from '../../src/http/address-kind.js';

const KINDS: Record<AddressKind | 'public', string[]> = {
  public: [
    ...['1.1.1.1', '8.8.8.8', '9.255.255.255', '11.0.0.0', '100.63.255.255', '100.128.0.0', '126.255.255.255', '128.0.0.0'],
    ...['169.253.255.255', '169.255.0.0', '172.15.255.255', '172.32.0.0', '192.167.255.255', '192.169.0.0', '198.17.255.255'],
    ...['223.255.255.255', '2606:4700::1111', '2a00:1450:4001::1', '::ffff:8.8.8.8', '64:ff9b::8.8.8.8', '64:ff9b::808:808'],
  ],
  thisMachine: [
    ...['127.0.0.1', '127.0.0.2', '127.255.255.255', '0.0.0.0', '::1', '::', '0:0:0:0:0:0:0:1'],
    ...['::ffff:127.0.0.1', '::ffff:7f00:1', '0:0:0:0:0:ffff:7f00:1', '::ffff:0.0.0.0', '64:ff9b::127.0.0.1', '64:ff9b::7f00:1'],
  ],
  private: [
    ...['10.0.0.0', '10.255.255.255', '172.16.0.1', '172.31.255.255', '192.168.0.1', '192.168.255.255'],
    ...['100.64.0.1', '100.127.255.255', 'fc00::1', 'fd12:3456:789a::1', 'fec0::1', '64:ff9b:1::a00:1'],
    ...['::ffff:10.0.0.1', '::ffff:a00:1', '::ffff:c0a8:1', '64:ff9b::10.0.0.1', '64:ff9b::ac10:1'],
  ],
  linkLocal: ['169.254.0.1', '169.254.255.255', 'fe80::1', 'fe80::1%eth0', 'febf::1', '::ffff:169.254.1.1', '64:ff9b::a9fe:101'],
  metadata: [
    ...['169.254.169.254', '::ffff:169.254.169.254', '::ffff:a9fe:a9fe', '64:ff9b::a9fe:a9fe', '169.254.170.2'],
    ...['fd00:ec2::254', 'fd00:ec2::23', 'fd20:ce::254', '100.100.100.200', '168.63.129.16', '192.0.0.192'],
  ],
  reserved: [
    ...['0.0.0.1', '192.0.0.8', '192.0.2.1', '198.18.0.1', '198.51.100.1', '203.0.113.1', '224.0.0.1', '239.255.255.255'],
    ...['240.0.0.1', '255.255.255.255', '192.88.99.1', 'ff02::1', '2001:db8::1', '100::1', '5f00::1'],
    // Each holds 127.0.0.1 or 10.0.0.1: IPv4-compatible, 6to4, Teredo.
    ...['::127.0.0.1', '::7f00:1', '::a00:1', '2002:7f00:1::1', '2002:a00:1::', '2001:0:7f00:1::1'],
    ...['', 'localhost', '2130706433', '0x7f.0.0.1', '127.1', '1.2.3', '1.2.3.4.5', '[::1]', ':::1'],
  ],
};

describe('an address', () => {
  for (const [kind, addresses] of Object.entries(KINDS))
    for (const address of addresses)
      it(`"${address}" is ${kind}`, () => assert.equal(addressKind(address), kind === 'public' ? undefined : kind));

  it('of this machine is no public one', () => {
    const own = Object.values(networkInterfaces()).flatMap((addresses = []) => addresses.map(({ address }) => address));
    assert.deepEqual(
      own.filter((address) => addressKind(address) === undefined),
      [],
    );
  });
});
