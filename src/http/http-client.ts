import { ClientRequest, Agent as HttpAgent } from 'node:http';
import type { Readable } from 'node:stream';
import { AxiosHeaders, type AxiosRequestConfig, type AxiosResponse, getAdapter, isAxiosError } from 'axios';
import { type PartnerError, SwitchboardError } from '../errors.js';
import { steadyClock } from '../steady-clock.js';
import { say } from '../text/say.js';
import { authenticator } from './auth.js';
import type { Authenticator } from './authenticator.js';
import { ExchangeLog, type RawExchange } from './exchange-log.js';
import { invalidBody, networkFailure, statusFailure } from './failure.js';
import type { HttpAnswer, HttpClient, HttpOptions, HttpRequest } from './http.js';
import { maskSecrets } from './masking.js';
import { dateOf, PartnerClock } from './partner-clock.js';
import { RequestLimiter } from './request-limiter.js';
import { TlsAgent } from './tls-agent.js';

const MAX_BYTES = 20 * 1024 * 1024;
/**
 * Idle milliseconds before TCP keep-alive probes; axios sets the same value for each request, which costs nothing if it is
 * already set.
 */
const PROBE_AFTER = 60_000;

/**
 * The axios adapter without its wrapper: merging of defaults, interceptors and transforms are not used here and take as
 * long as the request itself.
 */
const sendRequest = getAdapter('http');

/** A client for one partner's system: it authenticates, limits the rate, and classifies failures without exposing secrets. */
export function createHttpClient(options: HttpOptions): HttpClient {
  return new Client(options);
}

class Client implements HttpClient {
  readonly name: string;
  readonly baseUrl: string;
  readonly signsIn: boolean;
  private readonly defaults: AxiosRequestConfig;
  private readonly agents: [HttpAgent, TlsAgent];
  private readonly limiter: RequestLimiter;
  private readonly auth: Authenticator;
  private readonly origin: string;
  private readonly clock: () => number;
  private readonly steady: () => number;
  private readonly partnerClock: PartnerClock;
  private readonly closing = new AbortController();

  constructor(private readonly options: HttpOptions) {
    this.name = options.name;
    this.baseUrl = options.baseUrl;
    this.signsIn = options.auth.kind !== 'none';
    this.origin = new URL(options.baseUrl).origin;
    const connections = { keepAlive: true, keepAliveMsecs: PROBE_AFTER, maxSockets: options.concurrency + 2 };
    const httpAgent = new HttpAgent(connections);
    const httpsAgent = new TlsAgent({ ...connections, ...options.tls });
    this.agents = [httpAgent, httpsAgent];
    this.defaults = {
      httpAgent,
      httpsAgent,
      timeout: options.timeout,
      // Redirects are not followed: they would send our credentials to any address in the answer.
      maxRedirects: 0,
      proxy: false,
      maxBodyLength: Number.POSITIVE_INFINITY,
      responseType: 'text',
      validateStatus: () => true,
      signal: this.closing.signal,
    };
    this.clock = options.clock ?? Date.now;
    this.steady = options.steady ?? steadyClock(this.clock);
    this.partnerClock = new PartnerClock(this.clock, this.steady);
    this.limiter = new RequestLimiter(options.concurrency, options.rateLimit, this.steady);
    this.auth = authenticator(
      options.name,
      options.auth,
      {
        postForm: (url, form, id, secret) => this.token(url, form, id, secret),
        sendPlain: (request) => this.plain(request),
      },
      this.steady,
    );
  }

  request(request: HttpRequest & { as: 'stream' }): Promise<HttpAnswer<Readable>>;
  request<T>(request: HttpRequest): Promise<HttpAnswer<T>>;
  async request<T>(request: HttpRequest): Promise<HttpAnswer<T> | HttpAnswer<Readable>> {
    const release = await this.limiter.acquire();
    let streaming = false;
    try {
      let response = await this.once(request);
      const replayable = !isStream(request.body);
      if (response.status === 401 && replayable && this.auth.discardToken()) {
        discard(response);
        response = await this.once(request);
      }
      if (!isSuccess(response)) throw await this.statusError(request, response);
      if (request.as === 'stream') {
        streaming = true;
        const stream = response.data as Readable;
        stream.once('close', release);
        return { status: response.status, headers: headersOf(response), body: stream };
      }
      return { status: response.status, headers: headersOf(response), body: this.parse<T>(request, response) };
    } catch (error) {
      throw this.masked(error, request);
    } finally {
      if (!streaming) release();
    }
  }

  get clockAhead(): number | undefined {
    return this.partnerClock.ahead;
  }

  async signIn(): Promise<void> {
    await this.auth.headers();
  }

  close(): void {
    this.closing.abort();
    for (const agent of this.agents) agent.destroy();
  }

  private async once(request: HttpRequest): Promise<AxiosResponse> {
    const { body } = request;
    const raw = body === undefined || typeof body === 'string' || Buffer.isBuffer(body) || isStream(body);
    const headers: Record<string, string> = {
      Accept: 'application/json',
      ...(raw ? {} : { 'Content-Type': 'application/json' }),
      ...request.headers,
      ...(await this.auth.headers()),
    };
    const data = raw ? body : JSON.stringify(body);
    const url = this.url(request.path);
    if (request.method !== 'GET') await this.options.mayWrite?.();
    const started = { at: this.clock(), steady: this.steady() };
    const record = (more: { response?: AxiosResponse; error?: string }) =>
      ExchangeLog.record(() => this.exchange(request, url, headers, data, started, more));
    try {
      const response = await sendRequest({
        ...this.defaults,
        method: request.method,
        url,
        params: request.query,
        headers: new AxiosHeaders(headers),
        data,
        maxContentLength: request.as === 'stream' ? Number.POSITIVE_INFINITY : (this.options.maxBytes ?? MAX_BYTES),
        responseType: request.as === 'stream' ? 'stream' : 'text',
      });
      record({ response });
      // A failure may come from a gateway and carry the gateway's clock.
      if (isSuccess(response)) this.partnerClock.update(headersOf(response), started.steady);
      return response;
    } catch (error) {
      record({ error: error instanceof Error ? error.message : String(error) });
      throw error;
    }
  }

  private exchange(
    request: HttpRequest,
    url: string,
    headers: Record<string, string>,
    body: unknown,
    started: { at: number; steady: number },
    { response, error }: { response?: AxiosResponse; error?: string },
  ): RawExchange {
    return {
      at: started.at,
      took: Math.round(this.steady() - started.steady),
      method: request.method,
      url: withQuery(url, request.query),
      sent: { headers, body },
      ...(response && { got: { status: response.status, headers: headersOf(response), body: response.data as unknown } }),
      error,
      secrets: this.secrets(),
    };
  }

  private url(path: string): string {
    if (!/^https?:/i.test(path)) return `${this.options.baseUrl}${path.startsWith('/') ? '' : '/'}${path}`;
    if (new URL(path).origin === this.origin) return path;
    throw new SwitchboardError('SWB_PAYLOAD', say`The address ${path.split('?')[0]} is on another host.`, {
      where: this.name,
      hint: say`Credentials are sent only to the host of the endpoint.`,
    });
  }

  private parse<T>(request: HttpRequest, response: AxiosResponse): T {
    const text = response.data as string;
    if (text === '' || text === undefined) return undefined as T;
    try {
      return JSON.parse(text) as T;
    } catch {
      throw invalidBody(this.name, request, response.status, this.mask(text));
    }
  }

  private async statusError(request: HttpRequest, response: AxiosResponse): Promise<PartnerError> {
    const text = request.as === 'stream' ? await readAll(response.data as Readable) : String(response.data ?? '');
    const headers = headersOf(response);
    // A date in Retry-After uses the sender's clock.
    return statusFailure(this.name, request, response.status, headers, this.mask(text), dateOf(headers) ?? this.clock());
  }

  private async token(url: string, form: Record<string, string>, clientId: string, clientSecret: string) {
    const data = new URLSearchParams({ ...form, client_id: clientId, client_secret: clientSecret }).toString();
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded', Accept: 'application/json' };
    const request: HttpRequest = { method: 'POST', path: new URL(url).pathname, headers, body: data, what: say`fetch token` };
    const { status, text } = await this.plain(request, url);
    let body: unknown;
    try {
      body = JSON.parse(text);
    } catch {
      body = undefined;
    }
    return { status, body };
  }

  /** Sends a request without credentials: it is to get them. */
  private async plain(request: HttpRequest, url = this.url(request.path)): Promise<{ status: number; text: string }> {
    const { method, headers, body } = request;
    const isText = body === undefined || typeof body === 'string';
    try {
      const response = await sendRequest({
        ...this.defaults,
        method,
        url,
        data: isText ? body : JSON.stringify(body),
        headers: new AxiosHeaders({ ...(!isText && { 'Content-Type': 'application/json' }), ...headers }),
        maxContentLength: MAX_BYTES,
      });
      return { status: response.status, text: String(response.data ?? '') };
    } catch (error) {
      // Nothing was done yet of what was asked for.
      throw this.masked(error, { ...request, method: 'GET' });
    }
  }

  /** Axios errors never leave this client: they contain the whole request, including credentials. */
  private masked(error: unknown, request: HttpRequest): unknown {
    if (error instanceof SwitchboardError) return error;
    const code = isAxiosError(error) ? (error.code ?? '') : ((error as NodeJS.ErrnoException).code ?? '');
    const text = this.mask(error instanceof Error ? error.message : String(error));
    const [, tls] = this.agents;
    const unsent = isAxiosError(error) && error.request instanceof ClientRequest && tls.isUnsent(error.request);
    return networkFailure(this.name, request, code, text, unsent);
  }

  private mask(text: string): string {
    return maskSecrets(text, this.secrets());
  }

  private secrets(): string[] {
    return [...this.auth.secrets(), ...(this.options.secrets ?? [])];
  }
}

function withQuery(url: string, query: HttpRequest['query'] = {}): string {
  const address = new URL(url);
  for (const [name, value] of Object.entries(query)) if (value !== undefined) address.searchParams.set(name, String(value));
  return address.href;
}

function headersOf(response: AxiosResponse): Record<string, string | undefined> {
  return response.headers as unknown as Record<string, string | undefined>;
}

function isSuccess({ status }: AxiosResponse): boolean {
  return status >= 200 && status < 300;
}

function isStream(body: unknown): body is Readable {
  return typeof body === 'object' && body !== null && typeof (body as Readable).pipe === 'function';
}

function discard(response: AxiosResponse): void {
  if (isStream(response.data)) response.data.destroy();
}

async function readAll(stream: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream) {
    chunks.push(chunk as Buffer);
    size += (chunk as Buffer).length;
    if (size > 65_536) break;
  }
  return Buffer.concat(chunks).toString('utf8');
}
