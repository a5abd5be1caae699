import assert from 'node:assert/strict';
import { changedItem, itemNotes, type ToldItems } from '../../src/conversation/item-notes.js';
import type { OrderItem } from '../../src/model/message.js';

const LAPTOP: OrderItem = {
  id: '1',
  action: 'add',
  quantity: 1,
  offering: { name: 'Laptop' },
  characteristics: { model: 'X1', memory: 32 },
  place: { city: 'Bonn' },
};
const told = (more: Partial<ToldItems> = {}): ToldItems => ({ ordered: new Map([['1', LAPTOP]]), notes: new Map(), ...more });
const texts = (items: OrderItem[], known = told()) => itemNotes(items, known).map(({ text }) => text);
const toldOf = (item: OrderItem) => told({ notes: new Map([['1', itemNotes([item], told())[0]!.id]]) });

describe('a change of an item in words', () => {
  it('says what is wanted now and what was ordered, of every value that differs', () => {
    const changed = { ...LAPTOP, quantity: 3, characteristics: { model: 'T14', docks: 2, memory: 32 }, place: {} };
    assert.deepEqual(texts([changed]), [
      'Changed in the order: item 1 (Laptop): quantity 3 (ordered: 1), model T14 (ordered: X1), docks 2 (ordered: none), place.city none (ordered: Bonn).',
    ]);
  });

  it('says what an added item is', () => {
    assert.deepEqual(texts([{ id: '2', quantity: 1, offering: { id: 'DOCK' } }]), [
      'Added to the order: item 2 (DOCK): quantity 1, offering.id DOCK.',
    ]);
  });

  it('says nothing of what is as it was ordered, or of its price', () => {
    assert.deepEqual(texts([{ ...LAPTOP, price: { oneTime: 9 } }]), []);
  });

  it('is said once, again when it changes again, and when it is taken back', () => {
    const three = { ...LAPTOP, quantity: 3 };
    assert.deepEqual(texts([three], toldOf(three)), []);
    assert.match(texts([{ ...LAPTOP, quantity: 5 }], toldOf(three))[0] ?? '', /quantity 5 \(ordered: 1\)/);
    assert.deepEqual(texts([LAPTOP], toldOf(three)), ['Changed back: item 1 (Laptop) is wanted as it was ordered.']);
  });

  it('is recognised by the id of its comment, whatever the id of the item', () => {
    const [note] = itemNotes([{ id: 'a|b', quantity: 2 }], told());
    assert.deepEqual([changedItem(note!.id), note!.items, changedItem('c1')], ['a|b', ['a|b'], undefined]);
  });
});
