import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { Api, afterWrite } from '../../src/endpoints/api.js';
import { ExchangeLog, exchangeOf } from '../../src/http/exchange-log.js';
import type { Auth, HttpClient } from '../../src/http/http.js';
import { createHttpClient } from '../../src/http/http-client.js';
import { PATIENCE } from '../patience.js';

const PASSWORD = 'correct-horse-battery';

describe('the exchange log', () => {
  let server: Server;
  let url: string;
  let answer: { status: number; body: string; headers?: Record<string, string> };
  let clients: HttpClient[];

  before((done) => {
    server = createServer((req, res) => {
      req.resume().on('end', () => {
        res.writeHead(answer.status, { 'Content-Type': 'application/json', ...answer.headers });
        res.end(answer.body);
      });
    });
    server.listen(0, '127.0.0.1', () => {
      url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      done();
    });
  });
  after((done) => {
    server.close(done);
  });
  beforeEach(() => {
    answer = { status: 200, body: '{}' };
    clients = [];
  });
  afterEach(() => {
    for (const client of clients) client.close();
  });

  const client = (auth: Auth = { kind: 'basic', user: 'us', password: PASSWORD }, baseUrl = url) => {
    const made = createHttpClient({ name: 'Partner', baseUrl, auth, timeout: PATIENCE, rateLimit: 0, concurrency: 4 });
    clients.push(made);
    return made;
  };

  it('records method, URL, headers and bodies of both sides', async () => {
    answer = { status: 201, body: '{"id":"1"}', headers: { 'X-Trace': 'abc' } };
    const log = new ExchangeLog();
    await log.during(() =>
      client().request({ method: 'POST', path: '/tickets', query: { fields: 'id' }, body: { name: 'x' }, what: 'create' }),
    );
    const [exchange] = log.exchanges() ?? [];
    assert.deepEqual([exchange?.method, exchange?.url], ['POST', `${url}/tickets?fields=id`]);
    assert.equal(exchange?.sent.body, '{"name":"x"}');
    assert.equal(exchange?.sent.headers['Content-Type'], 'application/json');
    assert.deepEqual([exchange?.got?.status, exchange?.got?.body, exchange?.got?.headers['x-trace']], [201, '{"id":"1"}', 'abc']);
  });

  it('masks every secret in headers, URLs and bodies: known ones and those that look like one', async () => {
    answer.body = JSON.stringify({ access_token: 'eyJabc', echo: PASSWORD, note: 'Bearer abcdefghijkl' });
    answer.headers = { 'Set-Cookie': 'session=verysecret' };
    const log = new ExchangeLog();
    const body = { password: 'hunter2"x', text: `my ${PASSWORD}` };
    await log.during(() =>
      client().request({ method: 'POST', path: '/a?token=abc123456', headers: { 'X-Api-Key': 'kkk111' }, body, what: 'write' }),
    );
    answer.body = '{"echo":"key-of-ours"}';
    const key: Auth = { kind: 'apiKey', header: 'X-Custom', key: 'key-of-ours' };
    await log.during(() => client(key).request({ method: 'GET', path: '/b', what: 'read' }));
    const text = JSON.stringify(log.exchanges());
    for (const secret of [PASSWORD, 'hunter2', 'abc123456', 'kkk111', 'verysecret', 'eyJabc', 'abcdefghijkl', 'key-of-ours'])
      assert.ok(!text.includes(secret), `${secret} shows in ${text}`);
    assert.ok(!text.includes(Buffer.from(`us:${PASSWORD}`).toString('base64')));
  });

  it('keeps the first 8 KB of a body and the last five requests', async () => {
    answer.body = JSON.stringify({ long: 'x'.repeat(200_000) });
    const log = new ExchangeLog();
    await log.during(async () => {
      for (let n = 0; n < 8; n++) await client().request({ method: 'GET', path: `/${n}`, what: 'read' });
    });
    const exchanges = log.exchanges() ?? [];
    assert.deepEqual(
      exchanges.map(({ url: one }) => one.at(-1)),
      ['3', '4', '5', '6', '7'],
    );
    assert.match(exchanges[0]?.got?.body ?? '', /^\{"long":"x{100}.*… \(200011 characters\)$/);
    assert.ok(JSON.stringify(exchanges).length < 5 * 9_000);
  });

  it('masks a secret that the size limit would cut in half', async () => {
    answer.body = `"${'x'.repeat(8 * 1024 - 8)}${PASSWORD}"`;
    const log = new ExchangeLog();
    await log.during(() => client().request({ method: 'GET', path: '/', what: 'read' }));
    assert.ok(!JSON.stringify(log.exchanges()).includes(PASSWORD.slice(0, 6)));
  });

  it('records why there was no answer', async () => {
    const log = new ExchangeLog();
    const gone = client(undefined, 'http://127.0.0.1:9');
    await assert.rejects(log.during(() => gone.request({ method: 'GET', path: '/', what: 'read' })));
    assert.match(log.exchanges()?.[0]?.error ?? '', /ECONNREFUSED|bad port/i);
    assert.equal(log.exchanges()?.[0]?.got, undefined);
  });

  it('separates concurrent work, and records nothing outside of it', async () => {
    const [a, b] = [new ExchangeLog(), new ExchangeLog()];
    const shared = client();
    await Promise.all([
      a.during(() => shared.request({ method: 'GET', path: '/a', what: 'read' })),
      shared.request({ method: 'GET', path: '/nobody', what: 'read' }),
      b.during(() => shared.request({ method: 'GET', path: '/b', what: 'read' })),
    ]);
    assert.deepEqual(
      [a, b].map((log) => log.exchanges()?.map(({ url: one }) => one.slice(url.length))),
      [['/a'], ['/b']],
    );
    assert.equal(new ExchangeLog().exchanges(), undefined);
  });

  describe('of a failed request', () => {
    const failure = (work: Promise<unknown>): Promise<unknown> =>
      work.then(
        () => assert.fail('it should have failed'),
        (error) => error,
      );
    const api = () => new Api(client(), { id: 'id', failure: () => undefined, isOwnError: () => true });

    it('comes with the error, masked, and shows nowhere else', async () => {
      answer = { status: 422, body: JSON.stringify({ error: { message: `not ${PASSWORD}` } }) };
      const error = await failure(client().request({ method: 'POST', path: '/a', body: { note: PASSWORD }, what: 'create' }));
      const exchange = exchangeOf(error);
      assert.deepEqual([exchange?.method, exchange?.got?.status, exchange?.sent.body], ['POST', 422, '{"note":"•••"}']);
      assert.ok(!JSON.stringify(exchange).includes(PASSWORD));
      assert.ok(!inspect(error, { depth: 9, showHidden: true }).includes(PASSWORD));
    });

    it('comes with the error that it caused', async () => {
      answer = { status: 500, body: '' };
      const read = () => client().request({ method: 'GET', path: '/a', what: 'read' });
      assert.equal(exchangeOf(await failure(afterWrite(read)))?.got?.status, 500);
      const other = new Error('No.', { cause: await failure(read()) });
      assert.equal(exchangeOf(other)?.got?.status, 500);
      assert.equal(exchangeOf(new Error('No.')), undefined);
    });

    it('comes with the error about an answer that is not what was asked for', async () => {
      answer = { status: 200, body: '<html>' };
      assert.equal(exchangeOf(await failure(client().request({ method: 'GET', path: '/a', what: 'read' })))?.got?.body, '<html>');
      answer = { status: 200, body: '{"id":"2"}' };
      assert.equal(
        exchangeOf(await failure(api().read({ method: 'GET', path: '/1', what: 'read' }, '1')))?.got?.body,
        '{"id":"2"}',
      );
      const create = { method: 'POST', path: '/', body: {}, what: 'create' } as const;
      const mismatch = failure(
        api().create(
          create,
          () => 'is another one',
          () => assert.fail('it is not read'),
        ),
      );
      assert.equal(exchangeOf(await mismatch)?.method, 'POST');
    });
  });
});
