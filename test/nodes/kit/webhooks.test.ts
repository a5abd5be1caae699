import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import type { NodeAPI } from 'node-red';
import { listen } from '../../../nodes/kit/webhooks.js';
import { inboundLoad, type Receiver, type RequestHead } from '../../../src/http/receive-request.js';
import { webhookClaim } from '../../../src/http/webhook-auth.js';
import { until } from '../../live/node-red.js';

type Handler = (req: IncomingMessage, res: ServerResponse, next: () => void) => void;

/** As much of Node-RED as the listener needs: an app below `/api`, in a real server. */
class Host {
  private readonly stack: { handle: Handler }[] = [];
  readonly nodes: Handler[] = [];
  readonly warnings: string[] = [];
  readonly server: Server = createServer((req, res) => this.run([...this.stack.map(({ handle }) => handle), this.api], req, res));
  readonly RED = {
    httpNode: {
      use: (handler: Handler) => this.nodes.push(handler),
      parent: { use: (handle: Handler) => this.stack.push({ handle }), _router: { stack: this.stack } },
    },
    settings: { httpNodeRoot: '/api' },
    log: { warn: (text: string) => this.warnings.push(text) },
  } as unknown as NodeAPI;

  /** The app, mounted as express does it: whatever the case of its path. */
  private readonly api: Handler = (req, res, next) => {
    if (!/^\/api\//i.test(req.url ?? '')) return next();
    req.url = req.url?.slice(4);
    this.run(this.nodes, req, res);
  };

  private run([first, ...rest]: Handler[], req: IncomingMessage, res: ServerResponse): void {
    if (first) first(req, res, () => this.run(rest, req, res));
    else res.writeHead(404).end();
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }
}

interface Answer {
  status: number;
  headers: IncomingMessage['headers'];
  body: { code?: string; message?: string };
}

describe('the listener for partners', () => {
  let host: Host;
  let stop: () => void;
  let received: string[];
  let refused: string[];
  const receiver = (admit: Receiver['admit'], limit = 1 << 20): Receiver => ({
    limit,
    admit,
    refused: (error, source) => refused.push(`${(error as Error).message} ${source}`),
  });
  /** Accepts what has the secret in a header. */
  const withSecret = ({ headers }: RequestHead) => {
    const { prove } = webhookClaim({ kind: 'header', header: 'x-secret', secret: 'right', former: 'old' }, headers, Date.now());
    return {
      isKnown: true,
      receive: async (body: Buffer) => {
        prove(body);
        received.push(body.toString());
        return { status: 202 };
      },
    };
  };

  beforeEach(async () => {
    host = new Host();
    received = [];
    refused = [];
    stop = listen(host.RED, 'hooks/acme', receiver(withSecret));
    host.server.listen(0, '127.0.0.1');
    await once(host.server, 'listening');
  });
  afterEach(async () => {
    stop();
    host.server.closeAllConnections();
    host.server.close();
    delete process.env.SWITCHBOARD_TRUSTED_PROXIES;
  });

  const post = (body: string, headers: Record<string, string | string[]>, { path = '/api/hooks/acme', method = 'POST' } = {}) =>
    new Promise<Answer>((resolve, reject) => {
      const req = request({ port: host.port, host: '127.0.0.1', path, method, headers, agent: false }, (res) => {
        let text = '';
        res.on('data', (chunk) => {
          text += chunk;
        });
        res.on('end', () => resolve({ status: res.statusCode ?? 0, headers: res.headers, body: text ? JSON.parse(text) : {} }));
      });
      req.on('error', reject);
      req.end(body);
    });
  /** A request whose body does not end; resolves with the answer, as text, once there is one. */
  const begin = (head: string[], body = ''): { socket: Socket; answer: Promise<string>; closed: Promise<unknown> } => {
    const socket = connect(host.port, '127.0.0.1');
    socket.write(`POST /api/hooks/acme HTTP/1.1\r\nHost: x\r\n${head.map((line) => `${line}\r\n`).join('')}\r\n${body}`);
    const answer = once(socket, 'data').then(([data]) => String(data));
    answer.catch(() => undefined);
    return { socket, answer, closed: once(socket, 'close') };
  };

  it('accepts what is authenticated', async () => {
    assert.equal((await post('one', { 'x-secret': 'right' })).status, 202);
    assert.equal((await post('two', { 'x-secret': 'old' }, { path: '/API/hooks/acme/' })).status, 202);
    assert.deepEqual(received, ['one', 'two']);
    assert.deepEqual(inboundLoad().bodies, 0);
  });

  it('answers without reading the body where the head says that the sender is not the partner', async () => {
    const open = Array.from({ length: 10 }, () => begin(['x-secret: wrong', 'Content-Length: 1000000'], 'x'.repeat(10_000)));
    for (const { answer } of open) {
      const text = await answer;
      assert.match(text, /^HTTP\/1.1 (401|429) /);
      assert.match(text, /connection: close/i);
    }
    assert.equal(inboundLoad().bodies, 0);
    for (const { closed } of open) await closed;
    assert.deepEqual(received, []);
  });

  it('lets a sender that is refused finish writing, so that it sees the answer', async () => {
    const answer = await post('x'.repeat(900_000), { 'x-secret': 'wrong' });
    assert.equal(answer.status, 401);
    assert.equal(answer.body.code, 'SWB_UNAUTHORISED');
    assert.equal(answer.headers.connection, 'close');
  });

  it('limits failed sign-ins of one source, but never those with a valid secret', async () => {
    process.env.SWITCHBOARD_TRUSTED_PROXIES = '127.0.0.0/8';
    stop();
    const proxied = new Host();
    const end = listen(proxied.RED, 'hooks/acme', receiver(withSecret));
    const { server } = host;
    host = proxied;
    host.server.listen(0, '127.0.0.1');
    await once(host.server, 'listening');
    server.close();
    const from = (address: string, secret: string) => post('x', { 'x-secret': secret, 'X-Forwarded-For': `1.1.1.1, ${address}` });
    for (let i = 0; i < 20; i++) assert.equal((await from('192.0.2.1', 'guess')).status, 401);
    const limited = await from('192.0.2.1', 'guess');
    assert.equal(limited.status, 429);
    assert.ok(Number(limited.headers['retry-after']) >= 1);
    assert.equal(inboundLoad().limitedSources >= 1, true);
    assert.equal((await from('192.0.2.1', 'right')).status, 202);
    assert.equal((await from('192.0.2.2', 'guess')).status, 401, 'another source');
    assert.ok(refused.at(-1)?.endsWith('192.0.2.2'), refused.at(-1));
    end();
  });

  it('answers 503 while a node is being deployed, without reading the body', async () => {
    stop();
    const { socket, answer } = begin(['Content-Length: 100000']);
    const text = await answer;
    assert.match(text, /^HTTP\/1.1 503 /);
    assert.match(text, /retry-after: 5/i);
    socket.destroy();
  });

  it('refuses another method, too many headers and a body that is too large, before it reads', async () => {
    const put = await post('x', { 'x-secret': 'right' }, { method: 'PUT' });
    assert.equal(put.status, 405);
    assert.equal(put.headers.allow, 'POST');
    const many = Object.fromEntries(Array.from({ length: 201 }, (_, i) => [`x-${i}`, 'v']));
    assert.equal((await post('x', { 'x-secret': 'right', ...many })).status, 431);
    const { socket, answer } = begin(['x-secret: right', 'Content-Length: 2000000']);
    assert.match(await answer, /^HTTP\/1.1 413 /);
    socket.destroy();
  });

  it('forgets a body whose request other middleware answers', async () => {
    host.nodes.unshift((_req, res) => res.writeHead(403).end());
    assert.equal((await post('', { 'x-secret': 'right' })).status, 403);
    await until('the body to be forgotten', () => inboundLoad().bodies === 0);
  });

  it('forgets a body whose sender goes away', async () => {
    const { socket } = begin(['x-secret: right', 'Content-Length: 1000'], 'part');
    await until('the body', () => inboundLoad().bodies === 1);
    socket.destroy();
    await until('the body to be forgotten', () => inboundLoad().bodies === 0);
  });

  it('answers what cannot be processed without its inner details', async () => {
    const end = listen(host.RED, 'hooks/broken', {
      ...receiver(() => ({ isKnown: true, receive: async () => JSON.parse('{') })),
    });
    const { status, body } = await post('x', {}, { path: '/api/hooks/broken' });
    assert.equal(status, 500);
    assert.doesNotMatch(body.message ?? '', /JSON/);
    end();
  });

  it('warns about trusted proxies that are no addresses', async () => {
    process.env.SWITCHBOARD_TRUSTED_PROXIES = 'proxy.example';
    const other = new Host();
    listen(other.RED, 'x', receiver(withSecret))();
    assert.match(other.warnings.join(), /"proxy.example" is neither an address nor a network/);
  });
});
