import { type Handler, json, type Reply, type Request } from './exchange.js';
import { entries, type Ticket, type TmfDesk } from './tmf621.js';

const STATUS = new Set(['acknowledged', 'rejected', 'pending', 'held', 'inProgress', 'cancelled', 'closed', 'resolved']);
const PATCH_TYPES = /^application\/(json|merge-patch\+json|json-patch\+json)/;
/** Attributes a PATCH may not hold. */
const FIXED = ['id', 'href', 'creationDate', 'lastUpdate', 'statusChangeDate', 'statusChange'];
const MOST = 100;

/** The TMF621 API of a provider, v4 or v5, checked as strictly as the definitions say. */
export function tmf621Api(desk: TmfDesk, root: string): Handler {
  return (request) => {
    const user = authorised(desk, request);
    if (!user) return refuse(desk, 401, 'Unauthorized', 'Give a bearer token or basic credentials.');
    if (!request.path.startsWith(root)) return refuse(desk, 404, 'Not found', `There is nothing at ${request.path}.`);
    const [resource = '', id = '', part = '', partId = ''] = request.path
      .slice(root.length)
      .split('/')
      .filter(Boolean)
      .map(decodeURIComponent);
    const { method } = request;
    if (resource === 'hub') return hub(desk, request, id);
    if (resource !== 'troubleTicket') return refuse(desk, 404, 'Not found', `There is no ${resource}.`);
    if (!id)
      return method === 'GET'
        ? list(desk, request)
        : method === 'POST'
          ? create(desk, request)
          : refuse(desk, 405, 'Method not allowed', method);
    const ticket = desk.ticket(id);
    if (!ticket) return refuse(desk, 404, 'Not found', `There is no ticket ${id}.`);
    if (part === 'attachment') return file(desk, id, partId);
    switch (method) {
      case 'GET':
        return { status: 200, body: ticket };
      case 'PATCH':
        return patch(desk, request, id);
      case 'DELETE':
        desk.remove(id);
        return { status: 204 };
      default:
        return refuse(desk, 405, 'Method not allowed', method);
    }
  };
}

export function tmfError(version: 'v4' | 'v5'): (status: number) => unknown {
  return (status) => error(version, status, 'Switched on', `The sandbox was told to answer ${status}.`);
}

function error(version: 'v4' | 'v5', status: number, reason: string, message: string): Ticket {
  return { ...(version === 'v5' && { '@type': 'Error' }), code: String(status), reason, message, status: String(status) };
}

function refuse(desk: TmfDesk, status: number, reason: string, message: string): Reply {
  return { status, body: error(desk.version, status, reason, message) };
}

function authorised(desk: TmfDesk, request: Request): string | undefined {
  const [kind, value = ''] = (request.headers.authorization ?? '').split(' ');
  if (kind === 'Bearer') return desk.tokens.userOf(value);
  const { id, secret } = desk.client;
  return kind === 'Basic' && Buffer.from(value, 'base64').toString('utf8') === `${id}:${secret}` ? id : undefined;
}

function list(desk: TmfDesk, request: Request): Reply {
  const { query } = request;
  const reference = query.get('externalId') ?? query.get('externalIdentifier.id');
  const after = query.get('lastUpdate.gt');
  const found = (reference ? desk.withReference(reference) : desk.tickets()).filter(
    (t) =>
      ['status', 'severity', 'ticketType', 'id'].every(
        (name) => !query.has(name) || query.getAll(name).join(',').split(',').includes(String(t[name])),
      ) &&
      (!after || String(t.lastUpdate) > after),
  );
  const offset = Number(query.get('offset') ?? 0);
  const limit = Math.min(MOST, Number(query.get('limit') ?? MOST));
  const page = found.slice(offset, offset + limit);
  return { status: 200, headers: { 'X-Total-Count': String(found.length), 'X-Result-Count': String(page.length) }, body: page };
}

function create(desk: TmfDesk, request: Request): Reply {
  const body = json(request);
  const wrong = body ? problem(desk, body, ['description', 'severity', 'ticketType']) : 'The body is no JSON object.';
  if (!body || wrong) return refuse(desk, 400, 'Bad request', wrong ?? '');
  const ticket = desk.create(body);
  return { status: 201, headers: { Location: String(ticket.href) }, body: ticket };
}

function patch(desk: TmfDesk, request: Request, id: string): Reply {
  const type = request.headers['content-type'] ?? '';
  if (!PATCH_TYPES.test(type)) return refuse(desk, 415, 'Unsupported media type', type);
  const body = json(request);
  if (!body) return refuse(desk, 400, 'Bad request', 'The body is no JSON.');
  const change = Array.isArray(body) ? fromJsonPatch(desk, id, body as Operation[]) : body;
  const fixed = Array.isArray(body) ? undefined : FIXED.find((name) => name in change);
  const wrong = fixed ? `${fixed} cannot be changed.` : problem(desk, change, [], Array.isArray(body));
  if (wrong) return refuse(desk, 400, 'Bad request', wrong);
  const { '@type': _type, ...attributes } = change;
  return { status: 200, body: desk.patch(id, attributes) };
}

interface Operation {
  op: string;
  path: string;
  value: unknown;
}

/** The operations our partners use (RFC 6902): add to a list's end, add or replace an attribute. */
function fromJsonPatch(desk: TmfDesk, id: string, operations: Operation[]): Ticket {
  const ticket = desk.ticket(id) ?? {};
  const change: Ticket = {};
  for (const { op, path, value } of operations) {
    const [, name = '', end] = path.split('/');
    if (op === 'add' && end === '-') change[name] = [...entries(change[name] ?? ticket[name]), value];
    else if (op === 'add' || op === 'replace') change[name] = value;
    else if (op === 'remove') change[name] = null;
  }
  return change;
}

/** What the definition of the version refuses; in words. */
function problem(desk: TmfDesk, body: Ticket, required: string[], partial = false): string | undefined {
  const missing = required.find((name) => typeof body[name] !== 'string' || body[name] === '');
  if (missing) return `${missing} is required.`;
  if (body.status !== undefined && !STATUS.has(String(body.status)))
    return `status ${String(body.status)} is not one of ${[...STATUS].join(', ')}.`;
  if (desk.version === 'v4') {
    if (body.externalId !== undefined && typeof body.externalId !== 'string') return 'externalId must be a string.';
    const party = entries(body.relatedParty).find((p) => !p.id || !p['@referredType']);
    return party ? 'relatedParty needs id and @referredType.' : undefined;
  }
  if (!partial && !body['@type']) return '@type is required.';
  const lists = ['note', 'attachment', 'relatedParty', 'relatedEntity', 'externalIdentifier', 'troubleTicketRelationship'];
  const untyped = lists.find((name) => entries(body[name]).some((entry) => !entry['@type']));
  if (untyped) return `@type is required in ${untyped}.`;
  return entries(body.attachment).some((a) => a['@type'] === 'Attachment' && (!a.attachmentType || !a.mimeType))
    ? 'attachment needs attachmentType and mimeType.'
    : undefined;
}

function hub(desk: TmfDesk, request: Request, id: string): Reply {
  if (request.method === 'POST' && !id) {
    const body = json(request);
    if (typeof body?.callback !== 'string' || !URL.canParse(body.callback))
      return refuse(desk, 400, 'Bad request', 'callback is required.');
    if (desk.version === 'v5' && !body['@type']) return refuse(desk, 400, 'Bad request', '@type is required.');
    return { status: 201, body: desk.subscribe(body.callback, typeof body.query === 'string' ? body.query : undefined) };
  }
  const known = desk.hubs().find((h) => h.id === id);
  if (!known) return refuse(desk, 404, 'Not found', `There is no subscription ${id}.`);
  if (request.method === 'DELETE') {
    desk.unsubscribe(id);
    return { status: 204 };
  }
  return request.method === 'GET' && desk.version === 'v5'
    ? { status: 200, body: known }
    : refuse(desk, 405, 'Method not allowed', request.method);
}

function file(desk: TmfDesk, id: string, attachmentId: string): Reply {
  const bytes = desk.file(id, attachmentId);
  return bytes
    ? { status: 200, headers: { 'Content-Type': 'application/octet-stream' }, body: bytes }
    : refuse(desk, 404, 'Not found', 'There is no such attachment.');
}
