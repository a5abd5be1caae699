import { PartnerError } from '../errors.js';
import type { Api } from './api.js';
import type { Check } from './endpoint.js';
import { isObject } from './evidence.js';

/* What the connection tests of all systems have alike. */

/** What a first list shows. `go`: there is a partner that knows who asks, or might, so that further questions make sense. */
export interface ConnectionProbe {
  checks: Check[];
  go: boolean;
  failure?: PartnerError;
}

/** Signs in, then asks for a first list. */
export async function probeConnection(api: Api, list: () => Promise<unknown>): Promise<ConnectionProbe> {
  const noToken = await failureOf(() => api.http.signIn());
  // The partner itself was not asked.
  if (noToken) return { checks: [tokenCheck(noToken)], go: false, failure: noToken };
  const failure = await failureOf(list);
  const reachable = reachableCheck(api, failure);
  if (reachable.ok === false) return { checks: [reachable], go: false, failure };
  const credentials = credentialsCheck(api, failure);
  return { checks: [reachable, credentials], go: credentials.ok !== false, failure };
}

function tokenCheck(failure: PartnerError): Check {
  if (failure.code === 'SWB_PARTNER_AUTH') return { name: 'Credentials', ok: false, text: failure.message };
  const text = `It could not be told whether they are accepted: ${describeFailure(failure)} Is the token URL right?`;
  return { name: 'Credentials', ok: 'warning', text };
}

function reachableCheck({ http }: Api, failure?: PartnerError): Check {
  const name = 'Reachable';
  if (failure?.code === 'SWB_PARTNER_UNAVAILABLE' && failure.status === undefined)
    return { name, ok: false, text: describeFailure(failure) };
  if (failure?.code === 'SWB_PARTNER_ANSWER')
    return { name, ok: 'warning', text: `${http.baseUrl} answers, but strangely: is it the address of the API?` };
  return { name, ok: true, text: `${http.baseUrl} answers.` };
}

/** The partner's clock beside ours, as its answers were dated; it is no fault that they differ. */
export function clockCheck({ http }: Api): Check {
  const name = 'Clock';
  const { clockAhead } = http;
  if (clockAhead === undefined) return { name, ok: 'warning', text: 'It does not tell the time of its clock.' };
  const seconds = Math.round(Math.abs(clockAhead) / 1000);
  const way = clockAhead < 0 ? 'behind' : 'ahead of';
  const text = seconds <= 1 ? 'It goes like ours.' : `It is ${seconds} seconds ${way} ours; what it dates is compared by that.`;
  return { name, ok: true, text };
}

/** Only a list, or the API's own word that it is forbidden, shows that the partner knows who asks: a gateway or a page does not. */
function credentialsCheck(api: Api, failure?: PartnerError): Check {
  const name = 'Credentials';
  if (failure?.status === 401) return { name, ok: false, text: failure.message };
  if (!api.http.signsIn) return { name, ok: true, text: 'No user name, key or token is sent.' };
  if (!failure || isRefused(api, failure)) return { name, ok: true, text: 'They are accepted.' };
  return { name, ok: 'warning', text: `It could not be told whether they are accepted: ${describeFailure(failure)}` };
}

/** The API itself, and nothing on the way to it, says that this is not allowed to us. */
export function isRefused({ shape }: Api, { status, body }: PartnerError): boolean {
  return status === 401 || (status === 403 && isObject(body) && shape.isOwnError(body));
}

/** What went wrong, without what is done about it when it happens to a delivery. */
export function describeFailure(failure: PartnerError): string {
  const isHelpful = failure.code === 'SWB_PARTNER_AUTH' || failure.code === 'SWB_PARTNER_NOT_FOUND';
  return isHelpful ? failure.message : failure.messageWith('');
}

/** Any failure as one of the partner: a connection test never throws. */
export async function failureOf(task: () => Promise<unknown>): Promise<PartnerError | undefined> {
  try {
    await task();
    return undefined;
  } catch (error) {
    if (error instanceof PartnerError) return error;
    const text = error instanceof Error ? error.message : String(error);
    return new PartnerError('SWB_PARTNER_UNAVAILABLE', text, { outcome: 'notDone', retry: false });
  }
}
