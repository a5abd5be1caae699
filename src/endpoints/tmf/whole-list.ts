import { PartnerError } from '../../errors.js';
import type { Json } from '../../model/message.js';
import { afterWrite } from '../api.js';
import { type Attributes, entries, isoTime, textOf } from './attributes.js';
import type { ResourceWatch } from './resource-observer.js';
import { findSame, keepsIds, union, withoutCounterpart } from './same-entry.js';

/** Times it is written anew because somebody else wrote meanwhile. */
const MAX_WRITES = 8;
/** Times what a write took away is put back, which may take away what is written just then. */
const MAX_REPAIRS = 50;
/** Times it is read until it shows what was written. */
const MAX_READS = 3;
/** Reads under way with a write, at most. */
const MAX_WATCHES = 20;

/** A resource, and the mark of its state where the provider gives one. */
export interface TaggedResource {
  resource: Attributes;
  etag?: string;
}

/** A resource one of whose lists is written whole. */
export interface WholeList {
  attribute: string;
  /** Reads it; throws where its lists are not whole. */
  readWhole: () => Promise<TaggedResource>;
  /** Reads it as it is. */
  read: () => Promise<Attributes>;
  /** Begins to note all that is shown of it, by whatever read or event. */
  watch: () => ResourceWatch;
  /** Writes a list made of what `now` shows, with our entry at its end where that is to be added; gives the resource as it then is. */
  write: (list: Attributes[], now: TaggedResource, ours: boolean) => Promise<Attributes>;
  /** Has our entry the id that it was sent with? */
  isAsSent: (ours: Attributes) => boolean;
  /** Our entry among those that are new. */
  ours: (fresh: Attributes[]) => Attributes | undefined;
}

export interface AddedEntry {
  resource: Attributes;
  /** Our entry as the resource shows it; absent: it does not. */
  entry?: Attributes;
}

/**
 * Adds our entry to a list that its provider takes only whole, without taking away what others write at the same time. Where the provider marks
 * states (ETag), it refuses what is made of an older one. Others have no marks, or do not heed them: so the list is read while it is written, and
 * afterwards, and what was there since our first read and is missing is put back. What somebody took away before that stays away.
 * Throws PartnerError, outcome unknown, where our entry may be there and others' could not be put back.
 */
export async function addToWholeList(whole: WholeList): Promise<AddedEntry> {
  for (let tries = 1; ; tries++) {
    const watch = whole.watch();
    try {
      const now = await whole.readWhole();
      const answer = await firstWrite(whole, watch, now, tries === MAX_WRITES);
      if (answer) return await withOthers(whole, watch, now.resource, answer);
    } finally {
      watch.end();
    }
  }
}

/**
 * Puts entries back that an earlier write has taken away; gives them. `lost`: those of which a list, as it is now, shows nothing. What others write at
 * the same time stays, as with any whole list.
 */
export async function putBackInWholeList(
  whole: WholeList,
  lost: (list: readonly Attributes[]) => Attributes[],
): Promise<Attributes[]> {
  const watch = whole.watch();
  try {
    const { resource } = await whole.readWhole();
    const list = entries(resource[whole.attribute]);
    const missing = lost(list);
    if (missing.length === 0) return [];
    const wanted = [...list, ...missing];
    const answer = await watched(whole, watch, () => whole.write(wanted, { resource }, false));
    await withOthers(whole, watch, { ...resource, [whole.attribute]: wanted }, answer, () => true);
    return missing;
  } finally {
    watch.end();
  }
}

/** Writes on what was just read; undefined where it was changed between the two (412). `last`: a mark that never fits is done without. */
async function firstWrite(
  whole: WholeList,
  watch: ResourceWatch,
  { resource, etag }: TaggedResource,
  last: boolean,
): Promise<Attributes | undefined> {
  const mark = last ? undefined : etag;
  try {
    return await watched(whole, watch, () => whole.write(entries(resource[whole.attribute]), { resource, etag: mark }, true));
  } catch (error) {
    if (error instanceof PartnerError && error.status === 412 && mark !== undefined) return undefined;
    throw error;
  }
}

/**
 * Puts back what our writes take away of what was there before them, or has been shown since. `isShown`: does it show that we have written at all? Else it
 * is not known that we took anything away.
 */
async function withOthers(
  whole: WholeList,
  watch: ResourceWatch,
  before: Attributes,
  answer: Attributes,
  isShown = ({ entry }: AddedEntry) => entry !== undefined,
): Promise<AddedEntry> {
  const listOf = (resource: Attributes) => entries(resource[whole.attribute]);
  // Ours is what was ours before: what is put back may say the same.
  const look = (resource: Attributes, ours?: Attributes): AddedEntry => {
    const fresh = withoutCounterpart(listOf(resource), listOf(before));
    return { resource, entry: (ours && findSame(fresh, ours)) ?? whole.ours(fresh) };
  };
  const shown = [before];
  // Ids of entries that were put back, and got others.
  const renumbered = new Set<string | undefined>();
  const isRenumbered = (id: Json | undefined) => id !== undefined && renumbered.has(textOf(id));
  let put: { back: Attributes[]; over: Attributes[] } = { back: [], over: [] };
  let last = look(answer);
  for (let repairs = 0; ; repairs++) {
    const now = await afterWrite(() => newest(whole, (resource) => look(resource, last.entry), last, isShown));
    shown.push(...watch.taken().filter((resource) => !isBefore(resource, before)), last.resource);
    // Only what a write has gone over tells whether it leaves ids as they are.
    const byId = keepsIds(listOf(before), listOf(now.resource)) || (now.entry !== undefined && whole.isAsSent(now.entry));
    const others = (resource: Attributes) => {
      const ours = now.entry && findSame(listOf(resource), now.entry, byId);
      return listOf(resource).filter((one) => one !== ours);
    };
    const there = others(now.resource);
    const fresh = withoutCounterpart(there, put.over, byId);
    const unnamed = byId ? withoutCounterpart(put.back, fresh, true) : [];
    const gone = new Set(withoutCounterpart(unnamed, fresh));
    for (const entry of unnamed) if (!gone.has(entry)) renumbered.add(textOf(entry.id));
    const known = shown
      .map(others)
      .reduce((all, list) => union(all, list, byId), [])
      .filter(({ id }) => !isRenumbered(id));
    const missing = withoutCounterpart(known, there, byId);
    if (!isShown(now) || missing.length === 0 || repairs === MAX_REPAIRS) return now;
    const list = [...listOf(now.resource), ...missing];
    shown.push(now.resource);
    put = { back: missing, over: listOf(now.resource) };
    last = look(await afterWrite(() => watched(whole, watch, () => whole.write(list, now, false))), now.entry);
  }
}

/** An event may come late, and tell of what somebody took away before our first read. */
function isBefore({ lastUpdate }: Attributes, first: Attributes): boolean {
  const [told, read] = [isoTime(lastUpdate), isoTime(first.lastUpdate)];
  return told !== undefined && read !== undefined && told < read;
}

/** Writes, and reads at the same time: what others wrote just before ours took effect is shown by one of these reads, or there is next to no time for it. */
async function watched({ read }: WholeList, watch: ResourceWatch, write: () => Promise<Attributes>): Promise<Attributes> {
  // It only helps, and is noted by the watch.
  const look = () => read().catch(() => undefined);
  let isOver = false;
  const first = look();
  const writing = write().finally(() => {
    isOver = true;
  });
  const watching = (async () => {
    for (let looks = 0; !isOver && looks < MAX_WATCHES; looks++) await look();
  })();
  const [answer] = await Promise.all([writing, first, watching]);
  await watch.settled();
  return answer;
}

/** The resource as it is now; as it was answered where reads are behind that. */
async function newest(
  { read }: WholeList,
  look: (resource: Attributes) => AddedEntry,
  answered: AddedEntry,
  isShown: (added: AddedEntry) => boolean,
): Promise<AddedEntry> {
  let now = look(await read());
  for (let reads = 1; !isShown(now) && reads < MAX_READS; reads++) now = look(await read());
  return isShown(now) ? now : answered;
}
