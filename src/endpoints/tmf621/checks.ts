import { PartnerError } from '../../errors.js';
import type { HttpClient, HttpRequest } from '../../http/http.js';
import type { Check } from '../endpoint.js';
import type { Dialect } from './dialect.js';

/** A ticket that no provider has: a write to it shows rights without writing anything. */
const NOBODY = 'switchboard-connection-test';

/** What works and what does not, in words. Never throws. */
export async function checkConnection(http: HttpClient, base: string, dialect: Dialect): Promise<Check[]> {
  const list = await failure(http, { method: 'GET', path: `${base}/troubleTicket`, query: { limit: 1 }, what: 'read tickets' });
  if (list && list.status === undefined && list.code !== 'SWB_PARTNER_AUTH')
    return [{ name: 'Reachable', ok: false, text: list.message }];
  const reached: Check = { name: 'Reachable', ok: true, text: `${http.baseUrl} answers.` };
  if (list?.status === 401 || list?.code === 'SWB_PARTNER_AUTH') {
    const name = list.status === 403 ? 'Read tickets' : 'Credentials';
    return [reached, { name, ok: false, text: list.message }];
  }
  const empty = list?.status === 404 && !dialect.hub; // ServiceNow says 404 for an empty list
  const read: Check =
    list && !empty
      ? { name: 'Read tickets', ok: false, text: `${list.message} Is the API path right?` }
      : { name: 'Read tickets', ok: true, text: `${base}/troubleTicket can be read.` };
  return [
    reached,
    { name: 'Credentials', ok: true, text: 'They are accepted.' },
    read,
    await writable(http, base, dialect),
    await hub(http, base, dialect),
  ];
}

async function writable(http: HttpClient, base: string, dialect: Dialect): Promise<Check> {
  const name = 'Write tickets';
  const body = { ...(dialect.typed && { '@type': 'TroubleTicket' }), description: 'connection test' };
  const error = await failure(http, {
    method: 'PATCH',
    path: `${base}/troubleTicket/${NOBODY}`,
    headers: { 'Content-Type': dialect.patchType },
    body: JSON.stringify(body),
    what: 'write tickets',
  });
  if (error?.status === 404) return { name, ok: true, text: 'Writing is not refused (a single ticket may still be).' };
  if (error?.status === 401 || error?.status === 403) return { name, ok: false, text: error.message };
  return {
    name,
    ok: 'warning',
    text: error ? `It could not be told without writing: ${error.message}` : 'It could not be told without writing.',
  };
}

async function hub(http: HttpClient, base: string, dialect: Dialect): Promise<Check> {
  const name = 'Events';
  if (!dialect.hub) return { name, ok: 'warning', text: 'ServiceNow’s TMF621 has no hub: poll instead.' };
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
