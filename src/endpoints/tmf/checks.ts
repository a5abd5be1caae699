import type { Api } from '../api.js';
import { clockCheck, describeFailure, failureOf, isRefused, probeConnection } from '../connection.js';
import type { Check } from '../endpoint.js';
import { emptyListOf } from './answers.js';
import { type ArrayModeDetector, NO_SUCH_ID } from './array-mode.js';
import type { TmfDialect } from './dialect.js';

export interface TestedApi {
  answers: Api;
  base: string;
  dialect: TmfDialect;
  ways: ArrayModeDetector;
  /** TMF621. */
  api: string;
  /** troubleTicket. */
  resource: string;
  /** tickets. */
  noun: string;
}

/** What works and what does not, in words. Never throws. */
export async function checkConnection(api: TestedApi): Promise<Check[]> {
  const { answers, base, dialect, resource, noun } = api;
  const request = { method: 'GET', path: `${base}/${resource}`, query: { limit: 1 }, what: `read ${noun}` } as const;
  const { checks, proceed, failure } = await probeConnection(answers, () =>
    answers.list(request, { absent: emptyListOf(dialect) }),
  );
  if (!proceed) return checks;
  const name = `Read ${noun}`;
  if (!failure)
    return [
      ...checks,
      { name, ok: true, text: `${base}/${resource} can be read.` },
      await writable(api),
      await api.ways.check(),
      await hub(api),
      clockCheck(answers),
    ];
  const text = isRefused(answers, failure) ? failure.message : `${describeFailure(failure)} Is the API path right?`;
  return [...checks, { name, ok: false, text }];
}

async function writable({ answers, base, dialect, resource, noun }: TestedApi): Promise<Check> {
  const name = `Write ${noun}`;
  const type = `${resource[0]?.toUpperCase()}${resource.slice(1)}`;
  const body = { ...(dialect.typed && { '@type': type }), description: 'connection test' };
  const failure = await failureOf(() =>
    answers.ask({
      method: 'PATCH',
      path: `${base}/${resource}/${NO_SUCH_ID}`,
      headers: { 'Content-Type': dialect.patchType },
      body: JSON.stringify(body),
      what: `write ${noun}`,
    }),
  );
  if (failure?.code === 'SWB_PARTNER_NOT_FOUND')
    return { name, ok: true, text: `Writing is not refused (a single ${noun.replace(/s$/, '')} may still be).` };
  if (failure && isRefused(answers, failure)) return { name, ok: false, text: failure.message };
  return { name, ok: 'warning', text: `It could not be told without writing${failure ? `: ${describeFailure(failure)}` : '.'}` };
}

/** Only a hub knows that it does not have a subscription, or takes it for ended. */
async function hub({ answers, base, dialect, api }: TestedApi): Promise<Check> {
  const name = 'Events';
  if (!dialect.hub) return { name, ok: 'warning', text: `ServiceNow’s ${api} has no hub: poll instead.` };
  let status = 0;
  const failure = await failureOf(async () => {
    ({ status } = await answers.ask({ method: 'DELETE', path: `${base}/hub/${NO_SUCH_ID}`, what: 'ask the hub' }));
  });
  if (status === 204 || failure?.code === 'SWB_PARTNER_NOT_FOUND') return { name, ok: true, text: 'The hub answers.' };
  if (failure && isRefused(answers, failure)) return { name, ok: false, text: failure.message };
  if (failure?.status === 405 || failure?.status === 501)
    return { name, ok: 'warning', text: 'This provider has no hub: poll instead.' };
  const why = failure ? describeFailure(failure) : `ask the hub was answered ${status}, which is no answer of a hub.`;
  return { name, ok: 'warning', text: `It could not be told whether there is a hub: ${why}` };
}
