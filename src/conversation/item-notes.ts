import type { GenericComment, Json, OrderItem } from '../model/message.js';
import { digest } from './fingerprint.js';

/*
 * Changes of order items in words, for a party whose system cannot be told of them in another way. The words are written to a
 * partner's record, so they are in English.
 */

/** Begins the id of a comment that passes a change of an item on. */
const CHANGE = 'change|';

/** What a party was told of an order's items. */
export interface ToldItems {
  /** As they were ordered, by their ids. */
  ordered: ReadonlyMap<string, OrderItem>;
  /** The newest comment about a change of each, by the item's id. */
  notes: ReadonlyMap<string, string>;
}

/** What a party is still to be told of the items of an order, one comment for each item. Pure. */
export function itemNotes(items: readonly OrderItem[], { ordered, notes }: ToldItems): GenericComment[] {
  return items.flatMap((item) => {
    const id = noteId(item);
    const before = ordered.get(item.id);
    const last = notes.get(item.id);
    const isTold = last === undefined ? before !== undefined && noteId(before) === id : last === id;
    return isTold ? [] : [{ id, text: noteText(item, before), visibility: 'public' as const, items: [item.id] }];
  });
}

/** The item that a comment's id passes a change of on; undefined where it is another comment. */
export function changedItem(commentId: string): string | undefined {
  return commentId.startsWith(CHANGE) ? commentId.slice(CHANGE.length, commentId.lastIndexOf('|')) : undefined;
}

/** The same values have the same id, so that they are passed on once. */
function noteId(item: OrderItem): string {
  return `${CHANGE}${item.id}|${digest(JSON.stringify(valuesOf(item).sort()))}`;
}

function noteText(item: OrderItem, before: OrderItem | undefined): string {
  const name = item.offering?.name ?? item.offering?.id;
  const what = `item ${item.id}${name ? ` (${name})` : ''}`;
  if (!before) return `Added to the order: ${what}${list(valuesOf(item).map(([path, value]) => `${path} ${value}`))}.`;
  const was = new Map(valuesOf(before));
  const is = new Map(valuesOf(item));
  const differing = [...new Set([...is.keys(), ...was.keys()])].filter((path) => is.get(path) !== was.get(path));
  if (differing.length === 0) return `Changed back: ${what} is wanted as it was ordered.`;
  const changes = differing.map((path) => `${path} ${is.get(path) ?? 'none'} (ordered: ${was.get(path) ?? 'none'})`);
  return `Changed in the order: ${what}${list(changes)}.`;
}

function list(values: readonly string[]): string {
  return values.length > 0 ? `: ${values.join(', ')}` : '';
}

/** What the customer decides of an item, by the paths of its values: its price comes from the vendor. */
function valuesOf({ id: _id, price: _price, ...item }: OrderItem): [string, string][] {
  return leaves(item as unknown as Json, '').map(([path, value]) => [path.replace(/^characteristics\./, ''), value]);
}

function leaves(value: Json, path: string): [string, string][] {
  if (value === null || value === '') return [];
  if (typeof value !== 'object') return [[path, String(value)]];
  if (Array.isArray(value)) return value.length > 0 ? [[path, value.map(textOf).join(' ')]] : [];
  return Object.entries(value).flatMap(([name, inner]) => leaves(inner, path === '' ? name : `${path}.${name}`));
}

function textOf(value: Json): string {
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value);
}
