import assert from 'node:assert/strict';
import { OrdersRig } from './orders-rig.js';
import { OwnNumbersVendor, type VendorItem, type VendorOrder } from './own-numbers-vendor.js';

const renumbered = (items: VendorItem[], id: (index: number) => string) => items.map((item, i) => ({ ...item, id: id(i) }));
const FEE: VendorItem = { id: '1', quantity: 1, productOffering: { id: 'FEE', name: 'Handling fee' } };

const NUMBERS: Record<string, (items: VendorItem[]) => VendorItem[]> = {
  'renumbers them': (items) => renumbered(items, (i) => `${i + 1}0`),
  'pads their numbers': (items) => renumbered(items, (i) => `000${i + 1}`),
  'gives their numbers to one another': (items) => renumbered(items.toReversed(), (i) => String(i + 1)),
  'puts a fee of its own before them': (items) => [FEE, ...renumbered(items, (i) => String(i + 2))],
};

describe('the items of an order in a real Node-RED, at a vendor with its own numbering', () => {
  let rig: OrdersRig;
  let vendor: OwnNumbersVendor;
  before(async () => {
    vendor = await OwnNumbersVendor.start();
    rig = await OrdersRig.start({}, { devices: vendor.url });
  });
  after(async () => {
    await rig?.stop();
    await vendor.close();
  });
  afterEach(function () {
    if (this.currentTest?.state === 'failed') console.error(rig?.live.output().slice(-6_000));
  });

  /** SIM (1), phone (2) and cover (3), ordered at the vendor. */
  const place = async (title: string, quantity?: string): Promise<{ id: string; order: VendorOrder }> => {
    const count = vendor.orders.length;
    const id = rig.place(title, ['sim', 'phone', 'cover'], quantity);
    await rig.until('the order at the vendor', () => vendor.orders.length > count);
    const order = vendor.orders[count]!;
    await rig.until('the vendor’s number on the lines', () => rig.lines(id)['3']?.correlation_display?.includes(order.id));
    await rig.quiet();
    return { id, order };
  };
  const stand = async (id: string, states: Record<string, string>) =>
    rig.until(`the lines to be ${JSON.stringify(states)}`, () =>
      Object.entries(states).every(([line, state]) => rig.states(id)[line] === state),
    );
  const only = (order: VendorOrder, name: string) => {
    const [item, another] = vendor.things(order, name);
    assert.ok(item && !another, `${name}: one item`);
    return item;
  };

  for (const [what, numbers] of Object.entries(NUMBERS)) {
    it(`keep their lines where it ${what}; a change of the cover changes the cover`, async () => {
      vendor.numbers = numbers;
      const { id, order } = await place(what);
      const count = order.productOrderItem.length;
      const ids = order.productOrderItem.map((item) => item.id);
      Object.assign(order, { state: 'inProgress' });
      only(order, 'SIM 5G').state = 'completed';
      only(order, 'Phone 15').state = 'held';
      only(order, 'Cover 15').state = 'inProgress';
      await stand(id, { 1: 'completed', 2: 'on_hold', 3: 'in_progress' });
      await rig.quiet();

      rig.updateLine(id, '3', { quantity: '5' });
      await rig.until('five covers at the vendor', () => only(order, 'Cover 15').quantity === 5);
      assert.deepEqual([only(order, 'SIM 5G').quantity, only(order, 'Phone 15').quantity], [1, 1]);
      await rig.quiet();
      rig.updateLine(id, '2', { state: 'canceled' });
      await rig.until('the phone to be called off', () => only(order, 'Phone 15').state === 'cancelled');
      assert.deepEqual(
        order.productOrderItem.map((item) => item.id),
        ids,
        'nothing was ordered once more',
      );
      await rig.quiet();

      only(order, 'Cover 15').state = 'completed';
      await stand(id, { 1: 'completed', 2: 'canceled', 3: 'completed' });
      await rig.quiet();
      assert.deepEqual(Object.keys(rig.lines(id)), ['1', '2', '3'], 'the customer has the lines it ordered, and no other');
      const fees = rig.comments(id).filter((text) => /Added by .+, not ordered: Handling fee \(item 1 there\)/.test(text));
      assert.equal(fees.length, count - 3);
      assert.deepEqual(await rig.failures(), []);
    });
  }

  it('keep their lines if the vendor shows them later', async () => {
    vendor.numbers = (items) => renumbered(items, (i) => `${i + 1}0`);
    vendor.slow = true;
    const { id, order } = await place('later');
    vendor.slow = false;
    vendor.filled();
    only(order, 'Cover 15').state = 'completed';
    await stand(id, { 3: 'completed' });
    assert.notEqual(rig.states(id)['1'], 'completed');
    await rig.quiet();
    rig.updateLine(id, '2', { quantity: '4' });
    await rig.until('four phones at the vendor', () => only(order, 'Phone 15').quantity === 4);
    assert.deepEqual([only(order, 'SIM 5G').quantity, only(order, 'Cover 15').quantity], [1, 1]);
    assert.deepEqual(await rig.failures(), []);
  });

  it('are completed when all parts of a split item are; what applies to only one part is not written', async () => {
    vendor.numbers = ([sim, phone, cover]) =>
      renumbered([sim!, { ...phone!, quantity: 1 }, { ...phone!, quantity: 1 }, cover!], (i) => `${i + 1}0`);
    const { id, order } = await place('split', '2');
    const [one, other] = vendor.things(order, 'Phone 15') as [VendorItem, VendorItem];
    one.state = 'completed';
    other.state = 'inProgress';
    await stand(id, { 2: 'in_progress' });
    const before = vendor.patches;
    await rig.quiet();
    rig.updateLine(id, '2', { quantity: '3' });
    await rig.until('the stop in words', async () =>
      (await rig.failures()).some((text) => /2 \(3 × Phone 15\) was split into 20, 30 there/.test(text)),
    );
    assert.equal(vendor.patches, before, 'nothing was written');
    other.state = 'completed';
    await stand(id, { 2: 'completed' });
  });
});
