/** Answers of which the one with the shortest round trip is believed. */
const MOST = 16;
/** The one form in which a Date header may be written today (RFC 9110 §5.6.7). */
const HTTP_DATE = /^\w{3}, \d{2} \w{3} \d{4} \d{2}:\d{2}:\d{2} GMT$/;

/** When the answer was made by its sender's clock, epoch milliseconds in whole seconds; undefined where it does not say, or came out of a cache. */
export function madeAt({ date = '', age }: Record<string, string | undefined>): number | undefined {
  return age === undefined && HTTP_DATE.test(date) ? Date.parse(date) || undefined : undefined;
}

interface Reading {
  /** The partner's time when the steady clock was at 0. */
  zero: number;
  /** Milliseconds; the partner's clock was read somewhere within. */
  roundTrip: number;
}

/**
 * How far a partner's clock is ahead of ours, from the Date headers of its answers, to about half a second. The partner's time is held against the steady
 * clock: when our wall clock is set, that shows at once.
 */
export class PartnerClock {
  private readings: Reading[] = [];

  constructor(
    private readonly clock: () => number,
    private readonly steady: () => number,
  ) {}

  /** Takes note of an answer that has just come. `sent`: when it was asked for, by the steady clock. */
  note(headers: Record<string, string | undefined>, sent: number): void {
    const made = madeAt(headers);
    if (made === undefined) return;
    const roundTrip = this.steady() - sent;
    const newest = { zero: made + 500 - (sent + roundTrip / 2), roundTrip };
    // What it contradicts was read before the partner's clock was set.
    this.readings = [...this.readings.filter((reading) => agree(reading, newest)), newest].slice(-MOST);
  }

  /** Milliseconds, negative where it is behind; undefined until known. */
  get ahead(): number | undefined {
    if (this.readings.length === 0) return undefined;
    const { zero } = this.readings.reduce((best, reading) => (reading.roundTrip <= best.roundTrip ? reading : best));
    return Math.round(zero + this.steady() - this.clock());
  }
}

/** May both be of a clock that runs on as ours does? */
function agree(a: Reading, b: Reading): boolean {
  return Math.abs(a.zero - b.zero) <= 1_000 + (a.roundTrip + b.roundTrip) / 2;
}
