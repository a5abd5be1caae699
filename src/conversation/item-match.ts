import type { ItemFacts, ItemIds, SentItem } from '../model/item-facts.js';
import { claimsOf, findContradiction, type IdClaim } from './item-claims.js';
import {
  carriesOurId,
  compareKinds,
  sameItem,
  sameKind,
  sameQuantity,
  sameValues,
  totalQuantity,
  unpadded,
} from './item-compare.js';

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
 * What stays open is said in words, never guessed. `before`: what was found out earlier; it holds unless what came back speaks against it. Where
 * one id proves to be another item's, the partner has numbered anew, and none is believed. Pure.
 */
export function matchItems(sent: readonly SentItem[], got: readonly ItemFacts[], before: ItemIds = NOTHING): ItemMatch {
  const twice = got.filter((t, i) => got.findIndex((x) => x.id === t.id) !== i);
  if (twice.length > 0)
    return {
      ids: {},
      theirs: [],
      missing: sent.map((o) => o.ours),
      unclear: `${itemText(twice)} came back more than once under the same id.`,
    };
  const table = new MatchTable(sent, got, before);
  if (!table.applyKnownIds()) return table.result();
  table.pairByOurId();
  // Before ids are looked at: a part, or what several became, may well keep the id of one.
  table.pairSplitItems();
  table.pairMergedItems();
  table.pairBySentId();
  // What one rule decides may leave no choice to an earlier one.
  while (table.pairUnique(sameKind) || table.pairByDifference());
  table.pairSplitItems();
  table.pairMergedItems();
  table.pairByPosition();
  table.pairForeignOfferings();
  return table.result();
}

type ItemTest = (ours: SentItem, theirs: ItemFacts) => boolean;

/** What tells those of one kind apart. */
const DIFFERENCES: ItemTest[] = [
  (o, t) => sameKind(o, t) && sameQuantity(o, t),
  (o, t) => sameKind(o, t) && sameValues(o, t),
  sameItem,
];

/** What is not decided yet on both sides, and what is. */
class MatchTable {
  private readonly ids: Record<string, string[]> = {};
  private theirs: string[] = [];
  private open: SentItem[];
  private free: ItemFacts[];
  /** An id has proved to be another item's: ids say nothing. */
  private renumbered = false;
  /** The partner has words of its own for every offering: they say nothing. */
  private readonly foreign: boolean;

  constructor(
    private readonly sent: readonly SentItem[],
    private readonly got: readonly ItemFacts[],
    private readonly before: ItemIds,
  ) {
    this.open = [...sent];
    this.free = [...got];
    const kinds = sent.flatMap((o) => got.map((t) => compareKinds(o, t)));
    this.foreign = kinds.includes(false) && !kinds.includes(true);
  }

  private pair(ours: SentItem[], theirs: ItemFacts[]): void {
    for (const o of ours) this.ids[o.ours] = theirs.map((t) => t.id);
    this.open = this.open.filter((o) => !ours.includes(o));
    this.free = this.free.filter((t) => !theirs.includes(t));
  }

  /**
   * What is known holds while it is there and nothing speaks against it. False where no rule can say: one of their own is now such a thing as one
   * of ours that is gone, and may be that one, or their own as ever; or two of one thing have exchanged their quantities, or their ids.
   */
  applyKnownIds(): boolean {
    const { ids, theirs } = this.before;
    const claims = claimsOf(this.open, this.free, (o) => ids[o.ours] ?? []);
    const gone = this.open.filter((o) => !claims.some((c) => c.ours.includes(o)));
    const added = this.free.filter((t) => theirs.includes(t.id) && !claims.some((c) => c.theirs.includes(t)));
    const ambiguous = added.some((t) => gone.some((o) => sameKind(o, t)));
    const contradictions = claims.map((c) => this.contradicts(c, claims));
    this.renumbered = contradictions.includes('thing');
    if (this.renumbered || ambiguous || contradictions.includes('quantity')) return this.renumbered;
    this.theirs = added.map((t) => t.id);
    this.free = this.free.filter((t) => !added.includes(t));
    this.pairClaims(claims);
    return true;
  }

  /** Those that have the id with which they were sent, or the same padded. */
  pairBySentId(): void {
    if (this.foreign) return;
    const here = (o: SentItem) =>
      this.free.find((t) => t.id === o.id) ?? this.free.find((t) => unpadded(t.id) === unpadded(o.id));
    const claims = claimsOf(this.open, this.free, (o) => [here(o)?.id ?? '']);
    this.renumbered ||= claims.some((c) => this.contradicts(c, claims) !== undefined);
    // Of those that are alike an id says nothing where another one’s is not there: the partner may count from 0, or have dropped one.
    const unpaired = this.open.filter((o) => !claims.some((c) => c.ours.includes(o)));
    const sure = ({ ours }: IdClaim) => !ours.some((o) => unpaired.some((x) => sameItem(x, o)));
    if (!this.renumbered) this.pairClaims(claims.filter(sure));
  }

  private contradicts(claim: IdClaim, claims: IdClaim[]): ReturnType<typeof findContradiction> {
    return findContradiction(claim, claims, this.open, this.free, this.foreign);
  }

  private pairClaims(claims: IdClaim[]): void {
    const unclaimed = this.free.filter((t) => !claims.some((c) => c.theirs.includes(t)));
    // One that is less now than it was, beside a new one of its kind, may have been split.
    const shrunk = ({ ours, theirs }: IdClaim) =>
      totalQuantity(theirs) < totalQuantity(ours) && unclaimed.some((t) => ours.some((o) => this.ofKind(o, t)));
    for (const claim of claims.filter((c) => !shrunk(c))) this.pair(claim.ours, claim.theirs);
  }

  /** Items that carry our id say themselves which they are, also the parts of one. */
  pairByOurId(): void {
    for (const o of [...this.open]) {
      const parts = this.free.filter((t) => carriesOurId(o, t));
      if (parts.length > 0 && !this.open.some((x) => x !== o && parts.some((t) => carriesOurId(x, t)))) this.pair([o], parts);
    }
  }

  /** True when something was decided. */
  pairUnique(fits: ItemTest): boolean {
    const found = this.open.flatMap((o) => {
      const [t, another] = this.free.filter((x) => fits(o, x));
      return t && !another && this.open.every((x) => x === o || !fits(x, t)) ? [{ o, t }] : [];
    });
    for (const { o, t } of found) this.pair([o], [t]);
    return found.length > 0;
  }

  /** Those of one kind are told apart only where all of them are there: else one may as well be gone, and another changed into what that was. */
  pairByDifference(): boolean {
    const all = (o: SentItem) =>
      this.open.filter((x) => compareKinds(o, x) === true).length === this.free.filter((t) => sameKind(o, t)).length;
    return DIFFERENCES.some((fits) => this.pairUnique((o, t) => fits(o, t) && all(o)));
  }

  /** One of ours that came back as several: their quantities add up to it, and they can be nothing else. */
  pairSplitItems(): void {
    for (const o of [...this.open]) {
      const parts = this.free.filter((t) => this.ofKind(o, t));
      const others = this.open.some((x) => x !== o && parts.some((t) => this.ofKind(x, t)));
      if (parts.length > 1 && !others && totalQuantity(parts) === (o.quantity ?? 1)) this.pair([o], parts);
    }
  }

  /** Several of ours that came back as one. */
  pairMergedItems(): void {
    for (const t of [...this.free]) {
      const ours = this.open.filter((o) => this.ofKind(o, t));
      const others = this.free.some((x) => x !== t && ours.some((o) => this.ofKind(o, x)));
      if (ours.length > 1 && !others && totalQuantity(ours) === (t.quantity ?? 1)) this.pair(ours, [t]);
    }
  }

  private ofKind(o: SentItem, t: ItemFacts): boolean {
    return sameKind(o, t) && sameValues(o, t);
  }

  /**
   * Last, the position, among those of one kind and as many as were sent: where it does not matter which is which, or where nothing shows
   * that the order was not kept.
   */
  pairByPosition(): void {
    const inOrder = this.inOrder();
    for (const first of [...this.open]) {
      if (!this.open.includes(first)) continue;
      const ours = this.open.filter((o) => compareKinds(first, o) === true);
      const theirs = this.free.filter((t) => sameKind(first, t));
      if (ours.length !== theirs.length) continue;
      const equal = ours.every((o) => sameItem(first, o) && sameItem(o, first));
      if (!equal && !(inOrder && ours.every((o, i) => sameItem(o, theirs[i]!)))) continue;
      ours.forEach((o, i) => {
        this.pair([o], [theirs[i]!]);
      });
    }
  }

  /**
   * A partner that has a word of its own for every offering, and shows just the items that were sent, all of them under the ids they were sent with:
   * then the offerings say nothing, and the ids count.
   */
  pairForeignOfferings(): void {
    const pairs = this.open.flatMap((o) => this.free.filter((t) => t.id === o.id).map((t) => [o, t] as const));
    const all = pairs.length === this.open.length && pairs.length === this.free.length;
    const fit = pairs.every(([o, t]) => sameQuantity(o, t) && sameValues(o, t));
    if (this.foreign && !this.renumbered && all && fit) for (const [o, t] of pairs) this.pair([o], [t]);
  }

  private inOrder(): boolean {
    const at = this.sent.flatMap((o) => {
      const [id, another] = this.ids[o.ours] ?? [];
      return id === undefined || another !== undefined ? [] : [this.got.findIndex((t) => t.id === id)];
    });
    return at.every((place, i) => i === 0 || at[i - 1]! <= place);
  }

  result(): ItemMatch {
    const was = (o: SentItem, t: ItemFacts) => unpadded(o.id) === unpadded(t.id) || this.before.ids[o.ours]?.includes(t.id);
    const own = this.free.filter((t) => this.open.every((o) => compareKinds(o, t) === false && !was(o, t)));
    const unclear = this.free.filter((t) => !own.includes(t));
    return {
      ids: this.ids,
      theirs: [...this.theirs, ...own.map((t) => t.id)],
      missing: this.open.map((o) => o.ours),
      ...(unclear.length > 0 && { unclear: `${itemText(unclear)} came back, and may be any or none of ${itemText(this.open)}.` }),
    };
  }
}

/** Items as a person knows them: id, offering, quantity. */
export function itemText(items: readonly (ItemFacts | SentItem)[]): string {
  return items
    .map((item) => {
      const what = [item.offering, item.specification, item.product].map((k) => k?.name ?? k?.id).find(Boolean);
      const many = item.quantity !== undefined && item.quantity !== 1 ? `${item.quantity} × ` : '';
      return `${'ours' in item ? item.ours : item.id}${what ? ` (${many}${what})` : ''}`;
    })
    .join(', ');
}
