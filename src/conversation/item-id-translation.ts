import { DecisionError } from '../errors.js';
import type { ItemFacts, LinkItems } from '../model/item-facts.js';
import {
  type GenericComment,
  type GenericFields,
  type GenericMessage,
  type ItemProgress,
  isFinalState,
  type OrderItem,
  type State,
} from '../model/message.js';
import { sumOfPrices } from '../model/price.js';
import { say } from '../text/say.js';
import { withIds } from './item-entries.js';
import { type ItemMatch, matchItems } from './item-match.js';
import { DEFAULT_ROLL_UP, rollUp } from './roll-up.js';
import { addedItemComment, mergedItems, priceComments, type VendorItem, vendorItemText } from './vendor-items.js';

export interface TranslatedMessage {
  message: GenericMessage;
  items: LinkItems;
}

/**
 * Replaces the partner's item ids in a message about our order by our own ids. Items that the partner added are not part of the
 * order: they do not count in its state, and are passed on as a comment. Throws if the items cannot be matched, so that the order
 * lines are left unchanged. Pure.
 * @param got the items of the partner's record, in its own terms
 * @param partner its name, and the ids of further orders that it has made of ours
 */
export function translateItemIds(
  message: GenericMessage,
  items: LinkItems,
  got: readonly ItemFacts[],
  partner: { name?: string; further?: readonly string[] } = {},
): TranslatedMessage {
  const { name: where, further = [] } = partner;
  const { fields } = message;
  const read = readIds(fields, got);
  const match = matchItems(
    items.sent,
    got.map((item, i) => (read[i] === item.id || item.externalId !== undefined ? item : { ...item, externalId: read[i] })),
    items,
  );
  if (match.unclear) {
    throw new DecisionError(
      'items',
      'SWB_PARTNER_ANSWER',
      say`The items of ${message.source.number ?? message.source.id} cannot be matched: ${match.unclear}`,
      {
        where,
        field: 'items',
        hint: say`No order line was changed. Ask the partner to show our item ids, or offering, quantity and characteristics that distinguish the items, then replay this message.`,
      },
    );
  }
  const gone = goneItems(fields, items, match, { vendor: where ?? 'the vendor', further });
  const known = withIds(items, { ...match, gone: gone.map(({ id }) => id) });
  const ours = new Map<string, string[]>();
  for (const { ours: id } of known.sent)
    for (const theirs of match.ids[id] ?? []) {
      const at = read[got.findIndex((item) => item.id === theirs)] ?? theirs;
      ours.set(at, [...(ours.get(at) ?? []), id]);
    }
  const shown = got.map((facts, i): VendorItem => ({ facts, item: fields.items?.find(({ id }) => id === read[i]) }));
  const own = shown.filter(({ facts }) => match.theirs.includes(facts.id));
  const vendor = where ?? 'the vendor';
  const translated = fields.items && translateItems(fields.items, ours);
  const progress = [...translateProgress(fields.progress ?? [], ours), ...gone];
  const merged = mergedItems(match.ids);
  const together = shown.flatMap((one) => {
    const several = merged.get(one.facts.id);
    return several ? [{ ...one, ours: several }] : [];
  });
  const names = new Map(shown.map((one, i) => [read[i] ?? one.facts.id, vendorItemText(one)]));
  return {
    items: known,
    message: {
      ...message,
      fields: {
        ...fields,
        ...(translated && { items: translated }),
        ...((fields.progress || progress.length > 0) && { progress }),
      },
      comments: [
        ...message.comments.map((comment) => translateComment(comment, ours, names)),
        ...own.map((one) => addedItemComment(one, vendor)),
        ...priceComments(translated ?? [], together),
      ],
    },
  };
}

/** The ids under which a mapping has read the items, usually their own. */
function readIds({ items }: GenericFields, got: readonly ItemFacts[]): string[] {
  return got.map((item, i) => (items?.length === got.length ? items[i]!.id : item.id));
}

/**
 * What a further order that a partner has made of ours says of the items without which it has completed ours, once they have ended there.
 * Pure.
 * @param items those of our order
 * @param got the items of the further order, in the partner's own terms
 */
export function movedItems({ fields, source }: GenericMessage, items: LinkItems, got: readonly ItemFacts[]): ItemProgress[] {
  const gone = items.sent.filter(({ ours }) => items.gone?.includes(ours));
  const { ids, unclear } = matchItems(gone, got);
  if (unclear !== undefined) return [];
  const read = readIds(fields, got);
  return Object.entries(ids).flatMap(([id, theirs]): ItemProgress[] => {
    const names = got.flatMap((item, i) => (theirs.includes(item.id) ? [read[i]] : []));
    const said = fields.progress?.find((one) => names.includes(one.id));
    const state = said?.state ?? fields.state;
    return isFinalState(state) ? [{ id, state, stateReason: `In ${source.number ?? source.id}` }] : [];
  });
}

/** The partner's parts of each of our items, without items that the partner added. */
function partsByOurs<T extends { id: string }>(list: T[], ours: Map<string, string[]>): Map<string, T[]> {
  const parts = new Map<string, T[]>();
  for (const part of list) for (const id of ours.get(part.id) ?? []) parts.set(id, [...(parts.get(id) ?? []), part]);
  return parts;
}

function translateItems(items: OrderItem[], ours: Map<string, string[]>): OrderItem[] {
  return [...partsByOurs(items, ours)].map(([id, parts]) => {
    const [first, ...others] = parts as [OrderItem, ...OrderItem[]];
    const { price: _price, quantity, reliesOn, ...item } = first;
    // A value of several items together is not the value of this item; those of its parts are together.
    const isOwn = parts.every((part) => ours.get(part.id)?.length === 1);
    const parted = others.length > 0 && quantity !== undefined;
    const prices = parts.flatMap((part) => part.price ?? []);
    return {
      ...item,
      id,
      ...(isOwn && others.length === 0 && quantity !== undefined && { quantity }),
      ...(parted && { quantity: parts.reduce((sum, part) => sum + (part.quantity ?? 1), 0) }),
      ...(isOwn && prices.length > 0 && { price: sumOfPrices(prices) }),
      ...(reliesOn && { reliesOn: reliesOn.flatMap((other) => ours.get(other) ?? []) }),
    };
  });
}

/** The state of a split item is rolled up from its parts, by the same rules as an order. */
function translateProgress(progress: ItemProgress[], ours: Map<string, string[]>): ItemProgress[] {
  return [...partsByOurs(progress, ours)].map(([id, parts]) => {
    if (parts.length === 1) return { ...parts[0], id };
    const states = parts.flatMap((part) => part.state ?? []);
    const state: State | undefined = states.length ? rollUp(states, DEFAULT_ROLL_UP).state : undefined;
    const reasons = [...new Set(parts.flatMap((part) => part.stateReason ?? []))];
    const last = parts
      .flatMap((part) => part.expectedCompletionAt ?? [])
      .sort()
      .at(-1);
    return {
      id,
      ...(state && { state }),
      ...(reasons.length && { stateReason: reasons.join(' ') }),
      ...(last && { expectedCompletionAt: last }),
    };
  });
}

/** The states in which a vendor's order has ended with what it delivers. */
const DELIVERED: readonly (State | undefined)[] = ['completed', 'partial'];

/** Items that the vendor has shown before, and that are not in its order any more now that it is completed: they do not come with it. */
function goneItems(
  { state }: GenericFields,
  { ids }: LinkItems,
  match: ItemMatch,
  { vendor, further }: { vendor: string; further: readonly string[] },
): ItemProgress[] {
  if (!DELIVERED.includes(state) || Object.keys(match.ids).length === 0) return [];
  const gone = match.missing.filter((id) => ids[id] !== undefined);
  const elsewhere = further.length > 0 ? `; it may be in ${further.join(', ')}` : '';
  return gone.map((id) => ({
    id,
    state: 'cancelled',
    stateReason: `${vendor} completed its order without this item${elsewhere}`,
  }));
}

/**
 * Replaces item ids in a comment by the customer's. An item of the vendor's own is called by its `names`: its id may be that of one of
 * the customer's.
 */
function translateComment(comment: GenericComment, ours: Map<string, string[]>, names: Map<string, string>): GenericComment {
  const { items = [], text } = comment;
  const words = `Item ${items.join(', ')}`;
  const at = text.startsWith(words) ? 0 : text.lastIndexOf(words);
  if (items.length === 0 || at < 0) return comment;
  const ids = [...new Set(items.flatMap((id) => ours.get(id) ?? []))];
  const others = items.filter((id) => !ours.has(id)).map((id) => names.get(id) ?? `item ${id} there`);
  const about = [...(ids.length > 0 ? [`Item ${ids.join(', ')}`] : []), ...others].join(', ');
  const { items: _items, ...rest } = comment;
  const after = `${text.slice(0, at)}${about}${text.slice(at + words.length)}`;
  return { ...rest, ...(ids.length > 0 && { items: ids }), text: after };
}
