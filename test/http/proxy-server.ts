import { createServer, request as forward, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type ServerOptions } from 'node:https';
import { type AddressInfo, connect, type Socket } from 'node:net';

/** One request to a proxy. */
export interface ProxiedRequest {
  method: string;
  /** `host:port` of a CONNECT, else the whole URL. */
  target: string;
  authorization?: string;
}

/** A forward proxy. It knows all names: each is this machine, unless it does not resolve. */
export class ProxyServer {
  readonly seen: ProxiedRequest[] = [];
  /** `Basic …`; undefined: no credentials are needed. */
  credentials: string | undefined;
  /** Refuses everything with this status. */
  refusal: number | undefined;
  /** Never answers a CONNECT. */
  silent = false;
  connections = 0;
  private readonly sockets = new Set<Socket>();

  private constructor(private readonly server: ReturnType<typeof createServer>) {}

  static async start(tls?: ServerOptions): Promise<ProxyServer> {
    const listener: RequestListener = (req, res) => proxy.forward(req, res);
    const proxy: ProxyServer = new ProxyServer(
      (tls ? createTlsServer(tls, listener) : createServer(listener)) as ReturnType<typeof createServer>,
    );
    proxy.server.on('connect', (req: IncomingMessage, socket: Socket) => proxy.tunnel(req, socket));
    proxy.server.on('connection', (socket: Socket) => {
      proxy.connections++;
      proxy.keep(socket);
    });
    await new Promise<void>((done) => proxy.server.listen(0, '127.0.0.1', done));
    return proxy;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  get host(): string {
    return `127.0.0.1:${this.port}`;
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    if (this.server.listening) await new Promise((done) => this.server.close(done));
  }

  private keep(socket: Socket): void {
    this.sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => this.sockets.delete(socket));
  }

  /** The status with which the proxy itself answers. */
  private own(req: IncomingMessage): number | undefined {
    const authorization = req.headers['proxy-authorization'];
    this.seen.push({ method: req.method ?? '', target: req.url ?? '', ...(authorization && { authorization }) });
    if (this.credentials !== undefined && authorization !== this.credentials) return 407;
    return this.refusal;
  }

  private tunnel(req: IncomingMessage, socket: Socket): void {
    const status = this.own(req);
    if (this.silent) return;
    if (status !== undefined) {
      socket.end(`HTTP/1.1 ${status} No\r\nProxy-Authenticate: Basic realm="corp"\r\nContent-Length: 0\r\n\r\n`);
      return;
    }
    const onward = connect(Number(req.url?.split(':').at(-1)), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      onward.pipe(socket).pipe(onward);
    });
    this.keep(onward);
    onward.once('error', () => socket.end('HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n'));
    socket.once('close', () => onward.destroy());
    onward.once('close', () => socket.destroy());
  }

  private forward(req: IncomingMessage, res: ServerResponse): void {
    const status = this.own(req);
    if (status !== undefined) {
      res.writeHead(status, { 'Proxy-Authenticate': 'Basic realm="corp"' }).end();
      return;
    }
    const { port, pathname, search, host } = new URL(req.url ?? '');
    const { 'proxy-authorization': _ours, ...headers } = req.headers;
    const path = pathname + search;
    const options = { host: '127.0.0.1', port, method: req.method, path, headers: { ...headers, host } };
    const onward = forward(options, (answer) => {
      res.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(res);
    });
    onward.once('error', () => res.writeHead(502, { 'Content-Type': 'text/html' }).end('<h1>Bad gateway</h1>'));
    req.pipe(onward);
  }
}
