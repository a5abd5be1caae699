import { say } from '../../text/say.js';
import { type Attributes, entries, isAttributes, isoTime, textOf } from './attributes.js';
import { entryIds } from './entry-ids.js';
import { withoutCounterpart } from './same-entry.js';

/** How long a shorter list must be read before it is believed: replicas lag, but people do delete entries. Milliseconds. */
const LAG = 30_000;
/** Maximum number of resources remembered; forgotten ones are learnt again. */
const MOST = 50_000;

interface LastKnown {
  /** What each list held. */
  lists: Record<string, Attributes[]>;
  /** For each list, since when it has been read with fewer entries; epoch milliseconds. */
  lessSince: Record<string, number>;
  /** The newest time of change that was read or reported, and when. */
  newest?: string;
  newestAt?: number;
}

/**
 * The last known lists of resources. An answer that is older, or lacks entries or a list, must not count as a change, and above
 * all must not be written back as a whole list, because that would remove what it lacks.
 */
export class LastKnownLists {
  private readonly resources = new Map<string, LastKnown>();

  constructor(
    /** The attributes that hold such lists; `true`: every resource has the list. */
    private readonly attributes: Readonly<Record<string, boolean>>,
    private readonly clock: () => number,
  ) {}

  /** Learns the time of a change that an event reported. */
  learnVersion(id: string, version: string | undefined): void {
    const known = this.of(id);
    if (version === undefined || (known.newest !== undefined && version <= known.newest)) return;
    known.newest = version;
    known.newestAt = this.clock();
  }

  /** Learns from a resource that was read or written. */
  learn(resource: Attributes): void {
    const known = this.about(resource);
    this.learnVersion(textOf(resource.id) ?? '', isoTime(resource.lastUpdate));
    for (const attribute of Object.keys(this.attributes)) {
      const list = resource[attribute];
      if (this.lacks(resource, attribute)) {
        known.lessSince[attribute] ??= this.clock();
        // Only an actual list can prove that there are fewer entries now.
        if (!Array.isArray(list) || !this.isOver(known.lessSince[attribute])) continue;
      }
      if (!Array.isArray(list)) continue;
      known.lists[attribute] = entries(list).map(traitsOf);
      delete known.lessSince[attribute];
    }
  }

  /** The last known entries of a list, as far as needed to recognise them. */
  known(id: string, attribute: string): readonly Attributes[] {
    return this.of(id).lists[attribute] ?? [];
  }

  /** Called when we remove an entry, so that its absence is expected. */
  forget(id: string, attribute: string, entry: Attributes): void {
    const known = this.of(id);
    const list = known.lists[attribute] ?? [];
    known.lists[attribute] = withoutCounterpart(list, [traitsOf(entry)]);
  }

  /** What a resource lacks compared with its last known lists, or why a list is malformed, in words; only within the lag. */
  missing(resource: Attributes): string | undefined {
    for (const attribute of Object.keys(this.attributes)) {
      const fault = isMissing(resource, attribute) ? undefined : formFault(resource[attribute], attribute);
      if (fault) return fault;
      const since = this.about(resource).lessSince[attribute];
      if (since !== undefined && !this.isOver(since) && this.lacks(resource, attribute))
        return say`without all of its ${attribute} entries, which were there a moment ago`;
    }
    return undefined;
  }

  /**
   * Why the list of a resource that was just read is incomplete, in words; undefined: it is complete, as far as known. `seen`:
   * ids of entries that were read before, perhaps by an earlier process.
   */
  fault(resource: Attributes, attribute: string, seen: readonly string[] = []): string | undefined {
    const list = resource[attribute];
    const known = this.about(resource);
    const version = isoTime(resource.lastUpdate);
    if (version !== undefined && known.newest !== undefined && version < known.newest && !this.isOver(known.newestAt))
      return say`with its state of ${version}, although it was changed at ${known.newest}`;
    const isUnseen = known.lists[attribute] === undefined && this.lacksSeen(resource, seen);
    if (isMissing(resource, attribute)) {
      const were = (known.lists[attribute]?.length ?? 0) > 0 || this.attributes[attribute] || isUnseen;
      return were ? say`without its ${attribute}` : undefined;
    }
    const fault = formFault(list, attribute);
    if (fault) return fault;
    // The list was just learnt, so only the entries that were seen before this process started can be compared.
    if (this.lacksSeen(resource, seen) && !this.isOver(this.since(known, `seen ${attribute}`)))
      return say`without all of the ${attribute} entries seen before`;
    return this.lacks(resource, attribute) ? say`without all of its ${attribute} entries` : undefined;
  }

  private lacks(resource: Attributes, attribute: string): boolean {
    const known = this.about(resource).lists[attribute] ?? [];
    const there = entries(resource[attribute]);
    // The provider may give the parts of a resource other ids, so only their number counts.
    if (this.attributes[attribute]) return there.length < known.length;
    const identifiable = known.filter((entry) => Object.keys(entry).length > 0);
    return (
      withoutCounterpart(identifiable, there).length > 0 ||
      identifiable.some((entry) => there.some((other) => isCut(entry, other)))
    );
  }

  /** Whether something that was seen before is missing. */
  private lacksSeen(resource: Attributes, seen: readonly string[]): boolean {
    const there = new Set(Object.keys(this.attributes).flatMap((name) => [...entryIds(entries(resource[name])).values()]));
    return seen.some((id) => !there.has(id));
  }

  private since(known: LastKnown, what: string): number {
    known.lessSince[what] ??= this.clock();
    return known.lessSince[what] as number;
  }

  private isOver(since: number | undefined): boolean {
    return since === undefined || this.clock() - since >= LAG;
  }

  private about(resource: Attributes): LastKnown {
    return this.of(textOf(resource.id) ?? '');
  }

  private of(id: string): LastKnown {
    let known = this.resources.get(id);
    if (!known) {
      if (this.resources.size >= MOST) this.resources.clear();
      known = { lists: {}, lessSince: {} };
      this.resources.set(id, known);
    }
    return known;
  }
}

/** The attributes by which an entry is recognised. */
function traitsOf({ id, text, name }: Attributes): Attributes {
  return { ...(id !== undefined && { id }), ...(text !== undefined && { text }), ...(name !== undefined && { name }) };
}

/** Whether only the beginning of the text is left: it may be an edit, but must not be written back. */
function isCut(known: Attributes, other: Attributes): boolean {
  if (known.id === undefined || known.id !== other.id || typeof known.text !== 'string' || typeof other.text !== 'string')
    return false;
  return other.text.length < known.text.length && known.text.startsWith(other.text);
}

function formFault(list: unknown, attribute: string): string | undefined {
  if (!Array.isArray(list) || !list.every(isAttributes)) return say`with a ${attribute} that is not a list of objects`;
  const shows =
    attribute === 'note' ? (note: Attributes) => typeof note.text === 'string' : (entry: Attributes) => !isStub(entry);
  return list.every(shows) ? undefined : say`with a ${attribute} whose entries have nothing but ids`;
}

function isStub(entry: Attributes): boolean {
  return Object.keys(entry).every((name) => name === 'id' || name.startsWith('@'));
}

function isMissing(resource: Attributes, attribute: string): boolean {
  return resource[attribute] === undefined || resource[attribute] === null;
}
