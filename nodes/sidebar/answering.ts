import type { NodeAPI } from 'node-red';
import { brokers } from '../../src/delivery/brokers.js';
import { SwitchboardError } from '../../src/errors.js';

export interface Request {
  params: Record<string, string>;
  query: Record<string, unknown>;
  body?: Record<string, unknown>;
  /** Set by Node-RED where people have to sign in. */
  user?: { username?: string };
}
interface Response {
  status(code: number): Response;
  json(body: unknown): void;
}

/** Without an admin root Node-RED gives a stub that knows no more than these. */
type App = Record<'get' | 'post', (path: string, ...handlers: unknown[]) => void>;

export interface AdminRoutes {
  /** For who may read. */
  get(path: string, work: (req: Request) => Promise<unknown>): void;
  /** For who may write. */
  post(path: string, work: (req: Request) => Promise<unknown>): void;
}

/** Routes below `switchboard/` of the admin root: their permissions, and their answers as JSON, errors in words. */
export function adminRoutes(RED: NodeAPI): AdminRoutes {
  const app = RED.httpAdmin as unknown as App;
  return {
    get: (path, work) => app.get(`/switchboard/${path}`, RED.auth.needsPermission('switchboard.read'), answering(work)),
    post: (path, work) => app.post(`/switchboard/${path}`, RED.auth.needsPermission('switchboard.write'), answering(work)),
  };
}

class NotThere extends Error {}

export function notThere(kind: string): never {
  if (brokers().length === 0)
    throw new SwitchboardError('SWB_CLOSED', 'No store is open now.', {
      hint: 'The flows are being deployed: try again in a moment.',
    });
  throw new NotThere(`There is no such ${kind}: it may have been removed.`);
}

const STATUS: Record<string, number> = { SWB_PAYLOAD: 409, SWB_CONFIG: 409, SWB_CONFLICT: 409, SWB_CLOSED: 503 };

function answering(work: (req: Request) => Promise<unknown>) {
  return (req: Request, res: Response): void => {
    // A handler that throws at once is answered like one that rejects.
    Promise.resolve()
      .then(() => work(req))
      .then(
        (body) => res.json(body),
        (error: unknown) => {
          const message = error instanceof Error ? error.message : String(error);
          const code = error instanceof SwitchboardError ? error.code : 'SWB_STORE';
          res.status(error instanceof NotThere ? 404 : (STATUS[code] ?? 500)).json({ code, message });
        },
      );
  };
}
