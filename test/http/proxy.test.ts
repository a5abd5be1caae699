import assert from 'node:assert/strict';
import { environmentProxies, type ProxyRules, proxyFor, proxySecrets } from '../../src/http/proxy.js';

const hostOf = (address: string, rules: ProxyRules) => proxyFor(new URL(address), rules)?.url.host;

describe('the proxy for an address', () => {
  const ENVIRONMENTS: [string, NodeJS.ProcessEnv, string, string | undefined][] = [
    ['none without settings', {}, 'https://acme.example', undefined],
    ['HTTPS_PROXY for https', { HTTPS_PROXY: 'http://p:1', HTTP_PROXY: 'http://q:2' }, 'https://acme.example', 'p:1'],
    ['HTTP_PROXY for http', { HTTPS_PROXY: 'http://p:1', HTTP_PROXY: 'http://q:2' }, 'http://acme.example', 'q:2'],
    ['not HTTP_PROXY for https', { HTTP_PROXY: 'http://q:2' }, 'https://acme.example', undefined],
    ['lower case', { https_proxy: 'http://p:1' }, 'https://acme.example', 'p:1'],
    ['lower case before upper case', { https_proxy: 'http://p:1', HTTPS_PROXY: 'http://q:2' }, 'https://acme.example', 'p:1'],
    ['ALL_PROXY for the rest', { ALL_PROXY: 'http://p:1' }, 'https://acme.example', 'p:1'],
    ['a proxy without a scheme', { HTTPS_PROXY: 'p.corp:3128' }, 'https://acme.example', 'p.corp:3128'],
    [
      'none for a name in no_proxy',
      { HTTPS_PROXY: 'http://p:1', no_proxy: 'x, acme.example' },
      'https://acme.example',
      undefined,
    ],
    ['none for this machine', { HTTP_PROXY: 'http://p:1' }, 'http://127.0.0.1:1880', undefined],
    ['none for this machine by name', { HTTP_PROXY: 'http://p:1' }, 'http://localhost:1880', undefined],
    ['none for this machine by IPv6', { HTTP_PROXY: 'http://p:1' }, 'http://[::1]:1880', undefined],
  ];
  for (const [what, environment, address, host] of ENVIRONMENTS) {
    it(`is, from the environment, ${what}`, () => assert.equal(hostOf(address, environmentProxies(environment)), host));
  }

  const EXCEPTIONS: [string, string, boolean][] = [
    ['acme.example', 'https://acme.example', true],
    ['ACME.example', 'https://acme.example', true],
    ['acme.example', 'https://api.acme.example', false],
    ['.acme.example', 'https://api.acme.example', true],
    ['*.acme.example', 'https://api.acme.example', true],
    ['*acme.example', 'https://api.acme.example', true],
    ['.acme.example', 'https://badacme.example', false],
    ['acme.example:8443', 'https://acme.example:8443', true],
    ['acme.example:8443', 'https://acme.example', false],
    ['acme.example:443', 'https://acme.example', true],
    ['10.1.2.3', 'https://10.1.2.3:8443', true],
    ['::2', 'https://[::2]', true],
    ['[::2]:8443', 'https://[::2]:8443', true],
    ['[::2]:8443', 'https://[::2]', false],
    ['*', 'https://anything.example', true],
    ['', 'https://acme.example', false],
  ];
  for (const [entry, address, direct] of EXCEPTIONS) {
    it(`is ${direct ? 'none' : 'used'} for ${address} with the exception "${entry}"`, () => {
      const found = hostOf(address, { https: 'http://p:1', except: [entry] });
      assert.equal(found, direct ? undefined : 'p:1');
    });
  }

  it('carries its credentials apart from its URL', () => {
    const rules = { https: 'http://ann:s%40crets@p:1', except: [] };
    const encoded = Buffer.from('ann:s@crets').toString('base64');
    const { url, authorization } = proxyFor(new URL('https://acme.example'), rules)!;
    assert.deepEqual([url.href, authorization], ['http://p:1/', `Basic ${encoded}`]);
    assert.deepEqual(proxySecrets(rules), ['s@crets', encoded]);
  });

  for (const text of ['socks5://ann:s3cret@p:1080', 'http://ann:s3cret@', '%%%']) {
    it(`is refused in words, without its credentials, where it is ${text}`, () => {
      assert.throws(
        () => proxyFor(new URL('https://acme.example'), { https: text, except: [] }),
        (error: Error) => {
          assert.match(error.message, /is not the URL of an HTTP proxy.*HTTPS_PROXY/);
          assert.doesNotMatch(error.message, /s3cret/);
          return true;
        },
      );
    });
  }
});
