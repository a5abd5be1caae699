import type { ItemsReader } from '../endpoints/endpoint.js';
import type { ItemFacts, ItemIds, LinkItems, SentItem } from '../model/item-facts.js';
import type { ItemProgress, Json } from '../model/message.js';
import type { EntityRequest } from './entity-request.js';
import { fingerprint, itemStateKey } from './fingerprint.js';
import { matchItems } from './item-match.js';

/** The entries of a list with their items: a mapping makes one of each item, and of each that only stands somewhere, in this order. */
export function entriesOf(
  { generic }: Pick<EntityRequest, 'generic'>,
  list: Json | undefined,
): { id: string; entry: Json; standing?: string }[] | undefined {
  const { items = [], progress = [] } = generic as { items?: Json[]; progress?: Json[] };
  const standings = new Map(([...items, ...progress] as unknown as ItemProgress[]).map((item) => [item.id, itemStateKey(item)]));
  if (!Array.isArray(list) || list.length !== standings.size) return undefined;
  return [...standings].map(([id, standing], i) => ({ id, entry: list[i] as Json, standing }));
}

/** The items of a request as they are, or were, sent; where a person has edited the list its entries' ids are taken for ours. */
export function sentItems(
  request: Pick<EntityRequest, 'generic' | 'fields'>,
  itemsOf: ItemsReader | undefined,
): SentItem[] | undefined {
  const facts = itemsOf?.(request.fields);
  const ours = entriesOf(request, facts as unknown as Json);
  return facts?.map((item, i) => ({ ...withValueFingerprints(item), ours: ours?.[i]?.id ?? item.id }));
}

/** Of values imprints are kept: they are compared, and never written from here. */
function withValueFingerprints(item: ItemFacts): ItemFacts {
  const { characteristics = {}, ...rest } = item;
  const values = Object.entries(characteristics).map(([name, value]) => [name, fingerprint(value)]);
  return { ...rest, ...(values.length > 0 && { characteristics: Object.fromEntries(values) }) };
}

/** What is known of the items once an entity of ours was seen; where it does not say which is which, what was known before. */
export function withSeenItems(items: LinkItems, got: readonly ItemFacts[] | undefined): LinkItems {
  if (!got) return items;
  const match = matchItems(items.sent, got, items);
  return match.unclear ? items : withIds(items, match);
}

/** What was found out is kept of those that are not shown now, unless an id is another item's by now: then any other may be, too. */
export function withIds(items: LinkItems, { ids, theirs }: ItemIds): LinkItems {
  const taken = new Set([...Object.values(ids).flat(), ...theirs]);
  const renumbered = Object.entries(items.ids).some(([ours, known]) => {
    const now = ids[ours];
    return now ? !known.some((id) => now.includes(id)) : known.some((id) => taken.has(id));
  });
  if (renumbered) return { sent: items.sent, ids, theirs };
  const all = { ...items.ids, ...ids };
  const ours = new Set(Object.values(all).flat());
  return { sent: items.sent, ids: all, theirs: [...new Set([...items.theirs, ...theirs])].filter((id) => !ours.has(id)) };
}

/** What is known of the items once these were sent too, or sent anew. What a change leaves out stays as it was. */
export function withSent(items: LinkItems, sent: readonly SentItem[]): LinkItems {
  const changes = new Map(sent.map((item) => [item.ours, item]));
  const changed = items.sent.map((item) => {
    const change = changes.get(item.ours);
    changes.delete(item.ours);
    return change ? { ...item, ...change, id: item.id } : item;
  });
  return { ...items, sent: [...changed, ...changes.values()] };
}
