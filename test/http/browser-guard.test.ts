import assert from 'node:assert/strict';
import type { IncomingHttpHeaders } from 'node:http';
import { allowedHosts, checkHost, checkJson, checkSameOrigin } from '../../src/http/browser-guard.js';

const forbidden = { code: 'SWB_FORBIDDEN' };

describe('the browser guard', () => {
  it('reads the known hosts from the environment', () => {
    const SWITCHBOARD_HOSTS = 'Desk.acme.example, b.example:8443,c.example:443';
    assert.deepEqual(allowedHosts({ SWITCHBOARD_HOSTS }), ['desk.acme.example', 'b.example:8443', 'c.example']);
    assert.deepEqual(allowedHosts({}), []);
  });

  describe('accepts a host name', () => {
    const own = [
      '127.0.0.1:1880',
      '10.1.2.3',
      '[::1]:1880',
      'localhost:1880',
      'a.localhost',
      'nodered:1880',
      'pi.local',
      'x.internal',
    ];
    for (const host of own) it(`${host}, which nobody else can register`, () => checkHost({ host }, []));
    it('that is listed, case-insensitively', () => {
      checkHost({ host: 'Desk.Acme.Example:1880' }, ['desk.acme.example:1880']);
      checkHost({ host: 'desk.acme.example:443' }, ['desk.acme.example']);
    });
    it('but not another port of a listed name, and reports which host to add', () =>
      assert.throws(
        () => checkHost({ host: 'desk.acme.example:1880' }, ['desk.acme.example']),
        /add "desk\.acme\.example:1880" to the environment variable SWITCHBOARD_HOSTS/,
      ));
    it('that is absent, because browsers always send one', () => checkHost({}, []));
    const foreign = [
      'evil.example',
      'evil.example:1880',
      '127.0.0.1.evil.example',
      'localhost.evil.example',
      'localhost.',
      'evil.example#.local',
      'evil.example/.local',
      'x@evil.example',
      'xlocal.com',
      'desk.acme.example.evil.example',
      '',
      ' ',
    ];
    for (const host of foreign)
      it(`but not "${host}"`, () => assert.throws(() => checkHost({ host }, ['desk.acme.example']), forbidden));
    it('and reports what to do', () =>
      assert.throws(() => checkHost({ host: 'evil.example' }, []), /evil\.example.*SWITCHBOARD_HOSTS/));
  });

  describe('accepts a request', () => {
    const from = (site: string | undefined, origin: string | undefined, host = '127.0.0.1:1880'): IncomingHttpHeaders => ({
      host,
      ...(site && { 'sec-fetch-site': site }),
      ...(origin && { origin }),
    });
    const accepted: [string, IncomingHttpHeaders, string[]?][] = [
      ['of a program', from(undefined, undefined)],
      ['of our own page', from('same-origin', 'http://127.0.0.1:1880')],
      ['of our own page in a browser without fetch metadata', from(undefined, 'http://127.0.0.1:1880')],
      ['of our own page on a default port', from(undefined, 'https://desk.example', 'desk.example:443')],
      ['for a typed address', from('none', undefined)],
      ['of our own page behind a proxy that rewrites Host', from('same-origin', 'https://desk.example', '127.0.0.1:1880')],
      [
        'of our own page behind a proxy without fetch metadata, if the name is listed',
        from(undefined, 'http://desk.example'),
        ['desk.example'],
      ],
    ];
    for (const [what, headers, known = []] of accepted) it(what, () => checkSameOrigin(headers, known));
    const rejected: [string, IncomingHttpHeaders, string[]?][] = [
      ['of another site', from('cross-site', 'http://evil.example')],
      ['of another port of this machine', from('same-site', 'http://127.0.0.1:1881')],
      ['of another port, without fetch metadata', from(undefined, 'http://127.0.0.1:1881')],
      ['of another site without an origin', from('cross-site', undefined)],
      ['of a sandboxed frame', from(undefined, 'null')],
      ['of an invalid origin', from(undefined, 'http://127.0.0.1:1880, http://evil.example')],
      ['of another port of a listed name', from(undefined, 'http://desk.example:81'), ['desk.example']],
      [
        'of the default port of a name listed with another port',
        from(undefined, 'http://desk.example', 'desk.example:81'),
        ['desk.example:81'],
      ],
      ['of another scheme’s default port', from(undefined, 'https://127.0.0.1', '127.0.0.1:80')],
    ];
    for (const [what, headers, known = []] of rejected)
      it(`but not ${what}`, () => assert.throws(() => checkSameOrigin(headers, known), forbidden));
  });

  it('accepts only JSON', () => {
    for (const type of ['application/json', 'application/json; charset=utf-8', 'Application/JSON'])
      checkJson({ 'content-type': type });
    for (const type of [
      undefined,
      'text/plain',
      'text/plain; a=application/json',
      'application/x-www-form-urlencoded',
      'application/jsonx',
    ])
      assert.throws(() => checkJson({ 'content-type': type }), { code: 'SWB_PAYLOAD' });
  });
});
