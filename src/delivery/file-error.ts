import { type ErrorCode, type ErrorDetails, SwitchboardError } from '../errors.js';

/**
 * Why a file does not go on where neither partner failed: a rule of ours forbids it, or there is no room or no virus scanner. `waits`:
 * it is tried again until that has changed, however long; otherwise it ends as a dead letter of its own.
 */
export class FileError extends SwitchboardError {
  readonly waits: boolean;

  constructor(code: ErrorCode, what: string, { waits = false, ...details }: ErrorDetails & { waits?: boolean } = {}) {
    super(code, what, details);
    this.waits = waits;
  }
}
