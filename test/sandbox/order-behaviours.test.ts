import assert from 'node:assert/strict';
import type { OrderBehaviourName } from '../../src/sandbox/behaviours.js';
import { type Sandbox, startSandbox } from '../../src/sandbox/sandbox.js';
import { bodyOf, serve, type TestServer } from '../http/server.js';
import { until } from '../live/node-red.js';
import { spec } from '../specs.js';
import { ask, ORDERS, type Partner } from './partners.js';

/** Longer than any test takes. */
const LASTING = 3_600_000;
const REFERENCE = 'SWB-TEST00000001';

type Item = {
  id: string;
  state?: string;
  quantity: number;
  productOffering: { id: string; name?: string };
  itemPrice?: { price: { dutyFreeAmount: { value: number } } }[];
  productOrderItemRelationship?: { id: string }[];
};
type Order = Record<string, unknown> & { id: string; state: string; productOrderItem: Item[] };

let sandbox: Sandbox;
let listener: TestServer;
let events: { eventType: string; event: { productOrder: Order } }[] = [];
before(async () => {
  sandbox = await startSandbox();
  listener = await serve((req, res) => {
    void bodyOf(req).then((text) => {
      events.push(JSON.parse(text));
      res.writeHead(204).end();
    });
  });
});
after(async () => {
  await sandbox.close();
  await listener.close();
});

for (const partner of ORDERS) {
  const version = partner.name === 'orders4' ? 'v4' : 'v5';
  describe(`what a TMF622 ${version} vendor makes of orders`, () => {
    beforeEach(() => {
      sandbox.reset();
      events = [];
    });
    const desk = () => sandbox.orders(version);
    const behaves = (name: OrderBehaviourName, ms?: number) => desk().behaviours.add({ name, ...(ms !== undefined && { ms }) });
    const go = (method: string, path = '', body?: unknown) => ask(sandbox, partner, method, path, body);
    const order = (body: object = {}) => ({ ...partner.body(REFERENCE), ...body });
    const place = async (body?: object): Promise<Order> => {
      const { status, body: made } = await go('POST', '', order(body));
      assert.equal(status, 201, JSON.stringify(made));
      return made as Order;
    };
    const read = async (id: string) => (await go('GET', `/${id}`)).body as Order;
    const all = async () => (await go('GET')).body as Order[];
    const typed = (type: string, record: object) => (version === 'v5' ? { '@type': type, ...record } : record);
    const patch = (id: string, change: object) => go('PATCH', `/${id}`, typed('ProductOrder', change));
    const cancelPath = `${partner.path.replace(/productOrder$/, '')}cancelProductOrder`;
    const cancels: Partner = { ...partner, path: cancelPath };
    const cancel = (id: string) =>
      ask(sandbox, cancels, 'POST', '', typed('CancelProductOrder', { productOrder: typed('ProductOrderRef', { id }) }));
    const shape = ({ productOrderItem }: Order) =>
      productOrderItem.map((i) => [i.id, i.quantity, ...(i.productOrderItemRelationship ?? []).map((r) => r.id)]);
    const states = ({ state, productOrderItem }: Order) => [state, ...productOrderItem.map((item) => item.state)];
    const items = (...offerings: string[]) => ({
      productOrderItem: offerings.map((id, index) =>
        typed('ProductOrderItem', {
          id: String(index + 1),
          action: 'add',
          quantity: 2,
          productOffering: typed('ProductOfferingRef', { id }),
        }),
      ),
    });
    const valid = (made: Order) => assert.deepEqual(spec(`TMF622 ${version}`)?.problems('ProductOrder', made) ?? [], []);

    for (const [name, expected] of Object.entries({
      renumber: [
        ['10', 3],
        ['20', 1, '10'],
      ],
      pad: [
        ['0001', 3],
        ['0002', 1, '0001'],
      ],
      split: [
        ['1001', 1],
        ['1002', 2],
        ['2', 1, '1001'],
      ],
      reverse: [
        ['2', 1, '1'],
        ['1', 3],
      ],
    }))
      it(`${name}: the items are kept under other numbers`, async () => {
        behaves(name as OrderBehaviourName);
        assert.deepEqual(shape(await place()), expected);
      });

    it('ownIds: the vendor’s ids for the items of an order, and for those that are added', async () => {
      behaves('ownIds');
      const { id, productOrderItem } = await place();
      const [first, second] = productOrderItem as [Item, Item];
      for (const item of [first, second]) assert.match(item.id, /^[\da-f-]{36}$/);
      assert.equal(second.productOrderItemRelationship?.[0]?.id, first.id);
      const added = typed('ProductOrderItem', { id: '3', action: 'add', quantity: 1 });
      const { status, body } = await patch(id, { productOrderItem: [...productOrderItem, added] });
      assert.equal(status, 200);
      const ids = (body as Order).productOrderItem.map((item) => item.id);
      assert.deepEqual(ids.slice(0, 2), [first.id, second.id]);
      assert.match(ids[2] ?? '', /^[\da-f-]{36}$/);
    });

    it('merge: items of one offering become one', async () => {
      behaves('merge');
      const made = await place(items('SIM', 'phone', 'SIM'));
      assert.deepEqual(
        made.productOrderItem.map((i) => [i.id, i.quantity, i.productOffering.id]),
        [
          ['M1', 4, 'SIM'],
          ['2', 2, 'phone'],
        ],
      );
    });

    it('bundle: all items become one of its own', async () => {
      behaves('bundle');
      const made = await place();
      assert.deepEqual(
        made.productOrderItem.map((i) => [i.quantity, i.productOffering.name]),
        [[1, 'Bundle of offering 1, offering 2']],
      );
      valid(made);
      assert.equal((await place(items('SIM'))).productOrderItem[0]?.productOffering.id, 'SIM', 'a single item stays');
    });

    it('fee: a line of its own with a price, under the next number', async () => {
      behaves('fee');
      const made = await place();
      const fee = made.productOrderItem[2];
      assert.deepEqual(
        [made.productOrderItem.length, fee?.id, fee?.productOffering.name, fee?.itemPrice?.[0]?.price.dutyFreeAmount.value],
        [3, '3', 'Handling fee', 4.9],
      );
      valid(made);
    });

    it('splitOrder: a second order with our reference has the rest', async () => {
      behaves('splitOrder');
      const made = await place();
      assert.deepEqual(shape(made), [['1', 3]]);
      const [, second] = await all();
      assert.deepEqual(second && shape(second), [['2', 1]], 'the relation to an item of the other order is gone');
      assert.deepEqual(second?.externalId, made.externalId);
      sandbox.reset();
      behaves('splitOrder');
      await place(items('SIM'));
      assert.deepEqual((await all()).map(shape), [[['1', 1]], [['1', 1]]], 'a single item is divided by its quantity');
    });

    it('eventOnly: 202 without an id, which only the later event says', async () => {
      await ask(sandbox, { ...partner, path: partner.path.replace(/productOrder$/, 'hub') }, 'POST', '', {
        ...typed('Hub', {}),
        callback: listener.url,
      });
      behaves('eventOnly', 20);
      const { status, text } = await go('POST', '', order());
      assert.deepEqual([status, text], [202, '']);
      await until('the event', () => events.length === 1);
      const [made] = await all();
      assert.deepEqual([events[0]?.eventType, events[0]?.event.productOrder.id], ['ProductOrderCreateEvent', made?.id]);
      assert.equal(
        (await go('POST', '', { ...order(), productOrderItem: [] })).status,
        400,
        'an invalid order is refused at once',
      );
    });

    it('completed: already in the answer to the POST', async () => {
      behaves('completed');
      const made = await place();
      assert.deepEqual(states(made), ['completed', 'completed', 'completed']);
      assert.ok(made.completionDate);
    });

    it('wholeDate: a date for the whole order, none for its items', async () => {
      assert.equal((await place()).expectedCompletionDate, undefined);
      behaves('wholeDate');
      const made = await place();
      assert.ok(Date.parse(String(made.expectedCompletionDate)) > Date.now());
      assert.ok(made.productOrderItem.every((item) => !('expectedCompletionDate' in item)));
      valid(made);
    });

    it('reprice: other prices and another date, after a while', async () => {
      behaves('reprice', 20);
      const { id, ...made } = await place();
      assert.equal(made.productOrderItem[0]?.itemPrice, undefined);
      const price = ({ productOrderItem: [first] }: Order) => first?.itemPrice?.[0]?.price.dutyFreeAmount.value;
      await until('a price', async () => price(await read(id)) === 99);
      const dated = await read(id);
      assert.ok(dated.expectedCompletionDate);
      valid(dated);
      const again = await place({ productOrderItem: dated.productOrderItem.map(({ state: _, ...item }) => item) });
      await until('a higher price', async () => price(await read(again.id)) === 108.9);
    });

    it('lockedInProgress: 409 for changes once it is in progress; a comment is still taken', async () => {
      behaves('lockedInProgress');
      const { id, productOrderItem } = await place();
      const more = (quantity: number) => productOrderItem.map((item) => ({ ...item, quantity }));
      assert.equal((await patch(id, { productOrderItem: more(5) })).status, 200);
      desk().setState(id, 'inProgress');
      const now = (await read(id)).productOrderItem.map((item) => ({ ...item, quantity: 6 }));
      assert.equal((await patch(id, { productOrderItem: now })).status, 409);
      assert.equal((await patch(id, { note: [typed('Note', { text: 'Hello' })] })).status, 200);
      desk().behaviours.clear();
      assert.equal((await patch(id, { productOrderItem: now })).status, 200);
    });

    it('cancelMissing: there is no cancelProductOrder, orders are answered as ever', async () => {
      behaves('cancelMissing');
      const { id } = await place();
      assert.deepEqual([(await cancel(id)).status, (await ask(sandbox, cancels, 'GET')).status], [404, 404]);
      assert.deepEqual([(await all()).length, (await read(id)).state], [1, 'acknowledged']);
    });

    for (const [name, status, state] of [
      ['cancelIgnored', 201, 'acknowledged'],
      ['cancelPretended', 200, 'done'],
    ] as const)
      it(`${name}: a request to cancel is confirmed (${status}, ${state}), and nothing happens`, async () => {
        behaves(name);
        const { id, productOrderItem } = await place();
        const { status: answered, body } = await cancel(id);
        assert.deepEqual([answered, (body as Order).state], [status, state]);
        assert.deepEqual(states(await read(id)), ['acknowledged', 'acknowledged', 'acknowledged']);
        const gone = productOrderItem.map((item) => (item.id === '2' ? { ...item, state: 'cancelled' } : item));
        const change = await patch(id, { productOrderItem: gone, description: 'without the second' });
        const shown = name === 'cancelPretended' ? 'cancelled' : 'acknowledged';
        assert.deepEqual([change.status, states(change.body as Order)], [200, ['acknowledged', 'acknowledged', shown]]);
        const kept = await read(id);
        assert.deepEqual(states(kept), ['acknowledged', 'acknowledged', 'acknowledged']);
        assert.equal(kept.description, 'without the second', 'the rest of the change is made');
      });

    it('ownWords: the vendor’s words for states in answers and events; it understands them, too', async () => {
      await ask(sandbox, { ...partner, path: partner.path.replace(/productOrder$/, 'hub') }, 'POST', '', {
        ...typed('Hub', {}),
        callback: listener.url,
      });
      behaves('ownWords');
      const { id, productOrderItem } = await place();
      desk().setItemState(id, '1', 'completed');
      const now = await read(id);
      assert.deepEqual(states(now), ['inFulfilment', 'delivered', 'received']);
      assert.deepEqual(states((await all())[0]!), states(now));
      await until('the events', () => events.length === 3);
      assert.deepEqual(events.at(-1)?.event.productOrder.state ?? 'inFulfilment', 'inFulfilment');
      assert.match(JSON.stringify(events), /delivered/);
      const gone = now.productOrderItem.map((item) => (item.id === '2' ? { ...item, state: 'cancelled' } : item));
      assert.equal((await patch(id, { productOrderItem: gone })).status, 200);
      assert.equal((desk().order(id) as Order).productOrderItem[1]?.state, 'cancelled');
      assert.equal(productOrderItem[0]?.state, 'received');
    });

    it('several at once: each adds its own', async () => {
      for (const name of ['ownWords', 'ownIds', 'fee', 'completed'] as const) behaves(name);
      const made = await place();
      assert.deepEqual(states(made), ['delivered', 'delivered', 'delivered', 'delivered']);
      assert.match(made.productOrderItem[0]?.id ?? '', /^[\da-f-]{36}$/);
    });

    it('are switched on and off one by one by programs, and are all off after a reset', async () => {
      const post = (path: string, values: object = {}) =>
        fetch(`${sandbox.url}/_sandbox/${path}`, {
          method: 'POST',
          headers: { 'Content-Type': 'application/json' },
          body: JSON.stringify(values),
        });
      const state = async () => {
        const { vendors, providers } = await (await fetch(`${sandbox.url}/_sandbox/state`)).json();
        return { ...vendors[partner.name], ofTickets: providers.v4.orderChoices };
      };
      for (const name of desk().behaviours.orderNames())
        assert.equal((await post(`${partner.name}/behaviour`, { name })).status, 200);
      const { behaviours, orderChoices, choices, ofTickets } = await state();
      assert.deepEqual(
        behaviours.map((b: { name: string }) => b.name),
        orderChoices,
      );
      assert.ok(orderChoices.includes('fee') && !choices.create.includes('fee') && choices.create.includes('late'));
      assert.deepEqual(ofTickets, []);
      await post(`${partner.name}/endBehaviour`, { name: 'fee' });
      assert.deepEqual((await state()).behaviours.length, orderChoices.length - 1);
      await post('reset');
      assert.deepEqual((await state()).behaviours, []);
      assert.deepEqual(states(await place()), ['acknowledged', 'acknowledged', 'acknowledged']);
    });

    it('last for the given number of requests', async () => {
      desk().behaviours.add({ name: 'fee', times: 1 });
      assert.deepEqual([(await place()).productOrderItem.length, (await place()).productOrderItem.length], [3, 2]);
      behaves('queued', LASTING);
      assert.equal((await go('POST', '', order())).status, 202);
      assert.equal((await all()).length, 2);
    });
  });
}
