import { DecisionError } from '../../errors.js';
import type { Json } from '../../model/message.js';
import { say } from '../../text/say.js';
import { type Attributes, entries, writable } from '../tmf/attributes.js';
import type { Dialect } from './dialect.js';
import { ITEMS, isCancelledItem } from './items.js';
import { mergedItem } from './merge.js';

/** The body of a create: without attributes that the provider sets, including the state of an item and its cancellation. */
export function orderBody(fields: Attributes, dialect: Dialect): Attributes {
  const body = writable(fields, dialect.notCreatable);
  if (!(ITEMS in body)) return body;
  return { ...body, [ITEMS]: entries(body[ITEMS]).map(({ state: _state, revisionOperation: _revision, ...item }) => item) };
}

/**
 * The whole list of items for a PATCH: a merge patch replaces lists (RFC 7396), so an omitted item would be removed. Items are
 * matched by id, nested ones where they are, and keep what the provider added. Only the items in `added` are new: any other missing
 * one would be ordered once more. `alone`: the provider gets the changed items without the others, so that a nested one cannot be
 * changed.
 */
export function itemsPatch(
  has: Json | undefined,
  given: Json | undefined,
  added: readonly string[] = [],
  { alone = false }: { alone?: boolean } = {},
): Attributes[] {
  const changes = new Map(entries(given).map((item) => [String(item.id), item]));
  const merge = (item: Attributes): Attributes => {
    const change = changes.get(String(item.id));
    changes.delete(String(item.id));
    return change ? mergedItem(item, change) : item;
  };
  // The list itself first: a nested item may have the id of one of its items.
  const top = entries(has).map(merge);
  const nested = (item: Attributes): Attributes =>
    Array.isArray(item[ITEMS]) ? { ...item, [ITEMS]: entries(item[ITEMS]).map((part) => nested(merge(part))) } : item;
  const merged = alone ? top : top.map(nested);
  const lost = [...changes.keys()].filter((id) => !added.includes(id));
  if (lost.length === 0) return [...merged, ...changes.values()];
  const there =
    entries(has)
      .map((item) => String(item.id))
      .join(', ') || say`none`;
  throw new DecisionError(
    'items',
    'SWB_PARTNER_ANSWER',
    say`Items ${lost.join(', ')} are not in the order, which has the items: ${there}.`,
    {
      field: ITEMS,
      hint: say`Nothing was written. Compare the order there with what was ordered, then replay or skip this delivery.`,
    },
  );
}

/**
 * Items as ServiceNow takes them in a PATCH: one is cancelled by an operation, never by its state, and its action is that of the
 * create, whatever the customer's order says by now (Product Order Open API; order management, inflight changes).
 */
export function revisedItems(has: Json | undefined, given: Json | undefined): Attributes[] {
  const actions = new Map(entries(has).map(({ id, action }) => [String(id), action]));
  return entries(given).map((item) => {
    const { state, ...rest } = item;
    const action = actions.get(String(item.id)) ?? item.action;
    const revised = { ...rest, ...(action !== undefined && { action }) };
    if (isCancelledItem(item)) return { ...revised, revisionOperation: 'cancel' };
    return state === undefined ? revised : { ...revised, state };
  });
}

/** The request to cancel an order (CancelProductOrder_Create, CancelProductOrder_FVO). */
export function cancelBody(id: string, reason: Json | undefined, dialect: Dialect): Attributes {
  return {
    ...(dialect.typed && { '@type': 'CancelProductOrder' }),
    productOrder: { ...(dialect.typed && { '@type': 'ProductOrderRef' }), id },
    ...(typeof reason === 'string' && reason !== '' && { cancellationReason: reason }),
  };
}
