import type { PartnerError } from '../../errors.js';
import type { HttpRequest } from '../../http/http.js';
import type { Api } from '../api.js';
import { asFailure, credentialsOf, isUnreachable } from '../connection.js';
import type { Check } from '../endpoint.js';
import type { Answered } from '../evidence.js';
import { LINES } from './lines.js';
import { columnText } from './parse.js';
import type { EntityTable } from './webhook.js';

/** A sys_id that no record has: a write to it shows rights without writing anything. */
const NOBODY = `${'0'.repeat(31)}1`;
const UTC = new Set(['GMT', 'UTC', 'Etc/UTC', 'Etc/GMT']);

/** What works and what does not, in words. Never throws. */
export async function checkConnection(
  api: Api,
  tables: readonly EntityTable[],
  integrationUser: string | undefined,
): Promise<Check[]> {
  const first = await ask(api, {
    method: 'GET',
    path: '/api/now/v2/table/sys_user',
    query: { sysparm_limit: 1, sysparm_fields: 'sys_id' },
    what: 'reach the instance',
  });
  if (first.error && isUnreachable(first.error)) return [{ name: 'Reachable', ok: false, text: first.error.message }];
  const reached: Check = { name: 'Reachable', ok: true, text: `${api.http.baseUrl} answers.` };
  const credentials = credentialsOf(first.error);
  if (credentials.ok === false) return [reached, credentials];
  const rest = await Promise.all([
    ...[...tables, ...lineTables(tables)].flatMap((t) => [readable(api, t.table, `Read ${t.name}`), writable(api, t)]),
    ...valueTables(tables).map((t) => readable(api, t.table, `Read ${t.name}`)),
    ...(tables.some((t) => LINES[t.table]?.made === 'ordered') ? [orderable(api)] : []),
    readable(
      api,
      'sys_journal_field',
      'Read comments',
      'Without it, comments from ServiceNow are not seen. Give the role audit_viewer or a read rule on sys_journal_field.',
    ),
    readable(api, 'sys_attachment', 'Read attachments', 'Without it, attachments from ServiceNow are not seen.'),
    timeZone(api, integrationUser),
  ]);
  return [reached, credentials, ...rest];
}

/** The tables of lines that are not looked at as entity types of their own. */
function lineTables(tables: readonly EntityTable[]): EntityTable[] {
  return tables.flatMap(({ name, table }) => {
    const lines = LINES[table]?.table;
    return lines && !tables.some((t) => t.table === lines) ? [{ name: `${name} lines`, table: lines }] : [];
  });
}

function valueTables(tables: readonly EntityTable[]): EntityTable[] {
  return tables.flatMap(({ name, table }) => {
    const values = LINES[table]?.values;
    return values ? [{ name: `${name} ${values.as}`, table: values.table }] : [];
  });
}

/** Requests are ordered from the service catalogue. */
async function orderable(api: Api): Promise<Check> {
  const name = 'Service catalogue';
  const { error } = await ask(api, { method: 'GET', path: '/api/sn_sc/servicecatalog/cart', what: 'read the cart' });
  return error
    ? { name, ok: 'warning', text: `${error.message} Without it, no request with items can be created.` }
    : { name, ok: true, text: 'The integration user has a shopping cart.' };
}

async function readable(api: Api, table: string, name: string, without = ''): Promise<Check> {
  const { error } = await ask(api, {
    method: 'GET',
    path: `/api/now/v2/table/${table}`,
    query: { sysparm_limit: 1, sysparm_fields: 'sys_id' },
    what: `read ${table}`,
  });
  return error
    ? { name, ok: without ? 'warning' : false, text: `${error.message} ${without}`.trim() }
    : { name, ok: true, text: `The table ${table} can be read.` };
}

/** A write to a record that does not exist: 404 says that writing as such is allowed, 403 that it is not. */
async function writable(api: Api, { name, table }: EntityTable): Promise<Check> {
  const title = `Write ${name}`;
  const { error } = await ask(api, {
    method: 'PATCH',
    path: `/api/now/v2/table/${table}/${NOBODY}`,
    body: { short_description: 'connection test' },
    what: `write ${table}`,
  });
  if (error?.status === 404)
    return { name: title, ok: true, text: `Writing to ${table} is not refused (a rule on single records may still refuse it).` };
  if (error?.status === 403 || error?.status === 401)
    return { name: title, ok: false, text: `${error.message} Give the integration user a role that may write ${table}.` };
  return { name: title, ok: 'warning', text: error ? error.message : `It could not be told whether ${table} can be written.` };
}

/** Times in queries are read in the user's zone: polling another one than UTC would miss or repeat changes. */
async function timeZone(api: Api, user: string | undefined): Promise<Check> {
  const name = 'Time zone';
  if (!user)
    return {
      name,
      ok: 'warning',
      text: 'Name the integration user in the dialog, so that its time zone can be checked: it must be GMT.',
    };
  const { error, rows } = await ask(api, {
    method: 'GET',
    path: '/api/now/v2/table/sys_user',
    query: {
      sysparm_query: `user_name=${user.replace(/\^/g, '')}`,
      sysparm_fields: 'sys_id,user_name,time_zone',
      sysparm_limit: 1,
    },
    what: 'read the integration user',
  });
  if (error) return { name, ok: 'warning', text: `${error.message} The integration user’s time zone must be GMT.` };
  const row = rows.find((r) => columnText(r.user_name) === user);
  if (!row)
    return { name, ok: 'warning', text: `The user ${user} was not found, so its time zone is not known; it must be GMT.` };
  const zone = columnText(row.time_zone);
  if (UTC.has(zone)) return { name, ok: true, text: `${user} is in ${zone}.` };
  return {
    name,
    ok: 'warning',
    text: `${user} is in ${zone || 'the instance’s own time zone'}. Set it to GMT: polling asks for changes by time, which ServiceNow reads in this user’s zone.`,
  };
}

interface Asked {
  rows: Answered[];
  error?: PartnerError;
}

/** A GET asks for rows, whatever else for success alone. */
async function ask(api: Api, request: HttpRequest): Promise<Asked> {
  try {
    if (request.method === 'GET' && request.path.includes('/table/')) return { rows: (await api.list(request)).records };
    await api.ask(request);
    return { rows: [] };
  } catch (error) {
    return { rows: [], error: asFailure(error) };
  }
}
