import type { IncomingMessage, ServerResponse } from 'node:http';

/** One request to a simulated partner, with its complete body. */
export interface Request {
  method: string;
  /** Path below the partner's root. */
  path: string;
  query: URLSearchParams;
  headers: Record<string, string>;
  body: Buffer;
}

export interface Reply {
  status: number;
  headers?: Record<string, string>;
  /** A Buffer is sent unchanged, undefined as an empty body, anything else as JSON. */
  body?: unknown;
}

/** A logged request, for tests and for debugging. */
export interface LoggedRequest {
  at: number;
  method: string;
  path: string;
  query: string;
  status: number;
  body: string;
}

/** Number of notifications that a partner started, and number that were delivered or abandoned. */
export interface PushCounts {
  started: number;
  finished: number;
}

export type Handler = (request: Request) => Reply;

const MAX_LOGGED = 20_000;
/** Maximum logged size of a body: enough for orders, not for files. */
const LOGGED_BYTES = 32_768;

/** Logs a request; only the newest are kept. */
export function logRequest(log: LoggedRequest[], request: Request, status: number): void {
  log.push({
    at: Date.now(),
    method: request.method,
    path: request.path,
    query: decodeURIComponent(request.query.toString().replaceAll('+', ' ')),
    status,
    body: request.body.subarray(0, LOGGED_BYTES).toString('utf8'),
  });
  if (log.length > MAX_LOGGED) log.splice(0, MAX_LOGGED / 10);
}

export async function readRequest(req: IncomingMessage, path: string, query: URLSearchParams): Promise<Request> {
  const chunks: Buffer[] = [];
  for await (const chunk of req as AsyncIterable<Buffer>) chunks.push(chunk);
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(req.headers))
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(', ') : value;
  return {
    method: req.method ?? 'GET',
    path,
    query,
    headers,
    body: chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks),
  };
}

export function sendReply(res: ServerResponse, reply: Reply): void {
  if (res.destroyed) return;
  const { body } = reply;
  const bytes = body === undefined ? Buffer.alloc(0) : Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body));
  const type = body === undefined || Buffer.isBuffer(body) ? {} : { 'Content-Type': 'application/json;charset=UTF-8' };
  res.writeHead(reply.status, { ...type, 'Content-Length': bytes.length, ...reply.headers });
  res.end(bytes);
}

/** The JSON body of a request; undefined if it is not valid JSON. */
export function json(request: Request): Record<string, unknown> | undefined {
  try {
    const value = JSON.parse(request.body.toString('utf8')) as unknown;
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
