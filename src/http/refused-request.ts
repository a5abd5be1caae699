import { type ErrorCode, type ErrorDetails, SwitchboardError } from '../errors.js';

/** A request is refused with a status that its code does not say. */
export class RefusedRequest extends SwitchboardError {
  /** Seconds. */
  readonly retryAfter?: number;
  constructor(
    readonly status: number,
    code: ErrorCode,
    what: string,
    { retryAfter, ...details }: ErrorDetails & { retryAfter?: number } = {},
  ) {
    super(code, what, details);
    this.name = 'RefusedRequest';
    this.retryAfter = retryAfter;
  }
}
