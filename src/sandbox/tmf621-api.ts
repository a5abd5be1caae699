import { type Handler, json, type Reply, type Request } from './exchange.js';
import { list, notAllowed, readPatch, refuse, select, tmfApi } from './tmf-api.js';
import { hubs } from './tmf-hub-api.js';
import { entries, type TmfRecord } from './tmf-record.js';
import type { TmfDesk } from './tmf621.js';

const STATUS = new Set(['acknowledged', 'rejected', 'pending', 'held', 'inProgress', 'cancelled', 'closed', 'resolved']);
/** Attributes a PATCH may not contain. */
const FIXED = ['id', 'href', 'creationDate', 'lastUpdate', 'statusChangeDate', 'statusChange'];

/** The TMF621 API of a provider, v4 or v5, validated against the API definitions. */
export function tmf621Api(desk: TmfDesk, root: string): Handler {
  return tmfApi(desk, root, { hub: hubs(desk, desk.version === 'v5'), troubleTicket: troubleTicket(desk) });
}

function troubleTicket(desk: TmfDesk): (request: Request, ids: string[]) => Reply {
  return (request, [id, part, partId = '']) => {
    const { method, query } = request;
    if (!id) {
      if (method === 'GET') return list(candidates(desk, query), query);
      return method === 'POST' ? create(desk, request) : notAllowed(desk, request);
    }
    const ticket = desk.ticket(id);
    if (!ticket) return refuse(desk, 404, 'Not found', `There is no ticket ${id}.`);
    if (part === 'attachment') return file(desk, id, partId);
    switch (method) {
      case 'GET':
        return { status: 200, body: select(ticket, query) };
      case 'PATCH':
        return patch(desk, request, id, ticket);
      case 'DELETE':
        desk.remove(id);
        return { status: 204 };
      default:
        return notAllowed(desk, request);
    }
  };
}

/** Look-ups by reference use an index, so that they stay fast with many tickets. */
function candidates(desk: TmfDesk, query: URLSearchParams): TmfRecord[] {
  const reference = query.get('externalId') ?? query.get('externalIdentifier.id');
  return reference ? desk.withReference(reference) : desk.tickets();
}

function create(desk: TmfDesk, request: Request): Reply {
  const body = json(request);
  const wrong = body ? problem(desk, body, ['description', 'severity', 'ticketType']) : 'The body is not a JSON object.';
  if (!body || wrong) return refuse(desk, 400, 'Bad request', wrong ?? '');
  const ticket = desk.create(body);
  return { status: 201, headers: { Location: String(ticket.href) }, body: ticket };
}

function patch(desk: TmfDesk, request: Request, id: string, ticket: TmfRecord): Reply {
  const read = readPatch(desk, request, ticket);
  if ('status' in read) return read;
  const fixed = read.whole ? FIXED.find((name) => name in read.change) : undefined;
  const wrong = fixed ? `${fixed} cannot be changed.` : problem(desk, read.change, [], !read.whole);
  if (wrong) return refuse(desk, 400, 'Bad request', wrong);
  const { '@type': _type, ...attributes } = read.change;
  return { status: 200, body: desk.patch(id, attributes) };
}

/** The first violation of the API definition, as text. */
function problem(desk: TmfDesk, body: TmfRecord, required: string[], partial = false): string | undefined {
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

function file(desk: TmfDesk, id: string, attachmentId: string): Reply {
  const bytes = desk.file(id, attachmentId);
  return bytes
    ? { status: 200, headers: { 'Content-Type': 'application/octet-stream' }, body: bytes }
    : refuse(desk, 404, 'Not found', 'There is no such attachment.');
}
