import { PartnerError } from '../errors.js';
import { say } from '../text/say.js';

/** An answer to a sign-in, without what is to be shown of it. */
export interface SignInAnswer {
  /** 0: there was none. */
  status: number;
  /** Milliseconds, as the partner asks for. */
  retryAfter?: number;
}

/**
 * The error for a sign-in that got neither a token nor a session. `what`: the failure in words; `refusedHint`: what to check, if the
 * credentials were refused.
 */
export function signInFailure(
  name: string,
  what: string,
  { status, retryAfter }: SignInAnswer,
  refusedHint: string | undefined,
): PartnerError {
  const isUnavailable = status === 0 || status === 408 || status >= 500;
  // A page, a redirect or an answer without a token comes from whatever stands in the place of the sign-in, and not only for us
  // or this time: the endpoint pauses, as for credentials that are refused. Accounts are locked after a few tries.
  const code = status === 429 ? 'SWB_PARTNER_LIMIT' : isUnavailable ? 'SWB_PARTNER_UNAVAILABLE' : 'SWB_PARTNER_AUTH';
  return new PartnerError(refusedHint ? 'SWB_PARTNER_AUTH' : code, what, {
    where: name,
    hint:
      refusedHint ??
      say`The request will be retried. If the error persists, check the URL of the sign-in in the endpoint’s settings.`,
    outcome: 'notDone',
    retry: refusedHint === undefined,
    retryAfter,
  });
}
