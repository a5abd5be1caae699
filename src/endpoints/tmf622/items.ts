import { isDeepStrictEqual } from 'node:util';
import { choiceKey } from '../../model/choice.js';
import type { ItemFacts, Kind } from '../../model/item-facts.js';
import type { Json } from '../../model/message.js';
import type { WriteResult } from '../endpoint.js';
import { type Attributes, entries, isAttributes, textOf } from '../tmf/attributes.js';
import { isCancellingState } from './cancelling-states.js';

/** The attribute that holds an order's items. */
export const ITEMS = 'productOrderItem';
const RELATIONS = 'productOrderItemRelationship';

/**
 * All items of an order: those of its list, and those that are nested in them (TMF622, ProductOrderItem.productOrderItem), each after
 * the one that it is part of. A nested one whose id is that of an item of the list cannot be told from it, and is left out. The same
 * for a list that has been flattened before. Pure.
 */
export function allItems(list: Json | undefined): Attributes[] {
  const top = entries(list);
  const ids = new Set(top.map(({ id }) => textOf(id)));
  const nested = (item: Attributes): Attributes[] =>
    entries(item[ITEMS]).flatMap((part) => (ids.has(textOf(part.id)) ? [] : [part, ...nested(part)]));
  return top.flatMap((item) => [item, ...nested(item)]);
}

/** Finds the id of the item that nests an item of a flattened list; undefined where none does. */
function wholesIn(all: readonly Attributes[]): (item: Attributes) => string | undefined {
  const nested = all.flatMap((whole) => entries(whole[ITEMS]).map((part) => ({ part, id: textOf(whole.id) })));
  return (item) => {
    const isIt = ({ part }: { part: Attributes }) => part === item || (part.id === item.id && isDeepStrictEqual(part, item));
    return nested.find(isIt)?.id;
  };
}

/** The distinguishing facts of an order's items; undefined where the order has no list of items. Pure. */
export function itemsOf(order: Attributes): ItemFacts[] | undefined {
  if (!Array.isArray(order[ITEMS])) return undefined;
  const items = allItems(order[ITEMS]);
  const wholeOf = wholesIn(items);
  return items.map((item) => {
    const product = isAttributes(item.product) ? item.product : {};
    const quantity = Number(item.quantity ?? Number.NaN);
    const values = entries(product.productCharacteristic).flatMap((c) => {
      const name = textOf(c.name);
      return name === undefined || c.value === undefined ? [] : [[name, c.value] as const];
    });
    return {
      id: textOf(item.id) ?? '',
      ...given('partOf', wholeOf(item)),
      ...given('externalId', externalId(item.externalId)),
      ...given('offering', kindOf(item.productOffering)),
      ...given('specification', kindOf(product.productSpecification)),
      ...given('product', kindOf(product)),
      ...given('quantity', Number.isNaN(quantity) ? undefined : quantity),
      ...given('characteristics', values.length > 0 ? Object.fromEntries(values) : undefined),
    };
  });
}

/** The ids of items that are cancelled or being cancelled. Pure. */
export function cancelledItems(order: Attributes): string[] {
  return allItems(order[ITEMS])
    .filter(isCancelledItem)
    .map((item) => textOf(item.id) ?? '');
}

/** Whether an item is cancelled, or to be cancelled, by its state or by ServiceNow's revisionOperation. */
export function isCancelledItem({ state, revisionOperation }: Attributes): boolean {
  return isCancellingState(textOf(state)) || choiceKey(textOf(revisionOperation) ?? '') === 'cancel';
}

/** Whether a change cancels items and does nothing else. Pure. */
export function onlyCancels({ [ITEMS]: items, ...others }: Attributes): boolean {
  const list = entries(items);
  return list.length > 0 && list.every(isCancelledItem) && Object.keys(others).length === 0;
}

/** A change without the items that it cancels. Pure. */
export function withoutCancelled({ [ITEMS]: items, ...others }: Attributes): Attributes {
  const kept = entries(items).filter((item) => !isCancelledItem(item));
  return kept.length > 0 ? { ...others, [ITEMS]: kept } : others;
}

/** The fields with other item ids; items without a new id are left out. Pure. */
export function withItemIds(fields: Attributes, idOf: (id: string) => string | undefined): Attributes {
  if (!Array.isArray(fields[ITEMS])) return fields;
  const items = entries(fields[ITEMS]).flatMap((item) => {
    const id = idOf(textOf(item.id) ?? '');
    if (id === undefined) return [];
    const { [RELATIONS]: given, ...rest } = item;
    const relations = entries(given).map((relation) => ({ ...relation, id: idOf(textOf(relation.id) ?? '') }));
    // If a related item has no id there, the partner's relations stay as they are.
    const named = given !== undefined && relations.every((relation) => relation.id !== undefined);
    return [{ ...rest, id, ...(named && { [RELATIONS]: relations as Json }) }];
  });
  return { ...fields, [ITEMS]: items };
}

/** What was sent for items and did not arrive: missing items, and quantities and characteristics that are unchanged. Pure. */
export function droppedItems(sent: Attributes, before: Attributes, has: Attributes): WriteResult['dropped'] {
  const [was, there] = [itemsOf(before) ?? [], itemsOf(has) ?? []];
  return (itemsOf(sent) ?? []).flatMap((item, i) => {
    // Whether a cancelled item is gone, or shows its last values, is up to the provider.
    if (isCancelledItem(entries(sent[ITEMS])[i]!)) return [];
    const field = `${ITEMS}[${item.id}]`;
    const found = there.find((t) => t.id === item.id);
    if (!found) return [{ field, sent: entries(sent[ITEMS])[i] as Json, has: undefined }];
    const earlier = was.find((t) => t.id === item.id);
    const values = Object.entries(item.characteristics ?? {}).map(
      ([name, value]) => [name, value, earlier?.characteristics?.[name], found.characteristics?.[name]] as const,
    );
    return [['quantity', item.quantity, earlier?.quantity, found.quantity] as const, ...values]
      .filter(([, given, then, now]) => now !== undefined && isDeepStrictEqual(now, then) && !isDeepStrictEqual(now, given))
      .map(([name, given, , now]) => ({ field: `${field}.${name}`, sent: given as Json, has: now }));
  });
}

/** The standard has none for items; vendors that keep our id return it as a text or, as v5 does for orders, in a list. */
function externalId(value: Json | undefined): string | undefined {
  return (
    textOf(value) ??
    entries(value)
      .map((entry) => textOf(entry.id))
      .find(Boolean)
  );
}

function kindOf(value: Json | undefined): Kind | undefined {
  if (!isAttributes(value)) return undefined;
  const [id, name] = [textOf(value.id), textOf(value.name)];
  return id || name ? { ...given('id', id), ...given('name', name) } : undefined;
}

function given<N extends string, T>(name: N, value: T | undefined): { [K in N]?: T } {
  return (value === undefined ? {} : { [name]: value }) as { [K in N]?: T };
}
