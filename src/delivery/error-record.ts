import { PartnerError, SwitchboardError } from '../errors.js';
import type { ErrorRecord } from '../store/store.js';

/** Converts an error to the record that is stored and shown. `at`: ISO 8601. */
export function errorRecord(error: unknown, at: string): ErrorRecord {
  if (error instanceof PartnerError)
    return { code: error.code, message: error.message, at, ...(error.status && { status: error.status }) };
  if (error instanceof SwitchboardError) return { code: error.code, message: error.message, at };
  // Anything else was thrown by a node of the flow.
  return { code: 'SWB_FLOW', message: error instanceof Error ? error.message : String(error), at };
}
