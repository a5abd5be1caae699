import type { ItemFacts, ItemIds, SentItem } from '../model/item-facts.js';
import { say } from '../text/say.js';
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
  /** Our ids of items that the partner does not show. */
  missing: string[];
  /** Which items cannot be matched, for display. */
  unclear?: string;
}

const NOTHING: ItemIds = { ids: {}, theirs: [] };

/**
 * Matches a partner's items with those we sent. Ids and positions are compared, not trusted: a partner may renumber, pad, split
 * or merge items, and add its own. The rules apply in order, and each decides only if it leaves no choice on either side.
 * Whatever remains is reported, never guessed. `before`: ids known earlier, used unless contradicted. If one id proves to be
 * another item's, the partner has renumbered, and no id is trusted. Pure.
 */
export function matchItems(sent: readonly SentItem[], got: readonly ItemFacts[], before: ItemIds = NOTHING): ItemMatch {
  // What an item is made of is not looked at, unless ours are among it.
  const whole = got.filter(({ partOf }) => partOf === undefined);
  if (whole.length < got.length) {
    const match = matchListed(sent, whole, before);
    if (match.unclear === undefined && match.missing.length === 0) return match;
  }
  return matchListed(sent, got, before);
}

function matchListed(sent: readonly SentItem[], got: readonly ItemFacts[], before: ItemIds): ItemMatch {
  const twice = got.filter((t, i) => got.some((x, n) => n !== i && x.id === t.id));
  if (twice.length > 0)
    return {
      ids: {},
      theirs: [],
      missing: sent.map((o) => o.ours),
      unclear: say`The partner returned ${itemText(twice)} more than once under the same id.`,
    };
  const table = new MatchTable(sent, got, before);
  if (!table.applyKnownIds()) return table.result();
  table.pairByOurId();
  // Before ids are compared: a part or a merged item may keep the id of one item.
  table.pairSplitItems();
  table.pairMergedItems();
  table.pairBySentId();
  // A pair made by one rule may make an earlier rule unambiguous.
  while (table.pairUnique(sameKind) || table.pairByDifference());
  table.pairSplitItems();
  table.pairMergedItems();
  table.pairByPosition();
  table.pairForeignOfferings();
  return table.result();
}

type ItemTest = (ours: SentItem, theirs: ItemFacts) => boolean;

/** What distinguishes items of one kind. */
const DIFFERENCES: ItemTest[] = [
  (o, t) => sameKind(o, t) && sameQuantity(o, t),
  (o, t) => sameKind(o, t) && sameValues(o, t),
  sameItem,
];

/** The pairs found so far, and the items left on both sides. */
class MatchTable {
  private readonly ids: Record<string, string[]> = {};
  private theirs: string[] = [];
  private open: SentItem[];
  private free: ItemFacts[];
  /** An id proved to be another item's: ids are not trusted. */
  private renumbered = false;
  /** The partner uses its own names for all offerings, so they cannot be compared. */
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
   * Pairs items by known ids, unless contradicted. False if no rule can decide: an item that the partner added now looks like a
   * missing one of ours and may be either, or two items of one kind have swapped their quantities or their ids.
   */
  applyKnownIds(): boolean {
    const { ids, theirs } = this.before;
    const found = claimsOf(this.open, this.free, (o) => ids[o.ours] ?? []);
    const unclaimed = this.open.filter((o) => !found.some((c) => c.ours.includes(o)));
    const claims = found.map((claim) => this.withMergedLater(claim, found, unclaimed));
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

  /**
   * The claim with known items that are gone, and whose quantity its item now has beside its own: they were merged into it. Not where
   * anything else has changed as well, because ids may have been exchanged.
   */
  private withMergedLater(claim: IdClaim, claims: readonly IdClaim[], gone: readonly SentItem[]): IdClaim {
    const isKnown = (o: SentItem) => this.before.ids[o.ours] !== undefined;
    const merged = gone.filter((o) => isKnown(o) && claim.theirs.every((t) => this.ofKind(o, t)));
    const ours = [...claim.ours, ...merged];
    const isKept = (other: IdClaim) => other === claim || totalQuantity(other.ours) === totalQuantity(other.theirs);
    const fits = claim.theirs.length === 1 && totalQuantity(ours) === totalQuantity(claim.theirs);
    const isNew = (t: ItemFacts) => !claims.some((c) => c.theirs.includes(t)) && merged.some((o) => this.ofKind(o, t));
    const isMerged = merged.length > 0 && fits && claims.every(isKept) && !this.free.some(isNew);
    return isMerged ? { ...claim, ours } : claim;
  }

  /** Items that have the id they were sent with, possibly padded. */
  pairBySentId(): void {
    if (this.foreign) return;
    const here = (o: SentItem) =>
      this.free.find((t) => t.id === o.id) ?? this.free.find((t) => unpadded(t.id) === unpadded(o.id));
    const claims = claimsOf(this.open, this.free, (o) => [here(o)?.id ?? '']);
    this.renumbered ||= claims.some((c) => this.contradicts(c, claims) !== undefined);
    // Among equal items, ids prove nothing if one of them is missing: the partner may count from 0, or have dropped an item.
    const unpaired = this.open.filter((o) => !claims.some((c) => c.ours.includes(o)));
    const sure = ({ ours }: IdClaim) => !ours.some((o) => unpaired.some((x) => sameItem(x, o)));
    if (!this.renumbered) this.pairClaims(claims.filter(sure));
  }

  private contradicts(claim: IdClaim, claims: IdClaim[]): ReturnType<typeof findContradiction> {
    return findContradiction(claim, claims, this.open, this.free, this.foreign);
  }

  private pairClaims(claims: IdClaim[]): void {
    const unclaimed = this.free.filter((t) => !claims.some((c) => c.theirs.includes(t)));
    // An item with a smaller quantity beside a new one of its kind may have been split.
    const shrunk = ({ ours, theirs }: IdClaim) =>
      totalQuantity(theirs) < totalQuantity(ours) && unclaimed.some((t) => ours.some((o) => this.ofKind(o, t)));
    for (const claim of claims.filter((c) => !shrunk(c))) this.pair(claim.ours, claim.theirs);
  }

  /** Items with our id, including parts of a split item. */
  pairByOurId(): void {
    for (const o of [...this.open]) {
      const parts = this.free.filter((t) => carriesOurId(o, t));
      if (parts.length > 0 && !this.open.some((x) => x !== o && parts.some((t) => carriesOurId(x, t)))) this.pair([o], parts);
    }
  }

  /** True if a pair was found. */
  pairUnique(fits: ItemTest): boolean {
    const found = this.open.flatMap((o) => {
      const [t, another] = this.free.filter((x) => fits(o, x));
      return t && !another && this.open.every((x) => x === o || !fits(x, t)) ? [{ o, t }] : [];
    });
    for (const { o, t } of found) this.pair([o], [t]);
    return found.length > 0;
  }

  /**
   * Items of one kind are distinguished only if all of them are present: otherwise one may be gone and another changed to look
   * like it.
   */
  pairByDifference(): boolean {
    const all = (o: SentItem) =>
      this.open.filter((x) => compareKinds(o, x) === true).length === this.free.filter((t) => sameKind(o, t)).length;
    return DIFFERENCES.some((fits) => this.pairUnique((o, t) => fits(o, t) && all(o)));
  }

  /** Our item was split: the quantities of the parts add up, and the parts match no other item. */
  pairSplitItems(): void {
    for (const o of [...this.open]) {
      const parts = this.free.filter((t) => this.ofKind(o, t));
      const others = this.open.some((x) => x !== o && parts.some((t) => this.ofKind(x, t)));
      if (parts.length > 1 && !others && totalQuantity(parts) === (o.quantity ?? 1)) this.pair([o], parts);
    }
  }

  /** Several of our items were merged into one. */
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
   * Last, by position, among items of one kind if as many as were sent are present: either they are equal, or nothing shows that
   * their order has changed.
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
   * The partner uses its own names for all offerings, but shows exactly the items that were sent, under the ids they were sent
   * with: then the ids decide.
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
      ...(unclear.length > 0 && {
        unclear: say`The partner returned ${itemText(unclear)}, which may be any or none of ${itemText(this.open)}.`,
      }),
    };
  }
}

/** Items for display: id, offering, quantity. */
export function itemText(items: readonly (ItemFacts | SentItem)[]): string {
  return items
    .map((item) => {
      const what = [item.offering, item.specification, item.product].map((k) => k?.name ?? k?.id).find(Boolean);
      const many = item.quantity !== undefined && item.quantity !== 1 ? `${item.quantity} × ` : '';
      return `${'ours' in item ? item.ours : item.id}${what ? ` (${many}${what})` : ''}`;
    })
    .join(', ');
}
