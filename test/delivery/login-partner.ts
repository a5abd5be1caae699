import type { IncomingMessage, ServerResponse } from 'node:http';
import { bodyOf, serve, type TestServer } from '../http/server.js';

/** How a partner rejects every request, as gateways and sign-in servers do. */
export type Denial = 'unauthorised' | 'forbidden' | 'redirect' | 'loginPage' | 'maintenance' | 'tokenPage' | 'tokenRefused';

const PAGE = '<!DOCTYPE html><html><head><title>Sign in</title></head><body><form action="/login"></form></body></html>';

/** A trouble ticket API behind a sign-in with tokens. */
export class LoginPartner {
  denial: Denial | undefined;
  readonly tickets: Record<string, unknown>[] = [];
  /** Requests to the API that were rejected, and requests for a token. */
  rejected = 0;
  tokens = 0;
  /** Tokens are accepted up to this age, in requests for a token; a partner may revoke them. */
  revoked = 0;
  private server: TestServer | undefined;

  async start(): Promise<this> {
    this.server = await serve((req, res) => void this.answer(req, res));
    return this;
  }

  get url(): string {
    return this.server!.url;
  }

  close(): Promise<void> {
    return this.server!.close();
  }

  private async answer(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const body = await bodyOf(req);
    const json = (status: number, value: unknown) =>
      res.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(value));
    const page = (status: number, headers = {}) => res.writeHead(status, { 'Content-Type': 'text/html', ...headers }).end(PAGE);
    if (req.url === '/token') {
      this.tokens++;
      if (this.denial === 'tokenPage') return void page(200);
      if (this.denial === 'tokenRefused') return void json(400, { error: 'invalid_client' });
      return void json(200, { access_token: `token-${this.tokens}`, expires_in: 3600 });
    }
    const token = Number(/token-(\d+)/.exec(req.headers.authorization ?? '')?.[1] ?? 0);
    // A rejected sign-in shows where a token is needed.
    const isRevoked = token <= this.revoked || this.denial?.startsWith('token');
    if (this.denial || isRevoked) this.rejected++;
    if (this.denial === 'unauthorised' || isRevoked) return void json(401, { code: '40', reason: 'Unauthorised' });
    if (this.denial === 'forbidden') return void page(403);
    if (this.denial === 'redirect') return void page(302, { Location: '/login' });
    if (this.denial) return void page(this.denial === 'maintenance' ? 404 : 200);
    this.serve(req, body, json);
  }

  private serve({ method, url = '' }: IncomingMessage, body: string, json: (status: number, value: unknown) => unknown): void {
    const { pathname, searchParams } = new URL(url, 'http://localhost');
    const id = pathname.split('/').at(-1);
    const reference = searchParams.get('externalId');
    if (method === 'POST') {
      const ticket = { ...(JSON.parse(body) as object), id: `T${this.tickets.length + 1}`, status: 'acknowledged' };
      this.tickets.push(ticket);
      json(201, ticket);
    } else if (id === 'troubleTicket')
      json(
        200,
        this.tickets.filter((ticket) => reference === null || ticket.externalId === reference),
      );
    else {
      const ticket = this.tickets.find((one) => one.id === id);
      json(ticket ? 200 : 404, ticket ?? { code: '60', reason: 'Not found' });
    }
  }
}
