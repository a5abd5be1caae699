import { type Attributes, entries, isAttributes, textOf } from './attributes.js';

/** How long less has to be read before it is believed: replicas lag, and people do take entries away. Milliseconds. */
const LAG = 30_000;
/** Lists remembered; older ones are learnt again. */
const MOST = 50_000;

interface Known {
  entries: Attributes[];
  /** Since when some of them, or the list, have not been read; epoch milliseconds. */
  lessSince?: number;
}

/**
 * What the lists of each resource held when they were last read. An answer that lacks entries, or a list, is not to be taken for news, and above
 * all not for what a list is made of that is written back whole: that would take away what it lacks.
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
      if (known && this.lacks(resource, attribute)) {
        known.lessSince ??= this.clock();
        // Only a list can say that there are fewer now.
        if (Array.isArray(list) && this.clock() - known.lessSince >= LAG) this.put(key, entries(list));
      } else if (Array.isArray(list)) this.put(key, entries(list));
    }
  }

  /** What a resource lacks of what its lists held, or of what makes them lists, in words; as far as that is no older than a lag. */
  vanished(resource: Attributes): string | undefined {
    for (const attribute of Object.keys(this.attributes)) {
      if (!isMissing(resource, attribute) && !isList(resource[attribute]))
        return `with a ${attribute} that is no list of objects`;
      const { lessSince = Number.NEGATIVE_INFINITY } = this.known.get(this.key(resource, attribute)) ?? {};
      if (this.lacks(resource, attribute) && this.clock() - lessSince < LAG)
        return `without all of its ${attribute}, which were there a moment ago`;
    }
    return undefined;
  }

  /**
   * What is wrong with the list of a resource that was just read, in words; undefined: it is whole, as far as is known. `seen`: ids of entries that
   * were read before this process began.
   */
  fault(resource: Attributes, attribute: string, seen: readonly string[] = []): string | undefined {
    const list = resource[attribute];
    const known = this.known.get(this.key(resource, attribute));
    if (isMissing(resource, attribute)) {
      const were = (known?.entries.length ?? 0) > 0 || this.attributes[attribute] || this.unseen(resource, seen);
      return were ? `without its ${attribute}` : undefined;
    }
    if (!isList(list)) return `with a ${attribute} that is no list of objects`;
    if (list.some(isStub)) return `with a ${attribute} in which entries show nothing but their ids`;
    if (list.length === 0 && !known && this.unseen(resource, seen)) return `with an empty ${attribute}`;
    return this.lacks(resource, attribute) ? `without all of its ${attribute}` : undefined;
  }

  private lacks(resource: Attributes, attribute: string): boolean {
    const { entries: known = [] } = this.known.get(this.key(resource, attribute)) ?? {};
    const there = entries(resource[attribute]);
    // Parts of the resource may be given other ids by its provider: there must be as many.
    if (this.attributes[attribute]) return there.length < known.length;
    return known.some((entry) => !there.some((other) => isSame(entry, other)));
  }

  /** Is something not shown that was seen before? */
  private unseen(resource: Attributes, seen: readonly string[]): boolean {
    const there = new Set(Object.keys(this.attributes).flatMap((name) => entries(resource[name]).map(({ id }) => textOf(id))));
    return seen.some((id) => !there.has(id));
  }

  private put(key: string, list: Attributes[]): void {
    if (this.known.size >= MOST) this.known.clear();
    this.known.set(key, { entries: list.map(traitsOf) });
  }

  private key(resource: Attributes, attribute: string): string {
    return `${textOf(resource.id)}|${attribute}`;
  }
}

/** What an entry is known again by: providers give ids anew, or change words, but not both at once. */
function traitsOf({ id, text, name }: Attributes): Attributes {
  return { ...(id !== undefined && { id }), ...(text !== undefined && { text }), ...(name !== undefined && { name }) };
}

function isSame(known: Attributes, other: Attributes): boolean {
  const names = Object.keys(known);
  return (
    names.length === 0 || names.some((name) => textOf(known[name]) !== undefined && textOf(known[name]) === textOf(other[name]))
  );
}

function isList(list: unknown): list is Attributes[] {
  return Array.isArray(list) && list.every(isAttributes);
}

function isStub(entry: Attributes): boolean {
  return Object.keys(entry).every((name) => name === 'id' || name.startsWith('@'));
}

function isMissing(resource: Attributes, attribute: string): boolean {
  return resource[attribute] === undefined || resource[attribute] === null;
}
