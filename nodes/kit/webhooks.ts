import type { IncomingMessage, ServerResponse } from 'node:http';
import type { NodeAPI } from 'node-red';
import { SwitchboardError } from '../../src/errors.js';
import { say } from '../../src/text/say.js';

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
  /** Its node is gone, perhaps only for the moment of a deploy. */
  closed?: boolean;
}

/** Milliseconds for which senders are told to come again after a node was closed: told 404, a hub would end the subscription. */
const GRACE = 30_000;

type Req = IncomingMessage & { body?: unknown; _body?: boolean };
type Middleware = (req: Req, res: ServerResponse, next: (error?: unknown) => void) => void;
interface App {
  use(handler: Middleware): void;
  parent?: App;
  _router?: { stack: { handle: Middleware }[] };
}

const tables = new WeakMap<object, Map<string, Route>>();
/** Bodies as they came, or why they could not be read. */
const bodies = new WeakMap<IncomingMessage, Buffer | unknown>();

/**
 * Serves POSTs to `path` (and below it) under httpNodeRoot; gives the function that ends it. One dispatcher per runtime looks routes up in
 * a table, so that closing a node leaves nothing behind in the HTTP server.
 */
export function listen(RED: NodeAPI, path: string, limit: number, handler: Route['handler']): () => void {
  const routes = tableOf(RED);
  const key = keyOf(path);
  const route: Route = { limit, handler };
  if (routes.has(key) && !routes.get(key)?.closed) {
    throw new SwitchboardError('SWB_CONFIG', say`The path /${key} is used by another node already.`, {
      field: 'path',
      hint: say`Give each in node its own path.`,
    });
  }
  routes.set(key, route);
  return () => {
    if (routes.get(key) !== route) return;
    const closed: Route = { limit, handler: comeAgain, closed: true };
    routes.set(key, closed);
    setTimeout(() => routes.get(key) === closed && routes.delete(key), GRACE).unref();
  };
}

async function comeAgain(): Promise<never> {
  throw new SwitchboardError('SWB_CLOSED', say`The flows are being deployed.`, { hint: say`Send it again in a moment.` });
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
 * Reads the bodies of our requests before anyone else does: the editor's own JSON parser stands before every flow's path, would answer
 * broken JSON itself, and a signature is over the raw bytes. Put at the top of the outermost app, as Node-RED's http in node does it.
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

/** Path and query of a request; clients that take us for a proxy send a whole address (RFC 9112 §3.2.2). */
function targetOf({ url = '/' }: Req): { path: string; query: string } {
  const target = url.startsWith('/') ? url : url.replace(/^\w+:\/\/[^/?]*/, '');
  const at = target.indexOf('?');
  return at < 0 ? { path: target, query: '' } : { path: target.slice(0, at), query: target.slice(at + 1) };
}

/** The route of a path, the longest that fits, and what follows it. */
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
    return { status: 405, headers: { Allow: 'POST' }, body: problem('SWB_PAYLOAD', 'Only POST is served here.') };
  try {
    const body = bodies.get(req);
    if (!Buffer.isBuffer(body)) throw body;
    const headers: Record<string, string> = {};
    for (const [name, value] of Object.entries(req.headers))
      if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(', ') : value;
    return await route.handler({ method: req.method, rest, query: new URLSearchParams(targetOf(req).query), headers, body });
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
    new SwitchboardError('SWB_TOO_LARGE', say`The request is larger than ${Math.round(limit / 1024)} KB.`, {
      hint: say`Raise the limit of the in node if this is right.`,
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
    throw new SwitchboardError('SWB_PAYLOAD', say`The Content-Type is «${type || 'missing'}».`, {
      field: 'Content-Type',
      hint: say`Send application/json.`,
    });
  }
  try {
    return JSON.parse(request.body.toString('utf8'));
  } catch (error) {
    throw new SwitchboardError('SWB_PAYLOAD', say`The body is not valid JSON: ${(error as Error).message}.`, {
      hint: say`Send one JSON object.`,
    });
  }
}
