import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { PassThrough, Readable } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import type { HttpClient, HttpOptions, HttpRequest } from '../../src/http/http.js';
import { until } from '../live/node-red.js';
import { Certificates } from './certificates.js';
import { gateTo } from './gate.js';
import { answerText, type RawRequest, type RawServer, rawServer } from './raw-server.js';
import { failureOf, serve, TestClients } from './server.js';

const GET = { method: 'GET', path: '/', what: 'read' } as const;
const POST = { method: 'POST', path: '/', body: { a: 1 }, what: 'create' } as const;

describe('a connection to a partner', () => {
  let server: RawServer;
  let answer: (request: RawRequest) => void;
  const clients = new TestClients();
  before(async () => {
    server = await rawServer((request) => answer(request));
  });
  after(() => server.close());
  beforeEach(() => {
    answer = ({ socket }) => socket.write(answerText('{}'));
    server.requests.length = 0;
  });
  afterEach(() => clients.close());
  const client = (more: Partial<HttpOptions> = {}, url = server.url) => clients.make(url, more);
  const failure = (request: HttpRequest, made = client()) => failureOf(made.request(request));
  const headOf = async (request: HttpRequest, made = client()) => {
    await made.request(request);
    return server.requests.at(-1)!.head;
  };

  describe('that is kept open', () => {
    it('is used again', async () => {
      const before = server.sockets.length;
      const made = client();
      for (let n = 0; n < 10; n++) await made.request(POST);
      assert.ok(server.sockets.length - before < 3);
    });

    it('and that the partner has closed is not used: the request is sent over another one', async () => {
      const made = client();
      await made.request(POST);
      // Nothing waits until the client has noticed.
      server.sockets.at(-1)!.destroy();
      await made.request(POST);
      await until('the first request to be over', () => server.requests.length === 2);
    });

    it('and that the partner closes when it gets a request may have brought it', async () => {
      answer = ({ socket }) => socket.write(answerText('{}'));
      const made = client();
      await made.request(POST);
      answer = ({ socket }) => socket.destroy();
      assert.equal((await failure(POST, made)).outcome, 'unknown');
      assert.equal(server.requests.length, 2, 'it is not sent again by itself');
    });

    it('is closed after an answer that ends it', async () => {
      answer = ({ socket }) => socket.write(answerText('{}', ['Connection: close']));
      const made = client();
      await made.request(POST);
      await made.request(POST);
      assert.notEqual(server.requests[0]!.connection, server.requests[1]!.connection);
    });

    it('is closed by us before the partner does so, as it announces', async () => {
      answer = ({ socket }) => socket.write(answerText('{}', ['Keep-Alive: timeout=1']));
      await client().request(POST);
      await once(server.sockets.at(-1)!, 'close');
    });
  });

  describe('carries', () => {
    it('the headers of a request, and no others than needed', async () => {
      const names = (head: string) => [...head.matchAll(/^([\w-]+):/gm)].map(([, name]) => name!.toLowerCase()).sort();
      const always = ['accept', 'accept-encoding', 'connection', 'host', 'user-agent'];
      assert.deepEqual(names(await headOf({ ...GET, headers: { 'X-Own': '1' } })), [...always, 'x-own'].sort());
      assert.deepEqual(names(await headOf(POST)), [...always, 'content-length', 'content-type'].sort());
      assert.deepEqual(names(await headOf({ ...POST, body: undefined })), [...always, 'content-length'].sort());
      assert.deepEqual(names(await headOf({ method: 'DELETE', path: '/', what: 'delete' })), always);
      assert.equal(server.requests[1]!.body, '{"a":1}');
    });

    it('headers and paths with special characters, credentials of the URL, and long queries', async () => {
      const url = server.url.replace('//', '//ann:p%40ss@');
      const request = {
        ...GET,
        path: '/ü?a=1',
        query: { q: 'ORDERBYx^y=ß z', n: 'x'.repeat(50_000) },
        headers: { 'X-Name': 'Zoë' },
      };
      const head = await headOf(request, client({}, url));
      assert.match(head, /^GET \/%C3%BC\?a=1&q=ORDERBYx%5Ey%3D%C3%9F\+z&n=x{50000} HTTP\/1\.1\r\n/);
      assert.match(head, /^x-name: Zo\u00eb\r$/im);
      assert.match(head, new RegExp(`^authorization: Basic ${Buffer.from('ann:p@ss').toString('base64')}\r?$`, 'im'));
    });

    it('no request with an invalid header: it was certainly not processed', async () => {
      const { outcome, message } = await failure({ ...POST, headers: { 'X-Name': '✓' } });
      assert.equal(outcome, 'notDone');
      assert.match(message, /invalid x-name header/i);
      assert.equal(server.requests.length, 0);
    });

    it('a body from a stream', async () => {
      const body = Readable.from([Buffer.from('ab'), Buffer.from('cd')]);
      const head = await headOf({ ...POST, headers: { 'Content-Type': 'text/plain', 'Content-Length': '4' }, body });
      assert.match(head, /^content-type: text\/plain\r$/im);
      assert.equal(server.requests[0]!.body, 'abcd');
    });

    it('a request past the proxy of the environment', async () => {
      const { http_proxy: kept } = process.env;
      process.env.http_proxy = 'http://127.0.0.1:9';
      try {
        await client().request(POST);
      } finally {
        if (kept === undefined) delete process.env.http_proxy;
        else process.env.http_proxy = kept;
      }
    });

    it('a request to an IPv6 address', async function () {
      const six = await rawServer(({ socket }) => socket.write(answerText('{}')), '::1').catch(() => undefined);
      if (!six) return this.skip();
      try {
        await client({}, six.url).request(POST);
        assert.match(six.requests[0]!.head, /^host: \[::1\]:\d+\r?$/im);
      } finally {
        await six.close();
      }
    });
  });

  it('carries other requests while as many files as possible hang', async () => {
    answer = ({ head, socket }) => void (head.startsWith('POST') && socket.write(answerText('{}')));
    const made = client({ concurrency: 1 });
    const downloads = hangingDownloads(made);
    await until('the downloads', () => server.requests.length === downloads.length);
    await made.request(POST);
    assert.equal(server.requests.length, downloads.length + 1);
  });

  /** As many as there are slots for files. */
  function hangingDownloads(made: HttpClient) {
    const downloads = Array.from({ length: 4 }, () => made.request({ ...GET, as: 'stream' }));
    for (const download of downloads) download.catch(() => undefined);
    return downloads;
  }

  describe('carries a body from a stream that fails', () => {
    const upload = (body: Readable) => ({ ...POST, headers: { 'Content-Type': 'application/octet-stream' }, body });

    it('half-way: the request may have been processed', async () => {
      answer = () => undefined;
      const body = new PassThrough();
      body.write('half');
      const failed = failure(upload(body));
      await until('the first half', () => server.requests.length === 1);
      body.destroy(Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }));
      assert.equal((await failed).outcome, 'unknown');
      assert.match(server.requests[0]!.head, /^transfer-encoding: chunked\r?$/im);
    });

    it('while the request waits for a slot: it was certainly not processed', async () => {
      answer = () => undefined;
      const made = client();
      const downloads = hangingDownloads(made);
      await until('the downloads', () => server.requests.length === downloads.length);
      const body = createReadStream('/does/not/exist');
      const failed = failure(upload(body), made);
      await until('the stream to fail', () => body.errored);
      server.requests[0]!.socket.write(answerText('{}'));
      (await Promise.race(downloads)).body.resume();
      const { outcome, message } = await failed;
      assert.equal(outcome, 'notDone');
      assert.match(message, /ENOENT/);
      assert.equal(server.requests.length, downloads.length);
    });

    for (const [what, url] of [
      ['cannot be made', () => 'http://127.0.0.1:9'],
      ['is reset', () => server.url],
    ] as const) {
      it(`never, but the connection ${what}: the stream is closed`, async () => {
        answer = ({ socket }) => socket.resetAndDestroy();
        const body = new PassThrough();
        body.write('half');
        await failure(upload(body), client({}, url()));
        await until('the stream to be closed', () => body.closed);
      });
    }
  });

  it('that is closed while a request waits for a slot fails it unsent', async () => {
    answer = () => undefined;
    const made = client({ concurrency: 1 });
    const first = failure(POST, made);
    const second = failure(POST, made);
    await until('the first request', () => server.requests.length === 1);
    made.close();
    const outcomes = (await Promise.all([first, second])).map(({ outcome, message }) => [outcome, /is closing/.test(message)]);
    assert.deepEqual(outcomes, [
      ['unknown', true],
      ['notDone', true],
    ]);
    assert.equal(server.requests.length, 1);
  });

  describe('over TLS', () => {
    let certificates: Certificates | undefined;
    before(function () {
      certificates = Certificates.make();
      if (!certificates) this.skip();
    });
    after(() => certificates?.remove());
    const own = () => ({ key: certificates!.pem('server.key'), cert: certificates!.pem('server.crt') });

    it('that does not come about in time does not delay the next request: that gets another connection', async () => {
      const tls = await serve((_req, res) => res.end('{}'), own());
      const gate = await gateTo(tls.url);
      try {
        const timeout = 1_000;
        const made = client({ timeout, tls: { ca: certificates!.pem('ca.crt') } }, gate.url);
        assert.equal((await failure(POST, made)).outcome, 'notDone');
        gate.open();
        await made.request(GET);
      } finally {
        gate.close();
        await tls.close();
      }
    });

    it('names the configured server', async () => {
      let named: unknown;
      const tls = await serve((req, res) => {
        named = (req.socket as TLSSocket & { servername?: string }).servername;
        res.end('{}');
      }, own());
      try {
        const accept = client({ tls: { servername: 'partner.example', rejectUnauthorized: false } }, tls.url);
        await accept.request(POST);
        assert.equal(named, 'partner.example');
        const strict = client({ tls: { servername: 'partner.example', ca: certificates!.pem('ca.crt') } }, tls.url);
        const { outcome, message } = await failure(POST, strict);
        assert.equal(outcome, 'notDone');
        assert.match(message, /partner\.example/);
      } finally {
        await tls.close();
      }
    });
  });
});
