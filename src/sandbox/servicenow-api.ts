import { csmOrderApi } from './csm-order-api.js';
import { type Handler, json, type Reply, type Request } from './exchange.js';
import { serviceCatalogApi } from './service-catalog-api.js';
import type { ServiceNowDesk } from './servicenow.js';
import { errorBody } from './servicenow-errors.js';
import { parseQuery, type Row } from './servicenow-query.js';
import { JOURNALS, TABLES } from './servicenow-tables.js';

const MAX_ROWS = 10_000;

/** Table API (v1 and v2), Attachment API, Service Catalog API, CSM Order API and token endpoint of a ServiceNow instance. */
export function serviceNowApi(desk: ServiceNowDesk, baseUrl: () => string): Handler {
  const handle: Handler = (request) => {
    if (request.path === '/oauth_token.do' && request.method === 'POST') return desk.tokens.handle(request);
    const user = userOf(desk, request);
    if (!user) return refuse(401, undefined, 'Required to provide Auth information');
    if (request.path.startsWith('/api/sn_') && request.method !== 'GET' && desk.readOnly.has(user))
      return refuse(403, 'Operation Failed', 'ACL Exception Insert Failed due to security constraints');
    if (request.path.startsWith('/api/sn_sc/servicecatalog/')) return serviceCatalogApi(desk, request, user);
    if (request.path.startsWith('/api/sn_ind_tmt_orm/order')) return csmOrderApi(desk, request, user);
    const path = request.path.replace(/^\/api\/now\/(v\d\/)?/, '');
    if (path === 'batch' && request.method === 'POST' && desk.batches) return batch(request, handle);
    if (path === request.path) return refuse(400, 'Requested URI does not represent any resource');
    if (path === 'attachment' && request.method === 'GET') return list(desk, request, 'sys_attachment', baseUrl);
    if (path === 'attachment/file' && request.method === 'POST') return upload(desk, request, user);
    const [, attachmentId, file] = /^attachment\/([0-9a-f]{32})(\/file)?$/.exec(path) ?? [];
    if (attachmentId) return download(desk, attachmentId, file !== undefined, baseUrl);
    const [, table = '', sysId] = /^table\/(\w+)(?:\/(\w+))?$/.exec(path) ?? [];
    if (!TABLES[table]) return refuse(400, `Invalid table ${table}`);
    if (request.method !== 'GET' && desk.readOnly.has(user))
      return refuse(403, 'Operation Failed', 'ACL Exception Insert Failed due to security constraints');
    if (!sysId) {
      if (request.method === 'GET') return list(desk, request, table, baseUrl);
      return request.method === 'POST' ? insert(desk, request, table, user, baseUrl) : refuse(405, 'Method not supported');
    }
    const row = desk.row(table, sysId);
    if (!row) return refuse(404, 'No Record found', "Record doesn't exist or ACL restricts the record retrieval");
    if (request.method === 'GET') return { status: 200, body: { result: shown(desk, row, table, request, baseUrl) } };
    return request.method === 'PATCH' || request.method === 'PUT'
      ? patch(desk, request, table, row, user, baseUrl)
      : refuse(405, 'Method not supported');
  };
  return handle;
}

/** Batch API: each request gets its own answer, whatever becomes of the others. */
function batch(request: Request, handle: Handler): Reply {
  const { batch_request_id, rest_requests = [] } = bodyOf(request) as { batch_request_id?: string; rest_requests?: BatchItem[] };
  const serviced = rest_requests.map(({ id, method, url, body = '' }) => {
    const { pathname, searchParams } = new URL(url, 'http://localhost');
    const answer = handle({ ...request, method, path: pathname, query: searchParams, body: Buffer.from(body, 'base64') });
    const headers = Object.entries(answer.headers ?? {}).map(([name, value]) => ({ name, value }));
    const text = JSON.stringify(answer.body) ?? '';
    return { id, status_code: answer.status, headers, body: Buffer.from(text).toString('base64') };
  });
  return { status: 200, body: { batch_request_id, serviced_requests: serviced, unserviced_requests: [] } };
}

interface BatchItem {
  id: string;
  method: string;
  url: string;
  body?: string;
}

function refuse(status: number, message?: string, detail?: string): Reply {
  return { status, body: errorBody(status, message, detail) };
}

function userOf(desk: ServiceNowDesk, request: Request): string | undefined {
  const { authorization = '', 'x-sn-apikey': key } = request.headers;
  if (key) return key === desk.apiKey ? 'switchboard' : undefined;
  const [kind, value = ''] = authorization.split(' ');
  if (kind === 'Bearer') return desk.tokens.userOf(value);
  if (kind !== 'Basic') return undefined;
  const [user = '', ...password] = Buffer.from(value, 'base64').toString('utf8').split(':');
  return desk.passwords[user] === password.join(':') ? user : undefined;
}

function list(desk: ServiceNowDesk, request: Request, table: string, baseUrl: () => string): Reply {
  const query = parseQuery(request.query.get('sysparm_query') ?? '', desk.columns(table));
  const candidates = (query.oneOf && desk.indexed(table, query.oneOf.field, query.oneOf.values)) ?? desk.rows(table);
  const found = candidates.filter(query.matches).sort(query.compare);
  const offset = Number(request.query.get('sysparm_offset') ?? 0);
  const limit = Math.min(desk.pageSize ?? MAX_ROWS, Number(request.query.get('sysparm_limit') ?? MAX_ROWS));
  const page = found.slice(offset, offset + limit);
  const headers: Record<string, string> =
    request.query.get('sysparm_no_count') === 'true' && !desk.counts ? {} : { 'X-Total-Count': String(found.length) };
  if (offset + limit < found.length && (desk.counts || desk.pageSize === undefined)) {
    const next = new URLSearchParams(request.query);
    next.set('sysparm_offset', String(offset + limit));
    headers.Link = `<${baseUrl()}${request.path}?${next}>;rel="next"`;
  }
  return { status: 200, headers, body: { result: page.map((row) => shown(desk, row, table, request, baseUrl)) } };
}

function insert(desk: ServiceNowDesk, request: Request, table: string, user: string, baseUrl: () => string): Reply {
  const fields = bodyOf(request);
  if ('status' in fields) return fields as unknown as Reply;
  const row = desk.create(table, fields as Record<string, string>, user);
  return {
    status: 201,
    headers: { Location: `${baseUrl()}/api/now/table/${table}/${row.sys_id}` },
    body: { result: shown(desk, row, table, request, baseUrl) },
  };
}

function patch(desk: ServiceNowDesk, request: Request, table: string, row: Row, user: string, baseUrl: () => string): Reply {
  const fields = bodyOf(request) as Record<string, string>;
  if ('status' in fields) return fields as unknown as Reply;
  const resolves = table === 'incident' && fields.state === '6' && row.state !== '6';
  if (
    desk.requiresResolution &&
    resolves &&
    !((fields.close_code ?? row.close_code) && (fields.close_notes ?? row.close_notes))
  ) {
    return refuse(
      403,
      'Operation Failed',
      'Data Policy Exception: The following fields are mandatory: Resolution code, Resolution notes',
    );
  }
  desk.update(table, row.sys_id, fields, user);
  return { status: 200, body: { result: shown(desk, row, table, request, baseUrl) } };
}

/** The fields of a body, or the error reply if it is not a JSON object. */
function bodyOf(request: Request): Record<string, unknown> {
  if (!/^application\/json/.test(request.headers['content-type'] ?? ''))
    return refuse(415, 'Unsupported media type') as unknown as Record<string, unknown>;
  const body = json(request);
  return (
    body ??
    (refuse(400, 'Exception while reading request', 'The payload is not valid JSON') as unknown as Record<string, unknown>)
  );
}

function upload(desk: ServiceNowDesk, request: Request, user: string): Reply {
  const { query } = request;
  const [table = '', sysId = '', name = ''] = ['table_name', 'table_sys_id', 'file_name'].map((p) => query.get(p) ?? '');
  if (!desk.row(table, sysId)) return refuse(404, 'No Record found');
  const type = request.headers['content-type'];
  if (!type) return refuse(400, 'Content-Type is missing');
  return { status: 201, body: { result: desk.attach(table, sysId, name, type, request.body, user) } };
}

function download(desk: ServiceNowDesk, id: string, file: boolean, baseUrl: () => string): Reply {
  const row = desk.row('sys_attachment', id);
  const bytes = desk.attachmentBytes(id);
  if (!row || !bytes) return refuse(404, 'No Record found');
  if (file) return { status: 200, headers: { 'Content-Type': row.content_type ?? 'application/octet-stream' }, body: bytes };
  return { status: 200, body: { result: { ...row, download_link: `${baseUrl()}/api/now/attachment/${id}/file` } } };
}

/** A row in an API answer: journals are empty, references are objects unless links are excluded. */
function shown(desk: ServiceNowDesk, row: Row, table: string, request: Request, baseUrl: () => string): Record<string, unknown> {
  const references = TABLES[table]?.references ?? {};
  const columns = desk.columns(table);
  const bare = request.query.get('sysparm_exclude_reference_link') === 'true';
  const fields = request.query
    .get('sysparm_fields')
    ?.split(',')
    .map((f) => f.trim());
  const all = request.query.get('sysparm_display_value') === 'all';
  const result: Record<string, unknown> = {};
  for (const name of fields ?? Object.keys(row)) {
    const value = name.includes('.') && columns.has(name) ? columns.read(row, name) : row[name];
    if (value === undefined) continue;
    const plain = JOURNALS.has(name) ? '' : value;
    const link = !bare && references[name] && plain !== '' && `${baseUrl()}/api/now/table/${references[name]}/${plain}`;
    const display = all && !JOURNALS.has(name) ? desk.displayed(table, row, name) || plain : plain;
    result[name] = all ? { display_value: display, value: plain, ...(link && { link }) } : link ? { link, value: plain } : plain;
  }
  return result;
}
