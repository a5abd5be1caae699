import assert from 'node:assert/strict';
import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import type { PartnerError } from '../../src/errors.js';
import { networkFailure } from '../../src/http/failure.js';
import { createHttpClient } from '../../src/http/http-client.js';
import { Certificates } from './certificates.js';
import { options, serve } from './server.js';

const POST = { method: 'POST', path: '/', body: { a: 1 }, what: 'create' } as const;

describe('a request over TLS', () => {
  let certificates: Certificates | undefined;
  before(function () {
    certificates = Certificates.make();
    if (!certificates) this.skip();
  });
  after(() => certificates?.remove());
  const own = () => ({ key: certificates!.pem('server.key'), cert: certificates!.pem('server.crt') });

  async function failure(server: Server, timeout?: number): Promise<PartnerError> {
    const sockets = new Set<Socket>();
    server.on('connection', (socket) => sockets.add(socket.on('error', () => undefined)));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const tls = { ca: certificates!.pem('ca.crt') };
    const client = createHttpClient(options(`https://127.0.0.1:${port}`, { tls, ...(timeout && { timeout }) }));
    try {
      return await client.request(POST).then(
        () => assert.fail('the request should have failed'),
        (error) => error,
      );
    } finally {
      client.close();
      for (const socket of sockets) socket.destroy();
      server.close();
    }
  }
  const plain = (does: (socket: Socket) => void) => createServer((socket) => socket.once('data', () => does(socket)));

  const FAILURES: Record<string, () => Promise<PartnerError>> = {
    'to a port that speaks plain HTTP': () => failure(plain((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))),
    'that is reset during the handshake': () => failure(plain((socket) => socket.resetAndDestroy())),
    'that is closed during the handshake': () => failure(plain((socket) => socket.end())),
    'whose handshake never ends': () =>
      failure(
        plain(() => undefined),
        200,
      ),
    'to a partner without a common TLS version': () =>
      failure(createTlsServer({ ...own(), minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1' }, () => undefined)),
  };
  for (const [what, fails] of Object.entries(FAILURES)) {
    it(`${what} was certainly not processed`, async () => {
      const { outcome, retry, code, message } = await fails();
      assert.deepEqual([outcome, retry, code], ['notDone', true, 'SWB_PARTNER_UNAVAILABLE'], message);
    });
  }

  it('whose connection is closed after the handshake may have been processed, also on a reused connection', async () => {
    let requests = 0;
    const server = await serve((req, res) => (requests++ > 0 ? req.socket.destroy() : res.end('{}')), own());
    const client = createHttpClient(options(server.url, { tls: { ca: certificates!.pem('ca.crt') } }));
    try {
      await client.request(POST);
      await assert.rejects(client.request(POST), { outcome: 'unknown' });
    } finally {
      client.close();
      await server.close();
    }
  });

  it('whose client certificate the partner rejects was certainly not processed, although it was sent', () => {
    const outcome = (code: string) => networkFailure('Acme', POST, { code, text: code }).outcome;
    assert.equal(outcome('ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED'), 'notDone');
    assert.equal(outcome('ERR_SSL_TLSV1_ALERT_UNKNOWN_CA'), 'notDone');
    assert.equal(outcome('ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC'), 'unknown');
  });
});
