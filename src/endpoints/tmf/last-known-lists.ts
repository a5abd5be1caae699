import { type Attributes, entries, isAttributes, isoTime, textOf } from './attributes.js';
import { entryIds } from './entry-ids.js';
import { withoutCounterpart } from './same-entry.js';

/** How long less has to be read before it is believed: replicas lag, and people do take entries away. Milliseconds. */
const LAG = 30_000;
/** Resources remembered; older ones are learnt again. */
const MOST = 50_000;

interface Known {
  /** What each list held. */
  lists: Record<string, Attributes[]>;
  /** Of each list, since when it has been read with less; epoch milliseconds. */
  lessSince: Record<string, number>;
  /** The newest time of change that was read or told, and when that was. */
  newest?: string;
  newestAt?: number;
}

/**
 * What was last read or told of resources. An answer that is older, or lacks entries, or a list, is not to be taken for news, and above all not for
 * what a list is made of that is written back whole: that would take away what it lacks.
 */
export class LastKnownLists {
  private readonly resources = new Map<string, Known>();

  constructor(
    /** The attributes that hold such lists; `true`: no resource is without. */
    private readonly attributes: Readonly<Record<string, boolean>>,
    private readonly clock: () => number,
  ) {}

  /** Takes what an event said of the time of a change. */
  told(id: string, version: string | undefined): void {
    const known = this.of(id);
    if (version === undefined || (known.newest !== undefined && version <= known.newest)) return;
    known.newest = version;
    known.newestAt = this.clock();
  }

  /** Takes what a read or a write showed. */
  learn(resource: Attributes): void {
    const known = this.about(resource);
    this.told(textOf(resource.id) ?? '', isoTime(resource.lastUpdate));
    for (const attribute of Object.keys(this.attributes)) {
      const list = resource[attribute];
      if (this.lacks(resource, attribute)) {
        known.lessSince[attribute] ??= this.clock();
        // Only a list can say that there are fewer now.
        if (!Array.isArray(list) || !this.isOver(known.lessSince[attribute])) continue;
      }
      if (!Array.isArray(list)) continue;
      known.lists[attribute] = entries(list).map(traitsOf);
      delete known.lessSince[attribute];
    }
  }

  /** What a list held, as far as entries are known again by it. */
  known(id: string, attribute: string): readonly Attributes[] {
    return this.of(id).lists[attribute] ?? [];
  }

  /** An entry is taken away by us: that it is not there is right. */
  forget(id: string, attribute: string, entry: Attributes): void {
    const known = this.of(id);
    const list = known.lists[attribute] ?? [];
    known.lists[attribute] = withoutCounterpart(list, [traitsOf(entry)]);
  }

  /** What a resource lacks of what its lists held, or of what makes them lists, in words; as far as that is no older than a lag. */
  vanished(resource: Attributes): string | undefined {
    for (const attribute of Object.keys(this.attributes)) {
      const fault = isMissing(resource, attribute) ? undefined : formFault(resource[attribute], attribute);
      if (fault) return fault;
      const since = this.about(resource).lessSince[attribute];
      if (since !== undefined && !this.isOver(since) && this.lacks(resource, attribute))
        return `without all of its ${attribute}, which were there a moment ago`;
    }
    return undefined;
  }

  /**
   * What is wrong with the list of a resource that was just read, in words; undefined: it is whole, as far as is known. `seen`: ids of entries that
   * were read before, also before this process began.
   */
  fault(resource: Attributes, attribute: string, seen: readonly string[] = []): string | undefined {
    const list = resource[attribute];
    const known = this.about(resource);
    const version = isoTime(resource.lastUpdate);
    if (version !== undefined && known.newest !== undefined && version < known.newest && !this.isOver(known.newestAt))
      return `as it was at ${version}, although it was changed at ${known.newest}`;
    const isUnseen = known.lists[attribute] === undefined && this.lacksSeen(resource, seen);
    if (isMissing(resource, attribute)) {
      const were = (known.lists[attribute]?.length ?? 0) > 0 || this.attributes[attribute] || isUnseen;
      return were ? `without its ${attribute}` : undefined;
    }
    const fault = formFault(list, attribute);
    if (fault) return fault;
    // It was just learnt: what was seen before this process began is all there is to compare it with.
    if (this.lacksSeen(resource, seen) && !this.isOver(this.since(known, `seen ${attribute}`)))
      return `without all that was seen of its ${attribute} before`;
    return this.lacks(resource, attribute) ? `without all of its ${attribute}` : undefined;
  }

  private lacks(resource: Attributes, attribute: string): boolean {
    const known = this.about(resource).lists[attribute] ?? [];
    const there = entries(resource[attribute]);
    // Parts of the resource may be given other ids by its provider: there must be as many.
    if (this.attributes[attribute]) return there.length < known.length;
    const telling = known.filter((entry) => Object.keys(entry).length > 0);
    return withoutCounterpart(telling, there).length > 0 || telling.some((entry) => there.some((other) => isCut(entry, other)));
  }

  /** Is something not shown that was seen before? */
  private lacksSeen(resource: Attributes, seen: readonly string[]): boolean {
    const there = new Set(Object.keys(this.attributes).flatMap((name) => [...entryIds(entries(resource[name])).values()]));
    return seen.some((id) => !there.has(id));
  }

  private since(known: Known, what: string): number {
    known.lessSince[what] ??= this.clock();
    return known.lessSince[what] as number;
  }

  private isOver(since: number | undefined): boolean {
    return since === undefined || this.clock() - since >= LAG;
  }

  private about(resource: Attributes): Known {
    return this.of(textOf(resource.id) ?? '');
  }

  private of(id: string): Known {
    let known = this.resources.get(id);
    if (!known) {
      if (this.resources.size >= MOST) this.resources.clear();
      known = { lists: {}, lessSince: {} };
      this.resources.set(id, known);
    }
    return known;
  }
}

/** What an entry is known again by. */
function traitsOf({ id, text, name }: Attributes): Attributes {
  return { ...(id !== undefined && { id }), ...(text !== undefined && { text }), ...(name !== undefined && { name }) };
}

/** It shows only the beginning of its words: an edit may be just that, and what is written back whole must not. */
function isCut(known: Attributes, other: Attributes): boolean {
  if (known.id === undefined || known.id !== other.id || typeof known.text !== 'string' || typeof other.text !== 'string')
    return false;
  return other.text.length < known.text.length && known.text.startsWith(other.text);
}

function formFault(list: unknown, attribute: string): string | undefined {
  if (!Array.isArray(list) || !list.every(isAttributes)) return `with a ${attribute} that is no list of objects`;
  const shows =
    attribute === 'note' ? (note: Attributes) => typeof note.text === 'string' : (entry: Attributes) => !isStub(entry);
  return list.every(shows) ? undefined : `with a ${attribute} in which entries show nothing but their ids`;
}

function isStub(entry: Attributes): boolean {
  return Object.keys(entry).every((name) => name === 'id' || name.startsWith('@'));
}

function isMissing(resource: Attributes, attribute: string): boolean {
  return resource[attribute] === undefined || resource[attribute] === null;
}
