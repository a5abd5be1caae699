import type { Api } from '../api.js';
import { clockCheck, describeFailure, failureOf, isRefused, probeConnection } from '../connection.js';
import type { Check } from '../endpoint.js';
import { emptyListOf } from './answers.js';
import { type ArrayModeDetector, NO_SUCH_ID } from './array-mode.js';
import type { TmfDialect } from './dialect.js';

export interface TestedApi {
  api: Api;
  base: string;
  dialect: TmfDialect;
  arrayModes: ArrayModeDetector;
  /** E.g. TMF621. */
  apiName: string;
  /** E.g. troubleTicket. */
  resource: string;
  /** Plural, e.g. tickets. */
  noun: string;
}

/** Checks what works and what does not, in words. Never throws. */
export async function checkConnection(tested: TestedApi): Promise<Check[]> {
  const { api, base, dialect, resource, noun } = tested;
  const request = { method: 'GET', path: `${base}/${resource}`, query: { limit: 1 }, what: `read ${noun}` } as const;
  const { checks, proceed, failure } = await probeConnection(api, () => api.list(request, { absent: emptyListOf(dialect) }));
  if (!proceed) return checks;
  const name = `Read ${noun}`;
  if (!failure)
    return [
      ...checks,
      { name, ok: true, text: `${base}/${resource} can be read.` },
      await writable(tested),
      await tested.arrayModes.check(),
      await hub(tested),
      clockCheck(api),
    ];
  const text = isRefused(api, failure) ? failure.message : `${describeFailure(failure)} Is the API path right?`;
  return [...checks, { name, ok: false, text }];
}

async function writable({ api, base, dialect, resource, noun }: TestedApi): Promise<Check> {
  const name = `Write ${noun}`;
  const type = `${resource[0]?.toUpperCase()}${resource.slice(1)}`;
  const body = { ...(dialect.typed && { '@type': type }), description: 'connection test' };
  const failure = await failureOf(() =>
    api.ask({
      method: 'PATCH',
      path: `${base}/${resource}/${NO_SUCH_ID}`,
      headers: { 'Content-Type': dialect.patchType },
      body: JSON.stringify(body),
      what: `write ${noun}`,
    }),
  );
  if (failure?.code === 'SWB_PARTNER_NOT_FOUND')
    return { name, ok: true, text: `Writing is allowed (a single ${noun.replace(/s$/, '')} may still be refused).` };
  if (failure && isRefused(api, failure)) return { name, ok: false, text: failure.message };
  return { name, ok: 'warning', text: `Could not check this without writing${failure ? `: ${describeFailure(failure)}` : '.'}` };
}

/** Only a hub answers that a subscription does not exist, or that it is deleted. */
async function hub({ api, base, dialect, apiName }: TestedApi): Promise<Check> {
  const name = 'Events';
  if (!dialect.hub) return { name, ok: 'warning', text: `ServiceNow’s ${apiName} has no hub. Use polling instead.` };
  let status = 0;
  const failure = await failureOf(async () => {
    ({ status } = await api.ask({ method: 'DELETE', path: `${base}/hub/${NO_SUCH_ID}`, what: 'test the hub' }));
  });
  if (status === 204 || failure?.code === 'SWB_PARTNER_NOT_FOUND') return { name, ok: true, text: 'The hub answers.' };
  if (failure && isRefused(api, failure)) return { name, ok: false, text: failure.message };
  if (failure?.status === 405 || failure?.status === 501)
    return { name, ok: 'warning', text: 'This provider has no hub. Use polling instead.' };
  const why = failure ? describeFailure(failure) : `unexpected status ${status}.`;
  return { name, ok: 'warning', text: `Could not check whether there is a hub: ${why}` };
}
