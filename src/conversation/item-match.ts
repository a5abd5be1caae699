import type { ItemFacts, ItemIds, Kind, SentItem } from '../model/item-facts.js';
import { sameImprint } from './fingerprint.js';

export interface ItemMatch extends ItemIds {
  /** Our ids of items that the other side does not show. */
  missing: string[];
  /** Which items do not say surely which they are, in words. */
  unclear?: string;
}

const NOTHING: ItemIds = { ids: {}, theirs: [] };

/**
 * Which of a partner's items is which of those we sent. Positions and ids are compared, not assumed: a partner may renumber, pad, split or
 * merge them, and add some of its own. The rules are asked in their order, and one decides only where it leaves no choice on either side.
 * What stays open is said in words, never guessed. `before`: what was found out earlier; it holds unless what came back speaks against it. Pure.
 */
export function matchItems(sent: readonly SentItem[], got: readonly ItemFacts[], before: ItemIds = NOTHING): ItemMatch {
  const twice = got.filter((t, i) => got.findIndex((x) => x.id === t.id) !== i);
  if (twice.length > 0)
    return {
      ids: {},
      theirs: [],
      missing: sent.map((o) => o.ours),
      unclear: `${named(twice)} came back more than once under the same id.`,
    };
  const table = new Table(sent, got);
  table.remember(before);
  table.named();
  // Before ids are looked at: a part, or what several became, may well keep the id of one.
  table.split();
  table.merge();
  // What one rule decides may leave no choice to an earlier one.
  while (RULES.some((fits) => table.pairUnique(fits)));
  table.split();
  table.merge();
  table.place();
  table.otherWords();
  return table.result();
}

type Fits = (ours: SentItem, theirs: ItemFacts, table: Table) => boolean;

const sameKind: Fits = (o, t) => compareKinds(o, t) === true;
const sameQuantity: Fits = (o, t) => o.quantity === undefined || t.quantity === undefined || o.quantity === t.quantity;
const sameValues: Fits = (o, t) =>
  Object.entries(o.characteristics ?? {}).every(([name, value]) => {
    const has = t.characteristics?.[name];
    return has === undefined || sameImprint(value, has);
  });
const alike: Fits = (o, t) => sameKind(o, t, NONE) && sameQuantity(o, t, NONE) && sameValues(o, t, NONE);

const RULES: Fits[] = [
  (o, t, table) => o.id === t.id && !table.contradicts(o, t),
  (o, t, table) => unpadded(o.id) === unpadded(t.id) && !table.contradicts(o, t),
  sameKind,
  (o, t) => sameKind(o, t, NONE) && sameQuantity(o, t, NONE),
  (o, t) => sameKind(o, t, NONE) && sameValues(o, t, NONE),
  alike,
];

/** What is not decided yet on both sides, and what is. */
class Table {
  private readonly ids: Record<string, string[]> = {};
  private theirs: string[] = [];
  private open: SentItem[];
  private free: ItemFacts[];

  constructor(
    private readonly sent: readonly SentItem[],
    private readonly got: readonly ItemFacts[],
  ) {
    this.open = [...sent];
    this.free = [...got];
  }

  private pair(ours: SentItem[], theirs: ItemFacts[]): void {
    for (const o of ours) this.ids[o.ours] = theirs.map((t) => t.id);
    this.open = this.open.filter((o) => !ours.includes(o));
    this.free = this.free.filter((t) => !theirs.includes(t));
  }

  /** What is known holds while it is there, unless it has plainly become another one of ours. */
  remember({ ids, theirs }: ItemIds): void {
    const there = new Map(this.got.map((t) => [t.id, t]));
    const known = new Set([...Object.values(ids).flat(), ...theirs]);
    const fresh = this.got.filter((t) => !known.has(t.id));
    const holds = this.sent.flatMap((o) => {
      const parts = (ids[o.ours] ?? []).flatMap((id) => there.get(id) ?? []);
      const all = parts.length > 0 && parts.length === ids[o.ours]?.length;
      // One that is less now than it was, beside a new one of its kind, may have been split since.
      const shrunk = total(parts) < (o.quantity ?? 1) && fresh.some((t) => this.ofKind(o, t));
      return all && !shrunk && !parts.some((t) => this.turned(o, t)) ? [{ o, parts }] : [];
    });
    for (const { o, parts } of holds) this.pair([o], parts);
    const own = this.free.filter((t) => theirs.includes(t.id) && !this.open.some((o) => alike(o, t, this)));
    this.theirs = own.map((t) => t.id);
    this.free = this.free.filter((t) => !own.includes(t));
  }

  /** It is not what it was, but what another one of ours is; or what it was is another one now. */
  private turned(o: SentItem, t: ItemFacts): boolean {
    if (compareKinds(o, t) !== false) return false;
    return this.sent.some((x) => x !== o && sameKind(x, t, this)) || this.got.some((x) => sameKind(o, x, this));
  }

  /** Items that carry our id say themselves which they are, also the parts of one. */
  named(): void {
    const names = (o: SentItem, t: ItemFacts) => t.externalId !== undefined && [o.ours, o.externalId].includes(t.externalId);
    for (const o of [...this.open]) {
      const parts = this.free.filter((t) => names(o, t));
      if (parts.length > 0 && !this.open.some((x) => x !== o && parts.some((t) => names(x, t)))) this.pair([o], parts);
    }
  }

  /** Same id, and yet not the same: it is something else, or it is exactly what another one of ours is. */
  contradicts(o: SentItem, t: ItemFacts): boolean {
    return compareKinds(o, t) === false || (!alike(o, t, this) && this.open.some((x) => x !== o && alike(x, t, this)));
  }

  /** True when something was decided. */
  pairUnique(fits: Fits): boolean {
    const found = this.open.flatMap((o) => {
      const [t, another] = this.free.filter((x) => fits(o, x, this));
      return t && !another && this.open.every((x) => x === o || !fits(x, t, this)) ? [{ o, t }] : [];
    });
    for (const { o, t } of found) this.pair([o], [t]);
    return found.length > 0;
  }

  /** One of ours that came back as several: their quantities add up to it, and they can be nothing else. */
  split(): void {
    for (const o of [...this.open]) {
      const parts = this.free.filter((t) => this.ofKind(o, t));
      const others = this.open.some((x) => x !== o && parts.some((t) => this.ofKind(x, t)));
      if (parts.length > 1 && !others && total(parts) === (o.quantity ?? 1)) this.pair([o], parts);
    }
  }

  /** Several of ours that came back as one. */
  merge(): void {
    for (const t of [...this.free]) {
      const ours = this.open.filter((o) => this.ofKind(o, t));
      const others = this.free.some((x) => x !== t && ours.some((o) => this.ofKind(o, x)));
      if (ours.length > 1 && !others && total(ours) === (t.quantity ?? 1)) this.pair(ours, [t]);
    }
  }

  private ofKind(o: SentItem, t: ItemFacts): boolean {
    return sameKind(o, t, this) && sameValues(o, t, this);
  }

  /**
   * Last, the position, among those of one kind and as many as were sent: where it does not matter which is which, or where nothing shows
   * that the order was not kept.
   */
  place(): void {
    const inOrder = this.inOrder();
    for (const first of [...this.open]) {
      if (!this.open.includes(first)) continue;
      const ours = this.open.filter((o) => compareKinds(first, o) === true);
      const theirs = this.free.filter((t) => sameKind(first, t, this));
      if (ours.length !== theirs.length) continue;
      const equal = ours.every((o) => alike(first, o, this) && alike(o, first, this));
      if (!equal && !(inOrder && ours.every((o, i) => alike(o, theirs[i]!, this)))) continue;
      ours.forEach((o, i) => {
        this.pair([o], [theirs[i]!]);
      });
    }
  }

  /**
   * A partner that has a word of its own for every offering, and shows just the items that were sent, all of them under the ids they were sent with:
   * then the offerings say nothing, and the ids count.
   */
  otherWords(): void {
    const pairs = this.open.flatMap((o) => this.free.filter((t) => t.id === o.id).map((t) => [o, t] as const));
    const all = pairs.length === this.sent.length && pairs.length === this.got.length;
    const foreign = this.sent.every((o) => !this.got.some((t) => sameKind(o, t, this)));
    const fit = pairs.every(([o, t]) => sameQuantity(o, t, this) && sameValues(o, t, this));
    if (all && foreign && fit) for (const [o, t] of pairs) this.pair([o], [t]);
  }

  private inOrder(): boolean {
    const at = this.sent.flatMap((o) => {
      const [id, another] = this.ids[o.ours] ?? [];
      return id === undefined || another !== undefined ? [] : [this.got.findIndex((t) => t.id === id)];
    });
    return at.every((place, i) => i === 0 || at[i - 1]! <= place);
  }

  result(): ItemMatch {
    const own = this.free.filter((t) =>
      this.open.every((o) => compareKinds(o, t) === false && unpadded(o.id) !== unpadded(t.id)),
    );
    const unclear = this.free.filter((t) => !own.includes(t));
    return {
      ids: this.ids,
      theirs: [...this.theirs, ...own.map((t) => t.id)],
      missing: this.open.map((o) => o.ours),
      ...(unclear.length > 0 && { unclear: `${named(unclear)} came back, and may be any or none of ${named(this.open)}.` }),
    };
  }
}

const NONE = new Table([], []);

/** Are both the same kind of thing? Undefined where they cannot be compared. */
function compareKinds(a: ItemFacts, b: ItemFacts): boolean | undefined {
  for (const name of ['offering', 'specification', 'product'] as const) {
    const same = sameThing(a[name], b[name]);
    if (same !== undefined) return same;
  }
  return undefined;
}

/** By id or by name: a partner may have ids of its own for what it calls the same. */
function sameThing(a: Kind | undefined, b: Kind | undefined): boolean | undefined {
  const ids = a?.id && b?.id ? a.id.toLowerCase() === b.id.toLowerCase() : undefined;
  const names = a?.name && b?.name ? plain(a.name) === plain(b.name) : undefined;
  return ids === undefined || names === undefined ? (ids ?? names) : ids || names;
}

function plain(text: string): string {
  return text.replace(/\s+/g, ' ').trim().toLowerCase();
}

function total(items: readonly ItemFacts[]): number {
  return items.reduce((sum, item) => sum + (item.quantity ?? 1), 0);
}

/** `0001` and `1` are one id to those who pad theirs. */
function unpadded(id: string): string {
  return /^\d+$/.test(id) ? id.replace(/^0+(?=\d)/, '') : id;
}

/** Items as a person knows them: id, offering, quantity. */
export function named(items: readonly (ItemFacts | SentItem)[]): string {
  return items
    .map((item) => {
      const what = [item.offering, item.specification, item.product].map((k) => k?.name ?? k?.id).find(Boolean);
      const many = item.quantity !== undefined && item.quantity !== 1 ? `${item.quantity} × ` : '';
      return `${'ours' in item ? item.ours : item.id}${what ? ` (${many}${what})` : ''}`;
    })
    .join(', ');
}
