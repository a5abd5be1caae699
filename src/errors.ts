import { oneLine } from './text/printable.js';

/** Every error shown to users has a stable code; docs/errors.md explains for each what happened and what to do. */
export type ErrorCode =
  | 'SWB_CONFIG' // a setting is missing or wrong
  | 'SWB_PAYLOAD' // an incoming payload is invalid
  | 'SWB_UNMAPPED' // a value has no row in its value map
  | 'SWB_UNASSIGNED' // no leg of the fan-out matches an order item
  | 'SWB_DECISION' // an operator has to decide, for example whether the other legs continue after one failed
  | 'SWB_EXPRESSION' // a JSONata expression failed or ran too long
  | 'SWB_UNAUTHORISED' // a request came with a wrong secret
  | 'SWB_FORBIDDEN' // a browser request came from another site, or used an unknown host name
  | 'SWB_ADDRESS' // a partner named an address that the endpoint's settings do not allow
  | 'SWB_TOO_LARGE' // a request or answer exceeds the size limit
  | 'SWB_FILE_REFUSED' // a file that the settings of a party, or the virus scanner, do not let pass
  | 'SWB_BUSY' // the inbox is full or the store cannot write: retry later
  | 'SWB_CLOSED' // the broker is closing
  | 'SWB_STORE_LOCKED' // another process uses the store
  | 'SWB_STORE' // the store cannot read or write
  | 'SWB_CONFLICT' // another writer changed the record in the meantime
  | 'SWB_PARTNER_REFUSED' // the partner rejected the request, and would reject it again
  | 'SWB_PARTNER_AUTH' // the partner rejected our credentials, or we lack a permission
  | 'SWB_PARTNER_NOT_FOUND' // the partner does not have (or hides) the entity
  | 'SWB_PARTNER_UNAVAILABLE' // the partner cannot be reached, is overloaded, or failed
  | 'SWB_PARTNER_LIMIT' // the partner limits our rate
  | 'SWB_PARTNER_ANSWER' // the partner's answer does not match the request
  | 'SWB_PARTNER_DROPPED' // the partner accepted the write but silently dropped fields
  | 'SWB_BOTH_CHANGED' // two parties changed the same field to different values at the same time
  | 'SWB_DELETED' // the entity was deleted at the partner
  | 'SWB_ERASED' // the data of the ticket was erased
  | 'SWB_WRONG_ENTITY' // the target does not carry our reference
  | 'SWB_FLOW' // a node in the flow failed or never finished
  | 'SWB_SKIPPED'; // an operator skipped it

export interface ErrorDetails {
  /** The display name of the endpoint, node or setting concerned. */
  where?: string;
  /** The invalid field or property. */
  field?: string;
  /** What to do next, as a full sentence. */
  hint?: string;
  cause?: unknown;
}

/**
 * An error for users: where it happened, what happened, and what to do. `message` contains all three. Each is one line, whatever a
 * partner's text in it contains.
 */
export class SwitchboardError extends Error {
  readonly code: ErrorCode;
  readonly what: string;
  readonly where?: string;
  readonly field?: string;
  readonly hint?: string;
  constructor(code: ErrorCode, text: string, { cause, ...details }: ErrorDetails = {}) {
    const [what, where, field, hint] = [text, details.where, details.field, details.hint].map((part) => part && oneLine(part));
    const place = where ? `${where}: ` : '';
    super(`${place}${what}${hint ? ` ${hint}` : ''}`, { cause });
    this.name = 'SwitchboardError';
    this.code = code;
    this.what = what ?? '';
    this.where = where;
    this.field = field;
    this.hint = hint;
  }

  /** The message with another hint. */
  messageWithHint(hint: string): string {
    const { code, what, where } = this;
    return new SwitchboardError(code, what, { where, hint }).message;
  }

  /** The same error with a location that the code that threw it did not know. */
  at(where: string): SwitchboardError {
    const { field, hint, cause } = this;
    return new SwitchboardError(this.code, this.what, { where, field, hint, cause });
  }
}

/** Whether a commit was rejected because another writer has changed one of its records, or has taken its key. */
export function isConcurrentChange(error: unknown): error is SwitchboardError {
  return error instanceof SwitchboardError && error.code === 'SWB_CONFLICT';
}

/**
 * Why a message or delivery needs a decision. Each kind has its own choices (decisions.ts).
 * - `unresolved`: an answer was lost or confirmed the write, and reads do not show whether the write was done.
 * - `addressChanged`: the endpoint's address was changed while a delivery was in doubt.
 * - `wrongEntity`: it is not certain that the record at the partner belongs to this conversation.
 * - `items`: the partner's answer does not identify the order items.
 * - `cancelling`: the partner does not have the way of cancelling that the endpoint is set to.
 * - `legFailed`: a leg of an order failed; the other legs can continue or be cancelled.
 */
export type DecisionKind = 'unresolved' | 'addressChanged' | 'wrongEntity' | 'items' | 'cancelling' | 'legFailed';

/** An operator has to decide how to continue; `kind` determines the choices. The message is the question. */
export class DecisionError extends SwitchboardError {
  constructor(
    readonly kind: DecisionKind,
    code: ErrorCode,
    what: string,
    details: ErrorDetails = {},
  ) {
    super(code, what, details);
    this.name = 'DecisionError';
  }
}

/**
 * The outcome of a failed request.
 * - `notDone`: the partner certainly did not process it (never sent, or rejected): safe to send again if `retry`.
 * - `unknown`: the partner may have processed it (answer lost, time-out after sending, 5xx): look the record up before sending
 *   again.
 */
export type Outcome = 'notDone' | 'unknown';

export interface PartnerErrorDetails extends ErrorDetails {
  outcome: Outcome;
  /** True if a later retry may succeed (network, 408, 425, 429, 5xx). */
  retry: boolean;
  /** HTTP status, if there was an answer. */
  status?: number;
  /** Milliseconds the partner asked us to wait (Retry-After). */
  retryAfter?: number;
  /** The partner's answer, truncated, with secrets masked. */
  answer?: string;
  /** The parsed answer, if it was JSON. */
  body?: unknown;
  /** The error concerns one record and does not affect the endpoint's state. */
  concernsRecord?: boolean;
  /**
   * The partner confirmed the write, but reads do not show it: it is looked up, and written again only if an operator decides so.
   */
  notVisible?: boolean;
  /** Id of the endpoint that caused the error, if it is not the target: the state of the target's endpoint is not affected. */
  otherPartner?: string;
}

/** A partner's system rejected the request, failed or could not be reached. */
export class PartnerError extends SwitchboardError {
  readonly outcome: Outcome;
  readonly retry: boolean;
  readonly status?: number;
  readonly retryAfter?: number;
  readonly answer?: string;
  readonly body?: unknown;
  readonly concernsRecord: boolean;
  readonly notVisible: boolean;
  readonly otherPartner?: string;
  constructor(code: ErrorCode, what: string, details: PartnerErrorDetails) {
    super(code, what, details);
    this.name = 'PartnerError';
    this.outcome = details.outcome;
    this.retry = details.retry;
    this.status = details.status;
    this.retryAfter = details.retryAfter;
    this.answer = details.answer;
    this.body = details.body;
    this.concernsRecord = details.concernsRecord ?? false;
    this.notVisible = details.notVisible ?? false;
    this.otherPartner = details.otherPartner;
  }

  /** The same failure with the secrets in its texts masked. Its cause is only a message and a code: errors of libraries contain requests. */
  masked(mask: (text: string) => string): PartnerError {
    const { code, what, where, field, hint, outcome, retry, status, retryAfter, answer, body, cause } = this;
    const { concernsRecord, notVisible, otherPartner } = this;
    return new PartnerError(code, mask(what), {
      where,
      field,
      hint: hint && mask(hint),
      outcome,
      retry,
      status,
      retryAfter,
      answer: answer && mask(answer),
      body: mapTexts(body, mask),
      concernsRecord,
      notVisible,
      otherPartner,
      ...(cause instanceof Error && {
        cause: Object.assign(new Error(mask(cause.message)), { code: (cause as { code?: unknown }).code }),
      }),
    });
  }

  /** The same failure with other details. */
  withDetails(changed: Partial<PartnerErrorDetails>): PartnerError {
    const { code, what, where, field, hint, outcome, retry, status, retryAfter, answer, body } = this;
    const { concernsRecord, notVisible, otherPartner } = this;
    const details = { where, field, hint, outcome, retry, status, retryAfter, answer, body };
    return new PartnerError(code, what, { ...details, concernsRecord, notVisible, otherPartner, cause: this, ...changed });
  }
}

/** A parsed body with each text in it changed. */
function mapTexts(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === 'string') return change(value);
  if (Array.isArray(value)) return value.map((entry) => mapTexts(entry, change));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, entry]) => [name, mapTexts(entry, change)]));
}
