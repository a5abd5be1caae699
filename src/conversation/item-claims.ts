import type { ItemFacts, SentItem } from '../model/item-facts.js';
import { carriesOurId, compareKinds, sameQuantity, sameValues, totalQuantity } from './item-compare.js';

/**
 * A pairing by ids alone: our items and the partner's. Several of theirs if one was split, several of ours if they were merged.
 */
export interface IdClaim {
  ours: SentItem[];
  theirs: ItemFacts[];
}

/** Claims with a missing part are left out. */
export function claimsOf(
  ours: readonly SentItem[],
  theirs: readonly ItemFacts[],
  idsOf: (o: SentItem) => readonly string[],
): IdClaim[] {
  const claims = new Map<string, IdClaim>();
  for (const o of ours) {
    const ids = idsOf(o);
    const parts = ids.flatMap((id) => theirs.find((t) => t.id === id) ?? []);
    if (parts.length === 0 || parts.length < ids.length) continue;
    const claim = claims.get(ids.join()) ?? { ours: [], theirs: parts };
    claim.ours.push(o);
    claims.set(ids.join(), claim);
  }
  return [...claims.values()];
}

/**
 * What contradicts a claim; undefined: nothing. A difference alone does not, because a partner may change its items. A different
 * kind of product does, and so does a better match with an item whose own claim does not fit. If only the quantity matches
 * better, the quantities may also have been swapped.
 * @param foreign the partner uses its own names for all offerings, so that kinds cannot be compared
 */
export function findContradiction(
  claim: IdClaim,
  claims: readonly IdClaim[],
  ours: readonly SentItem[],
  theirs: readonly ItemFacts[],
  foreign: boolean,
): 'thing' | 'quantity' | undefined {
  const kinds = (o: SentItem, t: ItemFacts) => (foreign ? undefined : compareKinds(o, t));
  const some = (test: (o: SentItem, t: ItemFacts) => boolean) => claim.ours.some((o) => claim.theirs.some((t) => test(o, t)));
  const fits = ({ ours, theirs }: IdClaim) => {
    const allHaveQuantity = [...ours, ...theirs].every((item) => item.quantity !== undefined);
    return (
      (!allHaveQuantity || totalQuantity(ours) === totalQuantity(theirs)) &&
      ours.every((o) => theirs.every((t) => kinds(o, t) !== false && sameValues(o, t)))
    );
  };
  const hasFittingClaim = (item: SentItem | ItemFacts) =>
    claims.some((c) => (c.ours.includes(item as SentItem) || c.theirs.includes(item)) && fits(c));
  const others = ours.filter((o) => !claim.ours.includes(o));
  const rest = theirs.filter((t) => !claim.theirs.includes(t));

  if (some((o, t) => others.some((x) => carriesOurId(x, t)) || rest.some((y) => carriesOurId(o, y)))) return 'thing';
  if (some((o, t) => kinds(o, t) === false)) return 'thing';
  if (fits(claim)) return undefined;
  const fitsBetter = some((o, t) => {
    // Only if the kinds compare the same way as for this pair.
    const better = (x: SentItem, y: ItemFacts) => kinds(x, y) === kinds(o, t) && sameQuantity(x, y) && sameValues(x, y);
    return others.some((x) => better(x, t) && !hasFittingClaim(x)) || rest.some((y) => better(o, y) && !hasFittingClaim(y));
  });
  if (!fitsBetter) return undefined;
  return some((o, t) => !sameValues(o, t)) ? 'thing' : 'quantity';
}
