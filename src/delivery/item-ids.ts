import type { EntityRequest } from '../conversation/entity-request.js';
import { sentItems, withIds, withSent } from '../conversation/item-entries.js';
import { itemText, matchItems } from '../conversation/item-match.js';
import { mergedItems } from '../conversation/vendor-items.js';
import type { EndpointClient } from '../endpoints/endpoint.js';
import { DecisionError } from '../errors.js';
import type { ItemFacts, ItemIds, LinkItems, SentItem } from '../model/item-facts.js';
import type { Json, OrderItem } from '../model/message.js';
import type { Link } from '../store/store.js';
import { say } from '../text/say.js';
import { isCancellation } from './outbox.js';

/** Fields to be written, with the partner's own ids of its items. */
export interface AddressedFields {
  fields: Record<string, Json>;
  /** Ids of the items that are new at the partner. */
  added: string[];
  /** The known items once this is written. */
  items?: LinkItems;
  /** Ids of the items that the partner had before. */
  before?: readonly string[];
}

/**
 * The fields of an update with the partner's ids of the items, by the current state of its order. Throws a DecisionError where an
 * item cannot be identified. `inDoubt`: an earlier try may have added the new items. `links`: those of the conversation.
 */
export async function addressItems(
  client: EndpointClient,
  request: EntityRequest,
  link: Link,
  fields: Record<string, Json>,
  inDoubt: boolean,
  links: readonly Link[] = [],
): Promise<AddressedFields> {
  if (!client.itemsOf) return { fields, added: newAmong(request, link, links) };
  if (!client.itemsOf(fields)) return { fields, added: [] };
  // A cancellation of the whole order needs no items. They are not read, because the order may not be visible yet.
  if (isCancellation(request)) return { fields: cancellationFields(client, request, link, fields), added: [] };
  const { record } = client.parse(await client.read(link.entityType, link.id));
  return addressReadItems(client, request, link, fields, client.itemsOf(record) ?? [], inDoubt);
}

/** As `addressItems`, with the partner's items as they were read. Pure. */
export function addressReadItems(
  client: EndpointClient,
  request: EntityRequest,
  link: Pick<Link, 'origin' | 'items' | 'writtenItems'> | undefined,
  fields: Record<string, Json>,
  there: readonly ItemFacts[],
  inDoubt: boolean,
): AddressedFields {
  const all = sentItems(request, client.itemsOf?.bind(client)) ?? [];
  const meant = new Set(client.itemsOf?.(fields)?.map((item) => item.id));
  const given = all.filter((item) => meant.has(item.id));
  // The party that opened the order numbered its items, and we use these numbers.
  if (link?.origin === 'theirs') return addressedToOpener(fields, given, there, link);
  const known = link?.items;
  const isNew = (item: SentItem) => known !== undefined && !known.sent.some((o) => o.ours === item.ours);
  const items = known ?? { sent: all, ids: {}, theirs: [] };
  const fresh = given.filter(isNew);
  const match = matchItems(inDoubt ? [...items.sent, ...fresh] : items.sent, there, items);
  if (match.unclear) throw unclearItems(client, match.unclear);
  const taken = new Set(there.map((item) => item.id));
  const names = new Map<string, string>();
  const added: string[] = [];
  for (const item of fresh) {
    const [found] = match.ids[item.ours] ?? [];
    const id = found ?? unusedId(item.id, taken);
    if (found === undefined) added.push(id);
    taken.add(id);
    names.set(item.id, id);
  }
  const shared = (id: string) => items.sent.filter((o) => match.ids[o.ours]?.includes(id));
  for (const item of all.filter((one) => !isNew(one))) {
    const [id, another] = match.ids[item.ours] ?? [];
    if (id !== undefined && another === undefined && shared(id).length === 1) names.set(item.id, id);
  }
  const unclear = given.filter((item) => !names.has(item.id));
  if (unclear.length > 0)
    throw unclearItems(client, unclear.map((item) => whyUnclear(item, match.ids[item.ours], shared)).join(' '));
  // Writing back the whole list would remove the missing item.
  const hidden = items.sent.filter((item) => match.missing.includes(item.ours));
  if (hidden.length > 0) throw unclearItems(client, say`${itemText(hidden)} is not shown.`);
  const sent = given.map((item) => ({ ...item, id: names.get(item.id) ?? item.id }));
  return {
    fields: client.withItemIds?.(fields, (id) => names.get(id)) ?? fields,
    added,
    items: withSent(withIds(items, match), sent),
    before: there.map(({ id }) => id),
  };
}

/**
 * Ids of the new items at a party that uses our item ids: those not written before. The party that opened the order also has the
 * items sent to other parties; while none of them are known, no item counts as new.
 */
function newAmong({ generic }: EntityRequest, link: Link, links: readonly Link[]): string[] {
  const theirs = link.origin === 'theirs';
  const elsewhere = theirs ? links.flatMap(({ items }) => items?.sent.map(({ ours }) => ours) ?? []) : [];
  const known = new Set([...writtenIds(link), ...elsewhere]);
  if (theirs && known.size === 0) return [];
  return ((generic.items ?? []) as unknown as OrderItem[]).map(({ id }) => id).filter((id) => !known.has(id));
}

function writtenIds({ writtenItems = {} }: Pick<Link, 'writtenItems'>): string[] {
  return Object.values(writtenItems).flatMap((items) => Object.keys(items));
}

/** The fields of a cancellation, with the items whose id at the partner is unambiguous. */
function cancellationFields(
  client: EndpointClient,
  request: EntityRequest,
  { items }: Link,
  fields: Record<string, Json>,
): Record<string, Json> {
  if (!items) return fields;
  const sent = sentItems(request, client.itemsOf?.bind(client)) ?? [];
  const names = new Map(sent.map(({ id, ours }) => [id, items.ids[ours] ?? []]));
  return client.withItemIds?.(fields, (id) => (names.get(id)?.length === 1 ? names.get(id)?.[0] : undefined)) ?? fields;
}

function addressedToOpener(
  fields: Record<string, Json>,
  given: SentItem[],
  there: readonly ItemFacts[],
  link: Pick<Link, 'writtenItems'>,
): AddressedFields {
  const written = new Set(writtenIds(link));
  const lacking = given.filter((item) => !there.some((t) => t.id === item.id) && !written.has(item.ours));
  return { fields, added: lacking.map((item) => item.id) };
}

function unusedId(id: string, taken: ReadonlySet<string>): string {
  for (let n = 1, name = id; ; name = `${id}-${++n}`) if (!taken.has(name)) return name;
}

function whyUnclear(item: SentItem, ids: string[] | undefined, shared: (id: string) => SentItem[]): string {
  const [id, another] = ids ?? [];
  if (id === undefined) return say`No item there is certainly ${itemText([item])}.`;
  if (another !== undefined)
    return say`${itemText([item])} was split into ${ids?.join(', ')} there, and it is not clear which part to change.`;
  return say`${itemText(shared(id))} are one item there, ${id}, which cannot be changed for only one of them.`;
}

function unclearItems(client: EndpointClient, what: string): DecisionError {
  return new DecisionError('items', 'SWB_PARTNER_ANSWER', what, {
    where: client.name,
    field: 'items',
    hint: say`Nothing was written. Make the change there manually and skip this delivery, or have the items made distinguishable there and replay it.`,
  });
}

/** The quantities that a partner shows, by our ids; of items that it has neither split nor merged. */
export function quantitiesShown(
  { ids }: ItemIds = { ids: {}, theirs: [] },
  there: readonly ItemFacts[] = [],
): Map<string, number> {
  const merged = mergedItems(ids);
  const single = Object.entries(ids).filter(([, [theirs = '', ...others]]) => others.length === 0 && !merged.has(theirs));
  return new Map(
    single.flatMap(([ours, [theirs]]) => {
      const quantity = there.find(({ id }) => id === theirs)?.quantity;
      return quantity === undefined ? [] : [[ours, quantity] as const];
    }),
  );
}
