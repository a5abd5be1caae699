import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import type { Check } from '../../src/endpoints/endpoint.js';
import { createServiceNowClient } from '../../src/endpoints/servicenow/client.js';
import { createTmf621Client } from '../../src/endpoints/tmf621/client.js';
import type { Auth } from '../../src/http/http.js';
import { createHttpClient } from '../../src/http/http-client.js';
import { options, serve, type TestServer } from '../http/server.js';

interface Said {
  status: number;
  /** An object is answered as JSON, a text as a web page. */
  body?: unknown;
}

const BASIC: Auth = { kind: 'basic', user: 'switchboard', password: 'secret' };
const NOTHING: Auth = { kind: 'none' };
const PAGE = '<html><body>Access is denied by the gateway.</body></html>';
const NEXT_STEPS = /tried again|retr(y|ied)|asked again|looked up|replay/;

describe('a connection test', () => {
  let server: TestServer;
  let say: (req: IncomingMessage) => Said;
  before(async () => {
    server = await serve((req, res) => {
      const { status, body } = say(req);
      const text = typeof body === 'string' ? body : body === undefined ? '' : JSON.stringify(body);
      res.writeHead(status, { 'Content-Type': typeof body === 'string' ? 'text/html' : 'application/json' }).end(text);
    });
  });
  after(() => server.close());

  type Checks = Record<string, Check>;
  const named = (checks: Check[]): Checks => Object.fromEntries(checks.map((check) => [check.name, check]));
  const serviceNow = async (auth: Auth, answer: (req: IncomingMessage) => Said): Promise<Checks> => {
    say = answer;
    const client = createServiceNowClient({
      id: 'sn',
      name: 'Acme',
      http: createHttpClient(options(server.url, { auth })),
      entityTypes: [{ name: 'incident', table: 'incident', fields: [] }],
      clock: Date.now,
    });
    const checks = await client.test();
    client.close();
    return named(checks);
  };
  const tmf = async (auth: Auth, answer: (req: IncomingMessage) => Said): Promise<Checks> => {
    say = answer;
    const client = createTmf621Client({
      id: 'csp',
      name: 'North',
      http: createHttpClient(options(server.url, { auth })),
      version: 'v4',
      profile: 'standard',
      arrayMode: 'replace',
      clock: Date.now,
    });
    const checks = await client.test();
    client.close();
    return named(checks);
  };
  const systems: Record<string, typeof tmf> = { serviceNow, tmf };
  const OWN_403: Record<string, object> = {
    serviceNow: { error: { message: 'Insufficient rights', detail: '' }, status: 'failure' },
    tmf: { code: '40', reason: 'Forbidden' },
  };

  for (const [system, test] of Object.entries(systems)) {
    describe(`of ${system}`, () => {
      it('takes the API’s own 403 for accepted credentials, but no other 403', async () => {
        const own = await test(BASIC, () => ({ status: 403, body: OWN_403[system] }));
        assert.deepEqual(own.Credentials, { name: 'Credentials', ok: true, text: 'The credentials are accepted.' });
        for (const body of [{ requestId: '7', blocked: true }, PAGE]) {
          const other = await test(BASIC, () => ({ status: 403, body }));
          assert.equal(other.Credentials?.ok, 'warning');
          assert.match(other.Credentials?.text ?? '', /^Could not check/);
        }
      });

      it('says that no credentials are sent where none are', async () => {
        for (const said of [
          { status: 200, body: [] },
          { status: 403, body: { blocked: true } },
        ]) {
          const { Credentials } = await test(NOTHING, () => said);
          assert.match(Credentials?.text ?? '', /No .*sent/);
        }
        const refused = await test(NOTHING, () => ({ status: 401 }));
        assert.equal(refused.Credentials?.ok, false);
      });

      it('calls a partner reachable whose answers make no sense', async () => {
        for (const body of [{}, { a: 1 }, 7, PAGE]) {
          const { Reachable, Credentials } = await test(BASIC, () => ({ status: 200, body }));
          assert.equal(Reachable?.ok, 'warning');
          assert.match(Reachable?.text ?? '', /answers, but not as expected/);
          assert.equal(Credentials?.ok, 'warning');
        }
      });

      it('reports a failure of the token endpoint under the credentials, and nothing about the partner, which was not called', async () => {
        const auth: Auth = { kind: 'oauthClientCredentials', tokenUrl: `${server.url}/token`, clientId: 'me', clientSecret: 'x' };
        const strange = await test(auth, () => ({ status: 200, body: PAGE }));
        assert.deepEqual(Object.keys(strange), ['Credentials']);
        assert.equal(strange.Credentials?.ok, 'warning');
        assert.match(strange.Credentials?.text ?? '', /token endpoint returned 200.*Is the token URL right\?/);
        const refused = await test(auth, () => ({ status: 401, body: { error: 'invalid_client' } }));
        assert.equal(refused.Credentials?.ok, false);
        const gone = await test({ ...auth, tokenUrl: 'http://127.0.0.1:9/token' }, () => ({ status: 200 }));
        assert.deepEqual(Object.keys(gone), ['Credentials']);
        assert.match(gone.Credentials?.text ?? '', /the connection was refused/);
      });

      it('does not promise what is only done for deliveries', async () => {
        for (const status of [200, 202, 204, 400, 404, 429, 500, 503]) {
          for (const body of [{ x: 1 }, PAGE, undefined]) {
            const checks = await test(BASIC, ({ method }) =>
              method === 'GET' && status !== 200 ? { status: 200, body: { result: [], items: [], total: 0 } } : { status, body },
            );
            for (const { text } of Object.values(checks)) assert.doesNotMatch(text, NEXT_STEPS);
          }
        }
      });
    });
  }

  it('does not take a bare list for an answer of ServiceNow', async () => {
    const checks = await serviceNow(BASIC, () => ({ status: 200, body: [] }));
    assert.equal(checks.Credentials?.ok, 'warning');
    assert.equal(checks['Read incident']?.ok, false);
    const right = await serviceNow(BASIC, () => ({ status: 200, body: { result: [] } }));
    assert.equal(right.Credentials?.ok, true);
    assert.equal(right['Read incident']?.ok, true);
  });

  it('does not take a gateway’s 404 for permission to write', async () => {
    const write = ({ method }: IncomingMessage) => method === 'PATCH';
    const checks = await serviceNow(BASIC, (req) =>
      write(req) ? { status: 404, body: PAGE } : { status: 200, body: { result: [] } },
    );
    assert.equal(checks['Write incident']?.ok, 'warning');
  });

  it('recognises a hub only by the API’s own 404, or by a 204', async () => {
    const hub = async (said: Said) =>
      (await tmf(BASIC, ({ method }) => (method === 'DELETE' ? said : { status: 200, body: [] }))).Events;
    for (const said of [{ status: 204 }, { status: 404, body: { code: '60', reason: 'Not found' } }])
      assert.deepEqual(await hub(said), { name: 'Events', ok: true, text: 'The hub answers.' });
    for (const said of [
      { status: 200, body: [] },
      { status: 200 },
      { status: 200, body: PAGE },
      { status: 202 },
      { status: 403, body: PAGE },
      { status: 404, body: PAGE },
      { status: 500 },
    ]) {
      const { ok, text } = (await hub(said))!;
      assert.equal(ok, 'warning', JSON.stringify(said));
      assert.match(text, /^Could not check/);
    }
    assert.equal((await hub({ status: 403, body: OWN_403.tmf }))?.ok, false);
  });
});
