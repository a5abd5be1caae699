import type { ItemFacts, SentItem } from '../model/item-facts.js';
import { carriesOurId, compareKinds, sameQuantity, sameValues, totalQuantity } from './item-compare.js';

/** What ids alone say: these of ours are these of theirs. Several of theirs where they split one, several of ours where they merged those. */
export interface IdClaim {
  ours: SentItem[];
  theirs: ItemFacts[];
}

/** One that is not shown whole says nothing. */
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
 * What speaks against a claim of what came back; undefined: nothing. A difference alone does not: a partner may change its items, and say of them
 * what it likes. Another kind of thing does, and one that fits an item better whose own claim does not fit. Where that is by its quantity alone,
 * it may as well be that the quantities were exchanged.
 * @param foreign the partner has words of its own for every offering, and kinds cannot be compared
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
    // As surely as the two are of one kind.
    const better = (x: SentItem, y: ItemFacts) => kinds(x, y) === kinds(o, t) && sameQuantity(x, y) && sameValues(x, y);
    return others.some((x) => better(x, t) && !hasFittingClaim(x)) || rest.some((y) => better(o, y) && !hasFittingClaim(y));
  });
  if (!fitsBetter) return undefined;
  return some((o, t) => !sameValues(o, t)) ? 'thing' : 'quantity';
}
