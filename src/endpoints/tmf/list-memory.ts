import type { Json } from '../../model/message.js';
import { type Attributes, isAttributes, textOf } from './attributes.js';

/** How long a list has to be shorter before it is believed: replicas lag, and people do take entries away. Milliseconds. */
const LAG = 30_000;
/** Lists remembered; older ones are learnt again. */
const MOST = 50_000;

interface Known {
  length: number;
  /** Since when it has been read with fewer, epoch milliseconds. */
  shorterSince?: number;
}

/**
 * How long the lists of each resource were when they were last read. A list that is written back whole takes away what it lacks: an answer
 * that lacks entries, or the list, must not be the one it is made of.
 */
export class ListMemory {
  private readonly known = new Map<string, Known>();

  constructor(
    /** The attributes that hold such lists; `true`: no resource is without. */
    private readonly attributes: Readonly<Record<string, boolean>>,
    private readonly clock: () => number,
  ) {}

  /** Takes what a read or a write showed. */
  learn(resource: Attributes): void {
    for (const attribute of Object.keys(this.attributes)) {
      const list = resource[attribute];
      if (Array.isArray(list)) this.put(this.key(resource, attribute), list.length);
    }
  }

  /** What is wrong with the list of a resource that was just read, in words; undefined: it is whole, as far as is known. */
  fault(resource: Attributes, attribute: string): string | undefined {
    const list: Json | undefined = resource[attribute];
    const { length = 0 } = this.known.get(this.key(resource, attribute)) ?? {};
    if (list === undefined || list === null)
      return length > 0 || this.attributes[attribute] ? `without its ${attribute}` : undefined;
    if (!Array.isArray(list) || !list.every(isAttributes)) return `with a ${attribute} that is no list of objects`;
    return list.length < length ? `with ${list.length} ${attribute}, of which ${length} were there` : undefined;
  }

  private put(key: string, length: number): void {
    const known = this.known.get(key);
    const shorterSince = known && length < known.length ? (known.shorterSince ?? this.clock()) : undefined;
    if (this.known.size >= MOST) this.known.clear();
    if (!known || shorterSince === undefined || this.clock() - shorterSince >= LAG) this.known.set(key, { length });
    else this.known.set(key, { ...known, shorterSince });
  }

  private key(resource: Attributes, attribute: string): string {
    return `${textOf(resource.id)}|${attribute}`;
  }
}
