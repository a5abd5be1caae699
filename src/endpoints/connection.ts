import { PartnerError } from '../errors.js';
import { say } from '../text/say.js';
import type { Api } from './api.js';
import type { Check } from './endpoint.js';
import { isObject } from './evidence.js';

/* The parts that the connection tests of all systems share. */

/** The result of a first list. `proceed`: the partner knows the caller, or may, so that further checks make sense. */
export interface ConnectionProbe {
  checks: Check[];
  proceed: boolean;
  failure?: PartnerError;
}

/** Signs in, then requests a first list. */
export async function probeConnection(api: Api, list: () => Promise<unknown>): Promise<ConnectionProbe> {
  const noToken = await failureOf(() => api.http.signIn());
  // The token server failed; the partner itself was not called.
  if (noToken) return { checks: [tokenCheck(noToken)], proceed: false, failure: noToken };
  const failure = await failureOf(list);
  const reachable = reachableCheck(api, failure);
  if (reachable.ok === false) return { checks: [reachable], proceed: false, failure };
  const credentials = credentialsCheck(api, failure);
  return { checks: [reachable, credentials], proceed: credentials.ok !== false, failure };
}

function tokenCheck(failure: PartnerError): Check {
  if (failure.code === 'SWB_PARTNER_AUTH' && !failure.retry) return { name: say`Credentials`, ok: false, text: failure.message };
  const text = say`Could not check the credentials: ${describeFailure(failure)} Is the token URL right?`;
  return { name: say`Credentials`, ok: 'warning', text };
}

function reachableCheck({ http }: Api, failure?: PartnerError): Check {
  const name = say`Reachable`;
  if (failure?.code === 'SWB_PARTNER_UNAVAILABLE' && failure.status === undefined)
    return { name, ok: false, text: describeFailure(failure) };
  if (failure?.code === 'SWB_PARTNER_ANSWER')
    return { name, ok: 'warning', text: say`${http.baseUrl} answers, but not as expected. Is it the address of the API?` };
  return { name, ok: true, text: say`${http.baseUrl} answers.` };
}

/** The partner's clock compared with ours, by the dates of its answers. A difference is not an error. */
export function clockCheck({ http }: Api): Check {
  const name = say`Clock`;
  const { clockAhead } = http;
  if (clockAhead === undefined)
    return { name, ok: 'warning', text: say`The partner’s responses do not show the time of its clock.` };
  const seconds = Math.round(Math.abs(clockAhead) / 1000);
  const text =
    seconds <= 1
      ? say`In sync with this machine.`
      : clockAhead < 0
        ? say`It is ${seconds} seconds behind ours, which Switchboard takes into account.`
        : say`It is ${seconds} seconds ahead of ours, which Switchboard takes into account.`;
  return { name, ok: true, text };
}

/** Only a list, or the API's own "forbidden", shows that the partner knows the caller: a gateway or a web page does not. */
function credentialsCheck(api: Api, failure?: PartnerError): Check {
  const name = say`Credentials`;
  if (failure?.status === 401) return { name, ok: false, text: failure.message };
  if (!api.http.signsIn) return { name, ok: true, text: say`No user name, key or token is sent.` };
  if (!failure || isRefused(api, failure)) return { name, ok: true, text: say`The credentials are accepted.` };
  return { name, ok: 'warning', text: say`Could not check the credentials: ${describeFailure(failure)}` };
}

/** The API itself, and not something between us and it, denies this. */
export function isRefused({ shape }: Api, { status, body }: PartnerError): boolean {
  return status === 401 || (status === 403 && isObject(body) && shape.isOwnError(body));
}

/** The failure in words, without the next step that only applies to deliveries. */
export function describeFailure(failure: PartnerError): string {
  const isHelpful = failure.code === 'SWB_PARTNER_AUTH' || failure.code === 'SWB_PARTNER_NOT_FOUND';
  return isHelpful ? failure.message : failure.messageWithHint('');
}

/** Any failure as a PartnerError: a connection test never throws. */
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
