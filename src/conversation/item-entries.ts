import type { ItemsReader } from '../endpoints/endpoint.js';
import type { ItemFacts, ItemIds, LinkItems, SentItem } from '../model/item-facts.js';
import type { ItemProgress, Json } from '../model/message.js';
import type { EntityRequest } from './entity-request.js';
import { fingerprint, itemStateKey } from './fingerprint.js';
import { matchItems } from './item-match.js';

/**
 * The entries of a list with their item ids. A mapping makes one entry of each item, then one of each that has only a progress,
 * in this order.
 */
export function entriesOf(
  { generic }: Pick<EntityRequest, 'generic'>,
  list: Json | undefined,
): { id: string; entry: Json; stateKey?: string }[] | undefined {
  const { items = [], progress = [] } = generic as { items?: Json[]; progress?: Json[] };
  const stateKeys = new Map(([...items, ...progress] as unknown as ItemProgress[]).map((item) => [item.id, itemStateKey(item)]));
  if (!Array.isArray(list) || list.length !== stateKeys.size) return undefined;
  return [...stateKeys].map(([id, stateKey], i) => ({ id, entry: list[i] as Json, stateKey }));
}

/** The items of a request as sent. If a user has edited the list, the ids of its entries are taken as ours. */
export function sentItems(
  request: Pick<EntityRequest, 'generic' | 'fields'>,
  itemsOf: ItemsReader | undefined,
): SentItem[] | undefined {
  const facts = itemsOf?.(request.fields);
  const ours = entriesOf(request, facts as unknown as Json);
  return facts?.map((item, i) => ({ ...withValueFingerprints(item), ours: ours?.[i]?.id ?? item.id }));
}

/** Values are kept as fingerprints, because they are only compared. */
function withValueFingerprints(item: ItemFacts): ItemFacts {
  const { characteristics = {}, ...rest } = item;
  const values = Object.entries(characteristics).map(([name, value]) => [name, fingerprint(value)]);
  return { ...rest, ...(values.length > 0 && { characteristics: Object.fromEntries(values) }) };
}

/** The known items after our entity was read; unchanged if the items cannot be matched. */
export function withSeenItems(items: LinkItems, got: readonly ItemFacts[] | undefined): LinkItems {
  if (!got) return items;
  const match = matchItems(items.sent, got, items);
  return match.unclear ? items : withIds(items, match);
}

/** Keeps the known ids of items that are not shown now. If an id now belongs to another item, none of the old ids is trusted. */
export function withIds(items: LinkItems, { ids, theirs, gone = items.gone }: ItemIds): LinkItems {
  const left = gone && gone.length > 0 ? { gone } : {};
  const taken = new Set([...Object.values(ids).flat(), ...theirs]);
  const renumbered = Object.entries(items.ids).some(([ours, known]) => {
    const now = ids[ours];
    return now ? !known.some((id) => now.includes(id)) : known.some((id) => taken.has(id));
  });
  if (renumbered) return { sent: items.sent, ids, theirs, ...left };
  const all = { ...items.ids, ...ids };
  const ours = new Set(Object.values(all).flat());
  return {
    sent: items.sent,
    ids: all,
    theirs: [...new Set([...items.theirs, ...theirs])].filter((id) => !ours.has(id)),
    ...left,
  };
}

/** The known items after these were sent for the first time or again. Items that a change leaves out are kept. */
export function withSent(items: LinkItems, sent: readonly SentItem[]): LinkItems {
  const changes = new Map(sent.map((item) => [item.ours, item]));
  const changed = items.sent.map((item) => {
    const change = changes.get(item.ours);
    changes.delete(item.ours);
    return change ? { ...item, ...change, id: item.id } : item;
  });
  return { ...items, sent: [...changed, ...changes.values()] };
}
