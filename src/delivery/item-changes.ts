import { isDeepStrictEqual } from 'node:util';
import type { EntityRequest } from '../conversation/entity-request.js';
import { fingerprint } from '../conversation/fingerprint.js';
import { entriesOf, sentItems } from '../conversation/item-entries.js';
import type { EndpointClient, ItemsReader } from '../endpoints/endpoint.js';
import type { SentItem } from '../model/item-facts.js';
import { ITEM_FIELDS, type Json } from '../model/message.js';
import type { Link, WrittenItem } from '../store/store.js';

type ItemLists = Pick<EndpointClient, 'itemsOf' | 'withItemIds'>;

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

/**
 * Tests which items of a request differ from what the partner was sent before, by our ids: by what distinguishes items if that shows a
 * difference, otherwise by all that was written.
 */
export function changedItems(request: EntityRequest, link: Link, itemsOf: ItemsReader | undefined): (item: string) => boolean {
  const before = new Map(link.items?.sent.map((item) => [item.ours, factsOf(item)]));
  const facts = (sentItems(request, itemsOf) ?? []).filter((item) => {
    const sent = before.get(item.ours);
    return sent !== undefined && !isDeepStrictEqual(sent, factsOf(item));
  });
  if (facts.length > 0) return (id) => facts.some((item) => item.ours === id);
  const lists = Object.keys(request.fields).filter((name) => isItemList(request, name));
  const entries = lists.flatMap((name) =>
    (entriesOf(request, request.fields[name]) ?? []).map(({ id, entry }) => ({
      id,
      entry,
      was: link.writtenItems?.[name]?.[id],
    })),
  );
  const same = new Set(entries.filter(({ entry, was }) => was?.entry === fingerprint(entry)).map(({ id }) => id));
  return (id) => !same.has(id);
}

/** What distinguishes an item, without the ids of both sides. */
function factsOf({
  ours: _ours,
  id: _id,
  externalId: _externalId,
  ...facts
}: SentItem): Omit<SentItem, 'ours' | 'id' | 'externalId'> {
  return facts;
}

/**
 * The request without some items, by our ids: without their entries in its lists, and without the values that these were made from.
 * Lists whose entries cannot be assigned to items stay as they are.
 */
export function withoutItems(request: EntityRequest, ids: ReadonlySet<string>, client: ItemLists): EntityRequest {
  if (ids.size === 0) return request;
  let fields = request.fields;
  for (const name of Object.keys(request.fields).filter((field) => isItemList(request, field))) {
    const items = entriesOf(request, request.fields[name]);
    if (!items) continue;
    const kept = items.filter(({ id }) => !ids.has(id)).map(({ entry }) => entry);
    fields = { ...fields, [name]: kept };
    // Relations to items that are gone go with them.
    const names = new Set(client.itemsOf?.(fields)?.map(({ id }) => id));
    fields = client.withItemIds?.(fields, (id) => (names.has(id) ? id : undefined)) ?? fields;
  }
  const generic = { ...request.generic };
  for (const name of ITEM_FIELDS)
    if (Array.isArray(generic[name])) generic[name] = generic[name].filter((item) => !ids.has((item as { id: string }).id));
  return { ...request, fields, generic };
}

/** The entry written for each item; undefined where the entries cannot be assigned to items. */
export function itemsAsWritten(request: EntityRequest, name: string): Record<string, WrittenItem> | undefined {
  const items = entriesOf(request, request.fields[name] as Json);
  return items && Object.fromEntries(items.map(({ id, entry, stateKey: state }) => [id, { entry: fingerprint(entry), state }]));
}

/** The link as if nothing had been written of some items: a write of them had no effect, and is to be possible once more. */
export function withoutWritten(link: Link, ids: readonly string[]): Link {
  if (ids.length === 0) return link;
  const { progress: _progress, 'progress.state': _states, ...lastKnown } = link.lastKnown;
  const lists = Object.entries(link.writtenItems ?? {}).map(([name, items]) => {
    const kept = Object.entries(items).filter(([id]) => !ids.includes(id));
    return [name, Object.fromEntries(kept)] as const;
  });
  return { ...link, lastKnown, ...(lists.length > 0 && { writtenItems: Object.fromEntries(lists) }) };
}
