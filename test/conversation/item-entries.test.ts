import assert from 'node:assert/strict';
import { withIds, withSeenItems } from '../../src/conversation/item-entries.js';
import type { LinkItems } from '../../src/model/item-facts.js';

const thing = (id: string, offering: string) => ({ id, offering: { id: offering } });
const ORDER: LinkItems = {
  sent: [thing('1', 'SIM'), thing('2', 'PHONE'), thing('3', 'COVER')].map((item) => ({ ...item, ours: item.id })),
  ids: { 1: ['1'], 2: ['2'], 3: ['3'] },
  theirs: ['4'],
};

describe('the known ids of items', () => {
  it('are kept for items that are not shown, and added to', () => {
    assert.deepEqual(withIds(ORDER, { ids: { 2: ['2', '5'] }, theirs: ['6'] }), {
      ...ORDER,
      ids: { 1: ['1'], 2: ['2', '5'], 3: ['3'] },
      theirs: ['4', '6'],
    });
  });

  it('are forgotten for items that are not shown if an id now belongs to another item', () => {
    assert.deepEqual(withSeenItems(ORDER, [thing('1', 'FEE'), thing('2', 'SIM')]), {
      ...ORDER,
      ids: { 1: ['2'] },
      theirs: ['1'],
    });
    assert.deepEqual(withIds(ORDER, { ids: { 2: ['2'] }, theirs: ['1'] }).ids, { 2: ['2'] });
  });

  it('are forgotten for items that are not shown if another item has a new id', () => {
    assert.deepEqual(withSeenItems(ORDER, [thing('10', 'SIM')]), { ...ORDER, ids: { 1: ['10'] }, theirs: [] });
  });

  it('stay unchanged if the items cannot be matched', () => {
    assert.equal(withSeenItems(ORDER, [thing('1', 'SIM'), thing('2', 'E-PHONE')]), ORDER);
  });
});
