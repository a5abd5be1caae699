import { PartnerError } from '../errors.js';
import type { Check } from './endpoint.js';
import { isObject } from './evidence.js';

/* What the connection tests of all systems have alike. */

/**
 * Whether the credentials are accepted, by the failure of a first list. Only a list, or the API's own word that it is forbidden, shows that the
 * partner knows who asks: a gateway or a page does not.
 */
export function credentialsOf(failure: PartnerError | undefined): Check {
  const name = 'Credentials';
  if (!failure || (failure.status === 403 && isObject(failure.body))) return { name, ok: true, text: 'They are accepted.' };
  if (failure.code === 'SWB_PARTNER_AUTH') return { name, ok: false, text: failure.message };
  return { name, ok: 'warning', text: `It could not be told whether they are accepted: ${failure.message}` };
}

/** Nobody answered at all. */
export function isUnreachable({ code, status }: PartnerError): boolean {
  return code === 'SWB_PARTNER_UNAVAILABLE' && status === undefined;
}

/** Any failure as one of the partner: a connection test never throws. */
export function asFailure(error: unknown): PartnerError {
  if (error instanceof PartnerError) return error;
  const text = error instanceof Error ? error.message : String(error);
  return new PartnerError('SWB_PARTNER_UNAVAILABLE', text, { outcome: 'notDone', retry: false });
}
