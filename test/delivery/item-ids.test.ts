import assert from 'node:assert/strict';
import type { EntityRequest } from '../../src/conversation/entity-request.js';
import { addressItems, addressReadItems } from '../../src/delivery/item-ids.js';
import type { EndpointClient } from '../../src/endpoints/endpoint.js';
import { itemsOf, withItemIds } from '../../src/endpoints/tmf622/items.js';
import type { LinkItems } from '../../src/model/item-facts.js';
import type { Json } from '../../src/model/message.js';
import type { Link } from '../../src/store/store.js';

const reads: string[] = [];
const CLIENT = {
  name: 'North',
  itemsOf,
  withItemIds,
  read: async (_type: string, id: string) => {
    reads.push(id);
    return {};
  },
} as unknown as EndpointClient;
const entry = (id: string, offering: string, more = {}) => ({ id, action: 'add', productOffering: { id: offering }, ...more });
const item = (id: string, offering: string) => ({ id, offering: { id: offering } });
const LIST = [entry('1', 'SIM'), entry('2', 'PHONE')];

function request(list: { id: string }[], generic: Record<string, Json> = {}): EntityRequest {
  const items = list.map(({ id }) => ({ id }));
  return { fields: { productOrderItem: list as Json }, changed: [], defaults: [], sources: {}, generic: { items, ...generic } };
}
const ITEMS: LinkItems = {
  sent: [
    { ...item('1', 'SIM'), ours: '1' },
    { ...item('2', 'PHONE'), ours: '2' },
  ],
  ids: { 1: ['2'], 2: ['1'] },
  theirs: [],
};
const OURS = { origin: 'ours', items: ITEMS } as Link;
const THERE = [item('1', 'PHONE'), item('2', 'SIM')];

describe('the ids of items in a write', () => {
  it('are the vendor’s, by the current state of its order', () => {
    const made = request([...LIST, entry('3', 'COVER')]);
    const fields = { description: 'x', productOrderItem: [entry('2', 'PHONE', { quantity: 5 }), entry('3', 'COVER')] };
    const { items, ...written } = addressReadItems(CLIENT, made, OURS, fields, [...THERE, item('3', 'FEE')], false);
    assert.deepEqual(written, {
      fields: { description: 'x', productOrderItem: [entry('1', 'PHONE', { quantity: 5 }), entry('3-2', 'COVER')] },
      added: ['3-2'],
      before: ['1', '2', '3'],
    });
    assert.deepEqual(items?.theirs, ['3']);
    assert.deepEqual(items?.sent.at(-1), { ...item('3-2', 'COVER'), ours: '3' });
  });

  it('are looked up for an order that was placed before, whose items are not known', () => {
    const fields = { productOrderItem: [entry('2', 'PHONE')] };
    const before = { origin: 'ours' } as Link;
    assert.deepEqual(addressReadItems(CLIENT, request(LIST), before, fields, THERE, false).fields.productOrderItem, [
      entry('1', 'PHONE'),
    ]);
  });

  it('are those of the order where the other side has placed it', () => {
    const theirs = { origin: 'theirs', writtenItems: { productOrderItem: { 3: { entry: '' } } } } as unknown as Link;
    const list = [...LIST, entry('3', 'COVER'), entry('4', 'CHARGER')];
    const made = request(list);
    assert.deepEqual(addressReadItems(CLIENT, made, theirs, made.fields, [item('1', 'X'), item('2', 'Y')], false), {
      fields: made.fields,
      added: ['4'],
    });
  });

  it('are neither needed nor read for the cancellation of the whole order', async () => {
    const made = request([...LIST, entry('3', 'COVER')], { state: 'cancelled' });
    const { fields } = await addressItems(CLIENT, made, OURS, { state: 'cancelled', ...made.fields }, false);
    assert.deepEqual(fields, { state: 'cancelled', productOrderItem: [entry('2', 'SIM'), entry('1', 'PHONE')] });
    assert.deepEqual(reads, []);
  });

  describe('where the partner uses our ids', () => {
    const DESK = { name: 'Desk', read: CLIENT.read } as unknown as EndpointClient;
    const lines = (...ids: string[]) => ({
      ...request(ids.map((id) => ({ id }))),
      fields: { lines: ids.map((id) => ({ external_id: id })) },
      sources: { lines: ['items', 'progress'] },
    });
    const written = (...ids: string[]) => ({ writtenItems: { lines: Object.fromEntries(ids.map((id) => [id, { entry: '' }])) } });
    const added = async (made: EntityRequest, link: object, others: object[] = []) =>
      (await addressItems(DESK, made, link as Link, made.fields, false, others as Link[])).added;

    it('are new when they were not written before', async () => {
      assert.deepEqual(await added(lines('1', '2', '3'), { origin: 'ours', ...written('1', '2') }), ['3']);
    });

    it('are new where the other side has opened the order only once others are known', async () => {
      const theirs = { origin: 'theirs' };
      assert.deepEqual(await added(lines('1', '2'), theirs), []);
      assert.deepEqual(await added(lines('1', '2', '3'), { ...theirs, ...written('1', '2') }), ['3']);
      assert.deepEqual(await added(lines('1', '2', 'FEE'), theirs, [theirs, OURS]), ['FEE']);
    });

    it('are never new when only their state is reported', async () => {
      const made = { ...lines('1', '2'), generic: { items: [{ id: '1' }], progress: [{ id: '2', state: 'held' }] } };
      assert.deepEqual(await added(made as unknown as EntityRequest, { origin: 'ours', ...written('1') }), []);
    });
  });

  it('are not read for a write without items', async () => {
    assert.deepEqual(await addressItems(CLIENT, request(LIST), OURS, { description: 'x' }, false), {
      fields: { description: 'x' },
      added: [],
    });
    assert.deepEqual(reads, []);
  });
});
