import type { IncomingHttpHeaders } from 'node:http';
import type { NodeAPI } from 'node-red';
import { shownText, viewMask } from '../../src/delivery/shown-text.js';
import { type ErrorCode, SwitchboardError } from '../../src/errors.js';
import type { HealthAnswer } from '../../src/health/readiness.js';
import { checkHost, checkJson, checkSameOrigin } from '../../src/http/browser-guard.js';
import { PAGE_HEADERS } from '../../src/http/page-headers.js';
import { EXPORT, type Permission, type SignedIn } from './rights.js';

export interface Request extends SignedIn {
  params: Record<string, string>;
  query: Record<string, unknown>;
  body?: Record<string, unknown>;
  headers: IncomingHttpHeaders;
  originalUrl: string;
  acceptsLanguages(): string[];
}
export interface Response {
  status(code: number): Response;
  set(headers: Record<string, string>): Response;
  type(type: string): Response;
  json(body: unknown): void;
  send(text: string): void;
  redirect(url: string): void;
}
type Handler = (req: Request, res: Response) => unknown;
type Middleware = (req: Request, res: Response, next: () => void) => unknown;

/** Without an admin root Node-RED provides a stub with only these methods. */
type App = Record<'get' | 'post', (path: string, ...handlers: unknown[]) => void>;

/**
 * Routes below `switchboard/` of the admin root. Each responds with the handler's result as JSON, or with an error message. People's
 * data is masked in both where a store asks for it, unless the request says `clear=true`, which needs a permission of its own.
 */
export interface AdminRoutes {
  get(path: string, handler: Handler, permission?: Permission): void;
  /** Settings that a dialog may save, such as presets: they hold no messages, and are never masked. */
  settings(path: string, handler: Handler): void;
  post(path: string, handler: Handler, permission?: Permission): void;
  /** A health check, answered with the status that `check` gives. */
  check(path: string, check: () => HealthAnswer | Promise<HealthAnswer>): void;
  /** A page or one of its files; needs no permission because it contains no data. */
  file(path: string, serve: (req: Request, res: Response) => void): void;
}

/** The only place where routes are added to Node-RED's admin API, so that none lacks its permission, its guard or its headers. */
export function adminRoutes(RED: NodeAPI): AdminRoutes {
  const app = RED.httpAdmin as unknown as App;
  const { needsPermission } = RED.auth;
  const needsExport = needsPermission(EXPORT) as unknown as Middleware;
  const clearOnly: Middleware = (req, res, next) => (isClear(req) ? needsExport(req, res, next) : next());
  return {
    get: (path, handler, permission = 'switchboard.read') =>
      app.get(`/switchboard/${path}`, needsPermission(permission), clearOnly, ownPagesOnly, respondWith(handler, permission)),
    settings: (path, handler) =>
      app.get(`/switchboard/${path}`, needsPermission('switchboard.read'), ownPagesOnly, respondWith(handler)),
    post: (path, handler, permission = 'switchboard.write') =>
      app.post(
        `/switchboard/${path}`,
        needsPermission(permission),
        clearOnly,
        ownPagesOnly,
        jsonOnly,
        respondWith(handler, permission),
      ),
    check: (path, check) =>
      app.get(
        `/switchboard/${path}`,
        needsPermission('switchboard.read'),
        ownPagesOnly,
        respondWith(async (_req, res) => {
          const { status, body } = await check();
          res.status(status);
          return body;
        }, 'switchboard.read'),
      ),
    file: (path, serve) =>
      app.get(`/switchboard/${path}`, (req: Request, res: Response) => {
        res.set(PAGE_HEADERS);
        serve(req, res);
      }),
  };
}

/** Read requests are guarded too: Node-RED 4.1 lets pages of any site read from its admin API. */
const ownPagesOnly = rejectWith(403, ({ headers, user }) => {
  checkSameOrigin(headers);
  // A logged-in user sent a token that no other site's page has. The host name is not checked then, because a proxy may change
  // it.
  if (!user || user.anonymous) checkHost(headers);
});
const jsonOnly = rejectWith(415, ({ headers }) => checkJson(headers));

function rejectWith(status: number, check: (req: Request) => void) {
  return (req: Request, res: Response, next: () => void): void => {
    try {
      check(req);
    } catch (error) {
      const { code, message } = error as SwitchboardError;
      res.status(status).json({ code, message });
      return;
    }
    next();
  };
}

/** The requested item does not exist (any more); answered with 404. */
export class NotFoundError extends Error {}

const STATUS: Partial<Record<ErrorCode, number>> = {
  SWB_TOO_LARGE: 413,
  SWB_BUSY: 503,
  SWB_CLOSED: 503,
  SWB_STORE: 500,
  SWB_STORE_LOCKED: 500,
};
/** Any other error: its message says what to do. */
const CONFLICT = 409;

/** Whether a request asks for people's data; who asks has the permission. */
export function isClear({ query }: Request): boolean {
  return query.clear === 'true';
}

/** Who may export, or deploy flows, can read everything anyway. */
const MASKED_FOR: readonly (Permission | undefined)[] = ['switchboard.read', 'switchboard.write'];

function respondWith(handler: Handler, permission?: Permission) {
  return (req: Request, res: Response): void => {
    const isMasked = MASKED_FOR.includes(permission) && !isClear(req);
    res.set({ 'X-Content-Type-Options': 'nosniff' });
    // A handler that throws synchronously is treated like one that rejects.
    Promise.resolve()
      .then(() => handler(req, res))
      .then(
        (body) => res.json(isMasked ? (viewMask()?.answer(body) ?? body) : body),
        (error: unknown) => {
          const text = error instanceof Error ? error.message : String(error);
          const message = isMasked ? shownText(text) : text;
          const code = error instanceof SwitchboardError ? error.code : 'SWB_STORE';
          res.status(error instanceof NotFoundError ? 404 : (STATUS[code] ?? CONFLICT)).json({ code, message });
        },
      );
  };
}
