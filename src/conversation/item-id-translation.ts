import { DecisionError } from '../errors.js';
import type { ItemFacts, LinkItems } from '../model/item-facts.js';
import type { GenericComment, GenericFields, GenericMessage, ItemProgress, OrderItem, State } from '../model/message.js';
import { say } from '../text/say.js';
import { withIds } from './item-entries.js';
import { itemText, matchItems } from './item-match.js';
import { DEFAULT_ROLL_UP, rollUp } from './roll-up.js';

export interface TranslatedMessage {
  message: GenericMessage;
  items: LinkItems;
}

/**
 * Replaces the partner's item ids in a message about our order by our own ids. Items that the partner added are not part of the
 * order: they do not count in its state, and are passed on as a comment. Throws if the items cannot be matched, so that the order
 * lines are left unchanged. Pure.
 * @param got the items of the partner's record, in its own terms
 */
export function translateItemIds(
  message: GenericMessage,
  items: LinkItems,
  got: readonly ItemFacts[],
  where?: string,
): TranslatedMessage {
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
  const known = withIds(items, match);
  const ours = new Map<string, string[]>();
  for (const { ours: id } of known.sent)
    for (const theirs of match.ids[id] ?? []) {
      const at = read[got.findIndex((item) => item.id === theirs)] ?? theirs;
      ours.set(at, [...(ours.get(at) ?? []), id]);
    }
  const own = got.filter((item) => match.theirs.includes(item.id));
  return {
    items: known,
    message: {
      ...message,
      fields: {
        ...fields,
        ...(fields.items && { items: translateItems(fields.items, ours) }),
        ...(fields.progress && { progress: translateProgress(fields.progress, ours) }),
      },
      comments: [...message.comments.map((comment) => translateComment(comment, ours)), ...own.map(addedItemComment)],
    },
  };
}

/** False for the comment made for an item that the partner added: nobody wrote it, so it expects no answer. */
export function isWrittenComment(comment: GenericComment): boolean {
  return !comment.id.startsWith(ADDED_ITEM_PREFIX);
}

/** The ids under which a mapping has read the items, usually their own. */
function readIds({ items }: GenericFields, got: readonly ItemFacts[]): string[] {
  return got.map((item, i) => (items?.length === got.length ? items[i]!.id : item.id));
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
    const { price, quantity, reliesOn, ...item } = first;
    // A value of a part, or of several items together, is not the value of this item.
    const whole = others.length === 0 && ours.get(first.id)?.length === 1;
    const parted = others.length > 0 && quantity !== undefined;
    return {
      ...item,
      id,
      ...(whole && quantity !== undefined && { quantity }),
      ...(parted && { quantity: parts.reduce((sum, part) => sum + (part.quantity ?? 1), 0) }),
      ...(whole && price && { price }),
      ...(reliesOn && { reliesOn: reliesOn.flatMap((other) => ours.get(other) ?? other) }),
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

/** Replaces item ids in a comment by the customer's. */
function translateComment(comment: GenericComment, ours: Map<string, string[]>): GenericComment {
  const { items = [], text } = comment;
  const words = `Item ${items.join(', ')}`;
  const at = text.startsWith(words) ? 0 : text.lastIndexOf(words);
  if (items.length === 0 || at < 0) return comment;
  const ids = [...new Set(items.flatMap((id) => ours.get(id) ?? id))];
  return { ...comment, items: ids, text: `${text.slice(0, at)}Item ${ids.join(', ')}${text.slice(at + words.length)}` };
}

const ADDED_ITEM_PREFIX = 'added|';

/** Passed on only once, because its id stays the same. */
function addedItemComment(item: ItemFacts): GenericComment {
  return {
    id: `${ADDED_ITEM_PREFIX}${item.id}`,
    text: `Added by the vendor, not ordered: ${itemText([item])}.`,
    visibility: 'public',
  };
}
