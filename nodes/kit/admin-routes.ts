import type { IncomingHttpHeaders } from 'node:http';
import type { NodeAPI } from 'node-red';
import { type ErrorCode, SwitchboardError } from '../../src/errors.js';
import { checkHost, checkJson, checkSameOrigin } from '../../src/http/browser-guard.js';
import { PAGE_HEADERS } from '../../src/http/page-headers.js';

export interface Request {
  params: Record<string, string>;
  query: Record<string, unknown>;
  body?: Record<string, unknown>;
  headers: IncomingHttpHeaders;
  originalUrl: string;
  acceptsLanguages(): string[];
  /** Set by Node-RED where people sign in; `anonymous` for those who need not. */
  user?: { username?: string; anonymous?: boolean };
}
export interface Response {
  status(code: number): Response;
  set(headers: Record<string, string>): Response;
  type(type: string): Response;
  json(body: unknown): void;
  send(text: string): void;
  redirect(url: string): void;
}
type Work = (req: Request) => unknown;

/** Without an admin root Node-RED gives a stub that knows no more than these. */
type App = Record<'get' | 'post', (path: string, ...handlers: unknown[]) => void>;

/** See messages; operate; make the server send to an address that the request names, as who deploys flows can. */
export type Right = 'switchboard.read' | 'switchboard.write' | 'flows.write';

/** Routes below `switchboard/` of the admin root. Each answers with the JSON of what its work gives, or with an error in words. */
export interface AdminRoutes {
  get(path: string, work: Work, right?: Right): void;
  post(path: string, work: Work, right?: Right): void;
  /** A page or a file of it, for anyone: it holds no data. */
  file(path: string, serve: (req: Request, res: Response) => void): void;
}

/** The one place where our routes are added to Node-RED's admin API, so that none lacks its permission, its guard or its headers. */
export function adminRoutes(RED: NodeAPI): AdminRoutes {
  const app = RED.httpAdmin as unknown as App;
  const { needsPermission } = RED.auth;
  return {
    get: (path, work, right = 'switchboard.read') =>
      app.get(`/switchboard/${path}`, needsPermission(right), ownPagesOnly, answering(work)),
    post: (path, work, right = 'switchboard.write') =>
      app.post(`/switchboard/${path}`, needsPermission(right), ownPagesOnly, jsonOnly, answering(work)),
    file: (path, serve) =>
      app.get(`/switchboard/${path}`, (req: Request, res: Response) => {
        res.set(PAGE_HEADERS);
        serve(req, res);
      }),
  };
}

/** What is only read is guarded too: Node-RED 4.1 lets every site's pages read from its admin API. */
const ownPagesOnly = refusing(403, ({ headers, user }) => {
  checkSameOrigin(headers);
  // Who signed in sent a token that no other site's page has; behind a proxy, the name may be any.
  if (!user || user.anonymous) checkHost(headers);
});
const jsonOnly = refusing(415, ({ headers }) => checkJson(headers));

function refusing(status: number, check: (req: Request) => void) {
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

/** What is asked for is not there (any more). */
export class NotThere extends Error {}

const STATUS: Partial<Record<ErrorCode, number>> = {
  SWB_CLOSED: 503,
  SWB_STORE: 500,
  SWB_STORE_LOCKED: 500,
};
/** Of an error that says in words what to do about it. */
const REFUSED = 409;

function answering(work: Work) {
  return (req: Request, res: Response): void => {
    res.set({ 'X-Content-Type-Options': 'nosniff' });
    // A handler that throws at once is answered like one that rejects.
    Promise.resolve()
      .then(() => work(req))
      .then(
        (body) => res.json(body),
        (error: unknown) => {
          const message = error instanceof Error ? error.message : String(error);
          const code = error instanceof SwitchboardError ? error.code : 'SWB_STORE';
          res.status(error instanceof NotThere ? 404 : (STATUS[code] ?? REFUSED)).json({ code, message });
        },
      );
  };
}
