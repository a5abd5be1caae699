import type { EndpointClient } from '../endpoints/endpoint.js';
import { isObject } from '../endpoints/evidence.js';
import { PartnerError } from '../errors.js';

/**
 * Whose trouble a failure is: of one record, or of the whole endpoint. `unreachable`: the endpoint could not even be asked, as it
 * is down or limits our rate.
 */
export type Culprit = 'record' | 'endpoint' | 'unreachable';

/** Statuses that say nothing of one record: of the sign-in, of a proxy or network on the way, of the server's name or protocol. */
const NEVER_OF_RECORD = new Set([401, 407, 421, 426, 511]);
/** Half a minute, and no more of such answers than that. */
const TRIES_OF_TOO_LARGE = 4;
/** Statuses that mean the same for a probe as for any other request. */
const OF_ALL = new Set([...NEVER_OF_RECORD, 402]);

/**
 * Whether a failure may concern every request to the endpoint: one that does not let us in (SWB_PARTNER_AUTH), a redirect, or an
 * answer that is not from the API (a login or maintenance page, a gateway's error). The API's own "no" to one request is not among
 * them. Pure.
 */
export function mayConcernEndpoint(error: unknown): error is PartnerError {
  if (!(error instanceof PartnerError) || error.notVisible) return false;
  if (error.code === 'SWB_PARTNER_AUTH') return true;
  if (error.code === 'SWB_PARTNER_ANSWER') return error.status !== undefined && error.status !== 202;
  return error.code === 'SWB_PARTNER_REFUSED' && error.body === undefined;
}

/**
 * How often a request is tried whose failure says that it fails again: twice if it is never about one record, even if the neutral
 * probe works; a few times for an answer that is too large, which may come from something on the way. Pure.
 */
export function triesOfFinal(error: PartnerError): number {
  if (NEVER_OF_RECORD.has(error.status ?? 0) || isRedirect(error)) return 2;
  return error.code === 'SWB_TOO_LARGE' ? TRIES_OF_TOO_LARGE : 1;
}

/** Whether a request was redirected: its answer came from elsewhere. */
export function isRedirect({ status = 0 }: PartnerError): boolean {
  return status >= 300 && status < 400;
}

/** The partner did not answer, or only that it is overloaded. Pure. */
export function isUnreachable({ code }: PartnerError): boolean {
  return code === 'SWB_PARTNER_UNAVAILABLE' || code === 'SWB_PARTNER_LIMIT';
}

/**
 * Whether a failed probe proves something only if it has worked before: the API answers, but forbids it, lacks it, or answers it in
 * another form than others do. It may do so to this probe alone. Pure.
 */
export function mayBeOfProbeAlone({ code, status = 0, body, answer }: PartnerError): boolean {
  if (code === 'SWB_PARTNER_ANSWER') return answer === undefined;
  return status >= 400 && !OF_ALL.has(status) && isObject(body);
}

/** The failure of a neutral probe; undefined if it works. Never rejects. */
export async function probeFailure(client: EndpointClient): Promise<PartnerError | undefined> {
  try {
    await client.probe();
    return undefined;
  } catch (error) {
    if (error instanceof PartnerError) return error;
    const text = error instanceof Error ? error.message : String(error);
    return new PartnerError('SWB_PARTNER_UNAVAILABLE', text, { where: client.name, outcome: 'notDone', retry: true });
  }
}
