import { AsyncLocalStorage } from 'node:async_hooks';
import type { Exchange } from './exchange.js';
import { maskSecrets } from './masking.js';

/** Most characters kept of one body. */
const MOST_TEXT = 8 * 1024;
/** A secret that is cut in half by the limit must be seen whole to be masked. */
const MARGIN = 1024;
/** Requests kept of one try, the last ones: a try reads, looks up and writes, and what failed came last. */
const MOST_EXCHANGES = 5;
const MASK = '•••';
const SECRET_HEADER = /auth|cookie|token|secret|password|api-?key|session|signature/i;
/** Most bodies have none of these: looking for the words alone is much cheaper than looking for the fields. */
const SECRET_WORD = /password|secret|token|api_?key|authorization/i;
const SECRET_FIELD = /("[^"]*(?:password|secret|token|api_?key|authorization)[^"]*"\s*:\s*)"(?:[^"\\]|\\.)*"/gi;

/** What the HTTP client notes; nothing of it is copied or masked before somebody asks. */
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

/** Notes the requests that are made, by whatever client, while some work is done. */
export class ExchangeLog {
  private readonly noted: RawExchange[] = [];

  /** Notes what `work` sends. */
  during<T>(work: () => Promise<T>): Promise<T> {
    return running.run(this, work);
  }

  /** Notes an exchange with whoever listens now. */
  static note(exchange: () => RawExchange): void {
    const log = running.getStore();
    if (!log) return;
    log.noted.push(exchange());
    if (log.noted.length > MOST_EXCHANGES) log.noted.shift();
  }

  /** What was noted, fit to be kept and shown; undefined when nothing was sent. */
  exchanges(): Exchange[] | undefined {
    return this.noted.length > 0 ? this.noted.map(shown) : undefined;
  }
}

function shown({ at, took, method, url, sent, got, error, secrets }: RawExchange): Exchange {
  return {
    at: new Date(at).toISOString(),
    took,
    method,
    url: maskSecrets(url.replace(/\/\/[^/@]*@/, `//${MASK}@`), secrets),
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
  const masked = maskSecrets(given.slice(0, MOST_TEXT + MARGIN), secrets);
  const text = SECRET_WORD.test(masked) ? masked.replace(SECRET_FIELD, `$1"${MASK}"`) : masked;
  return { body: given.length > MOST_TEXT ? `${text.slice(0, MOST_TEXT)}… (${given.length} characters)` : text };
}
