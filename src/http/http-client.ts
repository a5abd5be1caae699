import { ClientRequest, Agent as HttpAgent } from 'node:http';
import type { Readable } from 'node:stream';
import { AxiosHeaders, type AxiosRequestConfig, type AxiosResponse, getAdapter, isAxiosError } from 'axios';
import { type PartnerError, SwitchboardError } from '../errors.js';
import { steadyClock } from '../steady-clock.js';
import { type Authenticator, authenticator } from './auth.js';
import { ExchangeLog, type RawExchange } from './exchange-log.js';
import { brokenAnswer, networkFailure, statusFailure } from './failure.js';
import type { HttpAnswer, HttpClient, HttpOptions, HttpRequest } from './http.js';
import { maskSecrets } from './masking.js';
import { madeAt, PartnerClock } from './partner-clock.js';
import { Limits } from './request-limiter.js';
import { TlsAgent } from './tls-agent.js';

const MOST_BYTES = 20 * 1024 * 1024;
/** Milliseconds of silence before TCP probes a connection; axios sets the same for each request, which costs nothing where it is set already. */
const PROBE_AFTER = 60_000;

/**
 * axios without what it wraps around its adapter: merging of defaults, interceptors and transforms, none of which are used here, and which take as
 * long as the request itself.
 */
const sendRequest = getAdapter('http');

/** A client for one partner's system: authenticated, limited, its failures classed and free of secrets. */
export function createHttpClient(options: HttpOptions): HttpClient {
  return new Client(options);
}

class Client implements HttpClient {
  readonly name: string;
  readonly baseUrl: string;
  readonly signsIn: boolean;
  private readonly defaults: AxiosRequestConfig;
  private readonly agents: [HttpAgent, TlsAgent];
  private readonly limits: Limits;
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
      // Redirects are not followed: they would carry our credentials wherever the answer says.
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
    this.limits = new Limits(options.concurrency, options.rateLimit, this.steady);
    this.auth = authenticator(
      options.name,
      options.auth,
      (url, form, id, secret) => this.token(url, form, id, secret),
      this.steady,
    );
  }

  request(request: HttpRequest & { as: 'stream' }): Promise<HttpAnswer<Readable>>;
  request<T>(request: HttpRequest): Promise<HttpAnswer<T>>;
  async request<T>(request: HttpRequest): Promise<HttpAnswer<T> | HttpAnswer<Readable>> {
    const leave = await this.limits.enter();
    let handedOn = false;
    try {
      let response = await this.once(request);
      const replayable = !isStream(request.body);
      if (response.status === 401 && replayable && this.auth.refused()) {
        drop(response);
        response = await this.once(request);
      }
      if (!isSuccess(response)) throw await this.refusal(request, response);
      if (request.as === 'stream') {
        handedOn = true;
        const stream = response.data as Readable;
        stream.once('close', leave);
        return { status: response.status, headers: headersOf(response), body: stream };
      }
      return { status: response.status, headers: headersOf(response), body: this.parse<T>(request, response) };
    } catch (error) {
      throw this.masked(error, request);
    } finally {
      if (!handedOn) leave();
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
    const started = { at: this.clock(), steady: this.steady() };
    const note = (more: { response?: AxiosResponse; error?: string }) =>
      ExchangeLog.note(() => this.exchange(request, url, headers, data, started, more));
    try {
      const response = await sendRequest({
        ...this.defaults,
        method: request.method,
        url,
        params: request.query,
        headers: new AxiosHeaders(headers),
        data,
        maxContentLength: request.as === 'stream' ? Number.POSITIVE_INFINITY : (this.options.maxBytes ?? MOST_BYTES),
        responseType: request.as === 'stream' ? 'stream' : 'text',
      });
      note({ response });
      // A gateway's failure is told by the gateway's clock.
      if (isSuccess(response)) this.partnerClock.note(headersOf(response), started.steady);
      return response;
    } catch (error) {
      note({ error: error instanceof Error ? error.message : String(error) });
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
      secrets: this.auth.secrets(),
    };
  }

  private url(path: string): string {
    if (!/^https?:/i.test(path)) return `${this.options.baseUrl}${path.startsWith('/') ? '' : '/'}${path}`;
    if (new URL(path).origin === this.origin) return path;
    throw new SwitchboardError('SWB_PAYLOAD', `The address ${path.split('?')[0]} belongs to another host.`, {
      where: this.name,
      hint: 'Our credentials are not sent there.',
    });
  }

  private parse<T>(request: HttpRequest, response: AxiosResponse): T {
    const text = response.data as string;
    if (text === '' || text === undefined) return undefined as T;
    try {
      return JSON.parse(text) as T;
    } catch {
      throw brokenAnswer(this.name, request, response.status, this.mask(text));
    }
  }

  private async refusal(request: HttpRequest, response: AxiosResponse): Promise<PartnerError> {
    const text = request.as === 'stream' ? await readAll(response.data as Readable) : String(response.data ?? '');
    const headers = headersOf(response);
    // A date in Retry-After is by the clock of who sends it.
    return statusFailure(this.name, request, response.status, headers, this.mask(text), madeAt(headers) ?? this.clock());
  }

  private async token(url: string, form: Record<string, string>, clientId: string, clientSecret: string) {
    const data = new URLSearchParams({ ...form, client_id: clientId, client_secret: clientSecret }).toString();
    const request: HttpRequest = { method: 'GET', path: url, what: 'fetch token' };
    try {
      const response = await sendRequest({
        ...this.defaults,
        method: 'POST',
        url,
        data,
        headers: new AxiosHeaders({ 'Content-Type': 'application/x-www-form-urlencoded', Accept: 'application/json' }),
      });
      let body: unknown;
      try {
        body = JSON.parse(String(response.data));
      } catch {
        body = undefined;
      }
      return { status: response.status, body };
    } catch (error) {
      throw this.masked(error, { ...request, path: new URL(url).pathname });
    }
  }

  /** Nothing of axios leaves here: its errors carry the whole request, credentials included. */
  private masked(error: unknown, request: HttpRequest): unknown {
    if (error instanceof SwitchboardError) return error;
    const code = isAxiosError(error) ? (error.code ?? '') : ((error as NodeJS.ErrnoException).code ?? '');
    const text = this.mask(error instanceof Error ? error.message : String(error));
    const [, tls] = this.agents;
    const unsent = isAxiosError(error) && error.request instanceof ClientRequest && tls.isUnsent(error.request);
    return networkFailure(this.name, request, code, text, unsent);
  }

  private mask(text: string): string {
    return maskSecrets(text, this.auth.secrets());
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

function drop(response: AxiosResponse): void {
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
