import { randomUUID } from 'node:crypto';
import {
  type Behaviour,
  type BehaviourName,
  type Behaviours,
  isOrderBehaviour,
  type OrderBehaviourName,
  type RequestKind,
} from './behaviours.js';
import { type Handler, json, type Reply, type Request } from './exchange.js';

/** The properties of a partner's API that behaviours depend on. */
export interface ApiTraits {
  /** The kind of a request; undefined for requests without behaviours: tokens, subscriptions, file contents. */
  kindOf: (request: Pick<Request, 'method' | 'path'>) => RequestKind | undefined;
  /** Error bodies of the API: without and with an empty list. */
  errors: { alone: unknown; beside: unknown };
  errorBody: (status: number, message?: string) => unknown;
  /** A record with these fields, as the API would return it. */
  recordFrom: (fields: Record<string, unknown>) => unknown;
  /** Whether a record carries one of these references. */
  hasReference: (references: string[]) => boolean;
  /** The answer for an empty list, if the API does not return an empty list. */
  emptyList?: () => Reply;
  /** What the partner makes of orders, where its records are orders. */
  orders?: Record<OrderBehaviourName, OrderHandler>;
}

/** A request with what executes it. */
export interface HandledRequest {
  request: Request;
  handler: Handler;
  ms: number;
}

/** Executes a request in the vendor's way. */
export type OrderHandler = (asked: HandledRequest) => Reply;

/** A request of a partner whose behaviours apply to it. */
export interface BehaviourCall extends ApiTraits {
  request: Request;
  handler: Handler;
  behaviours: Behaviours;
}

/** Undefined: no answer is sent. */
type BehaviourHandler = (asked: BehaviourCall & { ms: number }) => Reply | undefined;
type Entry = { [name: string]: unknown };

const DEFAULT_MS = 1_000;

const page = (status: number, title: string): Reply => ({
  status,
  headers: { 'Content-Type': 'text/html;charset=utf-8' },
  body: Buffer.from(`<!doctype html><html><head><title>${title}</title></head><body><h1>${title}</h1></body></html>`),
});

const HANDLERS: Record<Exclude<BehaviourName, OrderBehaviourName>, BehaviourHandler> = {
  accepted: () => ({ status: 202, body: {} }),
  empty: () => ({ status: 200 }),
  noContent: () => ({ status: 204 }),
  emptyObject: () => ({ status: 200, body: {} }),
  errorObject: ({ errors }) => ({ status: 200, body: errors.alone }),
  errorBeside: ({ errors }) => ({ status: 200, body: errors.beside }),
  html: () => page(200, 'Please sign in'),
  gatewayNotFound: () => page(404, '404 Not Found'),
  gatewayNotFoundJson: () => ({ status: 404, body: { message: 'no Route matched with those values' } }),

  wrapped: (asked) => withList(asked.handler(asked.request), (items) => ({ items, total: items.length })),
  lone: (asked) => {
    const reply = asked.handler(asked.request);
    const [only, ...others] = listOf(reply) ?? [];
    if (!only || others.length > 0) return reply;
    return { ...reply, body: Array.isArray(reply.body) ? only : { ...(reply.body as Entry), result: only } };
  },
  lag: ({ handler, request, behaviours, ms, emptyList }) => {
    const reply = handler(request);
    const list = listOf(reply);
    const old = list?.filter((entry) => !behaviours.isRecent(idOf(entry), ms));
    if (!list || !old || old.length === list.length) return reply;
    if (old.length === 0 && emptyList) return emptyList();
    const total = Number(reply.headers?.['X-Total-Count'] ?? list.length) - (list.length - old.length);
    const headers = reply.headers?.['X-Total-Count'] && { ...reply.headers, 'X-Total-Count': String(total) };
    return { ...reply, ...(headers && { headers }), body: Array.isArray(reply.body) ? old : { result: old } };
  },

  part: (asked) => withLists(partialAnswer(asked.handler(asked.request)), () => []),
  stubs: (asked) => {
    const reply = asked.handler(asked.request);
    const list = listOf(reply)?.map(stubOf);
    return list ? { ...reply, body: Array.isArray(reply.body) ? list : { result: list } } : reply;
  },
  // For a change: it is not executed.
  stub: (asked) => stubbed(asked.handler(asGet(asked.request))),
  listless: (asked) => withLists(asked.handler(asked.request), () => undefined),
  shorter: (asked) => withLists(asked.handler(asked.request), (list) => list.slice(0, -1)),

  otherRecord: (asked) => executed(asked, () => otherRecord(asked)),
  lateRecord: (asked) =>
    asked.behaviours.isRecent(lastPart(asked.request), asked.ms) ? notFound(asked) : asked.handler(asked.request),
  stale: ({ handler, request, behaviours, ms }) =>
    // A copy: the API may return the record itself, which is current again when the answer is sent.
    behaviours.withPastState(lastPart(request), ms, () => structuredClone(handler(request))),

  acceptedJob: (asked) => executed(asked, job),
  acceptedDropped: job,
  acceptedRecord: ({ request, recordFrom }) => ({ status: 202, body: recordFrom(json(request) ?? {}) }),
  otherMade: ({ handler, request, recordFrom }) => {
    const list = handler({ ...asGet(request), path: request.path.replace(/\/file$/, '') });
    const [other] = listOf(list) ?? [];
    return { status: 201, body: other ? (Array.isArray(list.body) ? other : { result: other }) : recordFrom({}) };
  },
  unchanged: ({ handler, request }) => structuredClone(handler(asGet(request))),
  doneNoContent: (asked) => executed(asked, () => ({ status: 204 })),
  doneStub: ({ handler, request }) => stubbed(handler(request)),
  okError: ({ errors }) => ({ status: 200, body: errors.alone }),
  doneError: (asked) => executed(asked, () => ({ status: 200, body: asked.errors.alone })),
  late: ({ handler, request, behaviours, ms }) => {
    behaviours.later(ms, () => handler(request));
    return undefined;
  },
  doneConflict: ({ handler, request, hasReference, errorBody }) =>
    hasReference(referencesIn(json(request)))
      ? { status: 409, body: errorBody(409, 'A record with this reference already exists.') }
      : handler(request),
};

/** Answers a request with the behaviours that were taken for it; undefined if no answer is sent. */
export function applyBehaviours(asked: BehaviourCall, taken: Behaviour[]): Reply | undefined {
  const handler = taken.reduceRight<Handler>((inner, { name, ms = DEFAULT_MS }) => {
    const own = isOrderBehaviour(name) ? asked.orders?.[name] : undefined;
    return own ? (request) => own({ request, handler: inner, ms }) : inner;
  }, asked.handler);
  for (const { name, ms = DEFAULT_MS } of taken) if (!isOrderBehaviour(name)) return HANDLERS[name]({ ...asked, handler, ms });
  return handler(asked.request);
}

/** Executes the request but returns another answer. A rejection of the API is returned unchanged. */
function executed({ handler, request }: BehaviourCall, answer: () => Reply): Reply {
  const reply = handler(request);
  return reply.status < 300 ? answer() : reply;
}

/** A job whose result is never reported. */
function job(): Reply {
  const id = randomUUID();
  return { status: 202, headers: { Location: `/monitor/${id}` }, body: { id, state: 'inProgress' } };
}

/** The API's answer for a non-existent id, with the requested id in its place. */
function notFound({ handler, request }: BehaviourCall): Reply {
  const absent = '0'.repeat(32);
  const id = lastPart(request);
  const { status, body } = handler({ ...request, path: `${request.path.slice(0, -id.length)}${absent}` });
  return { status, body: JSON.parse(JSON.stringify(body ?? {}).replaceAll(absent, id)) };
}

/** Another record than the requested one; if there is none, the same record with another id. */
function otherRecord({ handler, request }: BehaviourCall): Reply {
  const id = lastPart(request);
  const read = asGet(request);
  const all = listOf(handler({ ...read, path: request.path.slice(0, -id.length - 1) }));
  const other = all?.find((entry) => idOf(entry) !== id);
  const own = handler(read);
  const { body } = own;
  const wrapped = typeof body === 'object' && body !== null && 'result' in body;
  const record = other ?? { ...((wrapped ? body.result : body) as Entry), [wrapped ? 'sys_id' : 'id']: 'someone-else' };
  return { ...own, body: wrapped ? { result: record } : record };
}

/** A GET request for the same path. */
export function asGet(request: Request): Request {
  return { ...request, method: 'GET', body: Buffer.alloc(0) };
}

/** A partial answer: an empty page of a longer list, or a 206 record. */
function partialAnswer(reply: Reply): Reply {
  const list = listOf(reply);
  if (!list) return reply.status < 300 ? { ...reply, status: 206 } : reply;
  return {
    status: 206,
    headers: { ...reply.headers, 'X-Total-Count': String(Math.max(1, list.length)) },
    body: Array.isArray(reply.body) ? [] : { result: [] },
  };
}

/** A record with its lists replaced. */
function withLists(reply: Reply, instead: (list: unknown[]) => unknown): Reply {
  const { status, body } = reply;
  if (status >= 300 || Array.isArray(body) || typeof body !== 'object' || body === null || 'result' in body) return reply;
  const entries = Object.entries(body as Entry).map(([name, value]) => [name, Array.isArray(value) ? instead(value) : value]);
  return { ...reply, body: Object.fromEntries(entries.filter(([, value]) => value !== undefined)) };
}

/** A record with only its id. */
function stubbed(reply: Reply): Reply {
  const { status, body } = reply;
  if (status >= 300 || typeof body !== 'object' || body === null) return reply;
  const { result } = body as Entry;
  return { ...reply, body: typeof result === 'object' ? { result: stubOf(result as Entry) } : stubOf(body as Entry) };
}

function stubOf(record: Entry): Entry {
  const name = 'sys_id' in record ? 'sys_id' : 'id';
  return { [name]: record[name] };
}

export function lastPart({ path }: Request): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** The entries of a list reply, in the format of either API. */
function listOf({ status, body }: Reply): Entry[] | undefined {
  const list = (body as { result?: unknown } | undefined)?.result ?? body;
  return status < 300 && Array.isArray(list) ? (list as Entry[]) : undefined;
}

function withList(reply: Reply, make: (list: Entry[]) => unknown): Reply {
  const list = listOf(reply);
  return list ? { ...reply, body: make(list) } : reply;
}

function idOf(entry: Entry): string {
  const id = entry.sys_id ?? entry.id;
  return String(typeof id === 'object' && id !== null ? (id as Entry).value : id);
}

/** References in the format of each API: a text, a list of identifiers, a column, or a mark at the end of the description. */
export function referencesIn(record: Entry | undefined): string[] {
  const { externalId, externalIdentifier, correlation_id, description } = record ?? {};
  const listed = [externalId, externalIdentifier].flatMap((list) =>
    Array.isArray(list) ? (list as Entry[]).map(({ id }) => id) : [],
  );
  const mark = /\[ref (\S+)\]\s*$/.exec(typeof description === 'string' ? description : '')?.[1];
  return [externalId, correlation_id, mark, ...listed].filter((r): r is string => typeof r === 'string' && r !== '');
}
