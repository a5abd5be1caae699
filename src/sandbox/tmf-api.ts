import { isDeepStrictEqual } from 'node:util';
import { type Handler, json, type Reply, type Request } from './exchange.js';
import type { TokenEndpoint } from './oauth.js';
import type { EventSender } from './tmf-hub.js';
import { filterOf } from './tmf-query.js';
import { entries, type TmfRecord, typed, type Version } from './tmf-record.js';

/** The common part of all TMF desks. */
export interface TmfProvider {
  version: Version;
  client: { id: string; secret: string };
  tokens: TokenEndpoint;
  events: EventSender;
}

/** Handles the requests of a resource: `ids` are the path segments after its name. */
export type Resource = (request: Request, ids: string[]) => Reply;

const MAX_LIMIT = 100;
const MERGE = /^application\/(json|merge-patch\+json)/;
const OPERATIONS = /^application\/json-patch(-query)?\+json/;

/** A TMF API below its root: it authenticates callers and dispatches to the resources. */
export function tmfApi(desk: TmfProvider, root: string, resources: Record<string, Resource>): Handler {
  return (request) => {
    if (!authorised(desk, request)) return refuse(desk, 401, 'Unauthorized', 'Send a bearer token or basic credentials.');
    if (!request.path.startsWith(`${root}/`)) return refuse(desk, 404, 'Not found', `There is nothing at ${request.path}.`);
    const [name = '', ...ids] = request.path.slice(root.length).split('/').filter(Boolean).map(decodeURIComponent);
    const resource = resources[name];
    return resource ? resource(request, ids) : refuse(desk, 404, 'Not found', `There is no resource ${name}.`);
  };
}

export function tmfError(version: Version): (status: number, message?: string) => unknown {
  return (status, message = `The sandbox is set to return ${status}.`) => error(version, status, 'Simulated fault', message);
}

function error(version: Version, status: number, reason: string, message: string): TmfRecord {
  return typed(version, 'Error', { code: String(status), reason, message, status: String(status) });
}

export function refuse(desk: Pick<TmfProvider, 'version'>, status: number, reason: string, message: string): Reply {
  return { status, body: error(desk.version, status, reason, message) };
}

export function notAllowed(desk: TmfProvider, request: Request): Reply {
  return refuse(desk, 405, 'Method not allowed', request.method);
}

function authorised(desk: TmfProvider, request: Request): boolean {
  const [kind, value = ''] = (request.headers.authorization ?? '').split(' ');
  if (kind === 'Bearer') return desk.tokens.userOf(value) !== undefined;
  const { id, secret } = desk.client;
  return kind === 'Basic' && Buffer.from(value, 'base64').toString('utf8') === `${id}:${secret}`;
}

/** A page of the records that match the query, with the requested attributes. */
export function list(records: TmfRecord[], query: URLSearchParams): Reply {
  const found = records.filter(filterOf(query));
  const offset = Number(query.get('offset') ?? 0);
  const limit = Math.min(MAX_LIMIT, Number(query.get('limit') ?? MAX_LIMIT));
  const page = found.slice(offset, offset + limit).map((record) => select(record, query));
  return { status: 200, headers: { 'X-Total-Count': String(found.length), 'X-Result-Count': String(page.length) }, body: page };
}

/** The attributes in `fields` and those that identify the resource; with `none` only the latter (TMF630, attribute selection). */
export function select(record: TmfRecord, query: URLSearchParams): TmfRecord {
  const fields = query.getAll('fields').flatMap((names) => names.split(','));
  if (fields.length === 0) return record;
  const kept = new Set(['id', 'href', '@type', ...fields]);
  return Object.fromEntries(Object.entries(record).filter(([name]) => kept.has(name)));
}

/** The attributes a PATCH changes, `null` for those it removes; an error reply if its format is invalid. */
export function readPatch(desk: TmfProvider, request: Request, record: TmfRecord): { change: TmfRecord; whole: boolean } | Reply {
  const type = request.headers['content-type'] ?? '';
  const operations = OPERATIONS.test(type);
  if (!MERGE.test(type) && !operations) return refuse(desk, 415, 'Unsupported media type', type);
  const body = json(request);
  if (!body || Array.isArray(body) !== operations)
    return refuse(
      desk,
      400,
      'Bad request',
      operations ? 'The body is not a list of operations.' : 'The body is not a JSON object.',
    );
  if (!Array.isArray(body)) return { change: body, whole: true };
  const change = fromJsonPatch(record, body as Operation[]);
  return typeof change === 'string' ? refuse(desk, 400, 'Bad request', change) : { change, whole: false };
}

interface Operation {
  op: string;
  path: string;
  value?: unknown;
}

/**
 * Applies operations (RFC 6902) and returns the changed attributes. A path may address a list entry by position, by `-` for the
 * end, or by a selector after `?` as in JSON Patch Query: `/productOrderItem/quantity?productOrderItem.id=2` (TMF630 part 5).
 */
function fromJsonPatch(record: TmfRecord, operations: Operation[]): TmfRecord | string {
  const copy = structuredClone(record);
  const touched = new Set<string>();
  for (const { op, path, value } of operations) {
    const [pointer = '', selector] = String(path).split('?');
    const [name = '', ...steps] = pointer.split('/').slice(1);
    const place =
      ['add', 'replace', 'remove', 'test'].includes(op) && name ? placeOf(copy, [name, ...steps], selector) : undefined;
    if (!place) return `${op} ${path} is not possible.`;
    const { at, key } = place;
    if (op === 'test') {
      const is = Array.isArray(at) ? at[Number(key)] : at[key];
      if (!isDeepStrictEqual(is, value)) return `test ${path} found another value.`;
      continue;
    }
    touched.add(name);
    if (Array.isArray(at)) {
      at.splice(key === '-' ? at.length : Number(key), op === 'add' ? 0 : 1, ...(op === 'remove' ? [] : [value]));
    } else if (op === 'remove') delete at[key];
    else at[key] = value;
  }
  return Object.fromEntries([...touched].map((name) => [name, copy[name] ?? null]));
}

/** The parent object or list of the path, and the key in it. A missing list is created for an entry at its end. */
function placeOf(
  record: TmfRecord,
  steps: string[],
  selector: string | undefined,
): { at: TmfRecord | unknown[]; key: string } | undefined {
  const matches = selector === undefined ? undefined : filterOf(new URLSearchParams(selector));
  let at: unknown = record;
  for (const [index, step] of steps.entries()) {
    if (typeof at !== 'object' || at === null) return undefined;
    const rest = steps.length - 1 - index;
    const next: unknown = Array.isArray(at) ? at[Number(step)] : (at as TmfRecord)[step];
    if (matches && Array.isArray(next)) {
      const chosen = entries(next).findIndex((entry) => matches({ ...entry, [step]: entry }));
      if (chosen < 0) return undefined;
      if (rest === 0) return { at: next, key: String(chosen) };
      at = next[chosen];
      continue;
    }
    if (rest === 0) return { at: at as TmfRecord | unknown[], key: step };
    if (next === undefined && rest === 1 && steps.at(-1) === '-') (at as TmfRecord)[step] = [];
    at = Array.isArray(at) ? next : (at as TmfRecord)[step];
  }
  return undefined;
}
