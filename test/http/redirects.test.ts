import assert from 'node:assert/strict';
import type { RequestListener } from 'node:http';
import type { HttpClient, HttpRequest } from '../../src/http/http.js';
import { failureOf, serve, TestClients, type TestServer } from './server.js';

describe('a redirect', () => {
  let server: TestServer;
  let other: TestServer;
  let listener: RequestListener;
  let seen: string[];
  let elsewhere: string[];
  const clients = new TestClients();
  before(async () => {
    server = await serve((req, res) => {
      seen.push(`${req.method} ${req.url} ${req.headers.authorization ?? '-'}`);
      listener(req, res);
    });
    other = await serve((req, res) => {
      elsewhere.push(String(req.url));
      res.end('{"id":"other"}');
    });
  });
  after(() => Promise.all([server.close(), other.close()]));
  beforeEach(() => {
    seen = [];
    elsewhere = [];
  });
  afterEach(() => clients.close());
  const client = () => clients.make(`${server.url}/api`, { auth: { kind: 'bearer', token: 't0ken-1' } });
  const get = (made: HttpClient = client(), query: HttpRequest['query'] = undefined) =>
    made.request({ method: 'GET', path: '/things', query, what: 'read things' });
  /** Redirects from the first path to `location`, where there is a thing. */
  const redirect = (status: number, location: string) => {
    listener = (req, res) => {
      if (req.url?.startsWith('/api/things')) res.writeHead(status, { Location: location }).end('moved');
      else res.end('{"id":"1"}');
    };
  };

  for (const status of [301, 302, 307, 308]) {
    it(`${status} of a GET within the origin is followed, with the credentials`, async () => {
      redirect(status, `${server.url}/v2/things?q=c`);
      assert.deepEqual((await get()).body, { id: '1' });
      assert.equal(seen.at(-1), 'GET /v2/things?q=c Bearer t0ken-1');
      assert.equal(seen.length, 2);
    });
  }

  for (const [what, location, target] of [
    ['relative to the root', '/v2/things', '/v2/things'],
    ['relative to the request', 'others', '/api/others'],
    ['a query alone', '?q=c&page=2', '/api/things?q=c&page=2'],
    ['with a percent sign', '/v2/100%/a%20b', '/v2/100%/a%20b'],
    ['with a fragment', '/v2/things#top', '/v2/things'],
  ] as const) {
    it(`to a Location ${what} is followed`, async () => {
      listener = (_req, res) => (seen.length === 1 ? res.writeHead(308, { Location: location }).end() : res.end('{"id":"1"}'));
      assert.deepEqual((await get()).body, { id: '1' });
      assert.equal(seen.at(-1), `GET ${target} Bearer t0ken-1`);
    });
  }

  it('of a streamed answer is followed', async () => {
    redirect(302, '/files/1');
    const path = '/things';
    const { body } = await client().request({ method: 'GET', path, as: 'stream', what: 'download' });
    let text = '';
    for await (const chunk of body) text += String(chunk);
    assert.equal(text, '{"id":"1"}');
  });

  for (const as of ['json', 'stream'] as const) {
    it(`to a page to sign in is reported as a redirect, where the answer is wanted as ${as}`, async () => {
      listener = (req, res) => {
        if (req.url === '/login') res.writeHead(200, { 'Content-Type': 'text/html' }).end('<h1>Sign in</h1>');
        else res.writeHead(302, { Location: '/login' }).end();
      };
      const request = { method: 'GET', path: '/things', what: 'read things' } as const;
      const error = await failureOf(as === 'stream' ? client().request({ ...request, as }) : client().request(request));
      assert.deepEqual([error.status, error.outcome], [302, 'notDone']);
      assert.ok(error.message.includes(`returned 302: it redirects to ${server.url}/login.`), error.message);
    });
  }

  it('that keeps the query is followed', async () => {
    redirect(308, '/v2/things?page=1&q=a%20b');
    assert.deepEqual((await get(client(), { q: 'a b' })).body, { id: '1' });
  });

  it('that drops the query is not followed: it would answer something else', async () => {
    redirect(302, '/v2/things?page=1');
    assert.equal((await failureOf(get(client(), { q: 'a b' }))).status, 302);
    assert.equal(seen.length, 1);
  });

  it('to another origin is not followed: it gets neither a request nor credentials', async () => {
    redirect(302, `${other.url}/login?token=s3cret-of-theirs`);
    const error = await failureOf(get());
    assert.deepEqual([error.status, error.outcome, elsewhere, seen.length], [302, 'notDone', [], 1]);
    assert.ok(error.message.includes(`returned 302: moved; it redirects to ${other.url}/login.`), error.message);
    assert.match(error.message, /enter its new URL in the endpoint’s settings/);
  });

  for (const [location, shown] of [
    ['file:///etc/passwd', 'file:/etc/passwd'],
    ['ftp://ann:pw@files.example/f?token=t', 'ftp://files.example/f'],
    ['mailto:ann@acme.example?body=x', 'mailto:ann@acme.example'],
  ] as const)
    it(`to ${location} is reported as it is, without what may be secret`, async () => {
      redirect(302, location);
      const { message } = await failureOf(get());
      assert.ok(message.includes(`it redirects to ${shown}.`), message);
    });

  it('to this origin with a user is not followed', async () => {
    redirect(302, server.url.replace('//', '//ann:pw@'));
    assert.equal((await failureOf(get())).status, 302);
    assert.equal(seen.length, 1);
  });

  it('that ends where it began is followed a few times', async () => {
    listener = (req, res) => res.writeHead(302, { Location: String(req.url) }).end();
    assert.equal((await failureOf(get())).status, 302);
    assert.equal(seen.length, 6);
  });

  for (const status of [300, 303, 304]) {
    it(`${status} of a GET is not followed`, async () => {
      redirect(status, '/v2/things');
      assert.equal((await failureOf(get())).status, status);
      assert.equal(seen.length, 1);
    });
  }

  for (const method of ['POST', 'PATCH', 'PUT', 'DELETE'] as const) {
    for (const status of [301, 302, 307, 308]) {
      it(`${status} of a ${method} is never repeated elsewhere`, async () => {
        listener = (_req, res) => res.writeHead(status, { Location: '/v2/things' }).end();
        const error = await failureOf(client().request({ method, path: '/things', body: { a: 1 }, what: 'write' }));
        assert.deepEqual([error.status, error.outcome, error.retry, seen.length], [status, 'notDone', false, 1]);
        assert.ok(error.message.includes(`returned ${status}: it redirects to ${server.url}/v2/things.`), error.message);
      });
    }
  }

  it('after a rejected token is followed with the new one', async () => {
    let tokens = 0;
    listener = (req, res) => {
      if (req.url === '/token') return res.end(`{"access_token":"t0ken-${++tokens}"}`);
      if (req.headers.authorization === 'Bearer t0ken-1') return res.writeHead(401).end();
      if (req.url?.startsWith('/api/things')) return res.writeHead(308, { Location: '/v2/things' }).end();
      return res.end('{"id":"1"}');
    };
    const tokenUrl = `${server.url}/token`;
    const auth = { kind: 'oauthClientCredentials', tokenUrl, clientId: 'c', clientSecret: 's' } as const;
    const made = clients.make(`${server.url}/api`, { auth });
    assert.deepEqual((await get(made)).body, { id: '1' });
    assert.equal(seen.at(-1), 'GET /v2/things Bearer t0ken-2');
  });
});
