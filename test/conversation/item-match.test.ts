import assert from 'node:assert/strict';
import { matchItems } from '../../src/conversation/item-match.js';
import type { ItemFacts, ItemIds, SentItem } from '../../src/model/item-facts.js';

/** `1 SIM`, `2 PHONE x2 black`: id, offering, quantity, a characteristic. */
function facts(text: string): ItemFacts {
  const [, id = '', offering, quantity, colour, externalId] =
    /^(\S+)(?: ([A-Z][\w-]*))?(?: x(\d+))?(?: ([a-z]+))?(?: =(\S+))?$/.exec(text) ?? [];
  return {
    id,
    ...(offering && { offering: { id: offering } }),
    ...(quantity && { quantity: Number(quantity) }),
    ...(colour && { characteristics: { colour } }),
    ...(externalId && { externalId }),
  };
}

const sent = (...texts: string[]): SentItem[] => texts.map((text) => ({ ...facts(text), ours: facts(text).id }));
const got = (...texts: string[]): ItemFacts[] => texts.map(facts);
const known = (ids: Record<string, string | string[]>): ItemIds => ({
  ids: Object.fromEntries(Object.entries(ids).map(([ours, theirs]) => [ours, [theirs].flat()])),
  theirs: [],
});
const ORDER = ['1 SIM', '2 PHONE', '3 COVER'];

interface Case {
  when: string;
  sent?: string[];
  got: string[];
  before?: ItemIds;
  ids?: Record<string, string | string[]>;
  theirs?: string[];
  missing?: string[];
  unclear?: RegExp;
}

const CASES: Case[] = [
  { when: 'ids are kept', got: ORDER, ids: { 1: '1', 2: '2', 3: '3' } },
  { when: 'ids are kept, without other details', got: ['1', '2', '3'], ids: { 1: '1', 2: '2', 3: '3' } },
  { when: 'renumbered', got: ['10 SIM', '20 PHONE', '30 COVER'], ids: { 1: '10', 2: '20', 3: '30' } },
  { when: 'renumbered in another order', got: ['1 COVER', '2 SIM', '3 PHONE'], ids: { 1: '2', 2: '3', 3: '1' } },
  { when: 'in reverse', got: ['10 COVER', '20 PHONE', '30 SIM'], ids: { 1: '30', 2: '20', 3: '10' } },
  { when: 'padded', got: ['0001', '0002', '0003'], ids: { 1: '0001', 2: '0002', 3: '0003' } },
  {
    when: 'padded, but a different product',
    got: ['0001 COVER', '0002 PHONE', '0003 SIM'],
    ids: { 1: '0003', 2: '0002', 3: '0001' },
  },
  {
    when: 'they carry our id',
    sent: ['1 PHONE', '2 PHONE'],
    got: ['2 PHONE =1', '1 PHONE =2'],
    ids: { 1: '2', 2: '1' },
  },
  { when: 'parts carry our id', sent: ['1 PHONE'], got: ['7 PHONE =1', '8 PHONE =1'], ids: { 1: ['7', '8'] } },
  {
    when: 'distinguished by quantity',
    sent: ['1 PHONE x1', '2 PHONE x5'],
    got: ['1 PHONE x5', '2 PHONE x1'],
    ids: { 1: '2', 2: '1' },
  },
  {
    when: 'distinguished by characteristics',
    sent: ['1 PHONE x1 black', '2 PHONE x1 white'],
    got: ['10 PHONE x1 white', '20 PHONE x1 black'],
    ids: { 1: '20', 2: '10' },
  },
  {
    when: 'all equal: any match is right',
    sent: ['1 PHONE', '2 PHONE'],
    got: ['20 PHONE', '10 PHONE'],
    ids: { 1: '20', 2: '10' },
  },
  {
    when: 'distinguished only by position, in order',
    sent: ['1 SIM', '2 PHONE black', '3 PHONE white'],
    got: ['10 SIM', '20 PHONE', '30 PHONE'],
    ids: { 1: '10', 2: '20', 3: '30' },
  },
  {
    when: 'distinguished only by position, in another order',
    sent: ['1 SIM', '2 COVER', '3 PHONE black', '4 PHONE white'],
    got: ['10 PHONE', '20 PHONE', '30 COVER', '40 SIM'],
    ids: { 1: '40', 2: '30' },
    missing: ['3', '4'],
    unclear: /returned 10 \(PHONE\), 20 \(PHONE\), which may be any or none of 3 \(PHONE\), 4 \(PHONE\)/,
  },
  { when: 'renumbered, without other details', got: ['10', '20', '30'], missing: ['1', '2', '3'], unclear: /10, 20, 30/ },
  { when: 'split', sent: ['1 SIM', '2 PHONE x2'], got: ['1 SIM', '2 PHONE', '3 PHONE'], ids: { 1: '1', 2: ['2', '3'] } },
  {
    when: 'split under new ids',
    sent: ['1 SIM', '2 PHONE x2'],
    got: ['10 SIM', '20 PHONE x1', '30 PHONE x1'],
    ids: { 1: '10', 2: ['20', '30'] },
  },
  {
    when: 'split later',
    sent: ['1 SIM', '2 PHONE x2'],
    got: ['1 SIM', '2 PHONE x1', '3 PHONE x1'],
    before: { ids: { 1: ['1'], 2: ['2'] }, theirs: [] },
    ids: { 1: '1', 2: ['2', '3'] },
  },
  {
    when: 'merged under the id of one',
    sent: ['1 PHONE x1', '2 PHONE x1'],
    got: ['1 PHONE x2'],
    ids: { 1: '1', 2: '1' },
  },
  {
    when: 'split, and the quantities do not add up',
    sent: ['1 PHONE x2'],
    got: ['10 PHONE', '20 PHONE x2'],
    missing: ['1'],
    unclear: /./,
  },
  {
    when: 'merged',
    sent: ['1 SIM', '2 PHONE x1', '3 PHONE x2'],
    got: ['10 SIM', '20 PHONE x3'],
    ids: { 1: '10', 2: '20', 3: '20' },
  },
  { when: 'a fee', got: ['1 SIM', '2 PHONE', '3 COVER', '4 FEE'], ids: { 1: '1', 2: '2', 3: '3' }, theirs: ['4'] },
  { when: 'a fee in between', got: ['1 SIM', '2 FEE', '3 PHONE', '4 COVER'], ids: { 1: '1', 2: '3', 3: '4' }, theirs: ['2'] },
  { when: 'a fee before all items are shown', got: ['10 SIM', '40 FEE'], ids: { 1: '10' }, theirs: ['40'], missing: ['2', '3'] },
  {
    when: 'one shown as a different product',
    got: ['1 SIM', '2 TABLET', '3 COVER'],
    ids: { 1: '1', 3: '3' },
    missing: ['2'],
    unclear: /2 \(TABLET\)/,
  },
  { when: 'the vendor uses its own names for all items', got: ['1 A', '2 B', '3 C'], ids: { 1: '1', 2: '2', 3: '3' } },
  { when: 'its own names, and not all items', got: ['1 A', '2 B'], missing: ['1', '2', '3'], unclear: /1 \(A\), 2 \(B\)/ },
  {
    when: 'its own names, and the quantity of another item',
    sent: ['1 PHONE x1', '2 COVER x5'],
    got: ['1 A x5', '2 B x1'],
    missing: ['1', '2'],
    unclear: /./,
  },
  {
    when: 'known, and its product is now another item',
    sent: ['1 SIM'],
    got: ['1 FEE', '2 SIM'],
    before: { ids: { 1: ['1'] }, theirs: [] },
    ids: { 1: '2' },
    theirs: ['1'],
  },
  { when: 'one more of a kind', sent: ['1 PHONE'], got: ['10 PHONE', '20 PHONE'], missing: ['1'], unclear: /1 \(PHONE\)/ },
  { when: 'nothing yet', got: [], missing: ['1', '2', '3'] },
  { when: 'one is not shown yet', got: ['10 SIM', '30 COVER'], ids: { 1: '10', 3: '30' }, missing: ['2'] },
  { when: 'the same id twice', got: ['1 SIM', '1 PHONE'], missing: ['1', '2', '3'], unclear: /more than once/ },
  {
    when: 'known, and shown with its id only',
    got: ['10', '20', '30'],
    before: { ids: { 1: ['30'], 2: ['20'], 3: ['10'] }, theirs: [] },
    ids: { 1: '30', 2: '20', 3: '10' },
  },
  {
    when: 'known, and now a different product, although the others have our names',
    got: ['10 E-SIM', '20 PHONE', '30 COVER'],
    before: known({ 1: '10', 2: '20', 3: '30' }),
    ids: { 2: '20', 3: '30' },
    missing: ['1'],
    unclear: /returned 10 \(E-SIM\), which may be any or none of 1 \(SIM\)/,
  },
  {
    when: 'known, and all shown with its own names',
    got: ['10 A', '20 B', '30 C', '40 D'],
    before: known({ 1: '10', 2: '20', 3: '30' }),
    ids: { 1: '10', 2: '20', 3: '30' },
    theirs: ['40'],
  },
  {
    when: 'known under ids that are gone',
    got: ['10 SIM', '20 PHONE', '30 COVER'],
    before: { ids: { 1: ['1'], 2: ['2'], 3: ['3'] }, theirs: [] },
    ids: { 1: '10', 2: '20', 3: '30' },
  },
  {
    when: 'known under ids that now belong to other items',
    got: ['1 COVER', '2 PHONE', '3 SIM'],
    before: { ids: { 1: ['1'], 2: ['2'], 3: ['3'] }, theirs: [] },
    ids: { 1: '3', 2: '2', 3: '1' },
  },
  {
    when: 'known to be added by the vendor',
    sent: ['1 PHONE', '2 PHONE'],
    got: ['10 PHONE', '11 FEE', '20'],
    before: { ids: { 1: ['10'], 2: ['20'] }, theirs: ['11'] },
    ids: { 1: '10', 2: '20' },
    theirs: ['11'],
  },
];

const PHONES = ['1 PHONE x1', '2 PHONE x2', '3 PHONE x3'];
const AS_SENT = known({ 1: '1', 2: '2', 3: '3' });

/** Known ids, and later readings: a vendor may change an item, but an id that now belongs to another item is not followed. */
const SINCE: Case[] = [
  {
    when: 'a fee on top, and all renumbered',
    got: ['1 FEE', '2 SIM', '3 PHONE', '4 COVER'],
    ids: { 1: '2', 2: '3', 3: '4' },
    theirs: ['1'],
  },
  {
    when: 'a fee on top of items of one offering',
    sent: PHONES,
    got: ['1 FEE', '2 PHONE x1', '3 PHONE x2', '4 PHONE x3'],
    ids: { 1: '2', 2: '3', 3: '4' },
    theirs: ['1'],
  },
  {
    when: 'a fee without an offering on top of items of one offering',
    sent: PHONES,
    got: ['1', '2 PHONE x1', '3 PHONE x2', '4 PHONE x3'],
    missing: ['1', '2', '3'],
    unclear: /./,
  },
  {
    when: 'ids, or quantities, rotated among items of one offering',
    sent: PHONES,
    got: ['1 PHONE x3', '2 PHONE x1', '3 PHONE x2'],
    missing: ['1', '2', '3'],
    unclear: /./,
  },
  {
    when: 'two ids, or quantities, swapped, and one item unchanged',
    sent: PHONES,
    got: ['1 PHONE x2', '2 PHONE x1', '3 PHONE x3'],
    missing: ['1', '2', '3'],
    unclear: /./,
  },
  {
    when: 'ids swapped among items that differ only in a characteristic',
    sent: ['1 PHONE black', '2 PHONE white'],
    got: ['1 PHONE white', '2 PHONE black'],
    ids: { 1: '2', 2: '1' },
  },
  {
    when: 'a fee on top of items whose difference the vendor does not show, in order',
    sent: ['1 SIM', '2 PHONE black', '3 PHONE white'],
    got: ['1 FEE', '2 SIM', '3 PHONE', '4 PHONE'],
    ids: { 1: '2', 2: '3', 3: '4' },
    theirs: ['1'],
  },
  {
    when: 'the same, and in another order',
    sent: ['1 SIM', '2 COVER', '3 PHONE black', '4 PHONE white'],
    before: known({ 1: '1', 2: '2', 3: '3', 4: '4' }),
    got: ['1 FEE', '2 COVER', '3 SIM', '4 PHONE', '5 PHONE'],
    ids: { 1: '3', 2: '2' },
    theirs: ['1'],
    missing: ['3', '4'],
    unclear: /4 \(PHONE\), 5 \(PHONE\)/,
  },
  {
    when: 'one missing and the others moved up, or one changed',
    sent: PHONES,
    got: ['1 PHONE x2', '2 PHONE x3'],
    missing: ['1', '2', '3'],
    unclear: /1 \(2 × PHONE\), 2 \(3 × PHONE\)/,
  },
  {
    when: 'one missing, and another reduced to its quantity',
    sent: PHONES.slice(0, 2),
    before: known({ 1: '1', 2: '2' }),
    got: ['2 PHONE x1'],
    missing: ['1', '2'],
    unclear: /2 \(PHONE\)/,
  },
  {
    when: 'a fee under the id of a missing item',
    got: ['1 SIM', '2 FEE', '3 COVER'],
    ids: { 1: '1', 3: '3' },
    missing: ['2'],
    unclear: /2 \(FEE\)/,
  },
  {
    when: 'a fee on top that is missing now, and the others moved up',
    before: { ids: { 1: ['2'], 2: ['3'], 3: ['4'] }, theirs: ['1'] },
    got: ORDER,
    ids: { 1: '1', 2: '2', 3: '3' },
  },
  {
    when: 'one missing, and an added one of its kind, or the others moved up',
    sent: ['1 PHONE black', '2 PHONE white'],
    before: { ids: { 1: ['2'], 2: ['3'] }, theirs: ['1'] },
    got: ['1 PHONE', '2 PHONE'],
    missing: ['1', '2'],
    unclear: /1 \(PHONE\), 2 \(PHONE\)/,
  },
  {
    when: 'our id in another item',
    sent: ['1 PHONE', '2 PHONE'],
    before: known({ 1: '10', 2: '20' }),
    got: ['10 PHONE =2', '20 PHONE =1'],
    ids: { 1: '20', 2: '10' },
  },
  {
    when: 'quantities swapped, without offerings',
    sent: ['1 SIM x1', '2 PHONE x2'],
    before: known({ 1: '10', 2: '20' }),
    got: ['10 x2', '20 x1'],
    missing: ['1', '2'],
    unclear: /10, 20/,
  },
  {
    when: 'one reduced',
    sent: ['1 SIM', '2 PHONE x5'],
    before: known({ 1: '1', 2: '2' }),
    got: ['1 SIM', '2 PHONE x4'],
    ids: { 1: '1', 2: '2' },
  },
  {
    when: 'one reduced to the quantity of another',
    sent: ['1 PHONE x5', '2 PHONE x4'],
    before: known({ 1: '10', 2: '20' }),
    got: ['10 PHONE x4', '20 PHONE x4'],
    ids: { 1: '10', 2: '20' },
  },
  {
    when: 'always a quantity of one',
    sent: PHONES,
    before: known({ 1: '30', 2: '20', 3: '10' }),
    got: ['10 PHONE x1', '20 PHONE x1', '30 PHONE x1'],
    ids: { 1: '30', 2: '20', 3: '10' },
  },
  {
    when: 'characteristics with other values',
    sent: ['1 PHONE black', '2 PHONE white'],
    before: known({ 1: '20', 2: '10' }),
    got: ['10 PHONE blanc', '20 PHONE noir'],
    ids: { 1: '20', 2: '10' },
  },
  {
    when: 'the same characteristic for all',
    sent: ['1 PHONE black', '2 PHONE white'],
    before: known({ 1: '20', 2: '10' }),
    got: ['10 PHONE white', '20 PHONE white'],
    ids: { 1: '20', 2: '10' },
  },
  {
    when: 'changed by the customer, and not yet by the vendor',
    sent: ['1 PHONE x2', '2 PHONE x2'],
    before: known({ 1: '20', 2: '10' }),
    got: ['10 PHONE x2', '20 PHONE x1'],
    ids: { 1: '20', 2: '10' },
  },
  {
    when: 'a fee at the end, and one reduced',
    sent: ['1 SIM', '2 PHONE x5'],
    before: known({ 1: '1', 2: '2' }),
    got: ['1 SIM', '2 PHONE x4', '3 FEE x5'],
    ids: { 1: '1', 2: '2' },
    theirs: ['3'],
  },
  {
    when: 'merged, and known so',
    sent: ['1 PHONE x1', '2 PHONE x2'],
    before: known({ 1: '7', 2: '7' }),
    got: ['7 PHONE x3'],
    ids: { 1: '7', 2: '7' },
  },
  {
    when: 'merged later under the id of one',
    sent: ['1 SIM', '2 PHONE x1', '3 PHONE x2'],
    before: known({ 1: '1', 2: '2', 3: '3' }),
    got: ['1 SIM', '3 PHONE x3'],
    ids: { 1: '1', 2: '3', 3: '3' },
  },
  {
    when: 'one left out, and another one with an unusual quantity',
    sent: ['1 PHONE x1', '2 PHONE x2'],
    before: known({ 1: '1', 2: '2' }),
    got: ['2 PHONE x4'],
    ids: { 2: '2' },
    missing: ['1'],
  },
  {
    when: 'split, known so, and a fee on top',
    sent: ['1 SIM', '2 PHONE x2'],
    before: known({ 1: '1', 2: ['2', '3'] }),
    got: ['1 FEE', '2 SIM', '3 PHONE x1', '4 PHONE x1'],
    ids: { 1: '2', 2: ['3', '4'] },
    theirs: ['1'],
  },
  {
    when: 'no known ids: the quantity of another item under an id, and that item not shown',
    sent: PHONES.slice(0, 2),
    before: known({}),
    got: ['2 PHONE x1'],
    missing: ['1', '2'],
    unclear: /2 \(PHONE\)/,
  },
  {
    when: 'no known ids: ids swapped, and one changed',
    sent: PHONES.slice(0, 2),
    before: known({}),
    got: ['1 PHONE x9', '2 PHONE x1'],
    ids: { 1: '2', 2: '1' },
  },
];

describe('matching a partner’s items with the sent ones', () => {
  const check = ({ when, sent: ours = ORDER, got: theirs, before, ids = {}, theirs: own = [], missing = [], unclear }: Case) =>
    it(when, () => {
      const match = matchItems(sent(...ours), got(...theirs), before);
      assert.deepEqual([match.ids, match.theirs, match.missing], [known(ids).ids, own, missing]);
      if (unclear) assert.match(match.unclear ?? '', unclear);
      else assert.equal(match.unclear, undefined);
    });
  for (const one of CASES) check(one);

  describe('with known ids', () => {
    for (const one of SINCE) check({ before: AS_SENT, ...one });
  });

  describe('where the partner nests items', () => {
    const inside = (partOf: string, ...texts: string[]) => got(...texts).map((item) => ({ ...item, partOf }));

    it('looks for ours in an item of the partner’s own', () => {
      const match = matchItems(sent('1 SIM', '2 PHONE'), [...got('B BUNDLE'), ...inside('B', '10 SIM', '20 PHONE')]);
      assert.deepEqual([match.ids, match.theirs, match.missing], [{ 1: ['10'], 2: ['20'] }, ['B'], []]);
    });

    it('takes what an item is made of as a part of it', () => {
      const match = matchItems(sent('1 SIM', '2 PHONE'), [
        ...got('1 SIM', '2 PHONE'),
        ...inside('2', '2.1 PHONE', '2.2 BATTERY'),
      ]);
      assert.deepEqual([match.ids, match.theirs, match.missing], [{ 1: ['1'], 2: ['2'] }, [], []]);
    });
  });

  it('compares names if one side has no id', () => {
    const ours: SentItem[] = [{ ours: '1', id: '1', offering: { name: 'Phone  15' } }];
    assert.deepEqual(matchItems(ours, [{ id: '9', offering: { id: 'PH', name: 'phone 15' } }]).ids, { 1: ['9'] });
    const both: SentItem[] = [{ ours: '1', id: '1', offering: { id: 'ours', name: 'Phone 15' } }];
    assert.deepEqual(matchItems(both, [{ id: '9', offering: { id: 'theirs', name: 'Phone 15' } }]).ids, { 1: ['9'] });
  });
});
