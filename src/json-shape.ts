/** What a JSON text from outside may consist of: levels of nesting, values of any kind, and names of one object. */
export interface JsonLimits {
  readonly depth: number;
  readonly values: number;
  readonly names: number;
}

/** What a JSON text has more of than it may have. */
export type JsonExcess = keyof JsonLimits;

/** What a JSON text consists of, as far as it was looked at: up to the first excess. */
interface JsonShape {
  values: number;
  excess?: JsonExcess;
}

/** What JSON texts may consist of that came together: their values are counted together. */
export class JsonAllowance {
  private used = 0;

  constructor(private readonly limits: JsonLimits) {}

  /** What a text has more of than it may have; undefined: it may be parsed. */
  excess(text: string): JsonExcess | undefined {
    const { values, excess } = shapeOf(text, { ...this.limits, values: this.limits.values - this.used });
    this.used += values;
    return excess;
  }
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const BLANK = 0x20;

/**
 * The shape of a JSON text, without parsing it: some kilobytes, unpacked, are millions of values, whose parsing takes seconds and a
 * gigabyte. Of a text that is no JSON, the shape is that of its beginning that is, or more. Pure; takes about a nanosecond per
 * character.
 */
export function shapeOf(text: string, limits: JsonLimits): JsonShape {
  const names = new Uint32Array(limits.depth + 1);
  let depth = 0;
  let values = 1;
  /** The last character that is not blank. */
  let last = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code <= BLANK) continue;
    switch (code) {
      case QUOTE:
        at = endOfString(text, at);
        break;
      case COLON:
        if (++names[depth]! > limits.names) return { values, excess: 'names' };
        break;
      case COMMA:
        if (++values > limits.values) return { values, excess: 'values' };
        break;
      case OPEN_LIST:
      case OPEN_OBJECT:
        if (++depth > limits.depth) return { values, excess: 'depth' };
        names[depth] = 0;
        break;
      case CLOSE_LIST:
      case CLOSE_OBJECT:
        if (depth > 0) depth--;
        // Each comma stands before a value, and nothing before the first one of a list or an object.
        if (last !== OPEN_LIST && last !== OPEN_OBJECT && ++values > limits.values) return { values, excess: 'values' };
    }
    last = code;
  }
  return values > limits.values ? { values, excess: 'values' } : { values };
}

/** Where the string ends that begins at a quote. */
function endOfString(text: string, start: number): number {
  for (let at = start; ; ) {
    at = text.indexOf('"', at + 1);
    if (at < 0) return text.length;
    let before = at - 1;
    while (text.charCodeAt(before) === BACKSLASH) before--;
    // An even number of backslashes stands for half as many of them.
    if ((at - before) % 2 === 1) return at;
  }
}
