import assert from 'node:assert/strict';
import { isReadable } from '../../src/http/readable-address.js';

describe('an address', () => {
  for (const address of ['http://acme.example/api', 'http://10.0.0.1', 'http://localhost.example', 'HTTP://[fe80::1]:80'])
    it(`can be read on its way: ${address}`, () => assert.ok(isReadable(address)));
  for (const address of [
    'https://acme.example',
    'http://localhost:1880',
    'http://127.1.2.3',
    'http://2130706433',
    'http://[::1]:80',
    'http://x.localhost',
    '/token',
    '',
    `\${ACME}`,
    `http://\${ACME}/api`,
  ])
    it(`cannot be, or is not known to be: ${address}`, () => assert.ok(!isReadable(address)));

  it('is not readable on its way if it is this machine', () =>
    assert.ok(!isReadable('http://desk.acme.example', (host) => host === 'desk.acme.example')));
});
