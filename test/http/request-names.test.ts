import assert from 'node:assert/strict';
import { isHeaderName, isRequestPath } from '../../src/http/request-names.js';

describe('the path of a request', () => {
  for (const path of ['a', '/switchboard/acme-1/', 'a/b.c/d_e~f', 'hooks/acme@2', 'st%C3%B6rung', '...', 'a/.b'])
    it(`can be ${path}`, () => assert.equal(isRequestPath(path), true));

  for (const path of [
    '',
    '/',
    '../x y?z',
    'x y',
    'x?z',
    'x#z',
    'störung',
    'a//b',
    'a/../b',
    'a/./b',
    'a/%2E%2e',
    '100%',
    'a\\b',
    'a\n',
  ])
    it(`cannot be ${JSON.stringify(path)}`, () => assert.equal(isRequestPath(path), false));
});

describe('the name of a header', () => {
  for (const name of ['x-switchboard-secret', 'X_Acme.1', 'authorization'])
    it(`can be ${name}`, () => assert.equal(isHeaderName(name), true));

  for (const name of ['', 'bad header!', 'x-acme:', 'x-größe', 'x-acme ', 'a\r\nb', '(a)'])
    it(`cannot be ${JSON.stringify(name)}`, () => assert.equal(isHeaderName(name), false));
});
