import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface TicketRequest {
  method: string;
  path: string;
  body: Record<string, unknown>;
  status: number;
}

/** A provider's ticket API over HTTP, as small as it can be. Independent of the sandbox. */
export class TicketServer {
  readonly tickets = new Map<string, Record<string, unknown>>();
  readonly requests: TicketRequest[] = [];
  /** It answers every request with 503. */
  down = false;
  url = '';

  /** Gives the function that ends it. */
  async start(): Promise<() => Promise<void>> {
    const server = createServer(async (req, res) => {
      const text = await textOf(req);
      const body = text === '' ? {} : JSON.parse(text);
      const { pathname, searchParams } = new URL(req.url ?? '/', 'http://localhost');
      const [status, answer] = this.down
        ? [503, { code: '5', reason: 'maintenance' }]
        : this.answer(req.method ?? '', pathname.split('/')[5] ?? '', searchParams, body);
      this.requests.push({ method: req.method ?? '', path: pathname, body, status });
      res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
    });
    server.keepAliveTimeout = 65_000;
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return async () => {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    };
  }

  private answer(method: string, id: string, query: URLSearchParams, body: object): [number, unknown] {
    if (method === 'POST') {
      const ticket = { ...body, id: `TT-${this.tickets.size + 1}`, lastUpdate: new Date().toISOString() };
      this.tickets.set(ticket.id, ticket);
      return [201, ticket];
    }
    const reference = query.get('externalId');
    if (id === '') return [200, [...this.tickets.values()].filter((ticket) => !reference || ticket.externalId === reference)];
    const ticket = this.tickets.get(id);
    if (!ticket) return [404, { code: '60', reason: 'Resource not found' }];
    if (method === 'PATCH') Object.assign(ticket, body, { lastUpdate: new Date().toISOString() });
    return [200, ticket];
  }
}

async function textOf(req: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of req) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
