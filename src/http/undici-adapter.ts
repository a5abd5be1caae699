import type { IncomingHttpHeaders } from 'node:http';
import { type Duplex, pipeline, Readable, type Transform } from 'node:stream';
import axios, { AxiosError, AxiosHeaders, type AxiosResponse } from 'axios';
import { Agent, type Dispatcher, getGlobalDispatcher } from 'undici';
import { ERROR_BYTES, UNPACK } from '../budgets.js';
import { percentDecoded } from '../text/percent.js';
import { say } from '../text/say.js';
import { Collected } from './collected.js';
import { ACCEPT_ENCODING, decoders } from './content-encoding.js';
import { counted } from './counted.js';
import { RefusedAddress } from './egress.js';
import { Pace } from './pace.js';
import { type HttpProxy, proxyFor } from './proxy.js';
import { ProxyError, refusal } from './proxy-connection.js';
import { joinDuplicates } from './response.js';
import { Routes, type TransportOptions } from './routes.js';
import { ERR_LATE, ERR_TOO_LARGE, type RequestConfig, TransportError } from './transport-error.js';

/**
 * Importing undici also makes it the transport of the process's own `fetch`, if that has not been used yet. Other nodes keep the
 * one of Node.js, which sets it at the first use.
 */
const FETCH_TRANSPORT = Symbol.for('undici.globalDispatcher.1');
if (getGlobalDispatcher() instanceof Agent) (globalThis as Record<symbol, unknown>)[FETCH_TRANSPORT] = undefined;

const USER_AGENT = `axios/${axios.VERSION}`;
/** What axios and Node.js call the errors of undici. */
const CODES: Record<string, string> = {
  UND_ERR_SOCKET: 'ECONNRESET',
  UND_ERR_CONNECT_TIMEOUT: 'ECONNABORTED',
  UND_ERR_BODY_TIMEOUT: 'ECONNABORTED',
  UND_ERR_DESTROYED: 'ERR_CANCELED',
};

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
      const exchange = new Exchange(config, this.options, forwarder, resolve, reject);
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
  /** Bytes of the body, before they are decoded. */
  private packed = 0;
  private received = false;
  private readonly content = new Collected();
  /** The time for the whole request; of a file, either way, as long as its bytes may take. */
  private pace: Pace | undefined;

  constructor(
    private readonly config: RequestConfig,
    private readonly times: Pick<TransportOptions, 'timeout' | 'filePace'>,
    private readonly forwarder: HttpProxy | undefined,
    private readonly resolve: (response: AxiosResponse) => void,
    private readonly reject: (error: TransportError) => void,
  ) {
    this.limitTime(times.timeout);
  }

  /** Only a success is streamed: of anything else, the beginning is enough. */
  private get streams(): boolean {
    return this.config.responseType === 'stream' && this.isSuccess;
  }

  private get isSuccess(): boolean {
    const { status = 0 } = this.response ?? {};
    return status >= 200 && status < 300;
  }

  request(url: URL): Dispatcher.DispatchOptions {
    const { method = 'get', data } = this.config;
    const ours = this.config.headers as unknown as Record<string, string>;
    const headers: Record<string, string> = { 'User-Agent': USER_AGENT, 'Accept-Encoding': ACCEPT_ENCODING, ...ours };
    // Axios adds a type even where there is no body.
    if (data === undefined) delete headers['Content-Type'];
    if (url.username || url.password) headers.Authorization = basic(url);
    const bodyTimeout = this.config.responseType === 'stream' ? this.times.timeout : 0;
    let path = url.pathname + url.search;
    if (this.forwarder) {
      // Absolute form (RFC 9112 §3.2.2).
      path = url.origin + path;
      headers.Host = url.host;
      if (this.forwarder.authorization) headers['Proxy-Authorization'] = this.forwarder.authorization;
    }
    const body = data instanceof Readable ? this.upload(data) : data;
    return { path, method: method.toUpperCase(), headers, body, bodyTimeout };
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
    else if (this.isSuccess) this.checkSize(Number(headers['content-length']));
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.packed += chunk.length;
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

  /** The content of a file to send, which gets as long as it takes. */
  private upload(file: Readable): Readable {
    file.on('error', (error) => this.failBy(error));
    if (file.errored) this.failBy(file.errored);
    const counting = counted((bytes) => {
      this.pace?.passed(bytes);
      return undefined;
    });
    return pipeline(file, counting, () => undefined);
  }

  private stream(controller: Dispatcher.DispatchController, response: AxiosResponse, decoding: Duplex[]): void {
    this.source = new Readable({
      read: () => controller.resume(),
      destroy: (error, done) => {
        this.pace?.stop();
        if (!this.received) controller.abort(error ?? new Error('The answer is not wanted any more.'));
        done(error);
      },
    });
    const through = this.streams ? [...decoding, this.measured()] : decoding;
    const body: Readable = through.reduce<Readable>((from, to) => pipeline(from, to, () => undefined), this.source);
    if (this.streams) {
      this.pace?.stop();
      this.limitTime(this.times.timeout && this.times.filePace.grace);
      this.resolve({ ...response, data: body });
      return;
    }
    body.on('data', (chunk: Buffer) => this.collect(chunk));
    body.once('end', () => this.finish());
    body.once('error', (error) => this.failBy(error));
  }

  /** Counts the unpacked content of a file, and ends a bomb. */
  private measured(): Transform {
    let size = 0;
    return counted((bytes) => {
      this.pace?.passed(bytes);
      size += bytes;
      return this.isBomb(size) ? Object.assign(new Error(bomb()), { code: ERR_TOO_LARGE }) : undefined;
    });
  }

  private collect(chunk: Buffer): void {
    if (!this.open) return;
    this.content.add(chunk);
    const { size } = this.content;
    if (!this.isSuccess) this.cutOff(size);
    else if (this.isBomb(size)) this.fail(bomb(), ERR_TOO_LARGE);
    else this.checkSize(size);
  }

  /** The explanation of a failure is read so far; the status counts. */
  private cutOff(size: number): void {
    if (size <= ERROR_BYTES) return;
    this.finish();
    this.source?.destroy();
    this.controller?.abort(new Error('The rest of the answer is not wanted.'));
  }

  private checkSize(size: number): void {
    const { maxContentLength: limit = -1 } = this.config;
    if (limit >= 0 && size > limit) this.fail(say`is larger than ${kilobytes(limit)} KB`, ERR_TOO_LARGE);
  }

  private isBomb(size: number): boolean {
    return size > UNPACK.from && size > this.packed * UNPACK.ratio;
  }

  /** `grace`: milliseconds without progress of a file; 0: no limit. */
  private limitTime(grace: number): void {
    if (grace <= 0) return;
    const late = () => this.fail(`timeout of ${grace} ms exceeded`, AxiosError.ECONNABORTED);
    this.pace = new Pace({ grace, rate: this.times.filePace.rate }, late);
  }

  private finish(): void {
    if (!this.open || !this.response) return;
    this.end();
    this.response.data = this.content.text();
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
    this.pace?.stop();
  }
}

function bomb(): string {
  return say`unpacks to more than ${UNPACK.ratio} times its size`;
}

function kilobytes(bytes: number): number {
  return Math.round(bytes / 102.4) / 10;
}

/** Credentials in a URL are percent-encoded, unless a user typed them as they are. */
function basic({ username, password }: URL): string {
  return `Basic ${Buffer.from(`${percentDecoded(username)}:${percentDecoded(password)}`).toString('base64')}`;
}
