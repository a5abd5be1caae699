import type { IncomingHttpHeaders } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { NodeAPI } from 'node-red';
import { type ErrorCode, SwitchboardError } from '../../src/errors.js';
import type { HealthAnswer } from '../../src/health/readiness.js';
import { checkHost, checkJson, checkSameOrigin } from '../../src/http/browser-guard.js';
import { PAGE_HEADERS } from '../../src/http/page-headers.js';

export interface Request {
  params: Record<string, string>;
  query: Record<string, unknown>;
  body?: Record<string, unknown>;
  headers: IncomingHttpHeaders;
  originalUrl: string;
  acceptsLanguages(): string[];
  /** Set by Node-RED when authentication is configured; `anonymous` for users who have not logged in. */
  user?: { username?: string; anonymous?: boolean };
}
export interface Response extends NodeJS.WritableStream {
  status(code: number): Response;
  set(headers: Record<string, string>): Response;
  type(type: string): Response;
  json(body: unknown): void;
  send(text: string): void;
  redirect(url: string): void;
}
type Handler = (req: Request, res: Response) => unknown;

/** Without an admin root Node-RED provides a stub with only these methods. */
type App = Record<'get' | 'post', (path: string, ...handlers: unknown[]) => void>;

/**
 * View messages; replay, skip and edit them; take data away as a file; make the server send requests to an address in the
 * request, as anyone who deploys flows can.
 */
export type Permission = 'switchboard.read' | 'switchboard.write' | 'switchboard.export' | 'flows.write';

export interface Download {
  /** Name of the file. */
  name: string;
  lines: AsyncIterable<string>;
}

/** Routes below `switchboard/` of the admin root. Each responds with the handler's result as JSON, or with an error message. */
export interface AdminRoutes {
  get(path: string, handler: Handler, permission?: Permission): void;
  post(path: string, handler: Handler, permission?: Permission): void;
  /** A download of lines of JSON, sent as they are made; of what has not begun, an error is answered as by `get`. */
  lines(path: string, handler: (req: Request) => Promise<Download>, permission: Permission): void;
  /** A health check, answered with the status that `check` gives. */
  check(path: string, check: () => HealthAnswer | Promise<HealthAnswer>): void;
  /** A page or one of its files; needs no permission because it contains no data. */
  file(path: string, serve: (req: Request, res: Response) => void): void;
}

/** The only place where routes are added to Node-RED's admin API, so that none lacks its permission, its guard or its headers. */
export function adminRoutes(RED: NodeAPI): AdminRoutes {
  const app = RED.httpAdmin as unknown as App;
  const { needsPermission } = RED.auth;
  return {
    get: (path, handler, permission = 'switchboard.read') =>
      app.get(`/switchboard/${path}`, needsPermission(permission), ownPagesOnly, respondWith(handler)),
    post: (path, handler, permission = 'switchboard.write') =>
      app.post(`/switchboard/${path}`, needsPermission(permission), ownPagesOnly, jsonOnly, respondWith(handler)),
    lines: (path, handler, permission) =>
      app.get(`/switchboard/${path}`, needsPermission(permission), ownPagesOnly, (req: Request, res: Response) => {
        handler(req).then(
          ({ name, lines }) => {
            res.set({ 'X-Content-Type-Options': 'nosniff', 'Content-Disposition': `attachment; filename="${name}"` });
            res.type('application/x-ndjson');
            // Broken off, it does not look complete.
            pipeline(Readable.from(lines), res).catch(() => undefined);
          },
          (error: unknown) => refuse(res, error),
        );
      }),
    check: (path, check) =>
      app.get(
        `/switchboard/${path}`,
        needsPermission('switchboard.read'),
        ownPagesOnly,
        respondWith(async (_req, res) => {
          const { status, body } = await check();
          res.status(status);
          return body;
        }),
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
  SWB_CLOSED: 503,
  SWB_STORE: 500,
  SWB_STORE_LOCKED: 500,
};
/** Any other error: its message says what to do. */
const CONFLICT = 409;

function respondWith(handler: Handler) {
  return (req: Request, res: Response): void => {
    res.set({ 'X-Content-Type-Options': 'nosniff' });
    // A handler that throws synchronously is treated like one that rejects.
    Promise.resolve()
      .then(() => handler(req, res))
      .then(
        (body) => res.json(body),
        (error: unknown) => refuse(res, error),
      );
  };
}

function refuse(res: Response, error: unknown): void {
  const message = error instanceof Error ? error.message : String(error);
  const code = error instanceof SwitchboardError ? error.code : 'SWB_STORE';
  res.status(error instanceof NotFoundError ? 404 : (STATUS[code] ?? CONFLICT)).json({ code, message });
}
