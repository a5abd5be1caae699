import type { EntityRequest } from '../conversation/correlator.js';
import { imprint, standingOf } from '../conversation/fingerprint.js';
import type { ItemProgress, Json } from '../model/message.js';
import type { Link, WrittenItem } from '../store/store.js';

/** True for a list of items: what is ordered, how it stands, or both. */
export function isOfItems(request: EntityRequest, name: string): boolean {
  return (request.sources[name] ?? []).some((source) => source === 'items' || source === 'progress');
}

/**
 * What of a field is to be written. Of a list of items the entries that we did not write just so the last time: the others may have been changed
 * on the other side, and we do not know it yet. All of it where a person has edited the list; undefined where nothing is left.
 */
export function newsIn(request: EntityRequest, name: string, link: Link): Json | undefined {
  const value = request.fields[name] as Json;
  const written = link.writtenItems?.[name];
  const ids = isOfItems(request, name) && !request.edited?.includes(name) ? idsOf(request, value) : undefined;
  if (!written || !ids) return value;
  const news = (value as Json[]).filter((entry, i) => written[ids[i] ?? '']?.entry !== imprint(entry));
  return news.length > 0 ? news : undefined;
}

/** What was written of each item; undefined where the list's entries cannot be told to be of which. */
export function itemsAsWritten(request: EntityRequest, name: string): Record<string, WrittenItem> | undefined {
  const value = request.fields[name] as Json;
  const ids = idsOf(request, value);
  const standing = new Map(progressOf(request).map((item) => [item.id, standingOf(item)]));
  return (
    ids &&
    Object.fromEntries(
      (value as Json[]).map((entry, i) => [ids[i], { entry: imprint(entry), standing: standing.get(ids[i] ?? '') }]),
    )
  );
}

/** The ids of a list's entries: a mapping makes one of each item, and of each that only stands somewhere, in this order. */
function idsOf(request: EntityRequest, list: Json): string[] | undefined {
  const items = (request.generic.items ?? []) as unknown as { id: string }[];
  const ids = [...new Set([...items, ...progressOf(request)].map((item) => item.id))];
  return Array.isArray(list) && list.length === ids.length ? ids : undefined;
}

function progressOf(request: EntityRequest): ItemProgress[] {
  return (request.generic.progress ?? []) as unknown as ItemProgress[];
}
