import type { EntityRequest } from '../conversation/entity-request.js';
import { fingerprint } from '../conversation/fingerprint.js';
import { entriesOf } from '../conversation/item-entries.js';
import { ITEM_FIELDS, type Json } from '../model/message.js';
import type { Link, WrittenItem } from '../store/store.js';

/** True for a list of items: what is ordered, how it stands, or both. */
export function isOfItems(request: EntityRequest, name: string): boolean {
  return (request.sources[name] ?? []).some((source) => ITEM_FIELDS.has(source));
}

/**
 * What of a field is to be written. Of a list of items the entries that we did not write just so the last time: the others may have been changed
 * on the other side, and we do not know it yet. All of it where a person has edited the list; undefined where nothing is left.
 */
export function newsIn(request: EntityRequest, name: string, link: Link): Json | undefined {
  const value = request.fields[name] as Json;
  const written = link.writtenItems?.[name];
  const items = isOfItems(request, name) && !request.edited?.includes(name) ? entriesOf(request, value) : undefined;
  if (!written || !items) return value;
  const news = items.filter(({ id, entry }) => written[id]?.entry !== fingerprint(entry));
  return news.length > 0 ? news.map(({ entry }) => entry) : undefined;
}

/** What was written of each item; undefined where the list's entries cannot be told to be of which. */
export function itemsAsWritten(request: EntityRequest, name: string): Record<string, WrittenItem> | undefined {
  const items = entriesOf(request, request.fields[name] as Json);
  return (
    items && Object.fromEntries(items.map(({ id, entry, stateKey: standing }) => [id, { entry: fingerprint(entry), standing }]))
  );
}
