import { HEADER_BYTES } from '../budgets.js';
import { type ErrorCode, type Outcome, PartnerError } from '../errors.js';
import { say } from '../text/say.js';
import { jsonIn } from './answer-json.js';
import { errorText, QUOTE_LENGTH } from './error-text.js';
import type { HttpRequest } from './http.js';
import { shownTarget } from './redirect.js';

interface FailureClass {
  code: ErrorCode;
  outcome: Outcome;
  retry: boolean;
  concernsRecord?: boolean;
  hint: (request: Pick<HttpRequest, 'method'>) => string;
}

/** What follows where it is not known whether a request was processed. A read is simply repeated: it changes nothing. */
function lookedUp({ method }: Pick<HttpRequest, 'method'>): string {
  return method === 'GET' ? say`The request will be retried.` : say`The record will be looked up before a retry.`;
}

const NOT_FOUND: FailureClass = {
  code: 'SWB_PARTNER_NOT_FOUND',
  outcome: 'notDone',
  retry: false,
  hint: () => say`The record does not exist at the partner, or is hidden from the integration user.`,
};

const LIMITED: FailureClass = {
  code: 'SWB_PARTNER_LIMIT',
  outcome: 'notDone',
  retry: true,
  hint: () =>
    say`The request will be retried when the partner allows it. If this happens often, set a rate limit on the endpoint.`,
};

/** The request was refused in a way that may concern all of them: a neutral probe decides (src/delivery/culprit.ts). */
function noAccess(hint: () => string): FailureClass {
  return { code: 'SWB_PARTNER_AUTH', outcome: 'notDone', retry: false, hint };
}

/**
 * How a status is classified (RFC 9110 §15, RFC 6585, RFC 7725). A partner may return 5xx after it has processed the request: unknown.
 */
const STATUS: Record<number, FailureClass> = {
  // The result of a write is shown elsewhere, so it may have been done (RFC 9110 §15.4.4).
  303: { code: 'SWB_PARTNER_ANSWER', outcome: 'unknown', retry: true, hint: lookedUp },
  401: noAccess(() => say`Check the credentials in the endpoint’s settings.`),
  402: noAccess(() => say`The partner wants a payment, or a quota of the contract is used up.`),
  403: noAccess(() => say`The integration user lacks a permission, or a rule at the partner forbids the request.`),
  404: NOT_FOUND,
  410: NOT_FOUND,
  407: noAccess(() => say`Something on the way to the partner is a proxy that wants credentials. Check the proxy settings.`),
  // A proxy may return 408 for a request that has reached the partner (RFC 9110 §15.5.9 covers only the server itself).
  408: { code: 'SWB_PARTNER_UNAVAILABLE', outcome: 'unknown', retry: true, hint: () => say`The request will be retried.` },
  421: noAccess(() => say`The server does not answer for this host name. Check the URL in the endpoint’s settings.`),
  // A lock of one record ends by itself; some systems say so of a locked account (RFC 4918 §11.3).
  423: {
    ...noAccess(() => say`The record or the account of the integration user is locked.`),
    retry: true,
    concernsRecord: true,
  },
  425: { code: 'SWB_PARTNER_UNAVAILABLE', outcome: 'notDone', retry: true, hint: () => say`The request will be retried.` },
  426: noAccess(() => say`The server wants another protocol. Check the URL in the endpoint’s settings.`),
  429: LIMITED,
  451: noAccess(() => say`The partner may not answer for legal reasons, perhaps because of where the request comes from.`),
  // From a network that wants a sign-in, not from the partner (RFC 6585 §6).
  511: noAccess(() => say`The network of this machine wants a sign-in.`),
};
const SERVER_ERROR: FailureClass = {
  code: 'SWB_PARTNER_UNAVAILABLE',
  outcome: 'unknown',
  retry: true,
  hint: lookedUp,
};
/** Another address, to which a write is never repeated: whoever answers there may be a page to sign in, or another system. */
const REDIRECTED: FailureClass = {
  code: 'SWB_PARTNER_REFUSED',
  outcome: 'notDone',
  retry: false,
  hint: () =>
    say`If the partner has moved, enter its new URL in the endpoint’s settings; if this is a page to sign in, check the credentials. Then replay the delivery.`,
};
const REJECTED: FailureClass = {
  code: 'SWB_PARTNER_REFUSED',
  outcome: 'notDone',
  retry: false,
  hint: () => say`Fix the data or the mapping, then replay the message.`,
};

/** With TLS 1.3 a partner may reject our certificate after we have started to send; it does not read what was sent. */
const CERTIFICATE_REJECTED = /^ERR_SSL_\w+_ALERT_(\w*CERTIFICATE\w*|UNKNOWN_CA)$/;

const REASONS: Record<string, () => string> = {
  ECONNREFUSED: () => say`the connection was refused`,
  ENOTFOUND: () => say`the host name does not exist`,
  EAI_AGAIN: () => say`the host name could not be resolved`,
  ECONNRESET: () => say`the connection was closed`,
  UND_ERR_CONNECT_TIMEOUT: () => say`the request timed out`,
  EPIPE: () => say`the connection was closed`,
  ECONNABORTED: () => say`the request timed out`,
  ETIMEDOUT: () => say`the request timed out`,
  ERR_CANCELED: () => say`the request was cancelled because the endpoint is closing`,
  UND_ERR_HEADERS_OVERFLOW: () => say`the headers of the answer are larger than ${HEADER_BYTES / 1024} KB`,
  EPROTO: () => say`the port does not use TLS, or there is no common TLS version`,
  CERT_HAS_EXPIRED: () => say`the server certificate has expired`,
  DEPTH_ZERO_SELF_SIGNED_CERT: () => say`the server certificate is self-signed; add its CA in a TLS configuration`,
};

interface StatusContext {
  retryAfter: number | undefined;
  limited: (asked?: number) => number;
  origin: string;
  proxy?: string;
}

/**
 * The error for an unsuccessful status. `answer`: the body as text; `retryAfter`: milliseconds that the partner asks for; `limited`: how long to wait where
 * the partner limits our rate, and asks for so long; `proxy`: it may have answered in the partner's place.
 */
export function statusFailure(
  name: string,
  request: HttpRequest,
  status: number,
  headers: Record<string, string | undefined>,
  answer: string,
  { retryAfter, limited, origin, proxy }: StatusContext,
): PartnerError {
  const failureClass = STATUS[status] ?? (status >= 500 ? SERVER_ERROR : status < 400 ? REDIRECTED : REJECTED);
  const { location } = headers;
  const redirect = status < 400 && location ? say`it redirects to ${shownTarget(location, origin)}` : '';
  const detail = [errorText(answer), redirect].filter(Boolean).join('; ');
  const outcome = failureClass.outcome === 'unknown' && request.method === 'GET' ? 'notDone' : failureClass.outcome;
  const answered = proxy ? say`${status} through the proxy ${proxy}` : String(status);
  return new PartnerError(
    failureClass.code,
    detail
      ? say`${request.what} (${request.method} ${pathOf(request.path)}) returned ${answered}: ${detail}.`
      : say`${request.what} (${request.method} ${pathOf(request.path)}) returned ${answered}.`,
    {
      where: name,
      hint: failureClass.hint(request),
      outcome,
      retry: failureClass.retry,
      concernsRecord: failureClass.concernsRecord,
      status,
      retryAfter: failureClass === LIMITED ? limited(retryAfter) : retryAfter,
      answer: answer.slice(0, QUOTE_LENGTH),
      body: jsonIn(answer),
    },
  );
}

/** The error for a request that was not sent, because the partner has limited our rate for `retryAfter` more milliseconds. */
export function limitedFailure(name: string, request: HttpRequest, retryAfter: number): PartnerError {
  const { code, outcome, retry, hint } = LIMITED;
  const seconds = Math.ceil(retryAfter / 1000);
  const what = say`${request.what} (${request.method} ${pathOf(request.path)}) was not sent, because the partner limits our rate for ${seconds} s more.`;
  return new PartnerError(code, what, { where: name, hint: hint(request), outcome, retry, retryAfter });
}

/** Why a request got no answer. */
export interface NetworkTrouble {
  /** The code of the error, and its message. */
  code: string;
  text: string;
  /** It is certain that nothing of the request reached the partner. */
  unsent?: boolean;
  /** The proxy that the request went through. */
  proxy?: string;
  hint?: string;
}

/** The error for a request without an answer. */
export function networkFailure(
  name: string,
  request: HttpRequest,
  { code, text, unsent, proxy, hint }: NetworkTrouble,
): PartnerError {
  const notDone = unsent || CERTIFICATE_REJECTED.test(code) || request.method === 'GET';
  const reason = reasonOf(code, text);
  return new PartnerError(
    'SWB_PARTNER_UNAVAILABLE',
    proxy
      ? say`${request.what} (${request.method} ${pathOf(request.path)}) got no response through the proxy ${proxy}: ${reason}.`
      : say`${request.what} (${request.method} ${pathOf(request.path)}) got no response: ${reason}.`,
    {
      where: name,
      hint: hint ?? (notDone ? say`The request will be retried.` : lookedUp(request)),
      outcome: notDone ? 'notDone' : 'unknown',
      retry: true,
      cause: Object.assign(new Error(reason), { code }),
    },
  );
}

/** The error for a request that was not sent because of its address. */
export function addressFailure(
  name: string,
  request: HttpRequest,
  { message, hint }: { message: string; hint: string },
): PartnerError {
  return new PartnerError('SWB_ADDRESS', say`${request.what} was refused: ${message}.`, {
    where: name,
    hint,
    outcome: 'notDone',
    retry: false,
    concernsRecord: true,
  });
}

/** A network error in words. */
export function reasonOf(code: string, text: string): string {
  return REASONS[code]?.() ?? (text || code);
}

/** The error for a successful status with an unreadable body (ServiceNow truncates long lists and still returns 200). */
export function invalidBody(name: string, request: HttpRequest, status: number, answer: string): PartnerError {
  return new PartnerError(
    'SWB_PARTNER_ANSWER',
    say`${request.what} (${request.method} ${pathOf(request.path)}) returned ${status} with a body that is not valid JSON.`,
    {
      where: name,
      hint: lookedUp(request),
      outcome: request.method === 'GET' ? 'notDone' : 'unknown',
      retry: true,
      status,
      answer: answer.slice(0, QUOTE_LENGTH),
    },
  );
}

/**
 * The error for an answer that can never be processed. A read is not repeated by itself: the answer would be the same. `how`: what
 * is wrong with the answer, after "an answer that".
 */
export function unusableAnswer(name: string, request: HttpRequest, how: string): PartnerError {
  const isRead = request.method === 'GET';
  return new PartnerError(
    'SWB_TOO_LARGE',
    say`${request.what} (${request.method} ${pathOf(request.path)}) returned an answer that ${how}.`,
    {
      where: name,
      hint: isRead ? say`Have the record reduced at the partner, then replay.` : lookedUp(request),
      outcome: isRead ? 'notDone' : 'unknown',
      retry: !isRead,
      concernsRecord: true,
    },
  );
}

/** Milliseconds from a Retry-After header in seconds or as a date (RFC 9110 §10.2.3), at most `max`. */
export function retryAfter(value: string | undefined, now: number, max: number): number | undefined {
  if (!value) return undefined;
  const milliseconds = /^\d+$/.test(value.trim()) ? Number(value) * 1000 : Date.parse(value) - now;
  return Number.isNaN(milliseconds) ? undefined : Math.min(max, Math.max(0, milliseconds));
}

/** Without its query and user, which may hold secrets. */
function pathOf(path: string): string {
  const plain = (path.split('?')[0] ?? path).replace(/^(https?:\/\/)[^/]*@/i, '$1');
  return plain.length > 120 ? `${plain.slice(0, 117)}…` : plain;
}
