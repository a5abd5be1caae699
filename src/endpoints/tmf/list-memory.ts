import { type Attributes, isAttributes, textOf } from './attributes.js';

/** How long less has to be read before it is believed: replicas lag, and people do take entries away. Milliseconds. */
const LAG = 30_000;
/** Lists remembered; older ones are learnt again. */
const MOST = 50_000;

interface Known {
  length: number;
  /** Since when fewer, or no list at all, have been read; epoch milliseconds. */
  lessSince?: number;
}

/**
 * How long the lists of each resource were when they were last read. An answer that lacks entries, or a list, is not to be taken for news, and
 * above all not for what a list is made of that is written back whole: that would take away what it lacks.
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
      const key = this.key(resource, attribute);
      const known = this.known.get(key);
      const length = Array.isArray(list) ? list.length : 0;
      if (known && length < known.length) {
        known.lessSince ??= this.clock();
        // Only a list can say that there are fewer now.
        if (Array.isArray(list) && this.clock() - known.lessSince >= LAG) this.known.set(key, { length });
      } else if (Array.isArray(list)) {
        if (this.known.size >= MOST) this.known.clear();
        this.known.set(key, { length });
      }
    }
  }

  /** The list that a resource does not show although it had entries, as far as that is no older than a lag. */
  vanished(resource: Attributes): string | undefined {
    return Object.keys(this.attributes).find((attribute) => {
      const { length = 0, lessSince = Number.NEGATIVE_INFINITY } = this.known.get(this.key(resource, attribute)) ?? {};
      return isMissing(resource, attribute) && length > 0 && this.clock() - lessSince < LAG;
    });
  }

  /** What is wrong with the list of a resource that was just read, in words; undefined: it is whole, as far as is known. */
  fault(resource: Attributes, attribute: string): string | undefined {
    const list = resource[attribute];
    const { length = 0 } = this.known.get(this.key(resource, attribute)) ?? {};
    if (isMissing(resource, attribute)) return length > 0 || this.attributes[attribute] ? `without its ${attribute}` : undefined;
    if (!Array.isArray(list) || !list.every(isAttributes)) return `with a ${attribute} that is no list of objects`;
    if (list.some(isStub)) return `with a ${attribute} in which entries show nothing but their ids`;
    return list.length < length ? `with ${list.length} ${attribute}, of which ${length} were there` : undefined;
  }

  private key(resource: Attributes, attribute: string): string {
    return `${textOf(resource.id)}|${attribute}`;
  }
}

function isStub(entry: Attributes): boolean {
  return Object.keys(entry).every((name) => name === 'id' || name.startsWith('@'));
}

function isMissing(resource: Attributes, attribute: string): boolean {
  return resource[attribute] === undefined || resource[attribute] === null;
}
