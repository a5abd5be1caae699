import type { EntityRequest } from '../conversation/entity-request.js';
import { fingerprint } from '../conversation/fingerprint.js';
import { entriesOf } from '../conversation/item-entries.js';
import { ITEM_FIELDS, type Json } from '../model/message.js';
import type { Link, WrittenItem } from '../store/store.js';

/** Whether a field is a list of order items: what is ordered, their states, or both. */
export function isItemList(request: EntityRequest, name: string): boolean {
  return (request.sources[name] ?? []).some((source) => ITEM_FIELDS.has(source));
}

/**
 * The value of a field to write. For a list of items only the entries that differ from our last write, because the other side may
 * have changed the others unnoticed; the whole list where it was edited manually. Undefined where nothing is left to write.
 */
export function valueToWrite(request: EntityRequest, name: string, link: Link): Json | undefined {
  const value = request.fields[name] as Json;
  const written = link.writtenItems?.[name];
  const items = isItemList(request, name) && !request.edited?.includes(name) ? entriesOf(request, value) : undefined;
  if (!written || !items) return value;
  const changed = items.filter(({ id, entry }) => written[id]?.entry !== fingerprint(entry));
  return changed.length > 0 ? changed.map(({ entry }) => entry) : undefined;
}

/** The entry written for each item; undefined where the entries cannot be assigned to items. */
export function itemsAsWritten(request: EntityRequest, name: string): Record<string, WrittenItem> | undefined {
  const items = entriesOf(request, request.fields[name] as Json);
  return items && Object.fromEntries(items.map(({ id, entry, stateKey: state }) => [id, { entry: fingerprint(entry), state }]));
}
