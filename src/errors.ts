/** Every error a person may meet has a stable code; docs/errors.md says for each what happened, why, and what to do. */
export type ErrorCode =
  | 'SWB_CONFIG' // a setting is missing or wrong
  | 'SWB_PAYLOAD' // a payload we were given is not what it should be
  | 'SWB_UNMAPPED' // a value has no row in its value map
  | 'SWB_UNASSIGNED' // an item of an order is for no leg of the fan-out
  | 'SWB_DECISION' // a person has to decide: a leg failed, and the others may go on or be cancelled
  | 'SWB_EXPRESSION' // a JSONata expression failed or ran too long
  | 'SWB_UNAUTHORISED' // someone called us with a wrong secret
  | 'SWB_FORBIDDEN' // a browser sent it for a page of another site, or under a host name that is not known
  | 'SWB_TOO_LARGE' // a request or answer is over the size limit
  | 'SWB_BUSY' // inbox full or store not writable: come again
  | 'SWB_CLOSED' // the broker is closing
  | 'SWB_STORE_LOCKED' // another process holds the store
  | 'SWB_STORE' // the store cannot read or write
  | 'SWB_CONFLICT' // a record changed under the writer's feet
  | 'SWB_PARTNER_REFUSED' // the partner said no, and will say no again
  | 'SWB_PARTNER_AUTH' // the partner refused our credentials or rights
  | 'SWB_PARTNER_NOT_FOUND' // the partner does not have (or hides) the entity
  | 'SWB_PARTNER_UNAVAILABLE' // the partner cannot be reached, is overloaded, or failed
  | 'SWB_PARTNER_LIMIT' // the partner limits our rate
  | 'SWB_PARTNER_ANSWER' // the partner's answer makes no sense
  | 'SWB_PARTNER_DROPPED' // the partner accepted the write but silently left fields out
  | 'SWB_BOTH_CHANGED' // two parties gave one field different values at once
  | 'SWB_DELETED' // an entity is there no more
  | 'SWB_WRONG_ENTITY' // the target does not carry our reference
  | 'SWB_FLOW' // a node in the flow failed or never finished
  | 'SWB_SKIPPED'; // a person gave it up

export interface ErrorDetails {
  /** The endpoint, node or setting it concerns, by the name a person gave it. */
  where?: string;
  /** The field or property at fault. */
  field?: string;
  /** What to do next, a full sentence. */
  hint?: string;
  cause?: unknown;
}

/** An error for people: what was wrong, where, and what to do. `message` holds all three as one text. */
export class SwitchboardError extends Error {
  readonly code: ErrorCode;
  readonly where?: string;
  readonly field?: string;
  readonly hint?: string;
  constructor(
    code: ErrorCode,
    private readonly what: string,
    details: ErrorDetails = {},
  ) {
    const place = details.where ? `${details.where}: ` : '';
    super(`${place}${what}${details.hint ? ` ${details.hint}` : ''}`, { cause: details.cause });
    this.name = 'SwitchboardError';
    this.code = code;
    this.where = details.where;
    this.field = details.field;
    this.hint = details.hint;
  }

  /** The message with another next step. */
  messageWithHint(hint: string): string {
    const { code, what, where } = this;
    return new SwitchboardError(code, what, { where, hint }).message;
  }

  /** The same, said of a place that the thrower did not know. */
  at(where: string): SwitchboardError {
    const { field, hint, cause } = this;
    return new SwitchboardError(this.code, this.what, { where, field, hint, cause });
  }
}

/**
 * Why something waits for a person. Each kind has its own answers (decisions.ts).
 * - `unresolved`: an answer was lost, or said that it is done, and the partner's answers do not show whether it is.
 * - `addressChanged`: the endpoint's address was changed while something was in doubt there.
 * - `wrongEntity`: the record at the partner is not surely the one of this conversation.
 * - `items`: what came back of an order's items does not say which is which.
 * - `legFailed`: a leg of an order failed, and the others may go on or be cancelled.
 */
export type DecisionKind = 'unresolved' | 'addressChanged' | 'wrongEntity' | 'items' | 'legFailed';

/** Only a person can say how this goes on; `kind` says which answers there are. The question is the message. */
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
 * What became of a request that failed.
 * - `notDone`: the partner surely did not act on it (never sent, or refused): safe to send again if `retry`.
 * - `unknown`: it may have acted on it (answer lost, time-out after sending, 5xx): look before sending again.
 */
export type Outcome = 'notDone' | 'unknown';

export interface PartnerErrorDetails extends ErrorDetails {
  outcome: Outcome;
  /** True when trying again later may help (network, 408, 425, 429, 5xx). */
  retry: boolean;
  /** HTTP status, when there was an answer. */
  status?: number;
  /** Milliseconds the partner asked us to wait (Retry-After). */
  retryAfter?: number;
  /** What the partner said, shortened, secrets masked. */
  answer?: string;
  /** The same, where it was JSON. */
  body?: unknown;
  /** It is about one record, and says nothing of how the partner is. */
  concernsRecord?: boolean;
  /** The write was answered as done, and yet is not shown: it is looked for, and written once more only when a person says so. */
  notVisible?: boolean;
  /** Another partner's doing than the one's that is written to: of that one it says nothing. */
  otherPartner?: boolean;
}

/** A partner's system refused, failed or could not be reached. */
export class PartnerError extends SwitchboardError {
  readonly outcome: Outcome;
  readonly retry: boolean;
  readonly status?: number;
  readonly retryAfter?: number;
  readonly answer?: string;
  readonly body?: unknown;
  readonly concernsRecord: boolean;
  readonly notVisible: boolean;
  readonly otherPartner: boolean;
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
    this.otherPartner = details.otherPartner ?? false;
  }

  /** The same failure, of which something else is known. */
  withDetails(known: Partial<PartnerErrorDetails>): PartnerError {
    const { code, message, outcome, retry, status, retryAfter, answer, body, concernsRecord, notVisible, otherPartner } = this;
    const details = { outcome, retry, status, retryAfter, answer, body, concernsRecord, notVisible, otherPartner };
    return new PartnerError(code, message, { ...details, cause: this, ...known });
  }
}
