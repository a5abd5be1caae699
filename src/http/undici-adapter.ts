import type { IncomingHttpHeaders } from 'node:http';
import { type Duplex, pipeline, Readable } from 'node:stream';
import axios, { AxiosError, AxiosHeaders, type AxiosResponse, type InternalAxiosRequestConfig } from 'axios';
import { Agent, type Dispatcher, getGlobalDispatcher } from 'undici';
import { percentDecoded } from '../text/percent.js';
import { Timer } from '../timer.js';
import { ACCEPT_ENCODING, decoders } from './content-encoding.js';
import { RefusedAddress } from './egress.js';
import { type HttpProxy, proxyFor } from './proxy.js';
import { ProxyError, refusal } from './proxy-connection.js';
import { Routes, type TransportOptions } from './routes.js';

/**
 * Importing undici also makes it the transport of the process's own `fetch`, if that has not been used yet. Other nodes keep the
 * one of Node.js, which sets it at the first use.
 */
const FETCH_TRANSPORT = Symbol.for('undici.globalDispatcher.1');
if (getGlobalDispatcher() instanceof Agent) (globalThis as Record<symbol, unknown>)[FETCH_TRANSPORT] = undefined;

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
    /** It is certain that nothing of the request reached the partner. */
    readonly unsent: boolean,
    /** The proxy failed, or the partner’s host has an address that is refused. */
    readonly reason?: ProxyError | RefusedAddress,
  ) {
    super(message, code, config);
  }
}

/**
 * An axios adapter on undici: keep-alive connections, directly or through a proxy, and no redirects. All answers resolve, whatever
 * their status.
 */
export class UndiciTransport {
  private readonly routes: Routes;

  constructor(private readonly options: TransportOptions) {
    this.routes = new Routes(options);
  }

  readonly adapter = (config: RequestConfig): Promise<AxiosResponse> =>
    new Promise((resolve, reject) => {
      const url = new URL(config.url ?? '');
      const { pool, forwarder } = this.routes.to(url);
      const exchange = new Exchange(config, this.options.timeout, forwarder, resolve, reject);
      const request = exchange.request(url);
      if (exchange.open) pool.dispatch(request, exchange);
    });

  /** Host and port of the proxy for an address, if any. */
  proxyTo(url: string): string | undefined {
    return proxyFor(new URL(url), this.options.proxies)?.url.host;
  }

  /** As `proxyTo`, where the proxy may answer in the partner's place because there is no tunnel through it. */
  forwarderTo(url: string): string | undefined {
    return url.startsWith('https:') ? undefined : this.proxyTo(url);
  }

  /** Closes all connections; pending requests and later ones fail. */
  close(): void {
    this.routes.close();
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
  private readonly timer: Timer | undefined;

  constructor(
    private readonly config: RequestConfig,
    private readonly timeout: number,
    private readonly forwarder: HttpProxy | undefined,
    private readonly resolve: (response: AxiosResponse) => void,
    private readonly reject: (error: TransportError) => void,
  ) {
    if (timeout > 0)
      this.timer = new Timer(timeout, () => this.fail(`timeout of ${timeout} ms exceeded`, AxiosError.ECONNABORTED));
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
    let path = url.pathname + url.search;
    if (this.forwarder) {
      // Absolute form (RFC 9112 §3.2.2).
      path = url.origin + path;
      headers.Host = url.host;
      if (this.forwarder.authorization) headers['Proxy-Authorization'] = this.forwarder.authorization;
    }
    return { path, method: method.toUpperCase(), headers, body: data, bodyTimeout };
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
    if (status === 407 && this.forwarder) {
      this.failBy(refusal(this.forwarder, status));
      return;
    }
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
      this.timer?.cancel();
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

  private failBy(error: NodeJS.ErrnoException): void {
    const { message, code = '' } = error;
    const isReason = error instanceof ProxyError || error instanceof RefusedAddress;
    this.fail(message || code, CODES[code] ?? code, isReason ? error : undefined);
  }

  private fail(message: string, code: string, reason?: TransportError['reason']): void {
    if (!this.open) return;
    this.end();
    const { config, controller } = this;
    // Without the config, which contains credentials: readers of a stream see this error.
    const error = Object.assign(new Error(message), { code });
    this.source?.destroy(error);
    controller?.abort(error);
    this.reject(new TransportError(message, code, config, controller === undefined || reason !== undefined, reason));
  }

  private end(): void {
    this.open = false;
    this.timer?.cancel();
  }
}

/** Credentials in a URL are percent-encoded, unless a user typed them as they are. */
function basic({ username, password }: URL): string {
  return `Basic ${Buffer.from(`${percentDecoded(username)}:${percentDecoded(password)}`).toString('base64')}`;
}

function joinDuplicates(headers: IncomingHttpHeaders): void {
  for (const [name, value] of Object.entries(headers))
    if (Array.isArray(value)) headers[name] = SINGLE.has(name) ? value[0] : value.join(', ');
}
