import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { orderNodes } from '../../src/delivery/order-nodes.js';
import type { TmfVendor, VendorItem } from './tmf-vendor.js';
import { thing, VENDORS, type VendorName, VendorRig } from './vendor-rig.js';

/** Three items at a vendor, and one at another, whose id the first one may use too. */
const ordered = (at: VendorName) => [
  thing('1', at, 'SIM'),
  thing('2', at, 'Phone', 2),
  thing('3', at, 'Cover'),
  thing('4', otherThan(at), 'Delivery'),
];
const otherThan = (at: VendorName): VendorName => (at === 'north' ? 'south' : 'north');

const net = (value: number, unit = 'EUR') => ({ dutyFreeAmount: { unit, value } });
const gross = (value: number, unit = 'EUR') => ({ taxIncludedAmount: { unit, value } });
const once = (price: object) => ({ priceType: 'oneTime', price });
const monthly = (price: object) => ({ priceType: 'recurring', recurringChargePeriod: 'month', price });
const FEE: VendorItem = { id: '4', action: 'add', quantity: 1, productOffering: { id: 'FEE', name: 'Handling fee' } };

for (const name of Object.keys(VENDORS) as VendorName[]) {
  const isServiceNow = VENDORS[name] === 'servicenow';
  const vendorName = `${name.charAt(0).toUpperCase()}${name.slice(1)}`;
  const word = (state: string) =>
    isServiceNow ? ({ inProgress: 'in_progress', acknowledged: 'new', held: 'on_hold' }[state] ?? state) : state;

  describe(`what a vendor makes of an order (${VENDORS[name]})`, () => {
    let folder: string;
    let rig: VendorRig;
    let vendor: TmfVendor;
    let removeRollUp: () => void;
    beforeEach(async () => {
      folder = mkdtempSync(join(tmpdir(), 'switchboard-vendor-'));
      removeRollUp = orderNodes.add('rollUp', 'roll-up', '');
      rig = await new VendorRig(folder).start();
      vendor = rig.vendors[name];
    });
    afterEach(async () => {
      await rig.stop();
      removeRollUp();
      rmSync(folder, { recursive: true, force: true });
    });
    const place = () => rig.order({ items: ordered(name), state: 'acknowledged', customer: { id: 'C-1', name: 'Acme' } });
    const change = (id: string, quantity: number) =>
      rig.order({ items: ordered(name).map((item) => (item.id === id ? { ...item, quantity } : item)) });
    const quantities = () => vendor.order.productOrderItem.map((item) => [item.id, item.quantity]);
    const told = (pattern: RegExp) => rig.comments().filter((text) => pattern.test(text));

    describe('adds an item of its own', () => {
      beforeEach(async () => {
        await place();
        vendor.order.productOrderItem.push({ ...FEE, state: word('inProgress'), itemPrice: [once(net(5))] });
        await rig.event(name);
      });

      it('is told once, with its vendor, name and price', async () => {
        await rig.poll(name);
        vendor.item('1').state = word('inProgress');
        await rig.event(name);
        assert.deepEqual(told(/fee/i), [`Added by ${vendorName}, not ordered: Handling fee (item 4 there), 5 EUR once.`]);
        assert.deepEqual(await rig.troubles(), []);
      });

      it('is told again where its price changes', async () => {
        vendor.item('4').itemPrice = [once(net(7.5))];
        await rig.event(name);
        assert.equal(told(/Handling fee .*7\.5 EUR once/).length, 1);
      });

      it('leaves the item of another vendor alone that has its id', async () => {
        vendor.item('4').state = 'completed';
        await rig.event(name);
        assert.equal(rig.states()['4'], 'acknowledged');
        assert.deepEqual(rig.prices(), {});
        assert.equal(rig.shown()['4']?.vendor, otherThan(name) === 'north' ? 'North' : 'South');
      });

      it('does not speak of the customer’s item where it comments on its own', async () => {
        vendor.item('4').note = [{ id: 'n1', text: 'is due for each order' }];
        await rig.event(name);
        assert.deepEqual(told(/is due/), ['Handling fee (item 4 there): is due for each order']);
      });

      it('lets the customer change its items all the same', async () => {
        await change('2', 3);
        assert.deepEqual(quantities(), [
          ['1', 1],
          ['2', 3],
          ['3', 1],
          ['4', 1],
        ]);
        assert.deepEqual(await rig.troubles(), []);
      });
    });

    it('gives each item an id of its own: states and changes go to the right ones', async () => {
      const ids = ['7f0c-a', '1', '2'];
      vendor.onCreate = (order) => {
        order.productOrderItem = order.productOrderItem.map((item, i) => ({ ...item, id: ids[i]! }));
      };
      await place();
      vendor.item('7f0c-a').state = 'completed';
      vendor.item('1').state = word('held');
      await rig.event(name);
      assert.deepEqual(rig.states(), { 1: 'completed', 2: 'held', 3: 'acknowledged', 4: 'acknowledged' });
      await change('3', 5);
      assert.deepEqual(quantities(), [
        ['7f0c-a', 1],
        ['1', 2],
        ['2', 5],
      ]);
    });

    it('splits an item: its price is that of the parts, and none is lost', async () => {
      vendor.onCreate = (order) => {
        const [sim, phone, cover] = order.productOrderItem as [VendorItem, VendorItem, VendorItem];
        order.productOrderItem = [sim, { ...phone, id: '2a', quantity: 1 }, { ...phone, id: '2b', quantity: 1 }, cover];
      };
      await place();
      vendor.item('2a').itemPrice = [once(net(100))];
      vendor.item('2b').itemPrice = [once(net(90))];
      vendor.item('2a').state = 'completed';
      await rig.event(name);
      assert.equal(rig.states()['2'], 'acknowledged', 'a part of it is not done');
      assert.deepEqual(rig.prices()['2'], { oneTime: 190, currency: 'EUR' });
    });

    it('merges items: the price of them together is told, and shown for none', async () => {
      await rig.order({
        items: [thing('1', name, 'SIM'), thing('2', name, 'SIM'), thing('3', name, 'Cover')],
        customer: { id: 'C-1' },
      });
      const [sim, , cover] = vendor.order.productOrderItem as [VendorItem, VendorItem, VendorItem];
      vendor.order.productOrderItem = [{ ...sim, id: '10', quantity: 2, state: 'completed', itemPrice: [once(net(30))] }, cover];
      await rig.event(name);
      assert.deepEqual([rig.states()['1'], rig.states()['2']], ['completed', 'completed']);
      assert.equal(rig.prices()['1'], undefined);
      assert.deepEqual(told(/together/), ['Price of items 1, 2 together: 30 EUR once.']);
    });

    it('nests the items below one of its own: each has its state', async () => {
      await place();
      const items = vendor.order.productOrderItem;
      items[0]!.state = 'completed';
      vendor.order.productOrderItem = [
        { id: 'B', productOffering: { id: 'BUNDLE', name: 'Bundle' }, state: word('inProgress'), productOrderItem: items },
      ];
      await rig.event(name);
      assert.equal(rig.states()['1'], 'completed');
      assert.deepEqual(await rig.troubles(), []);
      await change('2', 3);
      const nested = vendor.order.productOrderItem[0]!.productOrderItem as VendorItem[];
      // ServiceNow is sent only what changes, so that a nested item would be added to the list.
      assert.deepEqual(
        nested.map(({ quantity }) => quantity),
        isServiceNow ? [1, 2, 1] : [1, 3, 1],
      );
      const troubles = (await rig.troubles()).join('\n');
      if (isServiceNow) assert.match(troubles, /Items 2 are not in the order, which has the items: B\. Nothing was written/);
      else assert.equal(troubles, '');
    });

    it('shows how it makes up an item: that is part of the item', async () => {
      await place();
      vendor.item('2').productOrderItem = [
        { id: '2.1', productOffering: { id: 'BATTERY', name: 'Battery' }, state: 'completed' },
      ];
      vendor.item('2').state = word('held');
      await rig.event(name);
      assert.equal(rig.states()['2'], 'held');
      assert.deepEqual(told(/Battery/), []);
      await change('2', 4);
      assert.equal(vendor.item('2').quantity, 4);
    });

    it('shows two items under one id: nothing is guessed, and it is said which', async () => {
      await place();
      vendor.item('2').id = '1';
      vendor.item('1').state = 'completed';
      await rig.event(name);
      assert.equal(rig.states()['1'], 'acknowledged');
      assert.match((await rig.troubles()).join('\n'), /1 \(SIM\), 1 \(2 × Phone\) more than once under the same id/);
    });

    it('changes a quantity: the line says so, until it is as ordered again', async () => {
      await place();
      vendor.item('2').quantity = 1;
      await rig.event(name);
      assert.equal(rig.shown()['2']?.stateReason, 'Quantity at the vendor: 1, ordered: 2.');
      vendor.item('2').quantity = 2;
      await rig.event(name);
      assert.equal(rig.shown()['2']?.stateReason, undefined);
      await change('2', 3);
      assert.equal(rig.shown()['2']?.stateReason, undefined);
    });

    it('completes the order without an item that it no longer has', async () => {
      await place();
      const { productOrderItem: items } = vendor.order;
      vendor.order.productOrderItem = items.filter(({ id }) => id !== '3').map((item) => ({ ...item, state: 'completed' }));
      vendor.order.state = 'completed';
      await rig.event(name);
      assert.deepEqual([rig.states()['1'], rig.states()['3']], ['completed', 'cancelled']);
      assert.match(rig.shown()['3']?.stateReason ?? '', /completed .*without/i);
    });

    describe('uses a state of its own', () => {
      it('for an item: the word is kept as the reason', async () => {
        await place();
        vendor.item('1').state = word('inProgress');
        await rig.event(name);
        vendor.item('1').state = 'shipped';
        await rig.event(name);
        const [{ state, stateReason }] = [rig.shown()['1']!];
        assert.deepEqual([state, stateReason], ['inProgress', 'shipped']);
        vendor.item('1').state = 'out for delivery';
        await rig.event(name);
        assert.equal(rig.shown()['1']?.stateReason, 'out for delivery');
        vendor.item('1').state = 'completed';
        await rig.event(name);
        assert.deepEqual([rig.states()['1'], rig.shown()['1']?.stateReason], ['completed', undefined]);
      });

      it('for the whole order: the word is kept as the reason of its items', async () => {
        await place();
        vendor.order.state = 'in customs';
        await rig.event(name);
        assert.deepEqual([rig.states()['1'], rig.shown()['1']?.stateReason], ['acknowledged', 'in customs']);
      });
    });

    describe('dates only the order', () => {
      it('shows the expected date on its items', async () => {
        await place();
        vendor.order.expectedCompletionDate = '2026-12-24T00:00:00.000Z';
        await rig.event(name);
        assert.equal(rig.shown()['1']?.expectedCompletionAt, '2026-12-24T00:00:00.000Z');
        assert.equal(rig.shown()['4']?.expectedCompletionAt, undefined);
      });

      it('shows the date of completion on its items, once they are completed', async () => {
        await place();
        vendor.order.expectedCompletionDate = '2026-12-24T00:00:00.000Z';
        vendor.order.completionDate = '2026-12-22T00:00:00.000Z';
        vendor.order.state = 'completed';
        for (const item of vendor.order.productOrderItem) item.state = 'completed';
        await rig.event(name);
        assert.equal(rig.shown()['1']?.expectedCompletionAt, '2026-12-22T00:00:00.000Z');
      });
    });

    describe('names a price', () => {
      const priced = async (...itemPrice: object[]) => {
        await place();
        vendor.item('1').itemPrice = itemPrice;
        await rig.event(name);
        return rig.prices()['1'];
      };

      it('without and with tax: each stays what it is', async () => {
        assert.deepEqual(await priced(once({ ...net(100), ...gross(119) }), monthly(net(10))), {
          oneTime: 100,
          oneTimeWithTax: 119,
          recurring: 10,
          period: 'month',
          currency: 'EUR',
        });
      });

      it('with tax only: it is not shown as one without, and told', async () => {
        assert.deepEqual(await priced(monthly(gross(11.9))), { recurringWithTax: 11.9, period: 'month', currency: 'EUR' });
        assert.deepEqual(told(/Price/), ['Price of item 1: 11.9 EUR per month including tax.']);
        await rig.poll(name);
        assert.equal(told(/Price/).length, 1);
      });

      it('in two currencies: neither gets the other’s', async () => {
        assert.deepEqual(await priced(once(net(100, 'USD')), monthly(net(10, 'EUR'))), {
          oneTime: 100,
          currency: 'USD',
          other: ['10 EUR per month'],
        });
        assert.deepEqual(told(/Price/), ['Price of item 1, in addition: 10 EUR per month.']);
      });

      it('per year: it is told in words, and is no monthly one', async () => {
        await priced({ ...monthly(net(240)), recurringChargePeriod: 'year' });
        assert.deepEqual(told(/Price/), ['Price of item 1: 240 EUR per year.']);
      });

      it('in several parts: they add up, and nothing is left out', async () => {
        const usage = { priceType: 'usage', unitOfMeasure: 'GB', price: net(0.1) };
        assert.deepEqual(await priced(once(net(10)), once(net(5)), usage), {
          oneTime: 15,
          currency: 'EUR',
          other: ['0.1 EUR usage per GB'],
        });
      });

      it('and gets it back unchanged with a change of the item', async () => {
        const itemPrice = [once({ ...net(100), ...gross(119) })];
        await priced(...itemPrice);
        const price = rig.prices()['1'];
        await rig.order({ items: ordered(name).map((item) => (item.id === '1' ? { ...item, price, quantity: 4 } : item)) });
        assert.equal(vendor.item('1').quantity, 4);
        assert.deepEqual(vendor.item('1').itemPrice, itemPrice);
      });
    });

    it('confirms an added item and does not add it: it is ordered with another order', async () => {
      await place();
      vendor.refusal = () => ({ status: 200, body: vendor.orders[0]! });
      await rig.order({ items: [...ordered(name), thing('5', name, 'Case')] });
      assert.equal(vendor.posts, 2);
      assert.deepEqual(
        vendor.orders.map((one) => one.productOrderItem.map(({ id }) => id)).map((ids) => ids.includes('5')),
        [false, true],
      );
      vendor.refusal = undefined;
      const [first] = vendor.orders;
      first!.state = 'completed';
      for (const item of first!.productOrderItem) item.state = 'completed';
      await rig.event(name, first);
      assert.equal(rig.states()['5'], 'acknowledged');
    });

    it('confirms a changed quantity and does not change it: the line says so at once', async () => {
      await place();
      vendor.refusal = () => ({ status: 200, body: vendor.orders[0]! });
      await change('2', 3);
      assert.equal(rig.shown()['2']?.stateReason, 'Quantity at the vendor: 2, ordered: 3.');
      vendor.refusal = undefined;
      await change('2', 4);
      assert.equal(rig.shown()['2']?.stateReason, undefined);
    });

    for (const how of ['event', 'poll'] as const)
      it(`has an order of somebody else: a ${how} about it creates nothing at the customer`, async () => {
        await place();
        const { received, fannedOut } = rig;
        const count = received.length;
        const other = { ...structuredClone(vendor.order), id: 'X-9' };
        delete other.externalId;
        vendor.orders.push(other);
        await rig[how](name, other);
        other.state = 'completed';
        await rig[how](name, other);
        assert.deepEqual([rig.received.length, rig.fannedOut], [count, fannedOut]);
        const about = (await rig.store.listMessages({ limit: 50 })).filter(({ entityId }) => entityId === 'X-9');
        assert.ok(about.length > 0 && about.every(({ outcome }) => outcome === 'ignored'), JSON.stringify(about));
      });

    describe('makes a further order with our reference', () => {
      for (const how of ['event', 'poll'] as const)
        it(`is told as the vendor’s, once, when a ${how} reports it`, async () => {
          await place();
          const fannedOut = rig.fannedOut;
          const { order } = vendor;
          const another = vendor.split(order, { ...structuredClone(vendor.item('3')), state: word('held') });
          another.state = word('held');
          await rig[how](name, another);
          await rig[how](name, another);
          assert.deepEqual(told(/V-1-B/), [
            `${vendorName} has made a further order of it, V-1-B: held. Cover (item 3 there). To change or cancel it, ask ${vendorName}.`,
          ]);
          assert.deepEqual(rig.states(), { 1: 'acknowledged', 2: 'acknowledged', 3: 'acknowledged', 4: 'acknowledged' });
          another.state = 'completed';
          await rig[how](name, another);
          assert.equal(told(/V-1-B/).length, 2);
          assert.equal(told(/V-1-B: completed/).length, 1);
          order.state = word('inProgress');
          vendor.item('1', order).state = word('inProgress');
          await rig[how](name, order);
          assert.equal(rig.states()['1'], 'inProgress', 'the order itself goes on');
          assert.deepEqual(await rig.troubles(), []);
          assert.equal(rig.fannedOut, fannedOut);
          assert.equal((await rig.store.listConversations({ limit: 10 })).length, 1);
          assert.equal(vendor.posts, 1);
        });

      it('delivers an item in it without which it has completed ours', async () => {
        await place();
        const { order } = vendor;
        const another = vendor.split(order, { ...structuredClone(vendor.item('3')), state: word('inProgress') });
        another.state = word('inProgress');
        await rig.event(name, another);
        order.productOrderItem = order.productOrderItem.filter(({ id }) => id !== '3');
        for (const item of order.productOrderItem) item.state = 'completed';
        order.state = 'completed';
        await rig.event(name, order);
        assert.deepEqual(rig.shown()['3'], {
          ...rig.shown()['3'],
          state: 'cancelled',
          stateReason: `${vendorName} completed its order without this item; it may be in V-1-B`,
        });
        for (const one of [another, ...another.productOrderItem]) one.state = 'completed';
        await rig.event(name, another);
        await rig.poll(name, another);
        assert.deepEqual([rig.states()['3'], rig.shown()['3']?.stateReason], ['completed', 'In V-1-B']);
        assert.deepEqual(await rig.troubles(), []);
      });

      it('is not taken for ours when the answer to the create was lost', async () => {
        vendor.onCreate = (order) => {
          vendor.unlisted.delete('V-1');
          const [first, ...rest] = order.productOrderItem as [VendorItem, ...VendorItem[]];
          order.productOrderItem = rest;
          vendor.orders.push({
            ...structuredClone(order),
            id: 'V-0',
            productOrderItem: [first],
            orderRelationship: [{ id: 'V-2', relationshipType: 'splitFrom' }],
          });
          order.id = 'V-2';
        };
        vendor.created = () => ({ status: 202 });
        await place();
        const conversation = await rig.store.conversationByLink('customer', 'troubleTicket', 'O1');
        assert.equal(conversation?.links.find(({ leg }) => leg === name)?.id, 'V-2');
        assert.equal(vendor.posts, 1);
      });

      it('is not taken for ours when its event is the first that is heard of either', async () => {
        let event: Promise<void> | undefined;
        vendor.onCreate = (order) => {
          const [first, ...rest] = order.productOrderItem as [VendorItem, ...VendorItem[]];
          order.productOrderItem = rest;
          const relation = { id: order.id, relationshipType: 'backOrder' };
          const another = { ...structuredClone(order), id: 'V-0', productOrderItem: [first], orderRelationship: [relation] };
          vendor.orders.push(another);
          event = rig.event(name, another);
        };
        vendor.created = () => ({ status: 202 });
        await place();
        await event;
        const conversation = await rig.store.conversationByLink('customer', 'troubleTicket', 'O1');
        assert.equal(conversation?.links.find(({ leg }) => leg === name)?.id, 'V-1');
        assert.equal(told(/has made a further order of it, V-0/).length, 1);
        assert.deepEqual(await rig.troubles(), []);
        assert.equal(vendor.posts, 1);
      });

      it('is left to a person where nothing tells which is ours', async () => {
        vendor.onCreate = (order) => {
          vendor.orders.push({ ...structuredClone(order), id: 'V-0' });
        };
        vendor.created = () => ({ status: 202 });
        await place();
        assert.match((await rig.troubles()).join('\n'), /carry our reference .*V-0/);
        assert.equal(vendor.posts, 1);
      });
    });

    describe('takes an order', () => {
      it('and has completed it in its answer: the customer reads it without an event', async () => {
        vendor.onCreate = (order) => {
          order.state = 'completed';
          for (const item of order.productOrderItem) item.state = 'completed';
        };
        await place();
        assert.deepEqual([rig.states()['1'], rig.states()['3']], ['completed', 'completed']);
        assert.equal(rig.shown()['1']?.vendorNumber, 'V-1');
      });

      const ANSWERS = {
        '202 with nothing': () => ({ status: 202 }),
        '202 with its address in a header': (id: string) => ({ status: 202, headers: { location: `/x/productOrder/${id}` } }),
        '202 with its address': (id: string) => ({ status: 202, body: { href: `/x/productOrder/${id}` } }),
        '201 with nothing': () => ({ status: 201 }),
        '201 with its id': (id: string) => ({ status: 201, body: { id } }),
      };
      for (const [what, answer] of Object.entries(ANSWERS))
        it(`with ${what}: it is linked, and what it says is told`, async () => {
          vendor.onCreate = (order) => {
            order.state = word('inProgress');
            order.productOrderItem[0]!.state = 'completed';
          };
          vendor.created = ({ id }) => answer(id);
          await place();
          assert.equal(rig.states()['1'], 'completed');
          assert.equal(rig.shown()['1']?.vendorNumber, 'V-1');
          assert.deepEqual([vendor.posts, await rig.troubles()], [1, []]);
        });

      it('and names it first in an event, not in a list: it is linked, and not ordered again', async () => {
        vendor.created = () => ({ status: 202 });
        vendor.onCreate = (order) => {
          vendor.unlisted.add('V-1');
          order.productOrderItem[0]!.state = word('inProgress');
          setTimeout(() => void rig.event(name, order), 100);
        };
        await place();
        assert.equal(rig.states()['1'], 'inProgress');
        assert.equal(rig.shown()['1']?.vendorNumber, 'V-1');
        assert.deepEqual([vendor.posts, await rig.troubles()], [1, []]);
      });
    });

    describe('refuses a change because of the state of its order', () => {
      for (const status of [400, 409, 422]) {
        const refuse = () => {
          vendor.refusal = () => ({
            status,
            body: { code: String(status), reason: 'The order is not in a state to be changed' },
          });
        };

        it(`with ${status}: a changed quantity is told`, async () => {
          await place();
          refuse();
          await change('2', 3);
          assert.deepEqual(told(/not accept/), [
            `${name} did not accept the change of item 2: The order is not in a state to be changed.`,
          ]);
          assert.equal(vendor.posts, 1);
        });

        it(`with ${status}: an added item is ordered with a new order`, async () => {
          await place();
          refuse();
          await rig.order({ items: [...ordered(name), thing('5', name, 'Case')] });
          assert.deepEqual(
            vendor.orders.map(({ productOrderItem: items }) => items.map(({ id }) => id)),
            [['1', '2', '3'], ['5']],
          );
          assert.equal(rig.states()['5'], 'acknowledged');
        });

        it(`with ${status}: an added item is ordered, and a quantity changed with it is told`, async () => {
          await place();
          refuse();
          const items = ordered(name).map((item) => (item.id === '2' ? { ...item, quantity: 3 } : item));
          await rig.order({ items: [...items, thing('5', name, 'Case')] });
          assert.deepEqual(
            vendor.orders.at(-1)?.productOrderItem.map(({ id }) => id),
            ['5'],
          );
          assert.equal(told(/did not accept the change of item 2/).length, 1);
        });
      }
    });

    it('gets no order whose items have one id twice: it is said which', async () => {
      const [first, second] = ordered(name) as [ReturnType<typeof thing>, ReturnType<typeof thing>];
      await rig.order({ items: [first, { ...second, id: first.id }], customer: { id: 'C-1' } });
      assert.equal(vendor.posts, 0);
      assert.match((await rig.troubles()).join('\n'), /Several items have the id 1: SIM, Phone/);
    });
  });
}
