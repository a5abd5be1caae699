import type { Readable } from 'node:stream';
import { Axios, type AxiosInstance, type AxiosRequestConfig, type AxiosResponse } from 'axios';
import { DEFAULT_DELAYS } from '../backoff.js';
import { ANSWER_BYTES, FILE_PACE, REDIRECTS, SIGN_IN_BYTES } from '../budgets.js';
import { PartnerError, SwitchboardError } from '../errors.js';
import { steadyClock } from '../steady-clock.js';
import { say } from '../text/say.js';
import { excessOf, jsonIn } from './answer-json.js';
import { authenticator } from './auth.js';
import type { Authenticator } from './authenticator.js';
import { Egress, RefusedAddress } from './egress.js';
import { ExchangeLog, type RawExchange, withExchange } from './exchange-log.js';
import {
  addressFailure,
  invalidBody,
  limitedFailure,
  networkFailure,
  retryAfter,
  statusFailure,
  unusableAnswer,
} from './failure.js';
import type { FileContent } from './file-content.js';
import type { HttpAnswer, HttpClient, HttpOptions, HttpRequest } from './http.js';
import { maskSecrets } from './masking.js';
import { dateOf, PartnerClock } from './partner-clock.js';
import { partnerFile } from './partner-file.js';
import { proxySecrets } from './proxy.js';
import { redirectTarget, withSameTarget, withTarget } from './redirect.js';
import { RateLimit, type RequestKind, RequestLimiter } from './request-limiter.js';
import { discard, headersOf, isPage, isStream, isSuccess } from './response.js';
import { type SignInAnswer, signInFailure } from './sign-in-failure.js';
import { Throttle } from './throttle.js';
import { ERR_LATE, ERR_TOO_LARGE, TransportError } from './transport-error.js';
import { UndiciTransport } from './undici-adapter.js';

const MAX_RETRY_AFTER = 3_600_000;
/** Files that are received or sent at the same time, beside the other requests: a slow file must not delay these. */
const FILES = 4;
/** A step that URLs resolve (RFC 3986 §5.2.4), so that an id such as `..` would be the address of something else. */
const CLIMBS = /(^|[/\\])(\.|%2e){1,2}([/\\]|$)/i;
/** Milliseconds for which the permission to write holds while a request waits for its connection. */
const PERMISSION = 1_000;

/** A client for one partner's system: it authenticates, limits the rate, and classifies failures without exposing secrets. */
export function createHttpClient(options: HttpOptions): HttpClient {
  const { baseUrl, auth, allowedHosts, resolve } = options;
  const typed = 'tokenUrl' in auth ? [baseUrl, auth.tokenUrl] : [baseUrl];
  return new Client(options, new Egress(typed, allowedHosts, resolve));
}

/** What is sent, with credentials. */
interface SentConfig extends Pick<AxiosRequestConfig, 'data' | 'responseType' | 'maxContentLength'> {
  method: HttpRequest['method'];
  url: string;
  headers: Record<string, string>;
}

class Client implements HttpClient {
  readonly name: string;
  readonly baseUrl: string;
  readonly signsIn: boolean;
  private readonly transport: UndiciTransport;
  private readonly axios: Pick<AxiosInstance, 'request' | 'getUri'>;
  private readonly limiter: RequestLimiter;
  private readonly fileLimiter: RequestLimiter;
  /** Of each kind, because some partners limit only changes. */
  private readonly throttles: Record<RequestKind, Throttle>;
  private readonly auth: Authenticator;
  private readonly origin: string;
  private readonly clock: () => number;
  private readonly maxBytes: number;
  private readonly steady: () => number;
  private readonly partnerClock: PartnerClock;

  constructor(
    private readonly options: HttpOptions,
    private readonly egress: Egress,
  ) {
    this.name = options.name;
    this.baseUrl = options.baseUrl;
    this.signsIn = options.auth.kind !== 'none';
    this.origin = new URL(options.baseUrl).origin;
    const { concurrency, timeout, proxies, tls, maxBytes = ANSWER_BYTES, filePace = FILE_PACE } = options;
    this.maxBytes = maxBytes;
    this.transport = new UndiciTransport({ connections: concurrency + FILES + 2, timeout, filePace, egress, proxies, tls });
    // The class, because an instance made by `axios.create` has defaults (transforms, headers) whose merging costs more than the
    // request itself.
    this.axios = new Axios({ adapter: this.transport.adapter });
    this.clock = options.clock ?? Date.now;
    this.steady = options.steady ?? steadyClock(this.clock);
    this.partnerClock = new PartnerClock(this.clock, this.steady);
    const rate = new RateLimit(options.rateLimit, this.steady);
    this.limiter = new RequestLimiter(options.concurrency, rate);
    this.fileLimiter = new RequestLimiter(FILES, rate, []);
    const { retryDelay: baseDelay = DEFAULT_DELAYS.baseDelay } = options;
    const throttle = () => new Throttle({ ...DEFAULT_DELAYS, baseDelay }, this.steady);
    this.throttles = { read: throttle(), change: throttle() };
    this.auth = authenticator(
      options.name,
      options.auth,
      {
        postForm: (url, form, id, secret) => this.token(url, form, id, secret),
        sendPlain: (request) => this.plain(request),
        refreshTokens: options.refreshTokens,
      },
      this.steady,
    );
  }

  request(request: HttpRequest & { as: 'stream' }): Promise<HttpAnswer<Readable>>;
  request<T>(request: HttpRequest): Promise<HttpAnswer<T>>;
  async request<T>(request: HttpRequest): Promise<HttpAnswer<T> | HttpAnswer<Readable>> {
    const upload = isStream(request.body) ? request.body : undefined;
    // Without a listener, a file that cannot be read while the request waits would end the process. Its sender sees the error.
    upload?.on('error', () => undefined);
    const isFile = upload !== undefined || request.as === 'stream';
    const kind = request.method === 'GET' ? 'read' : 'change';
    const throttle = this.throttles[kind];
    const release = await (isFile ? this.fileLimiter : this.limiter).acquire(kind);
    let streaming = false;
    try {
      if (throttle.left > 0) throw limitedFailure(this.name, request, throttle.left);
      const response = await this.answerTo(request, upload === undefined);
      if (!isSuccess(response)) throw this.statusError(request, response, throttle);
      throttle.passed();
      if (request.as === 'stream') {
        streaming = true;
        const stream = response.data as Readable;
        stream.once('close', release);
        return { status: response.status, headers: headersOf(response), body: stream };
      }
      const { status, data } = response;
      return { status, headers: headersOf(response), body: this.parse<T>(request, response), size: String(data ?? '').length };
    } catch (error) {
      throw withExchange(this.withoutSecrets(error), request);
    } finally {
      upload?.destroy();
      if (!streaming) release();
    }
  }

  get clockAhead(): number | undefined {
    return this.partnerClock.ahead;
  }

  async signIn(): Promise<void> {
    try {
      await this.auth.headers();
    } catch (error) {
      throw this.withoutSecrets(error);
    }
  }

  file(address: string, what: string): Promise<FileContent> {
    const { name, timeout, proxies } = this.options;
    const options = { name, auth: { kind: 'none' }, timeout, proxies, rateLimit: 0, concurrency: 1 } as const;
    const egress = this.egress.elsewhere;
    const clientOf = (baseUrl: string) => new Client({ ...options, baseUrl }, egress);
    return partnerFile(this, { clientOf, allows: (url) => egress.allows(url) }, address, what);
  }

  close(): void {
    this.transport.close();
  }

  /**
   * The answer after a new sign-in where a token was rejected (`repeatable`: the body can be sent again), and after redirects of a
   * GET. Where these end at a web page, such as one to sign in, the answer is the redirect: a page is no record and no file.
   */
  private async answerTo(request: HttpRequest, repeatable: boolean): Promise<AxiosResponse> {
    const path = this.url(request.path);
    let url = request.query ? this.axios.getUri({ url: path, params: request.query }) : path;
    let renewed = false;
    let redirect: AxiosResponse | undefined;
    for (let redirects = 0; ; ) {
      const response = await this.once(request, url);
      const follows = request.method === 'GET' && redirects < REDIRECTS;
      const target = follows ? redirectTarget(url, response.status, headersOf(response).location) : undefined;
      if (target !== undefined) {
        redirects++;
        redirect ??= response;
        url = target;
      } else if (response.status === 401 && !renewed && this.auth.discardToken()) {
        renewed = true;
        // An upload cannot be sent again here; its next attempt has another token.
        if (!repeatable) return response;
      } else if (!redirect || !isPage(response)) {
        return response;
      } else {
        discard(response);
        return redirect;
      }
      discard(response);
    }
  }

  private async once(request: HttpRequest, url: string): Promise<AxiosResponse> {
    const { body } = request;
    const raw = body === undefined || typeof body === 'string' || Buffer.isBuffer(body) || isStream(body);
    const headers: Record<string, string> = {
      Accept: 'application/json',
      ...(raw ? {} : { 'Content-Type': 'application/json' }),
      ...request.headers,
      ...(await this.auth.headers()),
    };
    const streams = request.as === 'stream';
    return this.send(request, {
      method: request.method,
      url,
      headers,
      data: raw ? body : JSON.stringify(body),
      ...(streams ? { responseType: 'stream' } : { maxContentLength: this.maxBytes }),
    });
  }

  /** Sends a request, if it may be sent, and records it. */
  private async send(request: HttpRequest, config: SentConfig): Promise<AxiosResponse> {
    const mayWrite = request.method === 'GET' ? undefined : this.options.mayWrite;
    for (;;) {
      if (mayWrite) await mayWrite();
      const started = { at: this.clock(), steady: this.steady() };
      const timed = mayWrite ? { ...config, startBy: performance.now() + PERMISSION } : config;
      try {
        const response = await this.axios.request(timed);
        ExchangeLog.record(request, this.exchange(config, started, { response }));
        // A failure may come from a gateway and carry the gateway's clock.
        if (isSuccess(response)) this.partnerClock.update(headersOf(response), started.steady);
        return response;
      } catch (error) {
        if (error instanceof TransportError && error.code === ERR_LATE) continue;
        ExchangeLog.record(request, this.exchange(config, started, { error: (error as Error).message }));
        throw this.masked(error, request, config.url);
      }
    }
  }

  private exchange(
    { method, url, headers, data }: SentConfig,
    started: { at: number; steady: number },
    { response, error }: { response?: AxiosResponse; error?: string },
  ): () => RawExchange {
    const took = Math.round(this.steady() - started.steady);
    return () => ({
      at: started.at,
      took,
      method,
      url,
      sent: { headers, body: data },
      ...(response && { got: { status: response.status, headers: headersOf(response), body: response.data as unknown } }),
      error,
      secrets: this.secrets(),
    });
  }

  private url(path: string): string {
    if (CLIMBS.test(path.split(/[?#]/)[0] ?? ''))
      throw new SwitchboardError('SWB_PAYLOAD', say`The address ${path.split('?')[0]} leads elsewhere.`, {
        where: this.name,
        hint: say`An id or address that the partner sent contains a step to the path above it.`,
      });
    if (!/^https?:/i.test(path)) return `${this.options.baseUrl}${path.startsWith('/') ? '' : '/'}${path}`;
    const address = URL.canParse(path) ? new URL(path) : undefined;
    if (address?.origin === this.origin) {
      // The partner named it: credentials in it would replace ours.
      [address.username, address.password] = ['', ''];
      return address.href;
    }
    throw new SwitchboardError('SWB_PAYLOAD', say`The address ${path.split('?')[0]} is on another host.`, {
      where: this.name,
      hint: say`Credentials are sent only to the host of the endpoint.`,
    });
  }

  private parse<T>(request: HttpRequest, response: AxiosResponse): T {
    const text = response.data as string;
    if (text === '' || text === undefined) return undefined as T;
    const excess = excessOf(text);
    if (excess) throw unusableAnswer(this.name, request, excess);
    try {
      return JSON.parse(text) as T;
    } catch {
      throw invalidBody(this.name, request, response.status, this.mask(text));
    }
  }

  private statusError(request: HttpRequest, response: AxiosResponse, throttle: Throttle): PartnerError {
    const text = String(response.data ?? '');
    const headers = headersOf(response);
    const context = {
      retryAfter: this.retryAfterOf(response),
      limited: (asked?: number) => throttle.rejected(asked),
      proxy: this.transport.forwarderTo(this.origin),
      origin: this.origin,
    };
    const { status, config } = response;
    const failure = statusFailure(this.name, request, status, headers, this.mask(text), context);
    return withTarget(failure, String(config.url), status, headers.location);
  }

  private retryAfterOf(response: AxiosResponse): number | undefined {
    const { maxRetryAfter = MAX_RETRY_AFTER } = this.options;
    const headers = headersOf(response);
    // A date uses the sender's clock.
    return retryAfter(headers['retry-after'], dateOf(headers) ?? this.clock(), maxRetryAfter);
  }

  private async token(url: string, form: Record<string, string>, clientId: string, clientSecret: string) {
    const data = new URLSearchParams({ ...form, client_id: clientId, client_secret: clientSecret }).toString();
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded', Accept: 'application/json' };
    const request: HttpRequest = { method: 'POST', path: new URL(url).pathname, headers, body: data, what: say`fetch token` };
    const { text, ...answer } = await this.plain(request, url);
    return { ...answer, body: jsonIn(text) };
  }

  /** Sends a request without credentials: it is to get them. */
  private async plain(request: HttpRequest, url = this.url(request.path)): Promise<SignInAnswer & { text: string }> {
    const { method, headers, body } = request;
    const isText = body === undefined || typeof body === 'string';
    try {
      const response = await this.axios.request({
        method,
        url,
        data: isText ? body : JSON.stringify(body),
        headers: { ...(!isText && { 'Content-Type': 'application/json' }), ...headers },
        maxContentLength: SIGN_IN_BYTES,
      });
      return { status: response.status, retryAfter: this.retryAfterOf(response), text: String(response.data ?? '') };
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code === ERR_TOO_LARGE)
        throw signInFailure(this.name, say`Signing in returned an answer that ${message}.`, { status: 200 }, undefined);
      // Nothing was done yet of what was asked for.
      throw this.masked(error, { ...request, method: 'GET' }, url);
    }
  }

  /** Axios errors never leave this client: they contain the whole request, including credentials. */
  private masked(error: unknown, request: HttpRequest, url: string): PartnerError {
    const { message, code = '' } = error as NodeJS.ErrnoException;
    if (code === ERR_TOO_LARGE) return unusableAnswer(this.name, request, message);
    const { unsent = false, reason = undefined } = error instanceof TransportError ? error : {};
    const refused = error instanceof RefusedAddress ? error : reason;
    if (refused instanceof RefusedAddress && !refused.passes) return addressFailure(this.name, request, refused);
    const proxy = reason ? undefined : this.transport.proxyTo(url);
    return networkFailure(this.name, request, { code, text: this.mask(message), unsent, proxy, hint: reason?.hint });
  }

  mask(text: string): string {
    return maskSecrets(text, this.secrets());
  }

  /** Every error leaves this client through here: a text of the partner may have been decoded after it was masked. */
  private withoutSecrets(error: unknown): unknown {
    if (!(error instanceof PartnerError)) return error;
    return withSameTarget(
      error.masked((text) => this.mask(text)),
      error,
    );
  }

  private secrets(): string[] {
    return [...this.auth.secrets(), ...proxySecrets(this.options.proxies), ...(this.options.secrets ?? [])];
  }
}
