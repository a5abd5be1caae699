import type { EntityRequest } from '../conversation/entity-request.js';
import { changedItem, itemNotes, type ToldItems } from '../conversation/item-notes.js';
import { cancelledIn } from '../conversation/leg-results.js';
import type { EndpointClient } from '../endpoints/endpoint.js';
import type { GenericComment, ItemProgress, OrderItem } from '../model/message.js';
import { allOf } from '../store/pages.js';
import type { Store } from '../store/store.js';
import { isItemList, withoutItems } from './item-changes.js';
import type { Leg } from './leg.js';

/** Deliveries read at once. */
const PAGE = 200;
/** States of deliveries that reached nobody. */
const GIVEN_UP = ['failed', 'skipped'];

/** A leg, with the changes of items that its system cannot do as comments. */
export interface NotedLeg {
  leg: Leg;
  /** The comments that were added to it, one for each item. */
  notes: GenericComment[];
}

/**
 * A leg that updates an entity of ours, with the changes of items that its system cannot do as comments. States of items stay in the
 * update, cancellations among them.
 */
export async function withItemNotes(leg: Leg, client: EndpointClient, store: Store): Promise<NotedLeg> {
  const { request } = leg;
  const { items = [], progress = [] } = request.generic as { items?: OrderItem[]; progress?: ItemProgress[] };
  const lists = request.changed.filter((name) => isItemList(request, name));
  const isFixed = client.takesItemChanges?.(leg.entityType) === false;
  const cancelled = cancelledIn(request);
  if (!isFixed || cancelled === 'all' || items.length === 0 || lists.length === 0) return { leg, notes: [] };
  const wanted = items.filter(({ id }) => !cancelled.includes(id));
  const notes = itemNotes(wanted, await toldItems(leg, store));
  const hasState = new Set(progress.map(({ id }) => id));
  const stateless = wanted.filter(({ id }) => !hasState.has(id));
  const rest = withoutItems(request, new Set(stateless.map(({ id }) => id)), client);
  const changed = hasState.size > 0 ? request.changed : request.changed.filter((name) => !lists.includes(name));
  return { leg: { ...leg, request: { ...rest, changed }, comments: [...leg.comments, ...notes] }, notes };
}

/** What the party of a leg was told of its items before, by what is queued or was sent. */
async function toldItems({ conversation, endpoint, entityType, leg, message }: Leg, store: Store): Promise<ToldItems> {
  const deliveries = await allOf((page) => store.listDeliveries({ conversation, endpoint, ...page }), PAGE);
  const earlier = deliveries.filter(
    (one) => one.entityType === entityType && one.leg === leg && one.message !== message && !GIVEN_UP.includes(one.state),
  );
  const ordered = new Map<string, OrderItem>();
  const notes = new Map<string, string>();
  for (const { id, part } of earlier.reverse()) {
    const comment = part.slice('comment:'.length);
    const item = part.startsWith('comment:') ? changedItem(comment) : undefined;
    if (item !== undefined) notes.set(item, comment);
    if (part !== 'entity') continue;
    const request = (await store.bodies('delivery', id)).request as unknown as EntityRequest | undefined;
    for (const one of (request?.generic.items ?? []) as unknown as OrderItem[])
      if (!ordered.has(one.id)) ordered.set(one.id, one);
  }
  return { ordered, notes };
}

/** What the customer reads of them. */
export function itemNotice({ message, leg }: Leg, notes: readonly GenericComment[]): GenericComment {
  const items = notes.flatMap((note) => note.items ?? []).join(', ');
  const text = `The change of item ${items} is passed on to ${leg} in a comment, because its order there cannot be changed otherwise.`;
  return { id: `passedOn|${message}|${leg}`, text, visibility: 'public' };
}
