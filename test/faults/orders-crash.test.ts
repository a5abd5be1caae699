import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { KINDS, type Kind, OrdersRig } from '../live/orders-rig.js';
import { randomFrom } from '../store/random.js';

const LONG = process.env.SWITCHBOARD_FAULTS === 'long';
const ORDERS = LONG ? 60 : 15;
const POINTS = ['after-inbox', 'in-flow', 'after-outbox', 'before-send', 'after-send', 'after-link', 'after-plan'];
/** Each named point, then random times. */
const CRASHES: [string, number][] = [
  ...POINTS.map((p, i): [string, number] => [p, 1 + i * 2]),
  ...Array.from({ length: LONG ? 20 : 3 }, (): [string, number] => ['random', 0]),
];
const VENDORS = ['mobile', 'devices', 'delivery'] as const;

describe(`Node-RED killed repeatedly while it sends ${ORDERS} orders to their vendors`, () => {
  let rig: OrdersRig;
  afterEach(async () => rig?.stop());

  it('loses no item, orders no item twice, and none from the wrong vendor', async () => {
    const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);
    console.log(`      seed ${seed}`);
    const random = randomFrom(seed);
    rig = await OrdersRig.start();
    const kinds = Object.keys(KINDS) as Kind[];
    const placed: { id: string; title: string; wants: Kind[] }[] = [];
    // Vendors process orders automatically, so that states roll up while other orders are still being sent.
    for (const version of ['v4', 'v5'] as const) rig.sandbox.orders(version).autoAdvance = 300;

    const place = async () => {
      while (placed.length < ORDERS) {
        const wants = kinds.filter(() => random() < 0.6);
        if (wants.length === 0) continue;
        const title = `Order ${placed.length}`;
        placed.push({ id: rig.place(title, wants), title, wants });
        await new Promise((done) => setTimeout(done, 50 + random() * 500));
      }
    };
    const placing = place();
    /** Whether everything is ordered, and completed by the automatic vendors. */
    const through = () =>
      placed.length === ORDERS &&
      rig.requestItems().length === placed.filter(({ wants }) => wants.includes('laptop')).length &&
      placed.every(({ id, wants }) =>
        wants.every((kind, index) => kind === 'laptop' || rig.states(id)[String(index + 1)] === 'completed'),
      );
    const killed: string[] = [];
    for (const [point, at] of CRASHES) {
      const count = point === 'random' ? Math.round(500 + random() * 2_500) : at;
      const how = await rig.crashAt(point, count, resolve('test/faults/crash.cjs'), through);
      killed.push(how === 'SIGKILL' ? point : `${point}: not reached`);
    }
    await placing;
    console.log(`      killed ${killed.length} times: ${killed.join(', ')}`);
    await rig.crash();

    // Shipping waits until the SIM is completed; at the end all items with a vendor are completed.
    const team = () => rig.requestItems().filter((row) => row.state !== '3');
    await rig.until('every item at its vendor, completed', () => {
      for (const item of team()) rig.sandbox.servicenow.update('sc_req_item', item.sys_id, { state: '3' }, 'agent');
      return placed.every(({ id }) => Object.values(rig.states(id)).every((state) => state === 'completed'));
    });
    await rig.quiet();
    for (const { title, wants } of placed) {
      for (const vendor of VENDORS) {
        const orders = rig.vendorOrders(vendor).filter((order) => order.description === title);
        const items = orders.flatMap((order) => (order.productOrderItem as { id: string }[]).map((item) => item.id)).sort();
        const expected = wants.flatMap((kind, index) => (KINDS[kind].vendor === vendor ? [String(index + 1)] : []));
        assert.deepEqual(items, expected, `${title} at ${vendor}: ${orders.length} orders`);
        assert.ok(orders.length <= 1, `${title} has ${orders.length} orders at ${vendor}`);
      }
    }
    const laptops = placed.filter(({ wants }) => wants.includes('laptop')).length;
    assert.equal(rig.requestItems().length, laptops, 'each laptop once');
    assert.deepEqual(await rig.failures(), []);
  });
});
