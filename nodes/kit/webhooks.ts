import type { IncomingMessage, ServerResponse } from 'node:http';
import type { NodeAPI } from 'node-red';
import { SwitchboardError } from '../../src/errors.js';
import { answerPolitely } from '../../src/http/polite-answer.js';
import { type Received, type Receiver, type Reply, receiveRequest } from '../../src/http/receive-request.js';
import { sourceOf, trustedProxies } from '../../src/http/source-address.js';
import { say } from '../../src/text/say.js';
import { logOfRuntime } from './log.js';

interface Route extends Receiver {
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
/** Requests to our paths, as far as they were received. */
const received = new WeakMap<IncomingMessage, Received>();

/**
 * Serves POST requests to `path` and below it, under httpNodeRoot; returns the function that stops it. One dispatcher per runtime
 * looks up routes in a table, so that a closed node leaves nothing behind in the HTTP server.
 */
export function listen(RED: NodeAPI, path: string, receiver: Receiver): () => void {
  const routes = tableOf(RED);
  const key = keyOf(path);
  const route: Route = receiver;
  if (routes.has(key) && !routes.get(key)?.closed) {
    throw new SwitchboardError('SWB_CONFIG', say`The path /${key} is already used by another node.`, {
      field: 'path',
      hint: say`Give each in node its own path.`,
    });
  }
  routes.set(key, route);
  return () => {
    if (routes.get(key) !== route) return;
    const closed: Route = { limit: receiver.limit, admit: retryLater, refused: () => undefined, closed: true };
    routes.set(key, closed);
    setTimeout(() => routes.get(key) === closed && routes.delete(key), GRACE).unref();
  };
}

/** Whether a node serves this very path. */
export function isListening(RED: NodeAPI, path: string): boolean {
  const route = tableOf(RED).get(keyOf(path));
  return route !== undefined && !route.closed;
}

function retryLater(): never {
  throw new SwitchboardError('SWB_CLOSED', say`The flows are being deployed.`, { hint: say`Retry in a few seconds.` });
}

function tableOf(RED: NodeAPI): Map<string, Route> {
  const app = RED.httpNode as unknown as App;
  const known = tables.get(app);
  if (known) return known;
  const routes = new Map<string, Route>();
  tables.set(app, routes);
  const root = keyOf(RED.settings.httpNodeRoot || '/');
  const proxies = trustedProxies();
  for (const entry of proxies.invalid)
    logOfRuntime(
      RED,
      'warn',
      say`SWITCHBOARD_TRUSTED_PROXIES: "${entry}" is neither an address nor a network; it is not trusted.`,
    );
  receiveFirst(app, (req) => {
    const found = find(routes, below(root, pathOf(req)));
    return found && { ...found, source: sourceOf(req.socket.remoteAddress, forwardedFor(req), proxies.list) };
  });
  app.use((req, res, next) => {
    const request = received.get(req);
    if (!request) return next();
    request
      .reply()
      .then((reply) => send(req, res, reply))
      .catch(() => res.destroy());
  });
  return routes;
}

/**
 * Receives our requests before any other middleware: the editor's JSON parser runs before all flow paths; it would read bodies of
 * anyone, and respond to invalid JSON itself, and signatures are computed over the raw bytes. Placed at the top of the outermost app,
 * as Node-RED's http in node does. They are answered in their place, behind the user's own middleware and sign-in of Node-RED.
 */
function receiveFirst(app: App, find: (req: Req) => { route: Route; rest: string; source: string } | undefined): void {
  const capture: Middleware = (req, res, next) => {
    const found = find(req);
    if (!found) return next();
    req.body = {};
    req._body = true; // tells body parsers that it was read
    const query = new URLSearchParams(targetOf(req).query);
    const head = { method: req.method ?? '', rest: found.rest, query, headers: headersOf(req) };
    receiveRequest(req, head, found.route, found.source).then((request) => {
      received.set(req, request);
      // Other middleware may answer it.
      if (res.closed) request.release();
      else res.once('close', request.release);
      next();
    }, next);
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

/** The path below the root, whose case does not matter to Node-RED's server. */
function below(root: string, path: string): string {
  if (root === '') return path;
  return path.toLowerCase().startsWith(`${root.toLowerCase()}/`) ? path.slice(root.length + 1) : '';
}

/** Path and query of a request; the target may also be an absolute URL (RFC 9112 §3.2.2). */
function targetOf({ url = '/' }: Req): { path: string; query: string } {
  const target = url.startsWith('/') ? url : url.replace(/^\w+:\/\/[^/?]*/, '');
  const at = target.indexOf('?');
  return at < 0 ? { path: target, query: '' } : { path: target.slice(0, at), query: target.slice(at + 1) };
}

function headersOf({ headers }: Req): Record<string, string> {
  const texts: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers))
    if (value !== undefined) texts[name] = Array.isArray(value) ? value.join(', ') : value;
  return texts;
}

function forwardedFor({ headers }: Req): string | undefined {
  const value = headers['x-forwarded-for'];
  return Array.isArray(value) ? value.join(',') : value;
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

function send(req: Req, res: ServerResponse, reply: Reply): void {
  if (res.destroyed || res.headersSent) return;
  const text = reply.body === undefined ? '' : JSON.stringify(reply.body);
  answerPolitely(req, res, reply.status, { ...(text && { 'Content-Type': 'application/json' }), ...reply.headers }, text);
}
