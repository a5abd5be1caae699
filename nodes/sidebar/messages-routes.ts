import type { NodeAPI } from 'node-red';
import { brokers } from '../../src/delivery/brokers.js';
import { SwitchboardError } from '../../src/errors.js';
import { names } from './names.js';
import { countAll, listMessages, messageView } from './view-model.js';
import { type Action, FILTERS, type Filter, type Query } from './views.js';

interface Request {
  params: Record<string, string>;
  query: Record<string, unknown>;
  body?: { reason?: unknown };
}
interface Response {
  status(code: number): Response;
  json(body: unknown): void;
}
type Handler = (req: Request, res: Response) => void;
/** Without an admin root Node-RED gives a stub that knows no more than these. */
type App = Record<'get' | 'post', (path: string, ...handlers: unknown[]) => void>;

const PAGE = 50;
const MOST = 200;
const LONGEST_REASON = 500;

/** The routes behind the messages view, below `switchboard/` of the admin root. */
export function serveMessages(RED: NodeAPI): void {
  const app = RED.httpAdmin as unknown as App;
  const mayRead = RED.auth.needsPermission('switchboard.read');
  const mayWrite = RED.auth.needsPermission('switchboard.write');
  const nameOf = names(RED);

  app.get(
    '/switchboard/messages',
    mayRead,
    answering((req) => listMessages(brokers(), queryOf(req.query), nameOf)),
  );
  app.get(
    '/switchboard/messages/:id',
    mayRead,
    answering(async (req) => (await messageView(brokers(), req.params.id ?? '', nameOf)) ?? notThere('message')),
  );
  app.get(
    '/switchboard/counts',
    mayRead,
    answering(() => countAll(brokers())),
  );
  for (const kind of ['message', 'delivery'] as const) {
    const folder = kind === 'message' ? 'messages' : 'deliveries';
    for (const action of ['replay', 'skip'] as const) {
      app.post(
        `/switchboard/${folder}/:id/${action}`,
        mayWrite,
        answering((req) => act(kind, action, req.params.id ?? '', reasonOf(req))),
      );
    }
  }
}

async function act(kind: 'message' | 'delivery', action: Action, id: string, reason: string): Promise<object> {
  for (const broker of brokers()) {
    if (!(await broker.store[kind](id))) continue;
    if (kind === 'message') await (action === 'replay' ? broker.replayMessage(id) : broker.skipMessage(id, reason));
    else await (action === 'replay' ? broker.replayDelivery(id) : broker.skipDelivery(id, reason));
    return {};
  }
  return notThere(kind);
}

function queryOf(query: Request['query']): Query {
  const text = (name: string) => (typeof query[name] === 'string' ? (query[name] as string) : '');
  const state = FILTERS.find((filter): filter is Filter => filter === text('state')) ?? 'all';
  const limit = Math.min(Math.max(Number.parseInt(text('limit'), 10) || PAGE, 1), MOST);
  return { search: text('search').trim(), state, before: text('before') || undefined, limit };
}

function reasonOf(req: Request): string {
  const reason = req.body?.reason;
  return typeof reason === 'string' && reason.trim() ? reason.trim().slice(0, LONGEST_REASON) : 'Skipped by a person.';
}

class NotThere extends Error {}

function notThere(kind: string): never {
  if (brokers().length === 0)
    throw new SwitchboardError('SWB_CLOSED', 'No store is open now.', {
      hint: 'The flows are being deployed: try again in a moment.',
    });
  throw new NotThere(`There is no such ${kind}: it may have been removed by age.`);
}

const STATUS: Record<string, number> = { SWB_PAYLOAD: 409, SWB_CLOSED: 503 };

function answering(work: (req: Request) => Promise<unknown>): Handler {
  return (req, res) => {
    work(req).then(
      (body) => res.json(body),
      (error: unknown) => {
        const message = error instanceof Error ? error.message : String(error);
        const code = error instanceof SwitchboardError ? error.code : 'SWB_STORE';
        res.status(error instanceof NotThere ? 404 : (STATUS[code] ?? 500)).json({ code, message });
      },
    );
  };
}
