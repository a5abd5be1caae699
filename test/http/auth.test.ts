import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import type { Auth, HttpClient, TokenKeeper } from '../../src/http/http.js';
import { createHttpClient } from '../../src/http/http-client.js';
import { bodyOf, options, serve, type TestServer } from './server.js';

describe('credentials', () => {
  let server: TestServer;
  /** The received Authorization headers and token requests. */
  let seen: string[];
  let tokens: URLSearchParams[];
  let accept: (authorization: string) => boolean;
  let tokenAnswer: () => [number, object | string, Record<string, string>?];
  let issued: number;
  before(async () => {
    server = await serve(async (req, res) => {
      const reply = (status: number, body: object | string, headers: Record<string, string> = {}) => {
        const text = typeof body === 'string' ? body : JSON.stringify(body);
        res.writeHead(status, { 'Content-Type': body === text ? 'text/html' : 'application/json', ...headers }).end(text);
      };
      if (req.url === '/token') {
        tokens.push(new URLSearchParams(await bodyOf(req)));
        issued++;
        return reply(...tokenAnswer());
      }
      const given = String(req.headers.authorization ?? req.headers['x-key'] ?? '');
      seen.push(given);
      return accept(given) ? reply(200, {}) : reply(401, { error: { message: 'no' } });
    });
  });
  after(() => server.close());
  beforeEach(() => {
    seen = [];
    tokens = [];
    issued = 0;
    accept = () => true;
    tokenAnswer = () => [200, { access_token: `token-${issued}`, expires_in: 1800, refresh_token: `refresh-${issued}` }];
  });
  const oauth = { tokenUrl: '', clientId: 'id', clientSecret: 'the-secret' };
  const use = async (auth: Auth, times = 1) => {
    const client = createHttpClient(
      options(server.url, { auth: 'tokenUrl' in auth ? { ...auth, tokenUrl: `${server.url}/token` } : auth }),
    );
    try {
      await Promise.all(Array.from({ length: times }, () => client.request({ method: 'GET', path: '/x', what: 'read' })));
      return client;
    } finally {
      client.close();
    }
  };

  it('can be none', async () => {
    await use({ kind: 'none' });
    assert.deepEqual(seen, ['']);
  });

  it('can be a user name and password', async () => {
    await use({ kind: 'basic', user: 'ann', password: 'pass:word' });
    assert.equal(Buffer.from(seen[0]!.replace('Basic ', ''), 'base64').toString(), 'ann:pass:word');
  });

  it('can be a bearer token or an API key', async () => {
    await use({ kind: 'bearer', token: 't0ken' });
    await use({ kind: 'apiKey', header: 'x-key', key: 'k3y' });
    assert.deepEqual(seen, ['Bearer t0ken', 'k3y']);
  });

  it('can be an OAuth client token, fetched once for concurrent requests', async () => {
    await use({ kind: 'oauthClientCredentials', ...oauth, scope: 'tickets' }, 10);
    assert.equal(issued, 1);
    assert.equal(tokens[0]?.get('grant_type'), 'client_credentials');
    assert.equal(tokens[0]?.get('scope'), 'tickets');
    assert.deepEqual([...new Set(seen)], ['Bearer token-1']);
  });

  it('can be a session of the system’s own, which is renewed if it is rejected', async () => {
    const auth: Auth = {
      kind: 'session',
      request: { method: 'POST', path: '/token', body: 'user=me', headers: { 'Content-Type': 'text/plain' }, what: 'sign in' },
      read: (text) => ({ headers: { 'x-key': `session ${(JSON.parse(text) as { access_token: string }).access_token}` } }),
      secrets: ['the-secret'],
    };
    await use(auth, 3);
    assert.deepEqual([...new Set(seen)], ['session token-1']);
    assert.equal(tokens.length, 1, 'signed in once for concurrent requests');
    accept = (given) => given === 'session token-3';
    await use(auth);
    assert.deepEqual(seen.slice(3), ['session token-2', 'session token-3']);
    tokenAnswer = () => [401, { error: 'wrong password' }];
    await assert.rejects(use(auth), {
      code: 'SWB_PARTNER_AUTH',
      message: /Signing in returned 401 without a session: wrong password/,
    });
  });

  it('can be an OAuth token by password or by refresh token', async () => {
    await use({ kind: 'oauthPassword', ...oauth, user: 'ann', password: 'pw' });
    await use({ kind: 'oauthRefreshToken', ...oauth, refreshToken: 'r0' });
    assert.deepEqual(
      tokens.map((t) => [t.get('grant_type'), t.get('username') ?? t.get('refresh_token')]),
      [
        ['password', 'ann'],
        ['refresh_token', 'r0'],
      ],
    );
  });

  it('are used until they expire by the steady clock, whatever the wall clock shows', async () => {
    let [now, passed] = [Date.now(), 0];
    const auth: Auth = { kind: 'oauthClientCredentials', ...oauth, tokenUrl: `${server.url}/token` };
    const client = createHttpClient(options(server.url, { auth, clock: () => now, steady: () => passed }));
    const ask = () => client.request({ method: 'GET', path: '/x', what: 'read' });
    try {
      for (const by of [0, 3_600_000, -7_200_000]) {
        now += by;
        await ask();
      }
      assert.equal(issued, 1);
      passed += 1_790_000;
      await ask();
      assert.equal(issued, 2);
    } finally {
      client.close();
    }
  });

  it('are renewed once if a token is rejected, and the request is sent again', async () => {
    accept = (given) => given === 'Bearer token-2';
    await use({ kind: 'oauthClientCredentials', ...oauth });
    assert.deepEqual(seen, ['Bearer token-1', 'Bearer token-2']);
    assert.equal(tokens[1]?.get('refresh_token'), 'refresh-1');
  });

  it('that are rejected again cause an error without the token', async () => {
    accept = () => false;
    await assert.rejects(use({ kind: 'oauthClientCredentials', ...oauth }), (error: Error & { code: string }) => {
      assert.equal(error.code, 'SWB_PARTNER_AUTH');
      assert.ok(!error.message.includes('token-'));
      return true;
    });
    assert.equal(seen.length, 2);
  });

  for (const [what, answer, code, retry] of [
    ['401', [401, { error: 'invalid_client' }], 'SWB_PARTNER_AUTH', false],
    ['503', [503, { error: 'invalid_client' }], 'SWB_PARTNER_UNAVAILABLE', true],
    ['a page', [200, '<html>Sign in</html>'], 'SWB_PARTNER_AUTH', true],
    ['a page with 404', [404, '<html>Not here</html>'], 'SWB_PARTNER_AUTH', true],
    ['a redirect', [302, ''], 'SWB_PARTNER_AUTH', true],
    ['no token', [200, { ok: true }], 'SWB_PARTNER_AUTH', true],
    ['429', [429, {}], 'SWB_PARTNER_LIMIT', true],
  ] as const) {
    it(`that get ${what} from the token endpoint cause ${code}`, async () => {
      tokenAnswer = () => [...answer];
      await assert.rejects(use({ kind: 'oauthClientCredentials', ...oauth }), {
        code,
        retry,
        message: /token endpoint returned/,
      });
      assert.equal(seen.length, 0);
    });
  }

  it('are not asked for again while the token endpoint wants a pause', async () => {
    let passed = 0;
    tokenAnswer = () => [503, {}, { 'Retry-After': '60' }];
    const auth: Auth = { kind: 'oauthClientCredentials', ...oauth, tokenUrl: `${server.url}/token` };
    const client = createHttpClient(options(server.url, { auth, steady: () => passed }));
    const ask = () => client.request({ method: 'GET', path: '/x', what: 'read' });
    try {
      await assert.rejects(ask(), { retryAfter: 60_000 });
      passed = 20_000;
      await assert.rejects(ask(), { retryAfter: 40_000 });
      assert.equal(tokens.length, 1);
      passed = 60_000;
      await assert.rejects(ask(), { retryAfter: 60_000 });
      assert.equal(tokens.length, 2);
    } finally {
      client.close();
    }
  });

  describe('that are quoted by the token endpoint', () => {
    const { clientSecret } = oauth;
    const password = 'hunter2 & "more"';
    const QUOTES: Record<string, (form: URLSearchParams) => object | string> = {
      'as an error in words': (form) => ({
        error: 'invalid_grant',
        error_description: `Wrong: ${form.get('password')}, ${form.get('client_secret')}`,
      }),
      'as a whole form': (form) => ({ error: 'invalid_request', error_description: String(form) }),
      'as a web page': (form) => `<p>Wrong: ${[...form.values()].join(' ').replace(/&/g, '&amp;').replace(/t/g, '&#116;')}</p>`,
      'as JSON in ASCII': (form) => JSON.stringify({ message: [...form.values()].join(' ') }).replaceAll('h', '\\u0068'),
      'in base64': (form) => ({ error: `got ${Buffer.from(`id:${form.get('client_secret')}`).toString('base64')}` }),
      'in fields of its own': () => ({ refresh_token: 'another-token-of-yours', ok: false }),
    };
    for (const [what, quote] of Object.entries(QUOTES)) {
      it(`${what} are masked in the error`, async () => {
        let answer: object | string = '';
        tokenAnswer = () => {
          answer = quote(tokens.at(-1)!);
          return [400, answer];
        };
        const failing = use({ kind: 'oauthPassword', ...oauth, user: 'ann', password });
        await assert.rejects(failing, (error: Error) => {
          const text = inspect(error, { depth: 9 });
          for (const secret of [
            clientSecret,
            password,
            'hunter2',
            'another-token',
            Buffer.from(`id:${clientSecret}`).toString('base64'),
          ])
            assert.ok(!text.includes(secret), text);
          return true;
        });
      });
    }

    it('or by the API are masked, also tokens that have expired', async () => {
      accept = () => false;
      const auth: Auth = { kind: 'oauthClientCredentials', ...oauth, tokenUrl: `${server.url}/token` };
      const client = createHttpClient(options(server.url, { auth }));
      tokenAnswer = () => [200, { access_token: `issued-${issued}-token`, expires_in: 1800 }];
      const ask = () => client.request({ method: 'GET', path: '/x', what: 'read' }).catch((error: Error) => error);
      try {
        await ask();
        await ask();
        assert.equal(client.mask('issued-1-token, issued-3-token, the-secret'), '•••, •••, •••');
      } finally {
        client.close();
      }
    });
  });

  describe('that are refresh tokens', () => {
    /** A partner that rotates: each refresh token works once, and each answer has the next one. */
    let valid: string;
    let kept: Map<string, string>;
    let failing: boolean;
    const keeper: TokenKeeper = {
      read: async (name) => kept.get(name),
      write: async (name, token) => {
        if (failing) throw new Error('The disk is full.');
        kept.set(name, token);
      },
    };
    beforeEach(() => {
      valid = `entered-${Math.random()}`;
      kept = new Map();
      failing = false;
      tokenAnswer = () => {
        if (tokens.at(-1)?.get('refresh_token') !== valid) return [400, { error: 'invalid_grant' }];
        valid = `rotated-${Math.random()}`;
        return [200, { access_token: `token-${issued}`, expires_in: 1800, refresh_token: valid }];
      };
    });
    const start = (refreshToken: string, refreshTokens: () => TokenKeeper | undefined = () => keeper) => {
      const auth: Auth = { kind: 'oauthRefreshToken', ...oauth, tokenUrl: `${server.url}/token`, refreshToken };
      return createHttpClient(options(server.url, { auth, refreshTokens }));
    };
    const ask = async (client: HttpClient) => {
      try {
        await client.request({ method: 'GET', path: '/x', what: 'read' });
      } finally {
        client.close();
      }
    };

    it('are kept before the access token is used, and used after a restart', async () => {
      const entered = valid;
      await ask(start(entered));
      assert.deepEqual([...kept.values()], [valid]);
      assert.ok(![...kept.keys()].some((name) => name.includes(entered)));
      await ask(start(entered));
      assert.deepEqual([...kept.values()], [valid]);
      assert.equal(seen.length, 2);
    });

    it('are shared by clients at the same time, one after the other', async () => {
      const entered = valid;
      await Promise.all([1, 2, 3, 4].map(() => ask(start(entered))));
      assert.equal(issued, 4);
      assert.equal(seen.length, 4);
    });

    it('that are entered anew count instead of the kept one', async () => {
      await ask(start(valid));
      valid = 'entered-anew';
      await ask(start('entered-anew'));
      assert.equal(seen.length, 2);
    });

    it('that cannot be kept are not used yet, and not lost while the process runs', async () => {
      const entered = valid;
      failing = true;
      await assert.rejects(ask(start(entered)), {
        code: 'SWB_STORE',
        retry: true,
        message: /could not be kept: The disk is full/,
      });
      assert.equal(seen.length, 0);
      failing = false;
      await ask(start(entered));
      assert.equal(seen.length, 1);
      assert.deepEqual([...kept.values()], [valid]);
    });

    it('are kept later if nothing keeps them yet, as in a test in the dialog', async () => {
      const entered = valid;
      await ask(start(entered, () => undefined));
      await ask(start(entered));
      assert.equal(seen.length, 2);
      assert.deepEqual([...kept.values()], [valid]);
    });

    it('that are no longer valid cause an error that says how to get another', async () => {
      await assert.rejects(ask(start('of-long-ago')), {
        code: 'SWB_PARTNER_AUTH',
        message: /no longer valid\. Have the partner issue a new one/,
      });
    });
  });
});
