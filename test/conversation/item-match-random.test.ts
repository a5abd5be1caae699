import assert from 'node:assert/strict';
import { withSeenItems } from '../../src/conversation/item-entries.js';
import { matchItems } from '../../src/conversation/item-match.js';
import type { ItemFacts, LinkItems, SentItem } from '../../src/model/item-facts.js';

/** Number of random orders at random vendors, the same ones in each run. The test knows which items belong together. */
const RUNS = 5_000;

/** Pseudo-random numbers from a seed (mulberry32). */
function dice(seed: number) {
  let state = seed;
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (n: number) => Math.floor(next() * n);
  return { below, chance: (p: number) => next() < p, one: <T>(list: readonly T[]): T => list[below(list.length)]! };
}
type Dice = ReturnType<typeof dice>;

/** A vendor's item, with the index of ours or none. */
interface Its {
  of?: number;
  facts: ItemFacts;
}
type Numbering = 'kept' | 'tens' | 'padded' | 'exchanged' | 'moved up' | 'fee on top' | 'fee at the end';
/** What a vendor shows of an item: everything, no characteristics, or always a quantity of one. */
type Words = 'all' | 'silent' | 'always one';

interface Behaviour {
  numbering: Numbering;
  dropped?: number;
  changed?: { at: number; quantity: number };
}

const ANY: Numbering[] = ['kept', 'tens', 'padded', 'exchanged', 'moved up', 'fee on top', 'fee at the end'];
const FRESH: Numbering[] = ['tens', 'padded'];
const FEE: ItemFacts = { id: '', offering: { id: 'FEE' }, quantity: 1 };

function orderOf({ below, chance, one }: Dice): SentItem[] {
  const offerings = one([['PHONE'], ['PHONE', 'SIM'], ['PHONE', 'SIM', 'COVER', 'CHARGER', 'CASE']]);
  const coloured = chance(0.5);
  return Array.from({ length: 2 + below(4) }, (_, i) => ({
    ours: `o${i + 1}`,
    id: `${i + 1}`,
    offering: { id: one(offerings) },
    quantity: 1 + below(3),
    ...(coloured && { characteristics: { colour: one(['black', 'white', 'red']) } }),
  }));
}

function shown(sent: SentItem[], { numbering, dropped, changed }: Behaviour, words: Words, { below, chance }: Dice): Its[] {
  const all = sent.flatMap(({ ours: _, characteristics, ...facts }, of) => {
    if (of === dropped) return [];
    const quantity = words === 'always one' ? 1 : changed?.at === of ? changed.quantity : facts.quantity;
    return [{ of, facts: { ...facts, quantity, ...(words !== 'silent' && characteristics && { characteristics }) } }];
  });
  const numbered = (id: (i: number, item: Its) => string, list: Its[] = all): Its[] =>
    list.map((item, i) => ({ ...item, facts: { ...item.facts, id: id(i, item) } }));
  const up = (i: number) => `${i + 1}`;
  switch (numbering) {
    case 'kept':
      return all;
    case 'tens':
      return numbered((_, { of }) => `${of! + 1}0`);
    case 'padded':
      return numbered((_, { facts }) => facts.id.padStart(4, '0'));
    case 'moved up':
      return numbered(up);
    case 'fee on top':
      return numbered(up, [{ facts: FEE }, ...all]);
    case 'fee at the end':
      return [...all, { facts: { ...FEE, id: `${sent.length + 1}` } }];
    case 'exchanged': {
      const ids = sent.map((item) => item.id);
      for (let i = ids.length - 1; i > 0; i--) {
        const j = below(i + 1);
        [ids[i], ids[j]] = [ids[j]!, ids[i]!];
      }
      const list = numbered((_, { of }) => ids[of!]!);
      return chance(0.5) ? list : list.sort((a, b) => Number(a.facts.id) - Number(b.facts.id));
    }
  }
}

/**
 * The vendor's next behaviour, without cases that are impossible to detect: swapping the ids of items without showing what
 * distinguishes them, or renumbering, dropping one item and changing another to look like it, all at the same time.
 */
function next(sent: SentItem[], first: Numbering, words: Words, { below, chance, one }: Dice): Behaviour {
  const free = words === 'all' ? ANY : words === 'silent' ? ANY.filter((n) => n !== 'exchanged' && n !== 'moved up') : [first];
  const numbering = chance(0.3) ? first : one(free);
  // Swapping again gives different ids.
  const same = numbering === first && numbering !== 'exchanged' && numbering !== 'moved up' && numbering !== 'fee on top';
  const drops = chance(0.4) && (words !== 'silent' || same);
  const changes = chance(0.4) && (!drops || same);
  const at = below(sent.length);
  // An item with the quantity of itself and a missing one together would look like a merge.
  const quantity = drops ? 1 + below(sent[at]!.quantity!) : same || FRESH.includes(numbering) ? 1 + below(4) : 50;
  return {
    numbering,
    ...(drops && { dropped: below(sent.length) }),
    ...(changes && { changed: { at, quantity } }),
  };
}

/** Wrong pairs; of two identical items, either is right. */
function wrong(sent: SentItem[], its: Its[], ids: Record<string, string[]>): string[] {
  const what = ({ offering, quantity, characteristics }: SentItem) => JSON.stringify([offering, quantity, characteristics]);
  return sent.flatMap((o) =>
    (ids[o.ours] ?? []).filter((id) => {
      const { of } = its.find((one) => one.facts.id === id) ?? {};
      return of === undefined || what(sent[of]!) !== what(o);
    }),
  );
}

const facts = (its: Its[]) => its.map((item) => item.facts);

describe('items of random orders at random vendors', () => {
  it('are never matched wrongly, neither at first nor later', () => {
    const seen = { first: 0, firstOpen: 0, later: 0, laterOpen: 0 };
    for (let seed = 1; seed <= RUNS; seed++) {
      const rolls = dice(seed);
      const sent = orderOf(rolls);
      const words = rolls.one<Words>(['all', 'all', 'all', 'silent', 'always one']);
      const kinds = ANY.filter((n) => words === 'all' || (n !== 'exchanged' && n !== 'moved up'));
      const numbering = rolls.one(words === 'always one' ? (['kept', ...FRESH] as const) : kinds);
      const before = shown(sent, { numbering }, words, rolls);
      const first = matchItems(sent, facts(before));
      const caseText = (its: Its[], what: unknown) => JSON.stringify({ seed, words, sent, before, its, what });
      assert.deepEqual(wrong(sent, before, first.ids), [], caseText(before, first));
      seen.first++;
      if (first.unclear) seen.firstOpen++;

      let known: LinkItems = withSeenItems({ sent, ids: {}, theirs: [] }, facts(before));
      for (let again = 0, last: Numbering = numbering; again < 2; again++) {
        const behaviour = next(sent, last, words, rolls);
        const its = shown(sent, behaviour, words, rolls);
        const match = matchItems(sent, facts(its), known);
        assert.deepEqual(wrong(sent, its, match.ids), [], caseText(its, { behaviour, known, match }));
        seen.later++;
        if (match.unclear) {
          seen.laterOpen++;
          break;
        }
        known = withSeenItems(known, facts(its));
        last = behaviour.numbering;
        // No kept id may belong to another item that is shown.
        const stale = sent.flatMap((o) => (known.ids[o.ours] ?? []).filter((id) => its.some((one) => one.facts.id === id)));
        const kept = Object.fromEntries(Object.entries(known.ids).map(([o, ids]) => [o, ids.filter((id) => stale.includes(id))]));
        assert.deepEqual(wrong(sent, its, kept), [], caseText(its, { behaviour, known }));
      }
    }
    if (process.env.FIGURES) console.log(seen);
  });

  it('need no decision if ids are kept and one item is changed', () => {
    for (let seed = 1; seed <= RUNS; seed++) {
      const rolls = dice(seed);
      const sent = orderOf(rolls);
      const words = rolls.one<Words>(['all', 'silent', 'always one']);
      const numbering = rolls.one<Numbering>(['kept', 'tens', 'padded', 'fee on top', 'fee at the end']);
      const its = shown(
        sent,
        { numbering, changed: { at: rolls.below(sent.length), quantity: 1 + rolls.below(5) } },
        words,
        rolls,
      );
      const ids = Object.fromEntries(
        its.flatMap(({ of, facts: { id } }) => (of === undefined ? [] : [[sent[of]!.ours, [id]] as [string, string[]]])),
      );
      const theirs = its.filter((one) => one.of === undefined).map((one) => one.facts.id);
      assert.deepEqual(
        matchItems(sent, facts(its), { ids, theirs }),
        { ids, theirs, missing: [] },
        JSON.stringify({ seed, sent, its }),
      );
    }
  });
});
