import type { EntityRequest } from '../conversation/entity-request.js';
import { sentItems, withIds, withSent } from '../conversation/item-entries.js';
import { itemText, matchItems } from '../conversation/item-match.js';
import type { EndpointClient } from '../endpoints/endpoint.js';
import { DecisionError } from '../errors.js';
import type { ItemFacts, LinkItems, SentItem } from '../model/item-facts.js';
import type { Json, OrderItem } from '../model/message.js';
import type { Link } from '../store/store.js';
import { isCancellation } from './outbox.js';

/** Fields as they are to be written: with the partner's own ids of its items. */
export interface Addressed {
  fields: Record<string, Json>;
  /** Ids of the items that are new there. */
  added: string[];
  /** What is known of the items once this was written. */
  items?: LinkItems;
}

/**
 * The fields of an update with the partner's ids of the items, by how its order is now. Nothing is written where it cannot be said which of
 * its items is meant. `inDoubt`: an earlier try may have added what is new. `links`: those of the conversation.
 */
export async function addressed(
  client: EndpointClient,
  request: EntityRequest,
  link: Link,
  fields: Record<string, Json>,
  inDoubt: boolean,
  links: readonly Link[] = [],
): Promise<Addressed> {
  if (!client.itemsOf) return { fields, added: newAmong(request, link, links) };
  if (!client.itemsOf(fields)) return { fields, added: [] };
  // Who cancels the whole order need not name its items, nor look at them: it may not be there yet.
  if (isCancellation(request)) return { fields: cancelling(client, request, link, fields), added: [] };
  const { record } = client.parse(await client.read(link.entityType, link.id));
  return addressedBy(client, request, link, fields, client.itemsOf(record) ?? [], inDoubt);
}

/** The same, with the partner's items as they were read. Pure. */
export function addressedBy(
  client: EndpointClient,
  request: EntityRequest,
  link: Pick<Link, 'origin' | 'items' | 'writtenItems'> | undefined,
  fields: Record<string, Json>,
  there: readonly ItemFacts[],
  inDoubt: boolean,
): Addressed {
  const all = sentItems(request, client.itemsOf?.bind(client)) ?? [];
  const meant = new Set(client.itemsOf?.(fields)?.map((item) => item.id));
  const given = all.filter((item) => meant.has(item.id));
  // Whoever opened the order has numbered its items, and we speak of them by these numbers.
  if (link?.origin === 'theirs') return ofTheirs(fields, given, there, link);
  const known = link?.items;
  const isNew = (item: SentItem) => known !== undefined && !known.sent.some((o) => o.ours === item.ours);
  const items = known ?? { sent: all, ids: {}, theirs: [] };
  const fresh = given.filter(isNew);
  const match = matchItems(inDoubt ? [...items.sent, ...fresh] : items.sent, there, items);
  if (match.unclear) throw undecided(client, match.unclear);
  const taken = new Set(there.map((item) => item.id));
  const names = new Map<string, string>();
  const added: string[] = [];
  for (const item of fresh) {
    const [found] = match.ids[item.ours] ?? [];
    const id = found ?? free(item.id, taken);
    if (found === undefined) added.push(id);
    taken.add(id);
    names.set(item.id, id);
  }
  const shared = (id: string) => items.sent.filter((o) => match.ids[o.ours]?.includes(id));
  for (const item of all.filter((one) => !isNew(one))) {
    const [id, another] = match.ids[item.ours] ?? [];
    if (id !== undefined && another === undefined && shared(id).length === 1) names.set(item.id, id);
  }
  const lost = given.filter((item) => !names.has(item.id));
  if (lost.length > 0) throw undecided(client, lost.map((item) => whyLost(item, match.ids[item.ours], shared)).join(' '));
  // A list that is written back whole would take it away.
  const hidden = items.sent.filter((item) => match.missing.includes(item.ours));
  if (hidden.length > 0) throw undecided(client, `${itemText(hidden)} is not shown.`);
  const sent = given.map((item) => ({ ...item, id: names.get(item.id) ?? item.id }));
  return {
    fields: client.withItemIds?.(fields, (id) => names.get(id)) ?? fields,
    added,
    items: withSent(withIds(items, match), sent),
  };
}

/**
 * Ids of the items that are new where they carry our ids: ordered, and not written before. Whoever opened the order has those, too, that were
 * ordered of others for it; while nothing is known of these, none is new.
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

/** With those items that have one name there. */
function cancelling(
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

function ofTheirs(
  fields: Record<string, Json>,
  given: SentItem[],
  there: readonly ItemFacts[],
  link: Pick<Link, 'writtenItems'>,
): Addressed {
  const written = new Set(writtenIds(link));
  const lacking = given.filter((item) => !there.some((t) => t.id === item.id) && !written.has(item.ours));
  return { fields, added: lacking.map((item) => item.id) };
}

function free(id: string, taken: ReadonlySet<string>): string {
  for (let n = 1, name = id; ; name = `${id}-${++n}`) if (!taken.has(name)) return name;
}

function whyLost(item: SentItem, ids: string[] | undefined, shared: (id: string) => SentItem[]): string {
  const [id, another] = ids ?? [];
  if (id === undefined) return `There is no item that is surely ${itemText([item])}.`;
  if (another !== undefined)
    return `${itemText([item])} was split into ${ids?.join(', ')} there, and which part is meant cannot be said.`;
  return `${itemText(shared(id))} are one item there, ${id}, and it cannot be changed for one of them.`;
}

function undecided(client: EndpointClient, what: string): DecisionError {
  return new DecisionError('items', 'SWB_PARTNER_ANSWER', what, {
    where: client.name,
    field: 'items',
    hint: 'Nothing was written. Make the change there by hand and skip this delivery, or have the items told apart there and replay it.',
  });
}
