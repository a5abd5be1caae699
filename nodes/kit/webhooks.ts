import type { IncomingMessage, ServerResponse } from 'node:http';
import type { NodeAPI } from 'node-red';
import { SwitchboardError } from '../../src/errors.js';
import { tooLarge } from '../../src/http/received-body.js';
import { say } from '../../src/text/say.js';

/** A request from a partner. */
export interface PartnerRequest {
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
  handler: (request: PartnerRequest) => Promise<Reply>;
  /** The node was closed, perhaps only during a deploy. */
  closed?: boolean;
}

/**
 * Milliseconds for which senders get 503 instead of 404 after a node was closed: after a 404, a hub would end the subscription.
 */
const GRACE = 30_000;

type Req = IncomingMessage & { body?: unknown; _body?: boolean };
type Middleware = (req: Req, res: ServerResponse, next: (error?: unknown) => void) => void;
interface App {
  use(handler: Middleware): void;
  parent?: App;
  _router?: { stack: { handle: Middleware }[] };
}

const tables = new WeakMap<object, Map<string, Route>>();
/** Raw request bodies, or the error from reading them. */
const bodies = new WeakMap<IncomingMessage, Buffer | unknown>();

/**
 * Serves POST requests to `path` and below it, under httpNodeRoot; returns the function that stops it. One dispatcher per runtime
 * looks up routes in a table, so that a closed node leaves nothing behind in the HTTP server.
 */
export function listen(RED: NodeAPI, path: string, limit: number, handler: Route['handler']): () => void {
  const routes = tableOf(RED);
  const key = keyOf(path);
  const route: Route = { limit, handler };
  if (routes.has(key) && !routes.get(key)?.closed) {
    throw new SwitchboardError('SWB_CONFIG', say`The path /${key} is already used by another node.`, {
      field: 'path',
      hint: say`Give each in node its own path.`,
    });
  }
  routes.set(key, route);
  return () => {
    if (routes.get(key) !== route) return;
    const closed: Route = { limit, handler: retryLater, closed: true };
    routes.set(key, closed);
    setTimeout(() => routes.get(key) === closed && routes.delete(key), GRACE).unref();
  };
}

/** Whether a node serves this very path. */
export function isListening(RED: NodeAPI, path: string): boolean {
  const route = tableOf(RED).get(keyOf(path));
  return route !== undefined && !route.closed;
}

async function retryLater(): Promise<never> {
  throw new SwitchboardError('SWB_CLOSED', say`The flows are being deployed.`, { hint: say`Retry in a few seconds.` });
}

function tableOf(RED: NodeAPI): Map<string, Route> {
  const app = RED.httpNode as unknown as App;
  const known = tables.get(app);
  if (known) return known;
  const routes = new Map<string, Route>();
  tables.set(app, routes);
  const root = keyOf(RED.settings.httpNodeRoot || '/');
  captureBodies(app, (req) => find(routes, below(root, pathOf(req)))?.route.limit);
  app.use((req, res, next) => {
    const found = find(routes, pathOf(req));
    if (!found) return next();
    answer(found.route, req, found.rest)
      .then((reply) => send(res, reply))
      .catch(() => res.destroy());
  });
  return routes;
}

/**
 * Reads the bodies of our requests before any other middleware: the editor's JSON parser runs before all flow paths and would
 * respond to invalid JSON itself, and signatures are computed over the raw bytes. Placed at the top of the outermost app, as
 * Node-RED's http in node does.
 */
function captureBodies(app: App, limitOf: (req: Req) => number | undefined): void {
  const capture: Middleware = (req, _res, next) => {
    const limit = req.method === 'POST' ? limitOf(req) : undefined;
    if (limit === undefined) return next();
    readBody(req, limit)
      .catch((error: unknown) => error)
      .then((body) => {
        bodies.set(req, body);
        req.body = body;
        req._body = true; // tells body parsers that it was read
        next();
      });
  };
  let outermost = app;
  while (outermost.parent) outermost = outermost.parent;
  outermost.use(capture);
  const stack = outermost._router?.stack ?? [];
  const at = stack.findIndex((layer) => layer.handle === capture);
  if (at > 0) stack.unshift(...stack.splice(at, 1));
}

const keyOf = (path: string) => path.replace(/^\/+|\/+$/g, '');
const pathOf = (req: Req) => keyOf(targetOf(req).path);
const below = (root: string, path: string) =>
  root === '' ? path : path.startsWith(`${root}/`) ? path.slice(root.length + 1) : '';

/** Path and query of a request; the target may also be an absolute URL (RFC 9112 §3.2.2). */
function targetOf({ url = '/' }: Req): { path: string; query: string } {
  const target = url.startsWith('/') ? url : url.replace(/^\w+:\/\/[^/?]*/, '');
  const at = target.indexOf('?');
  return at < 0 ? { path: target, query: '' } : { path: target.slice(0, at), query: target.slice(at + 1) };
}

/** The longest route that matches a path, and the rest of the path. */
function find(routes: Map<string, Route>, path: string): { route: Route; rest: string } | undefined {
  let best: string | undefined;
  for (const key of routes.keys()) {
    if ((path === key || path.startsWith(`${key}/`)) && (best === undefined || key.length > best.length)) best = key;
  }
  const route = best === undefined ? undefined : routes.get(best);
  return route && best !== undefined ? { route, rest: path.slice(best.length + 1) } : undefined;
}

function send(res: ServerResponse, reply: Reply): void {
  if (res.destroyed) return;
  const text = reply.body === undefined ? '' : JSON.stringify(reply.body);
  res.writeHead(reply.status, {
    ...(text && { 'Content-Type': 'application/json' }),
    'Content-Length': Buffer.byteLength(text),
    ...reply.headers,
  });
  res.end(text);
}

async function answer(route: Route, req: Req, rest: string): Promise<Reply> {
  if (req.method !== 'POST')
    return { status: 405, headers: { Allow: 'POST' }, body: problem('SWB_PAYLOAD', say`Only POST is allowed.`) };
  try {
    const body = bodies.get(req);
    if (!Buffer.isBuffer(body)) throw body;
    const headers: Record<string, string> = {};
    for (const [name, value] of Object.entries(req.headers))
      if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(', ') : value;
    return await route.handler({ method: req.method, rest, query: new URLSearchParams(targetOf(req).query), headers, body });
  } catch (error) {
    return errorReply(error);
  }
}

/** The response to an error: the message of our own errors; no internal details of any other. */
export function errorReply(error: unknown): Reply {
  if (!(error instanceof SwitchboardError))
    return { status: 500, body: problem('SWB_STORE', 'The request could not be processed and was not stored.') };
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
  if (Number(req.headers['content-length'] ?? 0) > limit) {
    req.resume();
    throw tooLarge(limit);
  }
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of req as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > limit) {
      req.resume();
      throw tooLarge(limit);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
