import type { ErrorRecord } from '../store/store.js';
import type { CircuitState } from './circuit.js';

/** A time in which nothing was sent to a partner because it was down, or gave no valid answers. */
export interface Outage {
  /** ISO 8601. */
  since: string;
}

interface OutageLogOptions {
  /** Name of the endpoint. */
  name: string;
  clock: () => number;
  log: (level: 'info' | 'warn', text: string) => void;
}

/** Follows a partner's circuit: since when it is down, and the last error. Logs once that it went down, and once that it is back. */
export class OutageLog {
  outage: Outage | undefined;
  /** The last error of the partner, also while it is up. */
  lastError: ErrorRecord | undefined;

  constructor(private readonly options: OutageLogOptions) {}

  /** An attempt has failed. */
  failed(error: ErrorRecord): void {
    if (error.code.startsWith('SWB_PARTNER_')) this.lastError = error;
  }

  /** To be called after each attempt. A circuit that is half open lets a probe through: the partner is still down. */
  follow(circuit: CircuitState): void {
    const { name, clock, log } = this.options;
    if (circuit === 'closed' && this.outage) {
      log('info', `${name} is available again. It was unavailable since ${this.outage.since}.`);
      this.outage = undefined;
    } else if (circuit !== 'closed' && !this.outage) {
      this.outage = { since: new Date(clock()).toISOString() };
      log('warn', `${name} is unavailable, deliveries to it wait: ${this.lastError?.message ?? 'there is no answer'}`);
    }
  }
}
