import assert from 'node:assert/strict';
import type { HttpOptions } from '../../src/http/http.js';
import { until } from '../live/node-red.js';
import { Certificates } from './certificates.js';
import { gateTo } from './gate.js';
import { answerText, type RawServer, rawServer } from './raw-server.js';
import { serve, TestClients } from './server.js';

const POST = { method: 'POST', path: '/', body: { a: 1 }, what: 'create' } as const;

describe('the permission to write', () => {
  let server: RawServer;
  let asked: number;
  let refusal: Error | undefined;
  const clients = new TestClients();
  before(async () => {
    server = await rawServer(({ head, socket }) => {
      if (head.startsWith('POST /token')) socket.write(answerText('{"access_token":"t","expires_in":1800}'));
      else if (!head.includes('/hold')) socket.write(answerText('{}'));
    });
  });
  after(() => server.close());
  beforeEach(() => {
    asked = 0;
    refusal = undefined;
    server.requests.length = 0;
  });
  afterEach(() => clients.close());
  const mayWrite = async () => {
    asked++;
    if (refusal) throw refusal;
  };
  const client = (more: Partial<HttpOptions> = {}, url = server.url) => clients.make(url, { mayWrite, ...more });
  const methods = () => server.requests.map(({ head }) => head.split(' ', 2).join(' '));

  it('is asked for before each request that writes, but not for reads and tokens', async () => {
    const auth = { kind: 'oauthClientCredentials', tokenUrl: `${server.url}/token`, clientId: 'id', clientSecret: 'x' } as const;
    const made = client({ auth });
    await made.request({ method: 'GET', path: '/', what: 'read' });
    assert.equal(asked, 0);
    for (const method of ['POST', 'PATCH', 'PUT', 'DELETE'] as const) await made.request({ method, path: '/', what: 'write' });
    assert.equal(asked, 4);
    assert.deepEqual(methods(), ['POST /token', 'GET /', 'POST /', 'PATCH /', 'PUT /', 'DELETE /']);
  });

  it('that is refused keeps the request from being sent; the error is passed on as it is', async () => {
    refusal = new Error('The lock is lost.');
    await assert.rejects(client().request(POST), (error) => error === refusal);
    assert.deepEqual(methods(), []);
  });

  it('may be given without a promise', async () => {
    await client({ mayWrite: () => undefined }).request(POST);
    assert.deepEqual(methods(), ['POST /']);
  });

  it('is asked for when the limiter lets a request through: one that waited longer than the lock lasted is not sent', async () => {
    const made = client({ concurrency: 1 });
    const first = made.request({ ...POST, path: '/hold' });
    const second = made.request(POST);
    await until('the first request', () => server.requests.length === 1);
    assert.equal(asked, 1);
    refusal = new Error('The lock is lost.');
    server.requests[0]!.socket.write(answerText('{}'));
    await first;
    await assert.rejects(second, (error) => error === refusal);
    assert.deepEqual(methods(), ['POST /hold']);
  });

  it('is asked for again after a sign-in', async () => {
    let answers = 0;
    const partner = await serve((req, res) => {
      const isToken = req.url === '/token';
      if (!isToken && answers++ === 0) res.writeHead(401).end();
      else res.end('{"access_token":"t","expires_in":1800}');
    });
    try {
      const auth = {
        kind: 'oauthClientCredentials',
        tokenUrl: `${partner.url}/token`,
        clientId: 'id',
        clientSecret: 'x',
      } as const;
      await client({ auth }, partner.url).request(POST);
      assert.deepEqual([answers, asked], [2, 2]);
    } finally {
      await partner.close();
    }
  });

  describe('while a connection is made', () => {
    let certificates: Certificates | undefined;
    const { now } = performance;
    before(function () {
      certificates = Certificates.make();
      if (!certificates) this.skip();
    });
    after(() => certificates?.remove());
    afterEach(() => {
      performance.now = now;
    });

    for (const [what, lost] of [
      ['and is sent if it is still given', false],
      ['and is not sent if the lock was lost meanwhile', true],
    ] as const) {
      it(`is asked for again if that took long, ${what}`, async () => {
        let received = 0;
        const key = certificates!.pem('server.key');
        const partner = await serve(
          (_req, res) => {
            received++;
            res.end('{}');
          },
          { key, cert: certificates!.pem('server.crt') },
        );
        const gate = await gateTo(partner.url);
        try {
          const tls = { ca: certificates!.pem('ca.crt') };
          const request = client({ tls }, gate.url).request(POST);
          const ended = request.then(
            () => 'sent',
            (error) => (error === refusal ? 'refused' : error),
          );
          await until('the connection to be under way', () => gate.held.length === 1);
          assert.equal(asked, 1);
          // The process was stopped for a minute.
          performance.now = () => now.call(performance) + 60_000;
          if (lost) refusal = new Error('The lock is lost.');
          gate.letIn();
          assert.equal(await ended, lost ? 'refused' : 'sent');
          assert.deepEqual([asked, received], [2, lost ? 0 : 1]);
        } finally {
          gate.close();
          await partner.close();
        }
      });
    }
  });
});
