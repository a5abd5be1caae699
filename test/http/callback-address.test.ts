import assert from 'node:assert/strict';
import { hostname, networkInterfaces } from 'node:os';
import { callbackAddress, type Listening } from '../../src/http/callback-address.js';

const LOCAL = 'http://127.0.0.1:9000/tmf-api';
const REMOTE = 'https://api.provider.example/tmf-api';
const listening = (more: Partial<Listening> = {}): Listening => ({
  host: '0.0.0.0',
  port: 1880,
  https: false,
  root: '/',
  ...more,
});
const address = (how: Partial<Listening>, partner: string, publicUrl = '') =>
  callbackAddress(listening(how), { publicUrl, partner, where: 'north' });

describe('the address for events', () => {
  const KNOWN: [string, Partial<Listening>, string, string][] = [
    ['of this machine by default', {}, LOCAL, 'http://127.0.0.1:1880'],
    ['over TLS', { https: true }, LOCAL, 'https://127.0.0.1:1880'],
    ['at the default port of http', { port: 80 }, LOCAL, 'http://127.0.0.1'],
    ['at the default port of https', { port: 443, https: true }, LOCAL, 'https://127.0.0.1'],
    ['below a root', { root: '/red/nodes/' }, LOCAL, 'http://127.0.0.1:1880/red/nodes'],
    ['at all addresses of IPv6', { host: '::' }, LOCAL, 'http://localhost:1880'],
    ['at an IPv6 address', { host: '::1' }, LOCAL, 'http://[::1]:1880'],
    ['at one address', { host: '192.0.2.7' }, REMOTE, 'http://192.0.2.7:1880'],
    ['at one IPv6 address, over TLS', { host: '2001:db8::7', https: true }, REMOTE, 'https://[2001:db8::7]:1880'],
    ['at a name', { host: 'broker.example' }, REMOTE, 'http://broker.example:1880'],
    ['for a partner at an address of this machine', {}, `http://${ownAddress()}:9000`, 'http://127.0.0.1:1880'],
    ['for a partner at the name of this machine', {}, `http://${hostname()}:9000`, 'http://127.0.0.1:1880'],
    ['for a partner at ::1', {}, 'http://[::1]:9000', 'http://127.0.0.1:1880'],
  ];
  for (const [what, how, partner, url] of KNOWN) {
    it(`is right ${what}`, () => assert.equal(address(how, partner), url));
  }

  it('is the public URL, followed by the root, however Node-RED listens', () => {
    const publicUrl = 'https://broker.example.com/';
    assert.equal(address({ port: '/run/red.sock', root: '/red/' }, REMOTE, publicUrl), 'https://broker.example.com/red');
    assert.equal(address({ port: undefined }, REMOTE, publicUrl), 'https://broker.example.com');
  });

  const UNKNOWN: [string, Partial<Listening>, string, RegExp][] = [
    ['at a socket', { port: '/run/red.sock' }, LOCAL, /it listens at the socket \/run\/red\.sock/],
    ['at an unknown port', { port: undefined }, LOCAL, /its port is not known/],
    ['at a link-local address', { host: 'fe80::1%eth0' }, REMOTE, /fe80::1%eth0.* is no host of a URL/],
    [
      'for a partner elsewhere',
      {},
      REMOTE,
      /only this machine reaches it at http:\/\/127\.0\.0\.1:1880, and the provider is at api\.provider\.example/,
    ],
    ['for a partner elsewhere, listening for this machine only', { host: 'localhost' }, REMOTE, /only this machine reaches it/],
    ['for a partner in another container', {}, 'http://provider:8080', /the provider is at provider/],
  ];
  for (const [what, how, partner, reason] of UNKNOWN) {
    it(`is not known ${what}, and the error says what to do`, () => {
      assert.throws(
        () => address(how, partner),
        (error: Error & { code: string; field: string }) => {
          assert.deepEqual([error.code, error.field], ['SWB_CONFIG', 'publicUrl']);
          assert.match(error.message, reason);
          assert.match(error.message, /^north: .*Enter the Public URL\. Until then, changes are found by polling only\./);
          return true;
        },
      );
    });
  }

  it('does not exist where Node-RED serves no paths of nodes, also with a public URL', () => {
    assert.throws(() => address({ root: false }, LOCAL, 'https://broker.example.com'), /httpNodeRoot/);
  });

  for (const publicUrl of ['broker.example.com', 'ftp://broker.example.com', 'https://broker.example.com/?a=b', 'https://']) {
    it(`is not the public URL "${publicUrl}"`, () => {
      assert.throws(() => address({}, LOCAL, publicUrl), /is not a URL at which a provider can reach Node-RED/);
    });
  }
});

function ownAddress(): string {
  const addresses = Object.values(networkInterfaces()).flatMap((list = []) => list);
  return addresses.find(({ family }) => family === 'IPv4')?.address ?? '127.0.0.1';
}
