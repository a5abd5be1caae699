import { type ErrorCode, type Outcome, PartnerError } from '../errors.js';
import type { HttpRequest } from './http.js';

/** Longest part of an answer that is quoted. */
const MOST_QUOTED = 500;

interface Kind {
  code: ErrorCode;
  outcome: Outcome;
  retry: boolean;
  hint: string;
}

const ABSENT: Kind = {
  code: 'SWB_PARTNER_NOT_FOUND',
  outcome: 'notDone',
  retry: false,
  hint: 'It is missing there, or hidden from the integration user.',
};

/** What a status means for a request (RFC 9110 §15, RFC 6585 §4). A 5xx may come after the partner has acted: unknown. */
const STATUS: Record<number, Kind> = {
  401: { code: 'SWB_PARTNER_AUTH', outcome: 'notDone', retry: false, hint: 'Check the credentials of the endpoint.' },
  403: {
    code: 'SWB_PARTNER_AUTH',
    outcome: 'notDone',
    retry: false,
    hint: 'The integration user lacks a right, or a rule at the partner forbids it.',
  },
  404: ABSENT,
  410: ABSENT,
  // Something on the way may say so of what has reached the partner (RFC 9110 §15.5.9 speaks of the server itself).
  408: { code: 'SWB_PARTNER_UNAVAILABLE', outcome: 'unknown', retry: true, hint: 'It is tried again.' },
  425: { code: 'SWB_PARTNER_UNAVAILABLE', outcome: 'notDone', retry: true, hint: 'It is tried again.' },
  429: {
    code: 'SWB_PARTNER_LIMIT',
    outcome: 'notDone',
    retry: true,
    hint: 'It is tried again when the partner allows; if it is often, set a rate limit.',
  },
};
const SERVER: Kind = {
  code: 'SWB_PARTNER_UNAVAILABLE',
  outcome: 'unknown',
  retry: true,
  hint: 'It is looked up and tried again.',
};
const REFUSED: Kind = {
  code: 'SWB_PARTNER_REFUSED',
  outcome: 'notDone',
  retry: false,
  hint: 'Fix the data or the mapping, then replay it.',
};

/** Failures before a byte of the request was sent: the partner cannot have acted. */
const NEVER_SENT = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'ERR_INVALID_URL']);

/** With TLS 1.3 a partner refuses our certificate when we have begun to send already: it reads nothing of that. */
const CERTIFICATE_REFUSED = /^ERR_SSL_\w+_ALERT_(\w*CERTIFICATE\w*|UNKNOWN_CA)$/;

const WORDS: Record<string, string> = {
  ECONNREFUSED: 'nobody listens there',
  ENOTFOUND: 'its host name is unknown',
  EAI_AGAIN: 'its host name could not be looked up',
  ECONNRESET: 'the connection was cut',
  EPIPE: 'the connection was cut',
  ECONNABORTED: 'it did not answer in time',
  ETIMEDOUT: 'it did not answer in time',
  ERR_CANCELED: 'the request was given up because the endpoint is being closed',
  EPROTO: 'it speaks no TLS there, or none that we speak',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed; give its CA in a TLS configuration',
};

/** A status that is no success, as an error for people. `answer`: the body as text; `now`: by the sender's clock. */
export function statusFailure(
  name: string,
  request: HttpRequest,
  status: number,
  headers: Record<string, string | undefined>,
  answer: string,
  now: number,
): PartnerError {
  const kind = STATUS[status] ?? (status >= 500 ? SERVER : REFUSED);
  const said = explanation(answer);
  const outcome = kind.outcome === 'unknown' && request.method === 'GET' ? 'notDone' : kind.outcome;
  return new PartnerError(
    kind.code,
    `${request.what} (${request.method} ${pathOf(request.path)}) was answered ${status}${said ? `: ${said}` : ''}.`,
    {
      where: name,
      hint: kind.hint,
      outcome,
      retry: kind.retry,
      status,
      retryAfter: retryAfter(headers['retry-after'], now),
      answer: answer.slice(0, MOST_QUOTED),
      body: jsonIn(answer),
    },
  );
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A request without an answer. `unsent`: it is known that nothing of it was sent. */
export function networkFailure(name: string, request: HttpRequest, code: string, text: string, unsent = false): PartnerError {
  const notDone = unsent || NEVER_SENT.has(code) || CERTIFICATE_REFUSED.test(code) || request.method === 'GET';
  const words = WORDS[code] ?? text;
  return new PartnerError(
    'SWB_PARTNER_UNAVAILABLE',
    `${request.what} (${request.method} ${pathOf(request.path)}) got no answer: ${words}.`,
    {
      where: name,
      hint: notDone ? 'It is tried again.' : 'It is looked up and tried again.',
      outcome: notDone ? 'notDone' : 'unknown',
      retry: true,
      cause: Object.assign(new Error(words), { code }),
    },
  );
}

/** A success whose body cannot be read (ServiceNow cuts long lists and still says 200). */
export function brokenAnswer(name: string, request: HttpRequest, status: number, answer: string): PartnerError {
  return new PartnerError(
    'SWB_PARTNER_ANSWER',
    `${request.what} (${request.method} ${pathOf(request.path)}) was answered ${status} with a body that is not valid JSON.`,
    {
      where: name,
      hint: 'It is looked up and tried again.',
      outcome: request.method === 'GET' ? 'notDone' : 'unknown',
      retry: true,
      status,
      answer: answer.slice(0, MOST_QUOTED),
    },
  );
}

/** Milliseconds from a Retry-After header in seconds or as a date (RFC 9110 §10.2.3). */
export function retryAfter(value: string | undefined, now: number): number | undefined {
  if (!value) return undefined;
  const milliseconds = /^\d+$/.test(value.trim()) ? Number(value) * 1000 : Date.parse(value) - now;
  return Number.isFinite(milliseconds) ? Math.max(0, milliseconds) : undefined;
}

/** What the partner says, taken out of the usual error bodies: ServiceNow {error: {message, detail}}, TMF {reason, message}, OAuth {error_description}. */
export function explanation(answer: string): string {
  try {
    const body = JSON.parse(answer) as Record<string, unknown>;
    const inner = typeof body.error === 'object' && body.error !== null ? (body.error as Record<string, unknown>) : body;
    const parts = [
      inner.message,
      inner.detail,
      inner.reason,
      body.error_description,
      typeof body.error === 'string' ? body.error : undefined,
    ];
    const words = [...new Set(parts.filter((p): p is string => typeof p === 'string' && p !== ''))];
    if (words.length)
      return words
        .join(', ')
        .slice(0, MOST_QUOTED)
        .replace(/[.\s]+$/, '');
  } catch {
    // no JSON: quote it as it is
  }
  return withoutMarkup(answer)
    .slice(0, MOST_QUOTED)
    .replace(/[.\s]+$/, '');
}

/** The words of a page in one line. */
export function withoutMarkup(page: string): string {
  return page
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
}

function pathOf(path: string): string {
  const plain = path.split('?')[0] ?? path;
  return plain.length > 120 ? `${plain.slice(0, 117)}…` : plain;
}
