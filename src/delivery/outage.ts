import type { ErrorRecord } from '../store/store.js';
import type { CircuitState } from './circuit.js';
import type { TroubleSince } from './trouble-since.js';

/** A time in which nothing was sent to a partner because it was down, or gave no valid answers. */
export interface Outage {
  /** ISO 8601. */
  since: string;
}

interface OutageLogOptions {
  /** Name of the endpoint. */
  name: string;
  clock: () => number;
  troubleSince: TroubleSince;
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

  /** A delivery has succeeded. */
  succeeded(): void {
    // If the store fails, only the time of a later outage is wrong.
    this.options.troubleSince.end().catch(() => undefined);
  }

  /** To be called after each attempt. A circuit that is half open lets a probe through: the partner is still down. */
  follow(circuit: CircuitState): void {
    const { name, clock, log } = this.options;
    if (circuit === 'closed' && this.outage) {
      log('info', `${name} is available again. It was unavailable since ${this.outage.since}.`);
      this.outage = undefined;
      this.succeeded();
    } else if (circuit !== 'closed' && !this.outage) {
      this.outage = { since: new Date(clock()).toISOString() };
      void this.begin(this.outage, this.lastError?.message ?? 'there is no answer');
    }
  }

  private async begin(outage: Outage, reason: string): Promise<void> {
    const { name, troubleSince, log } = this.options;
    const { since, isNew } = await troubleSince.begin(outage.since).catch(() => ({ ...outage, isNew: true }));
    outage.since = since;
    if (isNew) log('warn', `${name} is unavailable, deliveries to it wait: ${reason}`);
    else log('info', `${name} is still unavailable: ${reason}`);
  }
}
