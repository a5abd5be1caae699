import { PartnerError } from '../../errors.js';
import type { Json } from '../../model/message.js';
import { afterWrite } from '../api.js';
import { type Attributes, entries, isoTime, textOf } from './attributes.js';
import type { ResourceWatch } from './resource-observer.js';
import { findSame, keepsIds, union, withoutCounterpart } from './same-entry.js';

/** Attempts to write while other clients write the same resource. */
const MAX_WRITES = 8;
/** Attempts to restore entries that a write removed; each restore may remove what is written just then. */
const MAX_REPAIRS = 50;
/** Reads until the written entry shows. */
const MAX_READS = 3;
/** Maximum reads during one write. */
const MAX_CONCURRENT_READS = 20;

/** A resource, with its ETag where the provider gives one. */
export interface TaggedResource {
  resource: Attributes;
  etag?: string;
}

/** A resource with a list that can only be written whole. */
export interface WholeList {
  attribute: string;
  /** Reads the resource; throws where its lists are incomplete. */
  readWhole: () => Promise<TaggedResource>;
  /** Reads the resource as it is. */
  read: () => Promise<Attributes>;
  /** Starts to record everything that is shown of it, by any read or event. */
  watch: () => ResourceWatch;
  /** Writes the list, with our entry at its end if `ours`; returns the resource as it then is. */
  write: (list: Attributes[], now: TaggedResource, ours: boolean) => Promise<Attributes>;
  /** Whether our entry has kept the id it was sent with. */
  isAsSent: (ours: Attributes) => boolean;
  /** Our entry among the new ones. */
  ours: (fresh: Attributes[]) => Attributes | undefined;
}

export interface AddedEntry {
  resource: Attributes;
  /** Our entry as the resource shows it; absent: it does not. */
  entry?: Attributes;
}

/**
 * Adds our entry to a list that its provider accepts only whole, without removing what others write at the same time. A provider
 * with ETags refuses a write that is based on an older state. Others have no ETags or ignore them: so the list is read during the
 * write and afterwards, and entries that existed since our first read and are missing are restored. What other people deleted
 * before that stays deleted. Throws PartnerError, outcome unknown, where our entry may be there and other entries could not be
 * restored.
 */
export async function addToWholeList(whole: WholeList): Promise<AddedEntry> {
  for (let attempt = 1; ; attempt++) {
    const watch = whole.watch();
    try {
      const now = await whole.readWhole();
      const answer = await firstWrite(whole, watch, now, attempt === MAX_WRITES);
      if (answer) return await withOthers(whole, watch, now.resource, answer);
    } finally {
      watch.end();
    }
  }
}

/**
 * Restores entries that an earlier write removed; returns them. `lost`: the entries that are missing in the current list. What
 * others write at the same time is kept, as in any whole-list write.
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
    const answer = await watched(whole, watch, () => whole.write([...list, ...missing], { resource }, false));
    await withOthers(whole, watch, resource, answer, { isShown: () => true, back: missing });
    return missing;
  } finally {
    watch.end();
  }
}

/**
 * Writes on top of what was just read; undefined if it was changed in between (412). `last`: give up an ETag that never matches.
 */
async function firstWrite(
  whole: WholeList,
  watch: ResourceWatch,
  { resource, etag }: TaggedResource,
  last: boolean,
): Promise<Attributes | undefined> {
  const ifMatch = last ? undefined : etag;
  try {
    return await watched(whole, watch, () => whole.write(entries(resource[whole.attribute]), { resource, etag: ifMatch }, true));
  } catch (error) {
    if (error instanceof PartnerError && error.status === 412 && ifMatch !== undefined) return undefined;
    throw error;
  }
}

/**
 * Restores what our writes remove of what existed before them or was shown since. `isShown`: whether it shows our write at all;
 * if not, it is not known that we removed anything. `back`: entries that the first write has restored.
 */
async function withOthers(
  whole: WholeList,
  watch: ResourceWatch,
  before: Attributes,
  answer: Attributes,
  { isShown = ({ entry }: AddedEntry) => entry !== undefined, back = [] as Attributes[] } = {},
): Promise<AddedEntry> {
  const listOf = (resource: Attributes) => entries(resource[whole.attribute]);
  // Prefer the entry that was ours before: a restored entry may have the same content.
  const inspect = (resource: Attributes, ours?: Attributes): AddedEntry => {
    const fresh = withoutCounterpart(listOf(resource), listOf(before));
    return { resource, entry: (ours && findSame(fresh, ours)) ?? whole.ours(fresh) };
  };
  const shown = [before, { ...before, [whole.attribute]: [...listOf(before), ...back] }];
  // Ids of restored entries that got new ids.
  const renumbered = new Set<string | undefined>();
  const isRenumbered = (id: Json | undefined) => id !== undefined && renumbered.has(textOf(id));
  let put = { back, over: listOf(before) };
  let last = inspect(answer);
  for (let repairs = 0; ; repairs++) {
    const now = await afterWrite(() => newest(whole, (resource) => inspect(resource, last.entry), last, isShown));
    shown.push(...watch.take().filter((resource) => !isBefore(resource, before)), last.resource);
    // Only a list that a write has gone over shows whether ids are stable.
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
    last = inspect(await afterWrite(() => watched(whole, watch, () => whole.write(list, now, false))), now.entry);
  }
}

/** A late event may show entries that were deleted before our first read. */
function isBefore({ lastUpdate }: Attributes, first: Attributes): boolean {
  const [reported, read] = [isoTime(lastUpdate), isoTime(first.lastUpdate)];
  return reported !== undefined && read !== undefined && reported < read;
}

/**
 * Writes and reads at the same time: what others wrote just before our write took effect is shown by one of these reads, in all
 * but rare cases.
 */
async function watched({ read }: WholeList, watch: ResourceWatch, write: () => Promise<Attributes>): Promise<Attributes> {
  // A failed read does no harm; a successful one is recorded by the watch.
  const inspect = () => read().catch(() => undefined);
  let isOver = false;
  const first = inspect();
  const writing = write().finally(() => {
    isOver = true;
  });
  const watching = (async () => {
    for (let reads = 0; !isOver && reads < MAX_CONCURRENT_READS; reads++) await inspect();
  })();
  const [answer] = await Promise.all([writing, first, watching]);
  await watch.settled();
  return answer;
}

/** The resource as it is now; as in the answer where reads are behind it. */
async function newest(
  { read }: WholeList,
  inspect: (resource: Attributes) => AddedEntry,
  answered: AddedEntry,
  isShown: (added: AddedEntry) => boolean,
): Promise<AddedEntry> {
  let now = inspect(await read());
  for (let reads = 1; !isShown(now) && reads < MAX_READS; reads++) now = inspect(await read());
  return isShown(now) ? now : answered;
}
