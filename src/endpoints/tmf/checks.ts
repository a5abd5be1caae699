import { PartnerError } from '../../errors.js';
import type { HttpClient, HttpRequest } from '../../http/http.js';
import type { Check } from '../endpoint.js';
import type { TmfDialect } from './dialect.js';

/** A resource that no provider has: a write to it shows rights without writing anything. */
const NOBODY = 'switchboard-connection-test';

export interface CheckedApi {
  http: HttpClient;
  base: string;
  dialect: TmfDialect;
  /** TMF621. */
  api: string;
  /** troubleTicket. */
  resource: string;
  /** tickets. */
  noun: string;
}

/** What works and what does not, in words. Never throws. */
export async function checkConnection(api: CheckedApi): Promise<Check[]> {
  const { http, base, dialect, resource, noun } = api;
  const list = await failure(http, { method: 'GET', path: `${base}/${resource}`, query: { limit: 1 }, what: `read ${noun}` });
  if (list && list.status === undefined && list.code !== 'SWB_PARTNER_AUTH')
    return [{ name: 'Reachable', ok: false, text: list.message }];
  const reached: Check = { name: 'Reachable', ok: true, text: `${http.baseUrl} answers.` };
  if (list?.status === 401 || list?.code === 'SWB_PARTNER_AUTH') {
    const name = list.status === 403 ? `Read ${noun}` : 'Credentials';
    return [reached, { name, ok: false, text: list.message }];
  }
  const empty = list?.status === 404 && !dialect.hub; // ServiceNow says 404 for an empty list
  const read: Check =
    list && !empty
      ? { name: `Read ${noun}`, ok: false, text: `${list.message} Is the API path right?` }
      : { name: `Read ${noun}`, ok: true, text: `${base}/${resource} can be read.` };
  return [reached, { name: 'Credentials', ok: true, text: 'They are accepted.' }, read, await writable(api), await hub(api)];
}

async function writable({ http, base, dialect, resource, noun }: CheckedApi): Promise<Check> {
  const name = `Write ${noun}`;
  const type = `${resource[0]?.toUpperCase()}${resource.slice(1)}`;
  const body = { ...(dialect.typed && { '@type': type }), description: 'connection test' };
  const error = await failure(http, {
    method: 'PATCH',
    path: `${base}/${resource}/${NOBODY}`,
    headers: { 'Content-Type': dialect.patchType },
    body: JSON.stringify(body),
    what: `write ${noun}`,
  });
  if (error?.status === 404)
    return { name, ok: true, text: `Writing is not refused (a single ${noun.replace(/s$/, '')} may still be).` };
  if (error?.status === 401 || error?.status === 403) return { name, ok: false, text: error.message };
  return {
    name,
    ok: 'warning',
    text: error ? `It could not be told without writing: ${error.message}` : 'It could not be told without writing.',
  };
}

async function hub({ http, base, dialect, api }: CheckedApi): Promise<Check> {
  const name = 'Events';
  if (!dialect.hub) return { name, ok: 'warning', text: `ServiceNow’s ${api} has no hub: poll instead.` };
  const error = await failure(http, { method: 'DELETE', path: `${base}/hub/${NOBODY}`, what: 'ask the hub' });
  if (error?.status === 401 || error?.status === 403) return { name, ok: false, text: error.message };
  if (error?.status === 405 || error?.status === 501)
    return { name, ok: 'warning', text: 'This provider has no hub: poll instead.' };
  return { name, ok: true, text: 'The hub answers.' };
}

async function failure(http: HttpClient, request: HttpRequest): Promise<PartnerError | undefined> {
  try {
    await http.request(request);
    return undefined;
  } catch (error) {
    if (error instanceof PartnerError) return error;
    return new PartnerError('SWB_PARTNER_UNAVAILABLE', error instanceof Error ? error.message : String(error), {
      outcome: 'notDone',
      retry: false,
    });
  }
}
