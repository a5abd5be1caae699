import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Answers to a registration; those that begin with "not" do not take effect. */
export type Form =
  | 'id'
  | 'ok'
  | 'created'
  | 'noContent'
  | 'emptyObject'
  | 'location'
  | 'elsewhere'
  | 'list'
  | 'wrapper'
  | 'conflict'
  | 'conflictWithId'
  | 'cut'
  | 'badGateway'
  | 'accepted'
  | 'notReached'
  | 'notCut'
  | 'notHtml'
  | 'notError'
  | 'notGateway';

interface Live {
  callback: string;
  query?: string;
}

const HTML = '<html><body>Please sign in</body></html>';

/** A provider's hub over HTTP, which counts the registrations that exist at the same time. */
export class HubProvider {
  form: Form = 'id';
  /** Supports `GET /hub` and `GET /hub/{id}`. */
  listed = false;
  read = false;
  /** Supports DELETE. */
  ends = true;
  /** How it answers when the same callback is registered twice: the same subscription, or 409. */
  knows: 'no' | 'same' | 'conflict' = 'no';
  /** Answer to DELETE and GET that does not come from the hub. */
  instead: 'gateway' | 'html' | 'error' | undefined;
  readonly live = new Map<string, Live>();
  readonly calls: string[] = [];
  most = 0;
  posts = 0;
  private next = 0;
  private readonly server = createServer((request, response) => this.handle(request, response));

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return this;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  stop(): Promise<unknown> {
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(resolve));
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<unknown> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const [, id] = /\/(?:hub|subscriptions)\/?([^/?]*)/.exec(request.url ?? '') ?? [];
    this.calls.push(`${request.method} ${id ? 'one' : 'all'}`);
    const send = (status: number, body?: unknown, headers: Record<string, string> = {}) => {
      const isText = typeof body === 'string';
      response.writeHead(status, { 'Content-Type': isText ? 'text/html' : 'application/json', ...headers });
      response.end(body === undefined ? undefined : isText ? body : JSON.stringify(body));
    };
    const absent = () => send(404, { code: '60', reason: 'not found' });
    if (request.method === 'POST') return this.post(JSON.parse(String(Buffer.concat(chunks))) as Live, request, send);
    if (this.instead === 'gateway') return send(404, { message: 'no Route matched with those values' });
    if (this.instead === 'html') return send(200, HTML);
    if (this.instead === 'error') return send(200, { code: '20', reason: 'try later' });
    const known = id ? this.live.get(id) : undefined;
    if (request.method === 'DELETE') {
      if (!this.ends) return send(405, { code: '61', reason: 'not allowed' });
      return known && id && this.live.delete(id) ? send(204) : absent();
    }
    if (id ? !this.read : !this.listed) return absent();
    if (!id)
      return send(
        200,
        [...this.live].map(([key, one]) => ({ id: key, ...one })),
      );
    return known ? send(200, { id, ...known }) : absent();
  }

  private post(
    asked: Live,
    request: IncomingMessage,
    send: (status: number, body?: unknown, headers?: Record<string, string>) => unknown,
  ): unknown {
    this.posts++;
    switch (this.form) {
      case 'notReached':
        return send(503, { code: '5', reason: 'away' });
      case 'notCut':
        return request.socket.destroy();
      case 'notHtml':
        return send(200, HTML);
      case 'notError':
        return send(200, { code: '20', reason: 'try later' });
      case 'notGateway':
        return send(404, HTML);
    }
    const there = [...this.live].find(([, one]) => one.callback === asked.callback)?.[0];
    if (there && this.knows === 'conflict') return send(409, { code: '09', reason: 'registered already' });
    const id = there && this.knows === 'same' ? there : `h${++this.next}`;
    this.live.set(id, { callback: asked.callback, ...(asked.query && { query: asked.query }) });
    this.most = Math.max(this.most, this.live.size);
    const one = { id, callback: asked.callback };
    switch (this.form) {
      case 'ok':
        return send(200);
      case 'created':
        return send(201);
      case 'noContent':
        return send(204);
      case 'emptyObject':
        return send(200, {});
      case 'location':
        return send(201, undefined, { Location: `https://inside.example/api/hub/${id}` });
      case 'elsewhere':
        return send(201, undefined, { Location: `/subscriptions/${id}` });
      case 'list':
        return send(200, [{ id: 'other', callback: 'https://other/one' }, one]);
      case 'wrapper':
        return send(200, { data: one });
      case 'conflict':
        return send(409, { code: '09', reason: 'registered already' });
      case 'conflictWithId':
        return send(409, { code: '09', reason: 'registered already', id });
      case 'cut':
        return request.socket.destroy();
      case 'badGateway':
        return send(502, HTML);
      case 'accepted':
        return send(202);
      default:
        return send(201, one);
    }
  }
}
