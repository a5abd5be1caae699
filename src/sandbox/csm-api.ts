import { type Handler, json, type Reply, type Request } from './exchange.js';
import type { ServiceNowDesk } from './servicenow.js';
import { errorBody } from './servicenow-errors.js';
import type { Row } from './servicenow-query.js';

export const CSM_TICKETS = '/api/sn_ind_tsm_sdwan/ticket/troubleTicket';
const TYPES: Record<string, string> = { Incident: 'incident', Case: 'sn_customerservice_case' };
const PRIORITIES: Record<string, string> = {
  1: '1 - Critical',
  2: '2 - High',
  3: '3 - Moderate',
  4: '4 - Low',
  5: '5 - Planning',
};
const STATES: Record<string, Record<string, string>> = {
  incident: { 1: 'New', 2: 'In Progress', 3: 'On Hold', 6: 'Resolved', 7: 'Closed', 8: 'Canceled' },
  sn_customerservice_case: { 1: 'New', 10: 'Open', 18: 'Awaiting Info', 6: 'Resolved', 3: 'Closed' },
};
/** Impact and urgency for a severity: the priority of an incident cannot be written. */
const LEVELS: Record<string, [string, string]> = { 1: ['1', '1'], 2: ['1', '2'], 3: ['2', '2'], 4: ['2', '3'], 5: ['3', '3'] };

/**
 * ServiceNow's own TMF621 over an instance's tables (ServiceNow, ReportDetails Ticket Open API): no hub, no external id, no
 * attachments; status and severity are choices; an empty list is 404; notes have no ids and are sorted newest first.
 */
export function csmApi(desk: ServiceNowDesk): Handler {
  return (request) => {
    const [kind, value = ''] = (request.headers.authorization ?? '').split(' ');
    const [user = '', password] = kind === 'Basic' ? Buffer.from(value, 'base64').toString('utf8').split(':') : [];
    const known = kind === 'Bearer' ? desk.tokens.userOf(value) : desk.passwords[user] === password ? user : undefined;
    if (request.path === '/oauth_token.do') return desk.tokens.handle(request);
    if (!known) return { status: 401, body: errorBody(401) };
    if (request.path === CSM_TICKETS)
      return request.method === 'GET'
        ? list(desk, request)
        : request.method === 'POST'
          ? create(desk, request, known)
          : refuse(405);
    const id = request.path.startsWith(`${CSM_TICKETS}/`) ? request.path.slice(CSM_TICKETS.length + 1) : undefined;
    const [table, row] = id ? find(desk, id) : [];
    if (!table || !row) return refuse(404);
    if (request.method === 'GET') return { status: 200, body: shown(desk, table, row) };
    return request.method === 'PATCH' ? patch(desk, request, table, row, known) : refuse(405);
  };
}

function refuse(status: number): Reply {
  return { status, body: errorBody(status) };
}

function find(desk: ServiceNowDesk, id: string): [string, Row] | [] {
  for (const table of Object.values(TYPES)) {
    const row = desk.row(table, id);
    if (row) return [table, row];
  }
  return [];
}

function list(desk: ServiceNowDesk, request: Request): Reply {
  const types = request.query.get('ticketType');
  const tables = types ? [TYPES[types] ?? ''] : Object.values(TYPES);
  const all = tables.flatMap((table) => desk.rows(table).map((row) => shown(desk, table, row)));
  const offset = Number(request.query.get('offset') ?? 0);
  const limit = Math.min(100, Number(request.query.get('limit') ?? 25));
  const page = all.slice(offset, offset + limit);
  if (page.length === 0) return { status: 404, body: errorBody(404, 'No records match the query') };
  const headers = { 'X-Total-Count': String(all.length), 'Content-Range': `items ${offset + 1}-${offset + page.length}` };
  return { status: page.length < all.length ? 206 : 200, headers, body: page };
}

function create(desk: ServiceNowDesk, request: Request, user: string): Reply {
  const body = json(request);
  if (!body || ['description', 'severity', 'ticketType', 'status'].some((name) => !body[name])) return refuse(400);
  const table = TYPES[String(body.ticketType)] ?? 'incident';
  const row = desk.create(table, columns(table, body), user);
  notes(desk, table, row, body, user);
  return { status: 201, body: shown(desk, table, row) };
}

function patch(desk: ServiceNowDesk, request: Request, table: string, row: Row, user: string): Reply {
  const body = json(request);
  if (!body) return refuse(400);
  desk.update(table, row.sys_id, columns(table, body), user);
  notes(desk, table, row, body, user);
  return { status: 200, body: shown(desk, table, row) };
}

/** An invalid status becomes New and an invalid severity becomes Low, both silently. */
function columns(table: string, body: Record<string, unknown>): Record<string, string> {
  const fields: Record<string, string> = {};
  if (body.name !== undefined) fields.short_description = String(body.name);
  if (body.description !== undefined) {
    fields.description = String(body.description);
    fields.short_description ??= fields.description.split('\n')[0] ?? '';
  }
  if (body.status !== undefined) {
    const given = String(body.status);
    fields.state = Object.entries(STATES[table] ?? {}).find(([value, label]) => given === value || given === label)?.[0] ?? '1';
    if (fields.state === '6') Object.assign(fields, { close_code: 'Solution provided', close_notes: 'Resolved' });
  }
  if (body.severity !== undefined) {
    const severity = PRIORITIES[String(body.severity)] ? String(body.severity) : '4';
    if (table === 'incident') [fields.impact, fields.urgency] = LEVELS[severity] ?? ['3', '3'];
    else fields.priority = severity;
  }
  return fields;
}

function notes(desk: ServiceNowDesk, table: string, row: Row, body: Record<string, unknown>, user: string): void {
  if (!Array.isArray(body.note)) return;
  for (const note of body.note as { '@type'?: string; text?: string }[]) {
    if (note.text)
      desk.update(table, row.sys_id, { [note['@type'] === 'work_notes' ? 'work_notes' : 'comments']: note.text }, user);
  }
}

function shown(desk: ServiceNowDesk, table: string, row: Row): Record<string, unknown> {
  const comments = desk.journal(row.sys_id).filter((j) => j.element === 'comments');
  return {
    id: row.sys_id,
    href: `${CSM_TICKETS}/${row.sys_id}`,
    name: row.short_description,
    description: row.description,
    severity: PRIORITIES[row.priority ?? ''] ?? '4 - Low',
    status: STATES[table]?.[row.state ?? ''] ?? row.state,
    ticketType: Object.entries(TYPES).find(([, t]) => t === table)?.[0],
    creationDate: row.sys_created_on,
    lastUpdate: row.sys_updated_on,
    channel: { id: '', name: row.contact_type },
    note: comments
      .reverse()
      .map((j) => ({ '@type': 'comments', author: j.sys_created_by, date: j.sys_created_on, text: j.value })),
    relatedParty: [{ '@referredType': 'customer', id: '', name: '' }],
    relatedEntity: [],
  };
}
