import type { ItemFacts, Kind, SentItem } from '../model/item-facts.js';
import { sameFingerprint } from './fingerprint.js';

/** Are both the same kind of product? Undefined if they cannot be compared. */
export function compareKinds(a: ItemFacts, b: ItemFacts): boolean | undefined {
  for (const name of ['offering', 'specification', 'product'] as const) {
    const same = sameThing(a[name], b[name]);
    if (same !== undefined) return same;
  }
  return undefined;
}

/** By id or by name: a partner may have its own ids for the same names. */
function sameThing(a: Kind | undefined, b: Kind | undefined): boolean | undefined {
  const ids = a?.id && b?.id ? a.id.toLowerCase() === b.id.toLowerCase() : undefined;
  const names = a?.name && b?.name ? normalized(a.name) === normalized(b.name) : undefined;
  return ids === undefined || names === undefined ? (ids ?? names) : ids || names;
}

function normalized(text: string): string {
  return text.replace(/\s+/g, ' ').trim().toLowerCase();
}

export function sameKind(o: SentItem, t: ItemFacts): boolean {
  return compareKinds(o, t) === true;
}

/** A missing quantity matches any; the same holds for characteristics. */
export function sameQuantity(o: SentItem, t: ItemFacts): boolean {
  return o.quantity === undefined || t.quantity === undefined || o.quantity === t.quantity;
}

export function sameValues(o: SentItem, t: ItemFacts): boolean {
  return Object.entries(o.characteristics ?? {}).every(([name, value]) => {
    const has = t.characteristics?.[name];
    return has === undefined || sameFingerprint(value, has);
  });
}

export function sameItem(o: SentItem, t: ItemFacts): boolean {
  return sameKind(o, t) && sameQuantity(o, t) && sameValues(o, t);
}

/** The partner's item has our id as its external id. */
export function carriesOurId(o: SentItem, t: ItemFacts): boolean {
  return t.externalId !== undefined && [o.ours, o.externalId].includes(t.externalId);
}

export function totalQuantity(items: readonly ItemFacts[]): number {
  return items.reduce((sum, item) => sum + (item.quantity ?? 1), 0);
}

/** `0001` and `1` are the same id for partners that pad their ids. */
export function unpadded(id: string): string {
  return /^\d+$/.test(id) ? id.replace(/^0+(?=\d)/, '') : id;
}
