import assert from 'node:assert/strict';
import type { TLSSocket } from 'node:tls';
import type { HttpOptions } from '../../src/http/http.js';
import { createHttpClient } from '../../src/http/http-client.js';
import { Certificates } from './certificates.js';
import { options, serve, type TestServer } from './server.js';

describe('mutual TLS', () => {
  let certificates: Certificates | undefined;
  let server: TestServer;
  const pem = (name: string) => certificates!.pem(name);
  before(async function () {
    certificates = Certificates.make();
    if (!certificates) return this.skip();
    server = await serve(
      (req, res) => res.end(JSON.stringify({ who: (req.socket as TLSSocket).getPeerCertificate().subject.CN })),
      certificates.mutualTls(),
    );
  });
  after(async () => {
    await server?.close();
    certificates?.remove();
  });
  const ask = async (tls: HttpOptions['tls']) => {
    const client = createHttpClient(options(server.url, { tls }));
    try {
      return (await client.request<{ who: string }>({ method: 'GET', path: '/', what: 'read' })).body.who;
    } finally {
      client.close();
    }
  };

  it('presents our certificate and checks the partner’s', async () => {
    assert.equal(await ask({ ca: pem('ca.crt'), cert: pem('client.crt'), key: pem('client.key') }), 'client');
  });

  it('fails with a readable error without our certificate', async () => {
    await assert.rejects(ask({ ca: pem('ca.crt') }), {
      code: 'SWB_PARTNER_UNAVAILABLE',
      message: /^Acme: read \(GET \/\) got no response/,
    });
  });

  it('sends nothing to a server with an unknown certificate', async () => {
    await assert.rejects(ask({ cert: pem('client.crt'), key: pem('client.key') }), {
      code: 'SWB_PARTNER_UNAVAILABLE',
      outcome: 'notDone',
    });
  });
});
