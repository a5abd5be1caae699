import { randomInt } from 'node:crypto';

/** Crockford's Base32 alphabet in lower case: sorts as text like the numbers, and has no letters that look like digits. */
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
const TIME_CHARACTERS = 10;
const RANDOM_CHARACTERS = 10;
/** Half the range, so that counting up within one millisecond cannot overflow. */
const RANDOM_START = 2 ** 49;

/** A cryptographically secure random number from 0 (inclusive) to 1 (exclusive). */
export function secureRandom(): number {
  return randomInt(2 ** 47) / 2 ** 47;
}

/**
 * Creates a source of 20-character ids that sort by time, as far as the clock allows. Ids of one source always increase, even
 * within a millisecond or when the clock is set back; the first is greater than `above`, the newest id of an earlier process. So
 * ids sort in the order of acceptance.
 */
export function createIdSource(
  clock: () => number = Date.now,
  random: () => number = secureRandom,
  above?: string,
): () => string {
  let { time, tail } = partsOf(above) ?? { time: 0, tail: 0 };
  return () => {
    const now = Math.floor(clock());
    if (now > time) {
      time = now;
      tail = Math.floor(random() * RANDOM_START);
    } else {
      tail += 1;
    }
    return digits(time, TIME_CHARACTERS) + digits(tail, RANDOM_CHARACTERS);
  };
}

/** The smallest possible id for a time (epoch milliseconds): the bound of a time range in a list of ids. */
export function idAt(time: number): string {
  return digits(Math.max(0, Math.floor(time)), TIME_CHARACTERS);
}

/** When an id was created, in epoch milliseconds; 0 for an invalid id. */
export function timeOf(id: string | undefined): number {
  return partsOf(id)?.time ?? 0;
}

/** Whether an id was created less than this many milliseconds before another one. */
export function isWithin(milliseconds: number, earlier: string, later: string): boolean {
  const [before, after] = [partsOf(earlier), partsOf(later)];
  return before !== undefined && after !== undefined && after.time - before.time < milliseconds;
}

/** Undefined for a text that is not an id of such a source. */
function partsOf(id: string | undefined): { time: number; tail: number } | undefined {
  if (id?.length !== TIME_CHARACTERS + RANDOM_CHARACTERS) return undefined;
  const [time, tail] = [id.slice(0, TIME_CHARACTERS), id.slice(TIME_CHARACTERS)].map(numberOf) as [number, number];
  return Number.isNaN(time + tail) ? undefined : { time, tail };
}

function numberOf(text: string): number {
  let value = 0;
  for (const character of text) {
    const digit = ALPHABET.indexOf(character);
    if (digit < 0) return Number.NaN;
    value = value * 32 + digit;
  }
  return value;
}

function digits(value: number, length: number): string {
  let text = '';
  let rest = value;
  for (let i = 0; i < length; i++) {
    text = ALPHABET[rest % 32] + text;
    rest = Math.floor(rest / 32);
  }
  return text;
}
