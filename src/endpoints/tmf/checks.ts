import type { PartnerError } from '../../errors.js';
import type { HttpRequest } from '../../http/http.js';
import type { Api } from '../api.js';
import { asFailure, credentialsOf, isUnreachable } from '../connection.js';
import type { Check } from '../endpoint.js';
import { emptyListOf } from './answers.js';
import type { TmfDialect } from './dialect.js';

/** A resource that no provider has: a write to it shows rights without writing anything. */
const NOBODY = 'switchboard-connection-test';

export interface CheckedApi {
  answers: Api;
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
  const { answers, base, dialect, resource, noun } = api;
  const request = { method: 'GET', path: `${base}/${resource}`, query: { limit: 1 }, what: `read ${noun}` } as const;
  const list = await failureOf(() => answers.list(request, { absent: emptyListOf(dialect) }));
  if (list && isUnreachable(list)) return [{ name: 'Reachable', ok: false, text: list.message }];
  const reached: Check = { name: 'Reachable', ok: true, text: `${answers.http.baseUrl} answers.` };
  const credentials = credentialsOf(list);
  if (credentials.ok === false) return [reached, credentials];
  const read: Check = list
    ? { name: `Read ${noun}`, ok: false, text: list.status === 403 ? list.message : `${list.message} Is the API path right?` }
    : { name: `Read ${noun}`, ok: true, text: `${base}/${resource} can be read.` };
  if (list) return [reached, credentials, read];
  return [reached, credentials, read, await writable(api), await hub(api)];
}

async function writable({ answers, base, dialect, resource, noun }: CheckedApi): Promise<Check> {
  const name = `Write ${noun}`;
  const type = `${resource[0]?.toUpperCase()}${resource.slice(1)}`;
  const body = { ...(dialect.typed && { '@type': type }), description: 'connection test' };
  const error = await failure(answers, {
    method: 'PATCH',
    path: `${base}/${resource}/${NOBODY}`,
    headers: { 'Content-Type': dialect.patchType },
    body: JSON.stringify(body),
    what: `write ${noun}`,
  });
  if (error?.code === 'SWB_PARTNER_NOT_FOUND')
    return { name, ok: true, text: `Writing is not refused (a single ${noun.replace(/s$/, '')} may still be).` };
  if (error?.status === 401 || error?.status === 403) return { name, ok: false, text: error.message };
  return {
    name,
    ok: 'warning',
    text: error ? `It could not be told without writing: ${error.message}` : 'It could not be told without writing.',
  };
}

async function hub({ answers, base, dialect, api }: CheckedApi): Promise<Check> {
  const name = 'Events';
  if (!dialect.hub) return { name, ok: 'warning', text: `ServiceNow’s ${api} has no hub: poll instead.` };
  const error = await failure(answers, { method: 'DELETE', path: `${base}/hub/${NOBODY}`, what: 'ask the hub' });
  if (error?.status === 401 || error?.status === 403) return { name, ok: false, text: error.message };
  if (error?.status === 405 || error?.status === 501)
    return { name, ok: 'warning', text: 'This provider has no hub: poll instead.' };
  if (error && error.code !== 'SWB_PARTNER_NOT_FOUND')
    return { name, ok: 'warning', text: `It could not be told whether there is a hub: ${error.message}` };
  return { name, ok: true, text: 'The hub answers.' };
}

function failure(answers: Api, request: HttpRequest): Promise<PartnerError | undefined> {
  return failureOf(() => answers.ask(request));
}

async function failureOf(task: () => Promise<unknown>): Promise<PartnerError | undefined> {
  try {
    await task();
    return undefined;
  } catch (error) {
    return asFailure(error);
  }
}
