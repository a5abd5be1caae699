import { AsyncLocalStorage } from 'node:async_hooks';
import { PartnerError } from '../errors.js';
import type { Exchange } from './exchange.js';
import { MASK, maskSecrets } from './masking.js';

/** Maximum number of characters kept of a body. */
const MAX_TEXT = 8 * 1024;
/** Extra characters for masking: a secret that the limit would cut in half must be complete to be recognised, in each of its forms. */
const MARGIN = 1024;
/** Of a character: `&amp;#x20AC;` in JSON, or its bytes in a URL inside of a URL. */
const LONGEST_FORM = 20;
/**
 * Maximum number of requests kept per attempt: the last ones, because an attempt reads, looks up and writes, and the failure
 * comes last.
 */
const MAX_EXCHANGES = 5;
const SECRET_HEADER = /auth|cookie|token|secret|password|api-?key|session|signature/i;

/** An exchange as the HTTP client records it, with secrets; it is copied and masked only when it is read. */
export interface RawExchange {
  at: number;
  took: number;
  method: string;
  url: string;
  sent: { headers: Record<string, unknown>; body?: unknown };
  got?: { status: number; headers: Record<string, unknown>; body?: unknown };
  error?: string;
  /** Secrets of the endpoint. */
  secrets: readonly string[];
}

const running = new AsyncLocalStorage<ExchangeLog>();
let runs = 0;
/** The last exchange of a request is kept on the request: in a WeakMap, it would cost a tenth of the whole request. */
const EXCHANGE = Symbol('exchange');
interface Recorded {
  [EXCHANGE]?: () => RawExchange;
}
/** The exchanges of failed requests: not a property of the error, which would show in logs. */
const ofErrors = new WeakMap<PartnerError, RawExchange>();

/** Records the requests of all HTTP clients made during some work. */
export class ExchangeLog {
  private readonly recorded: RawExchange[] = [];

  /** Records the requests of `work`. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    runs++;
    try {
      return await running.run(this, work);
    } finally {
      // In Node.js 20, all promises of the process are slower while it is enabled.
      if (--runs === 0) running.disable();
    }
  }

  /** Adds the exchange of a request to the log of the current work, if there is one, and keeps it for an error about it. */
  static record(request: object, exchange: () => RawExchange): void {
    (request as Recorded)[EXCHANGE] = exchange;
    const log = running.getStore();
    if (!log) return;
    log.recorded.push(exchange());
    if (log.recorded.length > MAX_EXCHANGES) log.recorded.shift();
  }

  /** The recorded exchanges for storage and display; undefined if nothing was sent. */
  exchanges(): Exchange[] | undefined {
    return this.recorded.length > 0 ? this.recorded.map(toExchange) : undefined;
  }
}

/** The same error, with the exchange of the request that it is about. */
export function withExchange<E>(error: E, request: object): E {
  const exchange = (request as Recorded)[EXCHANGE];
  if (exchange && error instanceof PartnerError && !ofErrors.has(error)) ofErrors.set(error, exchange());
  return error;
}

/** The exchange that an error, or the error that caused it, is about. */
export function exchangeOf(error: unknown): Exchange | undefined {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const exchange = cause instanceof PartnerError && ofErrors.get(cause);
    if (exchange) return toExchange(exchange);
  }
  return undefined;
}

function toExchange({ at, took, method, url, sent, got, error, secrets }: RawExchange): Exchange {
  return {
    at: new Date(at).toISOString(),
    took,
    method,
    url: maskSecrets(url, secrets),
    sent: { headers: headers(sent.headers, secrets), ...body(sent.body, secrets) },
    ...(got && { got: { status: got.status, headers: headers(got.headers, secrets), ...body(got.body, secrets) } }),
    ...(error && { error: maskSecrets(error, secrets) }),
  };
}

function headers(given: Record<string, unknown>, secrets: readonly string[]): Record<string, string> {
  const entries = Object.entries(given).filter(([, value]) => value !== undefined && value !== null);
  return Object.fromEntries(
    entries.map(([name, value]) => [name, SECRET_HEADER.test(name) ? MASK : maskSecrets(String(value), secrets)]),
  );
}

function body(given: unknown, secrets: readonly string[]): { body?: string } {
  if (given === undefined || given === null || given === '') return {};
  if (Buffer.isBuffer(given)) return { body: `(${given.length} bytes)` };
  if (typeof given !== 'string') return { body: '(a stream)' };
  const margin = Math.max(MARGIN, ...secrets.map(({ length }) => length * LONGEST_FORM));
  const text = maskSecrets(given.slice(0, MAX_TEXT + margin), secrets);
  return { body: given.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}… (${given.length} characters)` : text };
}
