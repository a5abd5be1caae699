import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import type { HttpOptions } from '../../src/http/http.js';
import { createHttpClient } from '../../src/http/http-client.js';
import { options, serve, type TestServer } from './server.js';

describe('mutual TLS', () => {
  let folder: string;
  let server: TestServer;
  const pem = (name: string) => readFileSync(join(folder, name), 'utf8');
  const openssl = (...args: string[]) => {
    const { status, stderr } = spawnSync('openssl', args, { cwd: folder, encoding: 'utf8' });
    assert.equal(status, 0, stderr);
  };
  /** A certificate of our own authority. */
  const issue = (name: string) => {
    writeFileSync(join(folder, 'ext'), 'subjectAltName=IP:127.0.0.1');
    openssl('req', '-newkey', 'rsa:2048', '-nodes', '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${name}`);
    openssl(
      'x509',
      '-req',
      '-in',
      `${name}.csr`,
      '-CA',
      'ca.crt',
      '-CAkey',
      'ca.key',
      '-CAcreateserial',
      '-days',
      '2',
      '-extfile',
      'ext',
      '-out',
      `${name}.crt`,
    );
  };
  before(async function () {
    if (spawnSync('openssl', ['version']).status !== 0) {
      console.log('      openssl is not here: skipped');
      return this.skip();
    }
    folder = mkdtempSync(join(tmpdir(), 'switchboard-tls-'));
    openssl(
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-keyout',
      'ca.key',
      '-out',
      'ca.crt',
      '-days',
      '2',
      '-subj',
      '/CN=test authority',
    );
    issue('server');
    issue('client');
    server = await serve(
      (req, res) => res.end(JSON.stringify({ who: (req.socket as TLSSocket).getPeerCertificate().subject.CN })),
      {
        key: pem('server.key'),
        cert: pem('server.crt'),
        ca: pem('ca.crt'),
        requestCert: true,
        rejectUnauthorized: true,
      },
    );
  });
  after(async () => {
    await server?.close();
    if (folder) rmSync(folder, { recursive: true, force: true });
  });
  const ask = async (tls: HttpOptions['tls']) => {
    const client = createHttpClient(options(server.url, { tls }));
    try {
      return (await client.request<{ who: string }>({ method: 'GET', path: '/', what: 'read' })).body.who;
    } finally {
      client.close();
    }
  };

  it('shows our certificate and checks theirs', async () => {
    assert.equal(await ask({ ca: pem('ca.crt'), cert: pem('client.crt'), key: pem('client.key') }), 'client');
  });

  it('fails in words without our certificate', async () => {
    await assert.rejects(ask({ ca: pem('ca.crt') }), {
      code: 'SWB_PARTNER_UNAVAILABLE',
      message: /^Acme: read \(GET \/\) got no answer/,
    });
  });

  it('does not talk to somebody whose certificate it does not know, and had done nothing then', async () => {
    await assert.rejects(ask({ cert: pem('client.crt'), key: pem('client.key') }), {
      code: 'SWB_PARTNER_UNAVAILABLE',
      outcome: 'notDone',
    });
  });
});
