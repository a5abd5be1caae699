import assert from 'node:assert/strict';
import { compileMapping, preset } from '../../../src/endpoints/registry.js';
import type { Attributes } from '../../../src/endpoints/tmf/attributes.js';
import { allItems, droppedItems, itemsOf, withItemIds } from '../../../src/endpoints/tmf622/items.js';
import type { Json } from '../../../src/model/message.js';
import { FULL, orderMessage } from '../../mapping/orders.js';

describe('the facts that distinguish the items of a TMF622 order', () => {
  for (const version of ['v4', 'v5'] as const) {
    it(`are read from an order as it is sent (${version})`, async () => {
      const { body } = await compileMapping(preset('tmf622', 'productOrder', version)).fromGeneric(orderMessage(FULL));
      const [first, second] = itemsOf(body) ?? [];
      const [sent, other] = FULL.items ?? [];
      assert.deepEqual([first?.id, second?.id], [sent?.id, other?.id]);
      assert.deepEqual([first?.offering, first?.quantity], [sent?.offering, sent?.quantity]);
      assert.deepEqual(first?.characteristics, sent?.characteristics);
    });
  }

  it('are the partner’s id for the item and ours, where the partner keeps that', () => {
    const productOrderItem = [
      { id: 10, externalId: '1' },
      { id: '20', externalId: [{ id: '2', owner: 'us' }] },
    ];
    assert.deepEqual(itemsOf({ productOrderItem }), [
      { id: '10', externalId: '1' },
      { id: '20', externalId: '2' },
    ]);
  });

  it('are those of nested items too, which belong to the item that they are in', () => {
    const nested: Record<string, Json> = {
      productOrderItem: [{ id: 'B', productOrderItem: [{ id: '1' }, { id: '2', productOrderItem: [{ id: '2.1' }] }] }],
    };
    const expected = [{ id: 'B' }, { id: '1', partOf: 'B' }, { id: '2', partOf: 'B' }, { id: '2.1', partOf: '2' }];
    assert.deepEqual(itemsOf(nested), expected);
    assert.deepEqual(
      itemsOf({ productOrderItem: allItems(nested.productOrderItem) }),
      expected,
      'also once they are in one list',
    );
  });

  it('are not those of a nested item that has the id of one of the list', () => {
    const productOrderItem: Json[] = [{ id: '1' }, { id: '2', productOrderItem: [{ id: '1', quantity: 7 }] }];
    assert.deepEqual(itemsOf({ productOrderItem }), [{ id: '1' }, { id: '2' }]);
  });

  it('are unknown where the order has no items', () => {
    assert.equal(itemsOf({ id: 'PO-1' }), undefined);
    assert.deepEqual(itemsOf({ productOrderItem: [] }), []);
  });

  it('get other ids, with the references to them; items without an id there are left out', () => {
    const related = (id: string) => [{ id, relationshipType: 'reliesOn' }];
    const productOrderItem: Json[] = [
      { id: '1', quantity: 5, productOrderItemRelationship: related('2') },
      { id: '2', productOrderItemRelationship: related('3') },
      { id: '3' },
    ];
    const names: Record<string, string> = { 1: '10', 2: '20' };
    assert.deepEqual(
      withItemIds({ description: 'x', productOrderItem }, (id) => names[id]),
      {
        description: 'x',
        productOrderItem: [{ quantity: 5, id: '10', productOrderItemRelationship: related('20') }, { id: '20' }],
      },
    );
  });
});

describe('what was dropped of the sent items', () => {
  const item = (id: string, quantity: number, colour: string) => ({
    id,
    quantity,
    product: { productCharacteristic: [{ name: 'colour', value: colour }] },
  });
  const dropped = (sent: Attributes, before: Attributes, has: Attributes) =>
    droppedItems({ productOrderItem: [sent] }, { productOrderItem: [before] }, { productOrderItem: [has] }).map(
      ({ field }) => field,
    );

  it('is what did not change', () => {
    const before = item('1', 1, 'black');
    assert.deepEqual(dropped(item('1', 5, 'white'), before, before), [
      'productOrderItem[1].quantity',
      'productOrderItem[1].colour',
    ]);
    assert.deepEqual(dropped(item('1', 5, 'black'), before, item('1', 5, 'black')), []);
    assert.deepEqual(dropped(item('1', 5, 'white'), before, item('1', 4, 'WHITE')), [], 'taken in the vendor’s own way');
  });

  it('is what is missing', () =>
    assert.deepEqual(dropped(item('2', 1, 'x'), item('1', 1, 'x'), item('1', 1, 'x')), ['productOrderItem[2]']));
});
