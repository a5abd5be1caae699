import assert from 'node:assert/strict';
import type { RequestListener } from 'node:http';
import { ExchangeLog, exchangeOf } from '../../src/http/exchange-log.js';
import type { HttpClient, HttpOptions } from '../../src/http/http.js';
import { PATIENCE } from '../patience.js';
import { Certificates } from './certificates.js';
import { ProxyServer } from './proxy-server.js';
import { bodyOf, failureOf, serve, TestClients, type TestServer } from './server.js';

const PASSWORD = 'pr0xy-passw0rd';
const CREDENTIALS = `Basic ${Buffer.from(`ann:${PASSWORD}`).toString('base64')}`;

describe('a request through a proxy', () => {
  let certificates: Certificates | undefined;
  let proxy: ProxyServer;
  const servers: TestServer[] = [];
  const clients = new TestClients();
  before(function () {
    certificates = Certificates.make();
    if (!certificates) return this.skip();
  });
  after(() => certificates?.remove());
  beforeEach(async () => {
    proxy = await ProxyServer.start();
  });
  afterEach(async () => {
    clients.close();
    await Promise.all([proxy.close(), ...servers.splice(0).map((server) => server.close())]);
  });

  const echo: RequestListener = async (req, res) => {
    const { url, method, headers } = req;
    res.end(JSON.stringify({ url, method, headers, body: await bodyOf(req) }));
  };
  const partner = async (scheme: 'http' | 'https', listener = echo) => {
    const pem = (name: string) => certificates!.pem(name);
    const server = await serve(listener, scheme === 'https' ? { key: pem('server.key'), cert: pem('server.crt') } : undefined);
    servers.push(server);
    return server;
  };
  const trusted = () => ({ tls: { ca: certificates!.pem('ca.crt') } });
  const through = (url: string, more: Partial<HttpOptions> = {}, user = '') => {
    return clients.make(url, { ...trusted(), proxies: byProxy(user), ...more });
  };
  const byProxy = (user = '') => {
    const address = `http://${user}${proxy.host}`;
    return { http: address, https: address, except: [] };
  };
  interface Echo {
    url: string;
    method: string;
    headers: Record<string, string>;
    body: string;
  }
  const post = (client: HttpClient) =>
    client.request<Echo>({ method: 'POST', path: '/things', query: { a: 'b' }, body: { x: 1 }, what: 'create thing' });

  for (const scheme of ['http', 'https'] as const) {
    describe(`to an ${scheme} address`, () => {
      it('arrives as it would directly, with the partner’s credentials and not with the proxy’s', async () => {
        const { url } = await partner(scheme);
        proxy.credentials = CREDENTIALS;
        const auth = { kind: 'bearer', token: 't0ken-of-partner' } as const;
        const { body } = await post(through(url, { auth }, `ann:${PASSWORD}@`));
        const { host } = new URL(url);
        assert.deepEqual([body.method, body.url, body.body], ['POST', '/things?a=b', '{"x":1}']);
        assert.deepEqual([body.headers.host, body.headers.authorization], [host, 'Bearer t0ken-of-partner']);
        assert.equal(body.headers['proxy-authorization'], undefined);
        const target = scheme === 'https' ? host : `${url}/things?a=b`;
        const method = scheme === 'https' ? 'CONNECT' : 'POST';
        assert.deepEqual(proxy.seen, [{ method, target, authorization: CREDENTIALS }]);
      });

      it('uses kept connections', async () => {
        const server = await partner(scheme);
        let connections = 0;
        server.server.on('connection', () => connections++);
        const client = through(server.url);
        for (let i = 0; i < 10; i++) await post(client);
        // Where there is no tunnel, the connections to the partner are the proxy's.
        if (scheme === 'https') assert.ok(connections < 3, `${connections} connections`);
        assert.ok(proxy.connections < 3, `${proxy.connections} connections`);
      });

      for (const [what, user, words] of [
        ['requires credentials', '', /the proxy 127.0.0.1:\d+ requires credentials \(407\)\. Add the user name and password/],
        [
          'rejects the credentials',
          `ann:wr0ng-${PASSWORD}@`,
          /the proxy 127.0.0.1:\d+ rejected its credentials \(407\)\. Check the user name/,
        ],
      ] as const) {
        it(`that the proxy ${what} certainly did not reach the partner`, async () => {
          const { url } = await partner(scheme);
          proxy.credentials = CREDENTIALS;
          const error = await failureOf(post(through(url, {}, user)));
          assert.deepEqual([error.code, error.outcome, error.retry], ['SWB_PARTNER_UNAVAILABLE', 'notDone', true]);
          assert.match(error.message, words);
        });
      }

      it('fails in words where the proxy cannot be reached, and certainly did not reach the partner', async () => {
        const { url } = await partner(scheme);
        const client = through(url);
        await proxy.close();
        const error = await failureOf(post(client));
        assert.deepEqual([error.code, error.outcome, error.retry], ['SWB_PARTNER_UNAVAILABLE', 'notDone', true]);
        assert.match(error.message, /got no response: the proxy 127.0.0.1:\d+ could not be reached: the connection was refused/);
      });

      it('names the proxy where the partner’s connection is lost', async () => {
        const { url } = await partner(scheme, (req) => req.socket.destroy());
        const error = await failureOf(post(through(url)));
        assert.equal(error.outcome, 'unknown');
        // A forwarding proxy answers 502 instead.
        assert.match(error.message, /(got no response through the proxy|returned 502 through the proxy) 127.0.0.1:\d+: /);
      });

      it('shows the proxy’s password nowhere', async () => {
        const { url } = await partner(scheme, (_req, res) => res.writeHead(500).end(`${PASSWORD} ${CREDENTIALS}`));
        const user = `ann:${PASSWORD}@`;
        const log = new ExchangeLog();
        const failed = await log.during(() => failureOf(post(through(url, {}, user))));
        proxy.credentials = 'Basic other';
        const refused = await log.during(() => failureOf(post(through(url, {}, user))));
        const shown = [failed, refused].map((error) => [
          error.message,
          error.stack,
          error.answer,
          error.cause,
          exchangeOf(error),
        ]);
        const everything = JSON.stringify([shown, log.exchanges()]);
        assert.doesNotMatch(everything, new RegExp(`${PASSWORD}|${CREDENTIALS.slice(6)}`));
      });

      it('goes directly to an exception', async () => {
        const { url } = await partner(scheme);
        const proxies = { http: `http://${proxy.host}`, https: `http://${proxy.host}`, except: [new URL(url).host] };
        await post(through(url, { proxies }));
        assert.deepEqual(proxy.seen, []);
      });

      it('can stream its answer', async () => {
        const { url } = await partner(scheme, (_req, res) => res.end('x'.repeat(200_000)));
        const { body } = await through(url).request({ method: 'GET', path: '/file', as: 'stream', what: 'download' });
        let size = 0;
        for await (const chunk of body) size += (chunk as Buffer).length;
        assert.equal(size, 200_000);
      });
    });
  }

  it('to a name that only the proxy can resolve arrives', async () => {
    const { url } = await partner('http');
    const { body } = await post(through(`http://acme.only-inside.example:${new URL(url).port}`));
    assert.equal(body.headers.host, `acme.only-inside.example:${new URL(url).port}`);
  });

  for (const status of [403, 502, 503]) {
    it(`that the proxy itself answers with ${status} to a CONNECT is told apart from the partner’s answer`, async () => {
      const { url } = await partner('https');
      proxy.refusal = status;
      const error = await failureOf(post(through(url)));
      assert.deepEqual([error.code, error.outcome, error.retry], ['SWB_PARTNER_UNAVAILABLE', 'notDone', true]);
      assert.match(
        error.message,
        new RegExp(`the proxy ${proxy.host} itself answered ${status} and did not connect to the partner`),
      );
    });

    it(`that is answered with ${status} through a tunnel is the partner’s own answer`, async () => {
      const { url } = await partner('https', (_req, res) => res.writeHead(status).end('because'));
      const error = await failureOf(post(through(url)));
      assert.match(error.message, new RegExp(`^Acme: create thing \\(POST /things\\) returned ${status}: because`));
    });
  }

  it('names the proxy beside a status that the proxy or the partner may have sent', async () => {
    const gone = await partner('http');
    await gone.close();
    const error = await failureOf(post(through(gone.url)));
    assert.match(error.message, new RegExp(`returned 502 through the proxy ${proxy.host}: Bad gateway`));
  });

  it('times out where the proxy does not answer, and certainly did not reach the partner', async () => {
    const { url } = await partner('https');
    proxy.silent = true;
    const timeout = 200;
    const error = await failureOf(post(through(url, { timeout })));
    assert.deepEqual([error.outcome, error.retry], ['notDone', true]);
    assert.match(
      error.message,
      /the proxy .* could not be reached: the request timed out|through the proxy .*: the request timed out/,
    );
  });

  it('still checks the partner’s certificate', async () => {
    const { url } = await partner('https');
    const error = await failureOf(post(through(url, { tls: undefined })));
    assert.match(error.message, /certificate/);
    assert.equal(error.outcome, 'notDone');
  });

  it('does not show the proxy our certificate, and shows it to the partner', async () => {
    const pem = (name: string) => certificates!.pem(name);
    const server = await serve(echo, certificates!.mutualTls());
    servers.push(server);
    const tls = { ca: pem('ca.crt'), cert: pem('client.crt'), key: pem('client.key') };
    assert.equal((await post(through(server.url, { tls }))).status, 200);
    assert.equal(proxy.seen[0]?.method, 'CONNECT');
  });

  it('fetches the token through the proxy, and from an exception directly', async () => {
    const tokens = await partner('http', (_req, res) => res.end('{"access_token":"t-1","expires_in":1800}'));
    const { url } = await partner('http');
    const tokenUrl = `${tokens.url}/token`;
    const auth = { kind: 'oauthClientCredentials', tokenUrl, clientId: 'c', clientSecret: 's' } as const;
    await post(through(url, { auth }));
    assert.deepEqual(
      proxy.seen.map(({ target }) => target),
      [tokenUrl, `${url}/things?a=b`],
    );
    proxy.seen.length = 0;
    const proxies = { http: `http://${proxy.host}`, except: [new URL(tokens.url).host] };
    await post(through(url, { auth, proxies }));
    assert.deepEqual(
      proxy.seen.map(({ target }) => target),
      [`${url}/things?a=b`],
    );
  });

  it('fails at once when its client is closed', async () => {
    const { url } = await partner('https');
    proxy.silent = true;
    const client = through(url, { timeout: PATIENCE });
    const pending = failureOf(post(client));
    setImmediate(() => client.close());
    assert.match((await pending).message, /endpoint is closing/);
  });
});
