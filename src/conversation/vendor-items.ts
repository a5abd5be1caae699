import type { ItemFacts, ItemIds } from '../model/item-facts.js';
import type { GenericComment, OrderItem } from '../model/message.js';
import { hasMonthly, priceInWords, unshownInWords } from '../model/price.js';
import { digest } from './fingerprint.js';

/* What the customer reads of a vendor's items where no line of its order shows it. */

const ADDED_PREFIX = 'added|';

/** An item as a vendor shows it: its facts, and what a mapping has read of it. */
export interface VendorItem {
  facts: ItemFacts;
  item?: OrderItem;
}

/** False for the comment made for an item that the partner added: nobody wrote it, so it expects no answer. */
export function isWrittenComment({ id }: GenericComment): boolean {
  return !id.startsWith(ADDED_PREFIX) && !id.startsWith(PRICE_PREFIX);
}

const PRICE_PREFIX = 'price|';

/** A vendor's own item by its name; its id there says nothing to the customer, or is that of another item of the order. */
export function vendorItemText({ facts, item }: VendorItem): string {
  const names = [facts.offering, facts.specification, facts.product, item?.offering, item?.specification, item?.product];
  const name = names.map((kind) => kind?.name ?? kind?.id).find(Boolean);
  const quantity = facts.quantity ?? item?.quantity ?? 1;
  const many = quantity === 1 ? '' : `${quantity} × `;
  return name === undefined ? `${many}item ${facts.id} there` : `${many}${name} (item ${facts.id} there)`;
}

/** Passed on once, and again with another price: its id stays the same otherwise. */
export function addedItemComment(one: VendorItem, vendor: string): GenericComment {
  const price = priceInWords(one.item?.price ?? {});
  const text = [vendorItemText(one), ...price].join(', ');
  return {
    id: `${ADDED_PREFIX}${one.facts.id}${price.length > 0 ? `|${digest(price.join())}` : ''}`,
    text: `Added by ${vendor}, not ordered: ${text}.`,
    visibility: 'public',
  };
}

/**
 * The prices that the customer's lines do not show: amounts that are known only with tax or do not fit in one price, and those of
 * several lines together. Each is passed on once, as its id says what it says.
 * @param items the items of the order, by our ids
 * @param merged vendor's items that stand for several of ours
 */
export function priceComments(
  items: readonly OrderItem[],
  merged: readonly (VendorItem & { ours: readonly string[] })[],
): GenericComment[] {
  const single = items.flatMap(({ id, price = {} }) => {
    const words = unshownInWords(price);
    const isMore = price.oneTime !== undefined || hasMonthly(price);
    return words.length > 0 ? [`Price of item ${id}${isMore ? ', in addition' : ''}: ${words.join(', ')}.`] : [];
  });
  const together = merged.flatMap(({ item, ours }) => {
    const words = priceInWords(item?.price ?? {});
    return words.length > 0 ? [`Price of items ${ours.join(', ')} together: ${words.join(', ')}.`] : [];
  });
  return [...single, ...together].map((text) => ({ id: `${PRICE_PREFIX}${digest(text)}`, text, visibility: 'public' }));
}

/** Which of a vendor's items stand for several of ours. */
export function mergedItems(ids: ItemIds['ids']): Map<string, string[]> {
  const ours = new Map<string, string[]>();
  for (const [id, theirs] of Object.entries(ids)) for (const one of theirs) ours.set(one, [...(ours.get(one) ?? []), id]);
  return new Map([...ours].filter(([, list]) => list.length > 1));
}
