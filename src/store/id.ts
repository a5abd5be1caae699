import { randomInt } from 'node:crypto';

/** Crockford's alphabet in lower case: sorts as text the way the numbers sort, and has no letters a person mistakes for digits. */
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
const TIME_CHARACTERS = 10;
const RANDOM_CHARACTERS = 10;
/** Half the space, so that counting up within one millisecond cannot run over. */
const RANDOM_START = 2 ** 49;

/** A random number from 0 (included) to 1 (excluded), not guessable from earlier ones. */
export function secureRandom(): number {
  return randomInt(2 ** 47) / 2 ** 47;
}

/**
 * Makes a source of ids of 20 characters that sort by time. Ids of one source always rise, also within a millisecond and when the clock
 * is set back: the order of ids is the order of acceptance.
 */
export function createIds(clock: () => number = Date.now, random: () => number = secureRandom): () => string {
  let time = 0;
  let tail = 0;
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

/** The smallest id that can be made at a time (epoch milliseconds): the bound of a time range in a list of ids. */
export function idAt(time: number): string {
  return digits(Math.max(0, Math.floor(time)), TIME_CHARACTERS);
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
