import assert from 'node:assert/strict';
import { itemsPatch } from '../../../src/endpoints/tmf622/render.js';
import type { Json } from '../../../src/model/message.js';

describe('the items of a PATCH', () => {
  const patched = (has: Record<string, Json>, given: Record<string, Json>) =>
    itemsPatch([{ id: '1', ...has }], [{ id: '1', ...given }])[0];
  const named = (values: Record<string, Json>) => Object.entries(values).map(([name, value]) => ({ name, value }));
  const product = (values: Record<string, Json>, more = {}) => ({ product: { ...more, productCharacteristic: named(values) } });

  it('keep what the provider added to a product: an id, a characteristic, attributes of a characteristic', () => {
    const data = { name: 'data', value: '50 GB', id: 'c1' };
    const theirs = { id: 'P-1', productCharacteristic: [data, ...named({ iccid: '8949' })] };
    assert.deepEqual(patched({ product: theirs }, product({ colour: 'red', data: '80 GB' })), {
      id: '1',
      product: {
        id: 'P-1',
        productCharacteristic: [{ name: 'data', value: '80 GB', id: 'c1' }, ...named({ iccid: '8949', colour: 'red' })],
      },
    });
  });

  it('are changed where the provider nests them', () => {
    const has: Json[] = [{ id: 'B', productOrderItem: [{ id: '1', quantity: 1, state: 'held' }, { id: '2' }] }];
    assert.deepEqual(itemsPatch(has, [{ id: '1', quantity: 3 }]), [
      { id: 'B', productOrderItem: [{ id: '1', quantity: 3, state: 'held' }, { id: '2' }] },
    ]);
    assert.throws(() => itemsPatch(has, [{ id: '1', quantity: 3 }], [], { alone: true }), { kind: 'items' });
  });

  it('keep the provider’s prices', () => {
    const theirs = [{ priceType: 'oneTime', price: { taxIncludedAmount: { value: 119 } } }];
    const ours = [{ priceType: 'oneTime', price: { dutyFreeAmount: { value: 119 } } }];
    assert.deepEqual(patched({ itemPrice: theirs }, { itemPrice: ours }), { id: '1', itemPrice: theirs });
    assert.deepEqual(patched({}, { itemPrice: ours }), { id: '1', itemPrice: ours });
  });

  it('have a value as it was sent, whatever its type', () => {
    const has = product({ address: { city: 'Bern', floor: 3 } });
    assert.deepEqual(patched(has, product({ address: { city: 'Basel' } })), {
      id: '1',
      ...product({ address: { city: 'Basel' } }),
    });
  });

  it('have all that was sent about a different product', () => {
    const sent = { productOffering: { id: 'B' } };
    assert.deepEqual(patched({ productOffering: { id: 'A', name: 'Fibre' } }, sent), { id: '1', ...sent });
  });

  it('have any other list as it was sent, and one whose names are not unique', () => {
    const sent = { note: [{ text: 'b' }], relatedParty: [{ name: 'Ann', role: 'buyer' }] };
    const twice = [
      { name: 'Ann', role: 'user' },
      { name: 'Ann', role: 'owner' },
    ];
    assert.deepEqual(patched({ note: [{ text: 'a' }], relatedParty: twice }, sent), { id: '1', ...sent });
  });

  it('are not added once more where the provider modifies them; what we take back is', () => {
    assert.equal(patched({ action: 'modify' }, { action: 'add' })?.action, 'modify');
    assert.equal(patched({ action: 'delete' }, { action: 'add' })?.action, 'add');
    assert.equal(patched({ action: 'add' }, { action: 'delete' })?.action, 'delete');
  });
});
