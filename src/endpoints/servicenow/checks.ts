import type { HttpRequest } from '../../http/http.js';
import { say } from '../../text/say.js';
import type { Api } from '../api.js';
import { clockCheck, describeFailure, failureOf, isRefused, probeConnection } from '../connection.js';
import type { Check } from '../endpoint.js';
import type { PartnerRecord } from '../evidence.js';
import { LINES } from './lines.js';
import type { EntityTable } from './webhook.js';
import { ZoneReader, zoneNamed, zoneOfUser } from './zone.js';

/** A sys_id that no record has: a write to it shows the user's rights without changing anything. */
const NO_SUCH_ID = `${'0'.repeat(31)}1`;

/** Requests one user: every integration user may read at least itself. */
export async function requestUsers(api: Api): Promise<void> {
  await rows(api, 'sys_user', { sysparm_limit: 1, sysparm_fields: 'sys_id' }, say`reaching the instance`);
}

/** Checks what works and what does not, in words. Never throws. */
export async function checkConnection(
  api: Api,
  tables: readonly EntityTable[],
  integrationUser: string | undefined,
  clock: () => number,
): Promise<Check[]> {
  const { checks, proceed } = await probeConnection(api, () => requestUsers(api));
  if (!proceed) return checks;
  const rest = await Promise.all([
    ...[...tables, ...lineTables(tables)].flatMap((t) => [readable(api, t.table, say`Read ${t.name}`), writable(api, t)]),
    ...valueTables(tables).map((t) => readable(api, t.table, say`Read ${t.name}`)),
    ...(tables.some((t) => LINES[t.table]?.creation === 'order') ? [orderable(api)] : []),
    readable(
      api,
      'sys_journal_field',
      say`Read comments`,
      say`Without it, comments in ServiceNow are not noticed. Grant the role audit_viewer or a read ACL on sys_journal_field.`,
    ),
    readable(api, 'sys_attachment', say`Read attachments`, say`Without it, attachments in ServiceNow are not noticed.`),
    timeZone(api, integrationUser, tables, clock),
    clockCheck(api),
  ]);
  return [...checks, ...rest];
}

/** The line tables that are not configured as entity types themselves. */
function lineTables(tables: readonly EntityTable[]): EntityTable[] {
  return tables.flatMap(({ name, table }) => {
    const lines = LINES[table]?.table;
    return lines && !tables.some((t) => t.table === lines) ? [{ name: say`${name} lines`, table: lines }] : [];
  });
}

function valueTables(tables: readonly EntityTable[]): EntityTable[] {
  return tables.flatMap(({ name, table }) => {
    const values = LINES[table]?.values;
    return values ? [{ name: `${name} ${values.as}`, table: values.table }] : [];
  });
}

/** Requests are created by ordering from the service catalogue. */
async function orderable(api: Api): Promise<Check> {
  const name = say`Service catalogue`;
  const failure = await failureOf(() =>
    api.object({ method: 'GET', path: '/api/sn_sc/servicecatalog/cart', what: say`read the cart` }),
  );
  return failure
    ? { name, ok: 'warning', text: say`${describeFailure(failure)} Without it, no request with items can be created.` }
    : { name, ok: true, text: say`The integration user has a shopping cart.` };
}

async function readable(api: Api, table: string, name: string, without = ''): Promise<Check> {
  const one = { sysparm_limit: 1, sysparm_fields: 'sys_id' };
  const failure = await failureOf(() => rows(api, table, one, say`read ${table}`));
  return failure
    ? { name, ok: without ? 'warning' : false, text: `${describeFailure(failure)} ${without}`.trim() }
    : { name, ok: true, text: say`The table ${table} can be read.` };
}

/** Writes to a record that does not exist: 404 shows that the user may write, 403 that it may not. */
async function writable(api: Api, { name, table }: EntityTable): Promise<Check> {
  const title = say`Write ${name}`;
  const failure = await failureOf(() =>
    api.ask({
      method: 'PATCH',
      path: `/api/now/v2/table/${table}/${NO_SUCH_ID}`,
      body: { short_description: 'connection test' },
      what: say`write ${table}`,
    }),
  );
  if (failure?.code === 'SWB_PARTNER_NOT_FOUND')
    return {
      name: title,
      ok: true,
      text: say`Writing to ${table} is allowed (an ACL on individual records may still refuse it).`,
    };
  if (failure && isRefused(api, failure))
    return { name: title, ok: false, text: say`${failure.message} Grant the integration user a role that may write ${table}.` };
  const text = failure
    ? say`Could not check whether ${table} can be written: ${describeFailure(failure)}`
    : say`Could not check whether ${table} can be written.`;
  return { name: title, ok: 'warning', text };
}

/** ServiceNow reads times in queries in the user's time zone, so polling uses that zone where it is known. */
async function timeZone(api: Api, user: string | undefined, tables: readonly EntityTable[], clock: () => number): Promise<Check> {
  const name = say`Time zone`;
  const unknown = say`Polling uses GMT, so the time zone of the integration user must be GMT.`;
  if (!user)
    return {
      name,
      ok: 'warning',
      text: say`Enter the integration user in the dialog, so that Switchboard can read its time zone. ${unknown}`,
    };
  let found: string | undefined;
  let isKnown = false;
  const failure = await failureOf(async () => {
    found = await zoneOfUser(api, user);
    isKnown = found !== undefined && zoneNamed(found) !== undefined;
    await new ZoneReader(api, user, clock).read(tables[0]?.table ?? 'sys_user');
  });
  if (isKnown && !failure) return { name, ok: true, text: say`The time zone of ${user} is ${found}; polling uses it.` };
  if (failure) {
    const why = describeFailure(failure);
    const text = found ? say`By its user record, ${user} is in ${found}. ${why}` : `${why} ${unknown}`;
    return { name, ok: 'warning', text };
  }
  const what = found
    ? say`The time zone of ${user} is ${found}, which Node.js does not know.`
    : say`The time zone of ${user} could not be read.`;
  return { name, ok: 'warning', text: `${what} ${unknown}` };
}

async function rows(api: Api, table: string, query: HttpRequest['query'], what: string): Promise<PartnerRecord[]> {
  return (await api.list({ method: 'GET', path: `/api/now/v2/table/${table}`, query, what })).records;
}
