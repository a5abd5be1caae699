import type { IncomingMessage, ServerResponse } from 'node:http';
import type { NodeAPI } from 'node-red';
import { SwitchboardError } from '../../src/errors.js';

/** A request a partner sent us. */
export interface Incoming {
  method: string;
  /** Path below the one listened on, without its leading slash. */
  rest: string;
  query: URLSearchParams;
  headers: Record<string, string>;
  body: Buffer;
}

export interface Reply {
  status: number;
  body?: unknown;
  headers?: Record<string, string>;
}

interface Route {
  limit: number;
  handler: (request: Incoming) => Promise<Reply>;
}

type App = { use(handler: (req: IncomingMessage, res: ServerResponse, next: () => void) => void): void };

const tables = new WeakMap<object, Map<string, Route>>();

/**
 * Serves POSTs to `path` (and below it) under httpNodeRoot; gives the function that ends it. One dispatcher per runtime looks routes up in
 * a table, so that closing a node leaves nothing behind in the HTTP server.
 */
export function listen(RED: NodeAPI, path: string, limit: number, handler: Route['handler']): () => void {
  const app = RED.httpNode as unknown as App;
  let table = tables.get(app);
  if (!table) {
    table = new Map();
    tables.set(app, table);
    const routes = table;
    app.use((req, res, next) => {
      dispatch(routes, req, res, next).catch(() => res.destroy());
    });
  }
  const key = path.replace(/^\/+|\/+$/g, '');
  const route: Route = { limit, handler };
  if (table.has(key)) {
    throw new SwitchboardError('SWB_CONFIG', `The path /${key} is used by another node already.`, {
      field: 'path',
      hint: 'Give each in node its own path.',
    });
  }
  table.set(key, route);
  const routes = table;
  return () => {
    if (routes.get(key) === route) routes.delete(key);
  };
}

async function dispatch(routes: Map<string, Route>, req: IncomingMessage, res: ServerResponse, next: () => void): Promise<void> {
  const url = new URL(req.url ?? '/', 'http://localhost');
  const path = url.pathname.replace(/^\/+|\/+$/g, '');
  let key: string | undefined;
  for (const known of routes.keys()) {
    if ((path === known || path.startsWith(`${known}/`)) && (key === undefined || known.length > key.length)) key = known;
  }
  const route = key === undefined ? undefined : routes.get(key);
  if (key === undefined || !route) return next();
  const reply = await answer(route, req, url, path.slice(key.length + 1));
  if (res.destroyed) return;
  const text = reply.body === undefined ? '' : JSON.stringify(reply.body);
  res.writeHead(reply.status, {
    ...(text && { 'Content-Type': 'application/json' }),
    'Content-Length': Buffer.byteLength(text),
    ...reply.headers,
  });
  res.end(text);
}

async function answer(route: Route, req: IncomingMessage, url: URL, rest: string): Promise<Reply> {
  if (req.method !== 'POST')
    return { status: 405, headers: { Allow: 'POST' }, body: problem('SWB_PAYLOAD', 'Only POST is served here.') };
  try {
    const body = await readBody(req, route.limit);
    const headers: Record<string, string> = {};
    for (const [name, value] of Object.entries(req.headers))
      if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(', ') : value;
    return await route.handler({ method: req.method, rest, query: url.searchParams, headers, body });
  } catch (error) {
    return refusal(error);
  }
}

/** What a caller is told of an error: its words where it is one of ours, nothing of the inside where it is not. */
export function refusal(error: unknown): Reply {
  if (!(error instanceof SwitchboardError))
    return { status: 500, body: problem('SWB_STORE', 'It could not be processed; nothing was kept.') };
  const status = STATUS[error.code] ?? 500;
  return { status, body: problem(error.code, error.message), ...(status === 503 && { headers: { 'Retry-After': '5' } }) };
}

const STATUS: Partial<Record<SwitchboardError['code'], number>> = {
  SWB_PAYLOAD: 400,
  SWB_UNAUTHORISED: 401,
  SWB_TOO_LARGE: 413,
  SWB_BUSY: 503,
  SWB_CLOSED: 503,
  SWB_CONFIG: 503,
  SWB_STORE: 503,
  SWB_STORE_LOCKED: 503,
  SWB_CONFLICT: 503,
};

function problem(code: string, message: string) {
  return { code, message };
}

async function readBody(req: IncomingMessage, limit: number): Promise<Buffer> {
  const tooLarge = () =>
    new SwitchboardError('SWB_TOO_LARGE', `The request is larger than ${Math.round(limit / 1024)} KB.`, {
      hint: 'Raise the limit of the in node if this is right.',
    });
  if (Number(req.headers['content-length'] ?? 0) > limit) {
    req.resume();
    throw tooLarge();
  }
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of req as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > limit) {
      req.resume();
      throw tooLarge();
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** The JSON of a request, or a refusal that says what is wrong with it. */
export function jsonBody(request: Incoming): unknown {
  const type = request.headers['content-type'] ?? '';
  if (!/[/+]json\b/i.test(type)) {
    throw new SwitchboardError('SWB_PAYLOAD', `The Content-Type is «${type || 'missing'}».`, {
      field: 'Content-Type',
      hint: 'Send application/json.',
    });
  }
  try {
    return JSON.parse(request.body.toString('utf8'));
  } catch (error) {
    throw new SwitchboardError('SWB_PAYLOAD', `The body is not valid JSON: ${(error as Error).message}.`, {
      hint: 'Send one JSON object.',
    });
  }
}
