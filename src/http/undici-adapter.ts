import type { IncomingHttpHeaders } from 'node:http';
import { type Duplex, pipeline, Readable } from 'node:stream';
import type { ConnectionOptions } from 'node:tls';
import axios, { AxiosError, AxiosHeaders, type AxiosResponse, type InternalAxiosRequestConfig } from 'axios';
import { Agent, type Dispatcher, errors, getGlobalDispatcher, Pool } from 'undici';
import { ACCEPT_ENCODING, decoders } from './content-encoding.js';

/**
 * Importing undici also makes it the transport of the process's own `fetch`, if that has not been used yet. Other nodes keep the
 * one of Node.js, which sets it at the first use.
 */
const FETCH_TRANSPORT = Symbol.for('undici.globalDispatcher.1');
if (getGlobalDispatcher() instanceof Agent) (globalThis as Record<symbol, unknown>)[FETCH_TRANSPORT] = undefined;

/**
 * Idle milliseconds after which a connection is closed, unless the server announces a shorter time (Keep-Alive header). Servers
 * that announce none keep it longer (Tomcat 20 s, Jetty 30 s, load balancers 60 s), so that a request rarely meets a connection
 * that is being closed.
 */
const IDLE = 15_000;
const USER_AGENT = `axios/${axios.VERSION}`;
/** Header fields whose first value counts, as in node:http; the values of others are joined (RFC 9110 §5.3). */
const SINGLE = new Set([
  'age',
  'content-length',
  'content-type',
  'etag',
  'expires',
  'last-modified',
  'location',
  'retry-after',
  'server',
]);
/** What axios and Node.js call the errors of undici. */
const CODES: Record<string, string> = {
  UND_ERR_SOCKET: 'ECONNRESET',
  UND_ERR_CONNECT_TIMEOUT: 'ECONNABORTED',
  UND_ERR_BODY_TIMEOUT: 'ECONNABORTED',
  UND_ERR_DESTROYED: 'ERR_CANCELED',
};

/** The code of a request that could not be sent in time. */
export const ERR_LATE = 'ERR_LATE';
/** The answer is larger than `maxContentLength`. */
export const ERR_TOO_LARGE = 'ERR_TOO_LARGE';

export interface TransportOptions {
  /** Maximum number of connections per origin. */
  connections: number;
  /** Milliseconds for a whole request, and for each silence within a streamed answer. */
  timeout: number;
  tls?: ConnectionOptions;
}

/** Settings of a request that axios does not know; it passes them on. */
export interface TransportConfig {
  /** A time of `performance.now()`: if the request cannot be sent by then, it fails unsent, with the code ERR_LATE. */
  startBy?: number;
}

type RequestConfig = InternalAxiosRequestConfig & TransportConfig;

/** A request that got no complete answer. */
export class TransportError extends AxiosError {
  constructor(
    message: string,
    code: string,
    config: RequestConfig,
    /** It is certain that nothing of the request was sent. */
    readonly unsent: boolean,
  ) {
    super(message, code, config);
  }
}

/** An axios adapter on undici: keep-alive connections, neither redirects nor proxies. All answers resolve, whatever their status. */
export class UndiciTransport {
  private readonly pools = new Map<string, Pool>();
  private closed = false;

  constructor(private readonly options: TransportOptions) {}

  readonly adapter = (config: RequestConfig): Promise<AxiosResponse> =>
    new Promise((resolve, reject) => {
      const url = new URL(config.url ?? '');
      const exchange = new Exchange(config, this.options.timeout, resolve, reject);
      const request = exchange.request(url);
      if (exchange.open) this.pool(url.origin).dispatch(request, exchange);
    });

  /** Closes all connections; pending requests and later ones fail. */
  close(): void {
    this.closed = true;
    for (const pool of this.pools.values()) pool.destroy(new errors.ClientDestroyedError());
  }

  private pool(origin: string): Pool {
    let pool = this.pools.get(origin);
    if (!pool) {
      const { connections, timeout, tls } = this.options;
      // Exchange measures the time: undici's timers are coarse, and none is about the whole request.
      const timeouts = { headersTimeout: 0, bodyTimeout: 0, keepAliveTimeout: IDLE };
      pool = new Pool(origin, { connections, pipelining: 1, ...timeouts, connect: { ...tls, timeout } });
      this.pools.set(origin, pool);
      if (this.closed) pool.destroy();
    }
    return pool;
  }
}

/** One request and its answer. */
class Exchange implements Dispatcher.DispatchHandler {
  /** Neither answered nor failed. */
  open = true;
  /** Set when the request is sent: until then, it waits for a connection. */
  private controller: Dispatcher.DispatchController | undefined;
  private response: AxiosResponse | undefined;
  /** The body as it is received, if it is streamed or has to be decoded. */
  private source: Readable | undefined;
  private received = false;
  private readonly chunks: Buffer[] = [];
  private size = 0;
  private readonly timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly config: RequestConfig,
    private readonly timeout: number,
    private readonly resolve: (response: AxiosResponse) => void,
    private readonly reject: (error: TransportError) => void,
  ) {
    if (timeout > 0)
      this.timer = setTimeout(() => this.fail(`timeout of ${timeout} ms exceeded`, AxiosError.ECONNABORTED), timeout);
  }

  private get streams(): boolean {
    return this.config.responseType === 'stream';
  }

  request(url: URL): Dispatcher.DispatchOptions {
    const { method = 'get', data } = this.config;
    const ours = this.config.headers as unknown as Record<string, string>;
    const headers: Record<string, string> = { 'User-Agent': USER_AGENT, 'Accept-Encoding': ACCEPT_ENCODING, ...ours };
    // Axios adds a type even where there is no body.
    if (data === undefined) delete headers['Content-Type'];
    if (url.username || url.password) headers.Authorization = basic(url);
    if (data instanceof Readable) {
      data.on('error', (error) => this.failBy(error));
      if (data.errored) this.failBy(data.errored);
    }
    const bodyTimeout = this.streams ? this.timeout : 0;
    return { path: url.pathname + url.search, method: method.toUpperCase(), headers, body: data, bodyTimeout };
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    const { startBy } = this.config;
    if (startBy !== undefined && performance.now() > startBy) this.fail('the connection took too long', ERR_LATE);
    // Undici reserves to send a request again whose connection was closed; whether it was processed is unknown then.
    if (this.controller) this.fail('the connection was closed', 'ECONNRESET');
    // Keeps undici from sending, and the connection open.
    if (!this.open) throw new Error('The request was abandoned before it was sent.');
    this.controller = controller;
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: IncomingHttpHeaders,
    statusText = '',
  ): void {
    // Interim answers (RFC 9110 §15.2).
    if (status < 200) return;
    joinDuplicates(headers);
    const decoding = decoders(headers['content-encoding']);
    if (decoding.length > 0) delete headers['content-encoding'];
    const data: unknown = undefined;
    this.response = { status, statusText, headers: Object.assign(new AxiosHeaders(), headers), config: this.config, data };
    if (this.streams || decoding.length > 0) this.stream(controller, this.response, decoding);
    else this.checkSize(Number(headers['content-length']));
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (!this.source) this.collect(chunk);
    else if (!this.source.push(chunk)) controller.pause();
  }

  onResponseEnd(): void {
    this.received = true;
    this.source?.push(null);
    if (this.streams) this.end();
    else if (!this.source) this.finish();
  }

  onResponseError(_controller: unknown, error: Error): void {
    this.failBy(error);
  }

  private stream(controller: Dispatcher.DispatchController, response: AxiosResponse, decoding: Duplex[]): void {
    this.source = new Readable({
      read: () => controller.resume(),
      destroy: (error, done) => {
        if (!this.received) controller.abort(error ?? new Error('The answer is not wanted any more.'));
        done(error);
      },
    });
    const body: Readable = decoding.reduce<Readable>((from, to) => pipeline(from, to, () => undefined), this.source);
    if (this.streams) {
      clearTimeout(this.timer);
      this.resolve({ ...response, data: body });
      return;
    }
    body.on('data', (chunk: Buffer) => this.collect(chunk));
    body.once('end', () => this.finish());
    body.once('error', (error) => this.failBy(error));
  }

  private collect(chunk: Buffer): void {
    this.chunks.push(chunk);
    this.size += chunk.length;
    this.checkSize(this.size);
  }

  private checkSize(size: number): void {
    const { maxContentLength: limit = -1 } = this.config;
    if (limit >= 0 && size > limit) this.fail(`maxContentLength size of ${limit} exceeded`, ERR_TOO_LARGE);
  }

  private finish(): void {
    if (!this.open || !this.response) return;
    this.end();
    const [first] = this.chunks;
    const text = (first && this.chunks.length === 1 ? first : Buffer.concat(this.chunks)).toString('utf8');
    // JSON.parse rejects a byte order mark.
    this.response.data = text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
    this.resolve(this.response);
  }

  private failBy({ message, code = '' }: NodeJS.ErrnoException): void {
    this.fail(message || code, CODES[code] ?? code);
  }

  private fail(message: string, code: string): void {
    if (!this.open) return;
    this.end();
    const { config, controller } = this;
    // Without the config, which contains credentials: readers of a stream see this error.
    const error = Object.assign(new Error(message), { code });
    this.source?.destroy(error);
    controller?.abort(error);
    this.reject(new TransportError(message, code, config, controller === undefined));
  }

  private end(): void {
    this.open = false;
    clearTimeout(this.timer);
  }
}

/** Credentials in a URL are percent-encoded, unless a user typed them as they are. */
function basic({ username, password }: URL): string {
  const [user = '', secret = ''] = [username, password].map((text) => {
    try {
      return decodeURIComponent(text);
    } catch {
      return text;
    }
  });
  return `Basic ${Buffer.from(`${user}:${secret}`).toString('base64')}`;
}

function joinDuplicates(headers: IncomingHttpHeaders): void {
  for (const [name, value] of Object.entries(headers))
    if (Array.isArray(value)) headers[name] = SINGLE.has(name) ? value[0] : value.join(', ');
}
