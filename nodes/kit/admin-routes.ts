import type { IncomingHttpHeaders } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { NodeAPI } from 'node-red';
import { shownText, viewMask } from '../../src/delivery/shown-text.js';
import { type ErrorCode, SwitchboardError } from '../../src/errors.js';
import type { HealthAnswer } from '../../src/health/readiness.js';
import { checkHost, checkJson, checkSameOrigin } from '../../src/http/browser-guard.js';
import { PAGE_HEADERS } from '../../src/http/page-headers.js';
import { notPlain } from '../../src/http/plain-json.js';
import { RefusedRequest } from '../../src/http/refused-request.js';
import type { ViewMask } from '../../src/privacy/view-mask.js';
import { say } from '../../src/text/say.js';
import { noteClear } from './audited.js';
import { logOfRuntime } from './log.js';
import { EXPORT, isClear, type Permission, type SignedIn } from './rights.js';

export interface Request extends SignedIn {
  params: Record<string, string>;
  query: Record<string, unknown>;
  body?: Record<string, unknown>;
  headers: IncomingHttpHeaders;
  originalUrl: string;
  acceptsLanguages(): string[];
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
type Middleware = (req: Request, res: Response, next: () => void) => unknown;

/** Without an admin root Node-RED provides a stub without `use`. */
type App = Record<'get' | 'post', (path: string, ...handlers: unknown[]) => void> & {
  use?: (path: string, handler: unknown) => void;
  /** The app that parses the bodies. */
  parent?: { use(path: string, handler: unknown): void };
};

export interface Download {
  /** Name of the file. */
  name: string;
  lines: AsyncIterable<string>;
}

/**
 * Routes below `switchboard/` of the admin root. Each responds with the handler's result as JSON, or with an error message. People's
 * data is masked in both where a store asks for it, unless the request says `clear=true`, which needs a permission of its own.
 */
export interface AdminRoutes {
  get(path: string, handler: Handler, permission?: Permission): void;
  /** Settings that a dialog may save, such as presets: they hold no messages, and are never masked. */
  settings(path: string, handler: Handler): void;
  post(path: string, handler: Handler, permission?: Permission): void;
  /** A download of lines of JSON, sent as they are made; of what has not begun, an error is answered as by `post`. */
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
  const needsExport = needsPermission(EXPORT) as unknown as Middleware;
  const clearOnly: Middleware = (req, res, next) => (isClear(req) ? needsExport(req, res, next) : next());
  answerMalformed(app);
  const logError = (text: string) => logOfRuntime(RED, 'error', text);
  const respond = (handler: Handler, permission?: Permission) => respondWith(handler, permission, logError);
  const guards = [clearOnly, ownPagesOnly, singleValues];
  const posted = (path: string, permission: Permission, handler: (req: Request, res: Response) => void) =>
    app.post(`/switchboard/${path}`, needsPermission(permission), ...guards, jsonOnly, plainObject, handler);
  return {
    get: (path, handler, permission = 'switchboard.read') =>
      app.get(`/switchboard/${path}`, needsPermission(permission), ...guards, respond(handler, permission)),
    settings: (path, handler) =>
      app.get(`/switchboard/${path}`, needsPermission('switchboard.read'), ...guards, respond(handler)),
    post: (path, handler, permission = 'switchboard.write') => posted(path, permission, respond(handler, permission)),
    lines: (path, handler, permission) =>
      posted(path, permission, (req, res) => {
        handler(req).then(
          ({ name, lines }) => {
            res.set({ 'X-Content-Type-Options': 'nosniff', 'Content-Disposition': `attachment; filename="${name}"` });
            res.type('application/x-ndjson');
            // Broken off, it does not look complete.
            pipeline(Readable.from(lines), res).catch(() => undefined);
          },
          (error: unknown) => refuse(req, res, error, logError),
        );
      }),
    check: (path, check) =>
      app.get(
        `/switchboard/${path}`,
        needsPermission('switchboard.read'),
        ...guards,
        respond(async (_req, res) => {
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
const singleValues = rejectWith(400, ({ query }) => {
  const [name] = Object.entries(query).find(([, value]) => typeof value !== 'string' || notPlain(value)) ?? [];
  if (name !== undefined) throw malformed(say`The parameter ${name} must have one value, which is a text.`);
});
const plainObject = rejectWith(400, ({ body = {} }) => {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw malformed(say`The body is not a JSON object.`);
  const problem = notPlain(body);
  if (problem) throw malformed(say`The body cannot be processed: ${problem}`);
});

function malformed(what: string): SwitchboardError {
  return new SwitchboardError('SWB_PAYLOAD', what, { hint: say`Reload the page and try again.` });
}

const guarded = new WeakSet<App>();

/**
 * Answers what never reaches a route: a path that cannot be decoded, and a body that cannot be parsed. Express would answer with a page
 * that shows where in the code it failed.
 */
function answerMalformed(app: App): void {
  if (!app.use || guarded.has(app)) return;
  guarded.add(app);
  app.use(
    '/switchboard',
    rejectWith(400, ({ originalUrl }) => {
      try {
        decodeURIComponent(pathOf(originalUrl));
      } catch {
        throw malformed(say`The path of the request cannot be decoded.`);
      }
    }),
  );
  // Express knows handlers of errors by their four parameters.
  (app.parent ?? (app as Required<App>)).use(
    '/switchboard',
    ({ status = 400 }: { status?: number }, _req: Request, res: Response, _next: () => void) => {
      const { code, message } = malformed(say`The body of the request cannot be read.`);
      res.status(status >= 400 && status < 500 ? status : 400).json({ code, message });
    },
  );
}

function pathOf(url: string): string {
  return url.split('?', 1)[0] ?? '';
}

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
/** Any other error for users: what they ask for does not go with what is there. A malformed request is a RefusedRequest. */
const CONFLICT = 409;

/**
 * With what to mask stored data before anything is computed with it for a request: a result could show in another form what its
 * answer masks. Undefined if the request may use the data in clear.
 */
export function maskFor(req: Request): ViewMask | undefined {
  return isClear(req) ? undefined : viewMask();
}

/** Who may export, or deploy flows, can read everything anyway. */
const MASKED_FOR: readonly (Permission | undefined)[] = ['switchboard.read', 'switchboard.write'];

/** `log`: gets what is no error for users, which learn nothing of it. */
function respondWith(handler: Handler, permission: Permission | undefined, log: (text: string) => void) {
  return (req: Request, res: Response): void => {
    const isMasked = MASKED_FOR.includes(permission) && !isClear(req);
    res.set({ 'X-Content-Type-Options': 'nosniff' });
    // A handler that throws synchronously is treated like one that rejects.
    Promise.resolve()
      .then(() => (isClear(req) ? noteClear(req) : undefined))
      .then(() => handler(req, res))
      .then(
        (body) => res.json(isMasked ? (viewMask()?.answer(body) ?? body) : body),
        (error: unknown) => refuse(req, res, error, log, isMasked ? shownText : undefined),
      );
  };
}

/** `log`: gets what is no error for users; `shown`: how texts are shown. */
function refuse(
  { originalUrl }: Request,
  res: Response,
  error: unknown,
  log: (text: string) => void,
  shown = (text: string) => text,
): void {
  if (error instanceof NotFoundError) {
    res.status(404).json({ code: 'SWB_STORE', message: shown(error.message) });
  } else if (error instanceof SwitchboardError) {
    const status = error instanceof RefusedRequest ? error.status : (STATUS[error.code] ?? CONFLICT);
    res.status(status).json({ code: error.code, message: shown(error.message) });
  } else {
    log(`${pathOf(originalUrl)}: ${error instanceof Error ? error.stack : String(error)}`);
    res.status(500).json({ code: 'SWB_STORE', message: say`The request could not be processed. The log says why.` });
  }
}
