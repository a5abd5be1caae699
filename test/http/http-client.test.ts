import assert from 'node:assert/strict';
import type { RequestListener } from 'node:http';
import type { HttpClient, HttpOptions } from '../../src/http/http.js';
import { until } from '../live/node-red.js';
import { PATIENCE } from '../patience.js';
import { bodyOf, failureOf, serve, TestClients, type TestServer } from './server.js';

describe('a request to a partner', () => {
  let server: TestServer;
  const clients = new TestClients();
  let listener: RequestListener;
  before(async () => {
    server = await serve((req, res) => listener(req, res));
  });
  after(() => server.close());
  afterEach(() => clients.close());
  const client = (more: Partial<HttpOptions> = {}) => clients.make(server.url, more);
  const failure = (made: HttpClient, method: 'GET' | 'POST' = 'POST') =>
    failureOf(made.request({ method, path: '/things', body: { a: 1 }, what: 'create thing' }));

  it('sends JSON with its query and returns the parsed answer', async () => {
    let seen = '';
    listener = async (req, res) => {
      seen = `${req.method} ${req.url} ${req.headers['content-type']} ${await bodyOf(req)}`;
      res.writeHead(201, { 'Content-Type': 'application/json' }).end('{"id":"1"}');
    };
    const answer = await client().request<{ id: string }>({
      method: 'POST',
      path: '/things',
      query: { a: 'b c', n: undefined },
      body: { x: 1 },
      what: 'create thing',
    });
    assert.deepEqual([answer.status, answer.body], [201, { id: '1' }]);
    assert.match(seen, /^POST \/things\?a=b(\+|%20)c application\/json \{"x":1\}$/);
  });

  // Classification of a status: code, whether the request may have been processed, whether a retry may help.
  const CLASSES: [number, string, 'notDone' | 'unknown', boolean][] = [
    [400, 'SWB_PARTNER_REFUSED', 'notDone', false],
    [401, 'SWB_PARTNER_AUTH', 'notDone', false],
    [402, 'SWB_PARTNER_AUTH', 'notDone', false],
    [403, 'SWB_PARTNER_AUTH', 'notDone', false],
    [407, 'SWB_PARTNER_AUTH', 'notDone', false],
    [421, 'SWB_PARTNER_AUTH', 'notDone', false],
    [423, 'SWB_PARTNER_AUTH', 'notDone', true],
    [426, 'SWB_PARTNER_AUTH', 'notDone', false],
    [451, 'SWB_PARTNER_AUTH', 'notDone', false],
    [511, 'SWB_PARTNER_AUTH', 'notDone', false],
    [404, 'SWB_PARTNER_NOT_FOUND', 'notDone', false],
    [408, 'SWB_PARTNER_UNAVAILABLE', 'unknown', true],
    [409, 'SWB_PARTNER_REFUSED', 'notDone', false],
    [422, 'SWB_PARTNER_REFUSED', 'notDone', false],
    [429, 'SWB_PARTNER_LIMIT', 'notDone', true],
    [500, 'SWB_PARTNER_UNAVAILABLE', 'unknown', true],
    [502, 'SWB_PARTNER_UNAVAILABLE', 'unknown', true],
    [503, 'SWB_PARTNER_UNAVAILABLE', 'unknown', true],
    [302, 'SWB_PARTNER_REFUSED', 'notDone', false],
    [303, 'SWB_PARTNER_ANSWER', 'unknown', true],
  ];
  for (const [status, code, outcome, retry] of CLASSES) {
    it(`with status ${status} ${retry ? 'can be retried' : 'is not retried'}: ${code}, ${outcome}`, async () => {
      listener = (_req, res) =>
        res
          .writeHead(status, { 'Content-Type': 'application/json', Location: '/elsewhere' })
          .end('{"error":{"message":"because","detail":"of that"}}');
      const error = await failure(client());
      assert.deepEqual([error.code, error.outcome, error.retry, error.status], [code, outcome, retry, status]);
      assert.match(error.message, new RegExp(`^Acme: create thing \\(POST /things\\) returned ${status}: because, of that[.;]`));
    });
  }

  it('that only reads is never in doubt', async () => {
    listener = (_req, res) => res.writeHead(500).end();
    assert.equal((await failure(client(), 'GET')).outcome, 'notDone');
  });

  for (const [what, header, from, to] of [
    ['seconds', () => '7', 7_000, 7_000],
    ['a date', () => new Date(Date.now() + 2 * PATIENCE).toUTCString(), PATIENCE, 2 * PATIENCE + 1_000],
  ] as const) {
    it(`waits for Retry-After, given as ${what}`, async () => {
      listener = (_req, res) => res.writeHead(429, { 'Retry-After': header() }).end();
      const { retryAfter } = await failure(client());
      assert.ok(retryAfter! >= from && retryAfter! <= to, String(retryAfter));
    });
  }

  for (const [what, header] of [
    ['of 46 days', () => '4000000'],
    ['too long for a number', () => '9'.repeat(400)],
    ['until the year 9999', () => 'Fri, 31 Dec 9999 23:59:59 GMT'],
  ] as const) {
    it(`waits for a Retry-After ${what} only as long as the endpoint allows, by default one hour`, async () => {
      listener = (_req, res) => res.writeHead(503, { 'Retry-After': header() }).end();
      assert.equal((await failure(client())).retryAfter, 3_600_000);
      assert.equal((await failure(client({ maxRetryAfter: 60_000 }))).retryAfter, 60_000);
    });
  }

  for (const header of [undefined, '0'])
    it(`waits longer after each 429 with Retry-After ${header}; meanwhile, nothing of its kind is sent`, async () => {
      let passed = 0;
      let sent = 0;
      let limited = true;
      listener = (_req, res) => {
        sent++;
        if (limited) res.writeHead(429, header === undefined ? {} : { 'Retry-After': header }).end();
        else res.end('{}');
      };
      const made = client({ steady: () => performance.now() + passed, retryDelay: 10_000 });
      let before = 0;
      for (let n = 1; n <= 3; n++) {
        const { retryAfter = 0 } = await failure(made);
        assert.ok(retryAfter > before, `${retryAfter} after ${before}`);
        const unsent = await failure(made);
        assert.deepEqual([unsent.code, unsent.outcome, unsent.retry, sent], ['SWB_PARTNER_LIMIT', 'notDone', true, n]);
        assert.match(unsent.message, /was not sent, because the partner limits our rate/);
        assert.ok(unsent.retryAfter! <= retryAfter);
        before = retryAfter;
        passed += retryAfter;
      }
      limited = false;
      const send = (method: 'GET' | 'POST') => made.request({ method, path: '/things', what: 'x' });
      await Promise.all([send('POST'), send('GET'), send('POST')]);
      limited = true;
      assert.ok((await failure(made)).retryAfter! < before, 'it starts over');
      limited = false;
      await send('GET');
    });

  it('whose connection is closed may have been processed', async () => {
    listener = (req) => req.socket.destroy();
    const error = await failure(client());
    assert.deepEqual([error.code, error.outcome, error.retry], ['SWB_PARTNER_UNAVAILABLE', 'unknown', true]);
    assert.match(error.message, /got no response: the connection was closed/);
  });

  it('that times out may have been processed', async () => {
    listener = () => undefined;
    const timeout = 100;
    const error = await failure(client({ timeout }));
    assert.deepEqual([error.code, error.outcome, error.retry], ['SWB_PARTNER_UNAVAILABLE', 'unknown', true]);
    assert.match(error.message, /the request timed out/);
  });

  it('to a closed port was certainly not processed', async () => {
    const gone = await serve(() => undefined);
    await gone.close();
    const error = await failure(clients.make(gone.url));
    assert.deepEqual([error.outcome, error.retry], ['notDone', true]);
    assert.match(error.message, /the connection was refused/);
  });

  it('whose answer is truncated JSON may have been processed', async () => {
    listener = (_req, res) => res.writeHead(201, { 'Content-Type': 'application/json' }).end('{"id": "1');
    const error = await failure(client());
    assert.deepEqual([error.code, error.outcome], ['SWB_PARTNER_ANSWER', 'unknown']);
  });

  it('with an empty answer has no body', async () => {
    listener = (_req, res) => res.writeHead(201).end();
    const { body } = await client().request({ method: 'POST', path: '/', what: 'x' });
    assert.equal(body, undefined);
  });

  it('is not read beyond the size limit', async () => {
    listener = (_req, res) => res.end(JSON.stringify({ x: 'x'.repeat(10_000) }));
    const error = await failure(client({ maxBytes: 1_000 }), 'GET');
    assert.match(error.message, /larger than/);
  });

  it('does not send credentials to another host', async () => {
    await assert.rejects(client().request({ method: 'GET', path: 'http://127.0.0.1:9/x', what: 'x' }), {
      code: 'SWB_PAYLOAD',
      message: /another host/,
    });
  });

  for (const id of ['.', '..', '%2e%2E', '.%2e', '../x', 'x/../..', '..\\x', '..?q=1', '..#f'])
    it(`does not step out of its path by the id "${id}"`, async () => {
      let asked = 0;
      listener = (_req, res) => {
        asked++;
        res.end('{}');
      };
      await assert.rejects(client().request({ method: 'DELETE', path: `/things/${id}`, what: 'x' }), {
        code: 'SWB_PAYLOAD',
        message: /leads elsewhere/,
      });
      assert.equal(asked, 0);
    });

  it('may have dots in its path', async () => {
    listener = (req, res) => res.end(JSON.stringify(req.url));
    for (const path of ['/v1.2/..a/a..', '/...', '/a?b=../c', '/a%2F..'])
      assert.equal((await client().request({ method: 'GET', path, what: 'x' })).body, path);
  });

  it('is limited to the configured concurrency', async () => {
    let now = 0;
    let most = 0;
    listener = (_req, res) => {
      most = Math.max(most, ++now);
      setImmediate(() => {
        now--;
        res.end('{}');
      });
    };
    const made = client({ concurrency: 3 });
    await Promise.all(Array.from({ length: 20 }, () => made.request({ method: 'GET', path: '/', what: 'x' })));
    assert.ok(most <= 3, `${most} at a time`);
  });

  it('of one kind that hang leave a slot for each other kind', async () => {
    const held: (() => void)[] = [];
    let changes = 0;
    listener = (req, res) => {
      const end = () => res.setHeader('Content-Type', 'application/json').end('{}');
      if (req.method !== 'GET') changes++;
      if (req.method === 'GET') held.push(end);
      else end();
    };
    const made = client({ concurrency: 4 });
    const waiting = [
      ...Array.from({ length: 10 }, (_, i) => made.request({ method: 'GET', path: `/records/${i}`, what: 'read' })),
      ...Array.from({ length: 5 }, (_, i) =>
        made.request({ method: 'GET', path: `/files/${i}`, as: 'stream', what: 'download' }).then(({ body }) => body.resume()),
      ),
    ];
    // All of them hang: no change waits for one.
    for (let i = 0; i < 5; i++) await made.request({ method: 'PATCH', path: '/records/1', body: {}, what: 'update' });
    assert.equal(changes, 5);
    // Three reads, and the files, which have slots of their own.
    assert.ok(held.length <= 3 + 4, `${held.length} requests hang at once`);
    const release = setInterval(() => held.splice(0).forEach((end) => void end()), 5);
    await Promise.all(waiting);
    clearInterval(release);
  });

  it('starts no sooner than the rate limit allows', async () => {
    let last = 0;
    listener = (_req, res) => {
      last = performance.now();
      res.end('{}');
    };
    const made = client({ rateLimit: 50 });
    const first = performance.now();
    await Promise.all(Array.from({ length: 6 }, () => made.request({ method: 'GET', path: '/', what: 'x' })));
    assert.ok(last - first >= 90, 'five gaps of 20 ms, less what timers are early');
  });

  it('contains no secret in its errors', async () => {
    const secrets = ['hunter2hunter2', Buffer.from('ann:hunter2hunter2').toString('base64')];
    listener = (req, res) => res.writeHead(400).end(`you sent ${req.headers.authorization} and hunter2hunter2`);
    const error = await failure(client({ auth: { kind: 'basic', user: 'ann', password: 'hunter2hunter2' } }));
    const everything =
      JSON.stringify(error, Object.getOwnPropertyNames(error)) + String(error.stack) + JSON.stringify(error.cause);
    for (const secret of secrets) assert.ok(!everything.includes(secret));
  });

  it('fails when the endpoint is closed', async () => {
    listener = () => undefined;
    const made = client();
    const pending = failure(made);
    await until('it to be under way', () => new Promise<boolean>((done) => server.server.getConnections((_e, n) => done(n > 0))));
    made.close();
    assert.match((await pending).message, /endpoint is closing/);
  });
});
