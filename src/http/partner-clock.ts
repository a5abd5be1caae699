/** Number of readings kept; the one with the shortest round trip is used. */
const MAX_READINGS = 16;
/** The only format that servers may send in a Date header (RFC 9110 §5.6.7). */
const HTTP_DATE = /^\w{3}, \d{2} \w{3} \d{4} \d{2}:\d{2}:\d{2} GMT$/;

/**
 * The Date header of an answer as epoch milliseconds in whole seconds; undefined if it is missing or the answer came from a
 * cache.
 */
export function dateOf({ date = '', age }: Record<string, string | undefined>): number | undefined {
  return age === undefined && HTTP_DATE.test(date) ? Date.parse(date) || undefined : undefined;
}

interface Reading {
  /** The partner's time when the steady clock was at 0. */
  zero: number;
  /** Milliseconds; the partner's clock was read at some time in between. */
  roundTrip: number;
}

/**
 * How far a partner's clock is ahead of ours, from the Date headers of its answers, to about half a second. The partner's time is
 * compared with the steady clock, so that setting our wall clock takes effect immediately.
 */
export class PartnerClock {
  private readings: Reading[] = [];

  constructor(
    private readonly clock: () => number,
    private readonly steady: () => number,
  ) {}

  /** Adds the reading of a new answer. `sent`: when the request was sent, by the steady clock. */
  update(headers: Record<string, string | undefined>, sent: number): void {
    const made = dateOf(headers);
    if (made === undefined) return;
    const roundTrip = this.steady() - sent;
    const newest = { zero: made + 500 - (sent + roundTrip / 2), roundTrip };
    // Readings that contradict the newest were taken before the partner's clock was set.
    this.readings = [...this.readings.filter((reading) => areConsistent(reading, newest)), newest].slice(-MAX_READINGS);
  }

  /** Milliseconds, negative if it is behind; undefined until known. */
  get ahead(): number | undefined {
    if (this.readings.length === 0) return undefined;
    const { zero } = this.readings.reduce((best, reading) => (reading.roundTrip <= best.roundTrip ? reading : best));
    return Math.round(zero + this.steady() - this.clock());
  }
}

/** Whether both readings can come from the same, unadjusted clock. */
function areConsistent(a: Reading, b: Reading): boolean {
  return Math.abs(a.zero - b.zero) <= 1_000 + (a.roundTrip + b.roundTrip) / 2;
}
