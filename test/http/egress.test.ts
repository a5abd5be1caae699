import assert from 'node:assert/strict';
import type { LookupAddress } from 'node:dns';
import { allowedHosts } from '../../src/http/allowed-hosts.js';
import { Egress, RefusedAddress } from '../../src/http/egress.js';

const OWN = 'https://api.partner.example/base';
const TOKEN = 'https://login.partner.example:8443/token';

/** A resolver that gives these answers, one after the other; the last one for ever. */
function answers(...texts: string[]) {
  const left = [...texts];
  return (_name: string, _options: unknown, callback: (error: null, addresses: LookupAddress[]) => void) => {
    const text = left.length > 1 ? left.shift()! : left[0]!;
    const found = text.split(' ').map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
    setImmediate(() => callback(null, found));
  };
}

const egress = (other = '', ...texts: string[]) => new Egress([OWN, TOKEN], allowedHosts(other).hosts, answers(...texts));

function admitted(policy: Egress, address: string): boolean {
  try {
    policy.admit(new URL(address));
    return true;
  } catch (error) {
    assert.ok(error instanceof RefusedAddress);
    return false;
  }
}

/** The addresses that a connection may be made to, or why there is none. */
function resolved(policy: Egress, address: string): Promise<string[] | RefusedAddress> {
  const url = new URL(address);
  return new Promise((resolve) =>
    policy.lookup(url)(url.hostname, { all: true }, (error, found) =>
      resolve(error ? (error as unknown as RefusedAddress) : (found as LookupAddress[]).map((one) => one.address)),
    ),
  );
}

describe('the requests of an endpoint', () => {
  const PLACES: [what: string, other: string, address: string, goes: boolean][] = [
    ['its own origin', '', 'https://api.partner.example/other/path', true],
    ['its token URL', '', 'https://login.partner.example:8443/token', true],
    ['its own host by http', '', 'http://api.partner.example/', false],
    ['another port of its own host', '', 'https://api.partner.example:8443/', false],
    ['another host of its domain', '', 'https://files.partner.example/', false],
    ['a host that its settings allow', 'files.partner.example', 'https://files.partner.example/', true],
    ['another port of that host', 'files.partner.example', 'https://files.partner.example:8443/', false],
    ['an address that its settings allow', '10.1.2.3:8080', 'http://10.1.2.3:8080/', true],
    ...[
      ...['127.0.0.1', '2130706433', '0x7f000001', '017700000001', '127.1', '0177.0.0.1', '0x7f.1', '１２７.0.0.1', '127.0.0.1.'],
      ...['localhost', 'localhost.', 'foo.localhost', '0', '0.0.0.0', '[::]', '[::1]', '[0:0:0:0:0:0:0:1]', '[::ffff:127.0.0.1]'],
      ...['[::ffff:7f00:1]', '[::127.0.0.1]', '[64:ff9b::7f00:1]', '[2002:7f00:1::]', '10.0.0.1', '192.168.1.1', '172.16.0.1'],
      ...['100.64.0.1', '169.254.169.254', '0xa9fea9fe', '2852039166', '[::ffff:a9fe:a9fe]', '[fd00:ec2::254]', '[fe80::1]'],
      ...[
        '224.0.0.1',
        '255.255.255.255',
        '8.8.8.8',
        'metadata.google.internal',
        'ann@127.0.0.1',
        'api.partner.example@127.0.0.1',
      ],
    ].map((host): [string, string, string, boolean] => [host, '*.partner.example', `http://${host}/`, false]),
  ];
  for (const [what, other, address, goes] of PLACES)
    it(`${goes ? 'go' : 'do not go'} to ${what}, whoever names it${other && ` (${other})`}`, () =>
      assert.equal(admitted(egress(other), address), goes));

  it('go to own origins only where they are typed', () => assert.equal(admitted(egress().elsewhere, OWN), false));

  it('name the kind of a literal that is refused, and what to do', () => {
    assert.throws(
      () => egress().admit(new URL('http://0x7f.1:8080/secret?token=x')),
      ({ message, hint }: RefusedAddress) => {
        assert.equal(message, '127.0.0.1:8080 is an address of this machine, and not one of the endpoint’s other hosts');
        assert.match(hint, /add 127\.0\.0\.1:8080 to Other hosts in the endpoint’s settings/);
        return true;
      },
    );
  });

  const FILES = 'https://files.partner.example/';
  const OTHER = 'files.partner.example';
  const CONNECTIONS: [what: string, other: string, at: string, answer: string, goes: string[]][] = [
    ['a public address of an allowed host', OTHER, FILES, '1.1.1.1', ['1.1.1.1']],
    ['a public IPv6 address', OTHER, FILES, '2606:4700::1111', ['2606:4700::1111']],
    ['the translation of a public address', OTHER, FILES, '64:ff9b::101:101', ['64:ff9b::101:101']],
    ['only the public ones of its addresses', OTHER, FILES, '127.0.0.1 1.1.1.1 10.0.0.1', ['1.1.1.1']],
    ['no private address of an allowed host', OTHER, FILES, '10.1.2.3', []],
    ['no private address of a subdomain', '*.partner.example', FILES, '10.1.2.3', []],
    ['a private one that is allowed, too', `${OTHER} 10.1.2.3`, FILES, '10.1.2.3', ['10.1.2.3']],
    ['that one only', `${OTHER} 10.1.2.3`, FILES, '10.1.2.3 10.1.2.4', ['10.1.2.3']],
    ['no other port of it', `${OTHER} 10.1.2.3:8080`, FILES, '10.1.2.3', []],
    ['an IPv6 one that is allowed, too', `${OTHER} fd00::1`, FILES, 'fd00:0::1', ['fd00:0::1']],
    ...[
      '127.0.0.1',
      '0.0.0.0',
      '::1',
      '::',
      '::ffff:127.0.0.1',
      '64:ff9b::7f00:1',
      '169.254.169.254',
      'fe80::1%eth0',
      'fd00:ec2::254',
    ]
      .concat(['192.168.0.1', '100.64.0.1', '224.0.0.1', 'ff02::1', '::ffff:a9fe:a9fe', '2002:7f00:1::', 'rubbish'])
      .map((address): [string, string, string, string, string[]] => [`not ${address}`, OTHER, FILES, address, []]),
    ['a private address of the endpoint itself', '', OWN, '10.1.2.3', ['10.1.2.3']],
    ['this machine, where the endpoint is', '', OWN, '127.0.0.1', ['127.0.0.1']],
    ['all addresses of the endpoint itself', '', OWN, '2606:4700::1 10.1.2.3', ['2606:4700::1', '10.1.2.3']],
    ['a private address of its token URL', '', TOKEN, '10.1.2.3', ['10.1.2.3']],
    ['no metadata service, though its own name says so', '', OWN, '169.254.169.254', []],
    ['no link-local address of the endpoint', '', OWN, 'fe80::1', []],
  ];
  for (const [what, other, at, answer, goes] of CONNECTIONS)
    it(`connect to ${what}`, async () => {
      const found = await resolved(egress(other, answer), at);
      assert.deepEqual(found instanceof Error ? [] : found, goes);
    });

  describe('where a name gets another address (DNS rebinding)', () => {
    it('do not follow an allowed host into a private network', async () => {
      const policy = egress(OTHER, '1.1.1.1', '10.0.0.1');
      assert.deepEqual(await resolved(policy, FILES), ['1.1.1.1']);
      const refused = await resolved(policy, FILES);
      assert.ok(refused instanceof RefusedAddress && !refused.passes);
      assert.equal(refused.message, 'files.partner.example has the address 10.0.0.1, an address in a private network');
      assert.match(refused.hint, /add 10\.0\.0\.1 to Other hosts/);
    });

    it('do not follow the endpoint from a public address into a private network, until it comes back', async () => {
      const policy = egress('', '1.1.1.1', '10.0.0.1', '1.1.1.2');
      assert.deepEqual(await resolved(policy, OWN), ['1.1.1.1']);
      const refused = await resolved(policy, OWN);
      assert.ok(refused instanceof RefusedAddress && refused.passes);
      assert.match(refused.hint, /If the partner has moved there, deploy the endpoint again, or add 10\.0\.0\.1 to Other hosts/);
      assert.deepEqual(await resolved(policy, OWN), ['1.1.1.2']);
    });

    it('follow it there where its settings allow the address', async () => {
      const policy = egress('10.0.0.1', '1.1.1.1', '10.0.0.1');
      await resolved(policy, OWN);
      assert.deepEqual(await resolved(policy, OWN), ['10.0.0.1']);
    });

    it('follow it within its private network', async () => {
      const policy = egress('', '10.0.0.1', '10.0.0.2', '1.1.1.1', '10.0.0.3');
      for (const address of ['10.0.0.1', '10.0.0.2', '1.1.1.1', '10.0.0.3'])
        assert.deepEqual(await resolved(policy, OWN), [address]);
    });
  });

  it('report a name that cannot be resolved as what it is', async () => {
    const error = Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND' });
    const policy = new Egress([OWN], [], (_name, _options, callback) => callback(error, []));
    assert.equal(await resolved(policy, OWN), error);
  });

  it('get one address where only one is wanted', (done) => {
    egress(OTHER, '127.0.0.1 1.1.1.1').lookup(new URL(FILES))('files.partner.example', {}, (error, address, family) => {
      assert.deepEqual([error, address, family], [null, '1.1.1.1', 4]);
      done();
    });
  });
});
