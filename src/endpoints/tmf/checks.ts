import { say } from '../../text/say.js';
import type { Api } from '../api.js';
import { clockCheck, describeFailure, failureOf, isRefused, probeConnection } from '../connection.js';
import type { Check } from '../endpoint.js';
import { emptyListOf } from './answers.js';
import { type ArrayModeDetector, NO_SUCH_ID } from './array-mode.js';
import type { TmfDialect } from './dialect.js';
import { type Noun, nounPlural } from './nouns.js';
import { hasNoPatch } from './whole-resource.js';

/** Where the resources of an API are listed. */
export interface ListedApi {
  api: Api;
  base: string;
  dialect: TmfDialect;
  /** E.g. troubleTicket. */
  resource: string;
  noun: Noun;
}

export interface TestedApi extends ListedApi {
  arrayModes: ArrayModeDetector;
  /** Whole resources are sent by PUT where the provider has no PATCH. */
  putsWhole: boolean;
  /** E.g. TMF621. */
  apiName: string;
}

/** Requests a list of one resource. */
export async function requestFirst({ api, base, dialect, resource, noun }: ListedApi): Promise<void> {
  const request = {
    method: 'GET',
    path: `${base}/${resource}`,
    query: { limit: 1 },
    what: say`read ${nounPlural(noun)}`,
  } as const;
  await api.list(request, { absent: emptyListOf(dialect) });
}

/** Checks what works and what does not, in words. Never throws. */
export async function checkConnection(tested: TestedApi): Promise<Check[]> {
  const { api, base, resource, noun } = tested;
  const { checks, proceed, failure } = await probeConnection(api, () => requestFirst(tested));
  if (!proceed) return checks;
  const name = say`Read ${nounPlural(noun)}`;
  if (!failure)
    return [
      ...checks,
      { name, ok: true, text: say`${base}/${resource} can be read.` },
      await writable(tested),
      await tested.arrayModes.check(),
      await hub(tested),
      clockCheck(api),
    ];
  const text = isRefused(api, failure) ? failure.message : say`${describeFailure(failure)} Is the API path right?`;
  return [...checks, { name, ok: false, text }];
}

async function writable({ api, base, dialect, resource, noun, putsWhole }: TestedApi): Promise<Check> {
  const name = say`Write ${nounPlural(noun)}`;
  const type = `${resource[0]?.toUpperCase()}${resource.slice(1)}`;
  const body = { ...(dialect.typed && { '@type': type }), description: 'connection test' };
  const failure = await failureOf(() =>
    api.ask({
      method: 'PATCH',
      path: `${base}/${resource}/${NO_SUCH_ID}`,
      headers: { 'Content-Type': dialect.patchType },
      body: JSON.stringify(body),
      what: say`write ${nounPlural(noun)}`,
    }),
  );
  if (failure?.code === 'SWB_PARTNER_NOT_FOUND') return { name, ok: true, text: singleMayBeRefused(noun) };
  if (failure && isRefused(api, failure)) return { name, ok: false, text: failure.message };
  if (hasNoPatch(failure)) {
    return putsWhole
      ? {
          name,
          ok: 'warning',
          text: say`The provider has no PATCH (status ${failure?.status}): changes are sent by PUT, as configured.`,
        }
      : {
          name,
          ok: false,
          text: say`The provider has no PATCH (status ${failure?.status}). If it shows ETags, allow PUT in the provider specifics.`,
        };
  }
  const text = failure
    ? say`Could not check this without writing: ${describeFailure(failure)}`
    : say`Could not check this without writing.`;
  return { name, ok: 'warning', text };
}

function singleMayBeRefused(noun: Noun): string {
  return noun === 'order'
    ? say`Writing is allowed (individual orders may still be refused).`
    : say`Writing is allowed (individual tickets may still be refused).`;
}

/** Only a hub answers that a subscription does not exist, or that it is deleted. */
async function hub({ api, base, dialect, apiName }: TestedApi): Promise<Check> {
  const name = say`Events`;
  if (!dialect.hub) return { name, ok: 'warning', text: say`ServiceNow’s ${apiName} has no hub. Use polling instead.` };
  let status = 0;
  const failure = await failureOf(async () => {
    ({ status } = await api.ask({ method: 'DELETE', path: `${base}/hub/${NO_SUCH_ID}`, what: say`test the hub` }));
  });
  if (status === 204 || failure?.code === 'SWB_PARTNER_NOT_FOUND') return { name, ok: true, text: say`The hub answers.` };
  if (failure && isRefused(api, failure)) return { name, ok: false, text: failure.message };
  if (failure?.status === 405 || failure?.status === 501)
    return { name, ok: 'warning', text: say`This provider has no hub. Use polling instead.` };
  const why = failure ? describeFailure(failure) : say`unexpected status ${status}.`;
  return { name, ok: 'warning', text: say`Could not check whether there is a hub: ${why}` };
}
