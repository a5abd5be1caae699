import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer, type ServerOptions } from 'node:https';
import { PartnerError } from '../../src/errors.js';
import type { HttpClient, HttpOptions } from '../../src/http/http.js';
import { createHttpClient } from '../../src/http/http-client.js';
import { PATIENCE } from '../patience.js';

export interface TestServer {
  url: string;
  server: Server;
  close(): Promise<void>;
}

/** A partner's server with a listener from the test. */
export function serve(listener: RequestListener, tls?: ServerOptions): Promise<TestServer> {
  const server = tls ? createTlsServer(tls, listener) : createServer(listener);
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      resolve({
        url: `${tls ? 'https' : 'http'}://127.0.0.1:${port}`,
        server: server as Server,
        close: () =>
          new Promise((done) => {
            (server as Server).closeAllConnections();
            server.close(() => done());
          }),
      });
    });
  });
}

export async function bodyOf(req: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of req) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

export const options = (baseUrl: string, more: Partial<HttpOptions> = {}): HttpOptions => ({
  name: 'Acme',
  baseUrl,
  auth: { kind: 'none' },
  timeout: PATIENCE,
  rateLimit: 0,
  concurrency: 8,
  ...more,
});

/** The clients of a test, to be closed after it. */
export class TestClients {
  private made: HttpClient[] = [];

  make(url: string, more: Partial<HttpOptions> = {}): HttpClient {
    const client = createHttpClient(options(url, more));
    this.made.push(client);
    return client;
  }

  close(): void {
    for (const client of this.made.splice(0)) client.close();
  }
}

/** The error of a request that has to fail. */
export async function failureOf(request: Promise<unknown>): Promise<PartnerError> {
  const error = await request.then(
    () => assert.fail('the request should have failed'),
    (failure: unknown) => failure,
  );
  assert.ok(error instanceof PartnerError, String(error));
  return error;
}
