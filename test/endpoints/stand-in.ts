import { createServer } from 'node:http';
import type { ApiTraits } from '../../src/sandbox/behaviour-handlers.js';
import { Behaviours } from '../../src/sandbox/behaviours.js';
import { type Handler, type LoggedRequest, logRequest, readRequest } from '../../src/sandbox/exchange.js';
import { answer, Faults } from '../../src/sandbox/faults.js';

/** A partner of a system that the sandbox does not have: an HTTP server that behaves as strangely as those of the sandbox. */
export class StandIn {
  readonly behaviours = new Behaviours();
  readonly faults = new Faults();
  readonly requests: LoggedRequest[] = [];
  url = '';

  constructor(
    readonly handler: Handler,
    readonly traits: ApiTraits,
  ) {}

  /** Gives the function that ends it. */
  async start(): Promise<() => Promise<void>> {
    const server = createServer(async (req, res) => {
      const { pathname, searchParams } = new URL(req.url ?? '/', 'http://localhost');
      const request = await readRequest(req, pathname, searchParams);
      logRequest(this.requests, request, await answer(this, request, req, res));
    });
    // As in the sandbox: closing a connection that a client reuses at that moment would look like a failing partner.
    server.keepAliveTimeout = 65_000;
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const address = server.address();
    this.url = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`;
    return async () => {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    };
  }
}
