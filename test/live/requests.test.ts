import assert from 'node:assert/strict';
import { OrdersRig } from './orders-rig.js';
import { requestCounts, requestTable, total } from './request-counts.js';

describe('requests that partners count', () => {
  let rig: OrdersRig;
  afterEach(() => rig?.stop());

  it('a customer’s order over three vendors, from creation to completion', async () => {
    rig = await OrdersRig.start({}, { poll: false });
    const desks = { customer: rig.sandbox.servicenow, mobile: rig.sandbox.orders('v5'), devices: rig.sandbox.orders('v4') };
    await rig.quiet();
    for (const desk of Object.values(desks)) desk.requests.length = 0;
    const id = rig.place('Count me', ['phone', 'sim', 'delivery']);
    const [devices, mobile] = [await rig.ordered('devices'), await rig.ordered('mobile')];
    await rig.until('the vendors’ numbers', () => [devices, mobile].every((n) => rig.order(id).correlation_display?.includes(n)));
    await rig.quiet();
    for (const [leg, order] of [
      ['mobile', mobile],
      ['devices', devices],
      ['delivery', ''],
    ] as const) {
      const there = order || (await rig.ordered(leg));
      rig.desk(leg).setState(there, 'inProgress');
      rig.desk(leg).setState(there, 'completed');
    }
    await rig.until('the order to be completed', () => rig.order(id).state === 'completed');
    await rig.quiet();
    assert.deepEqual(await rig.failures(), []);
    const counts = requestCounts(desks);
    if (process.env.REQUESTS)
      for (const [name, desk] of Object.entries(desks))
        for (const r of desk.requests)
          console.log(r.at % 1000000, name, r.method, r.path, r.query.slice(0, 150), r.body.slice(0, 200));
    console.log(requestTable(counts));
    assert.ok(total(counts) <= 40, `${total(counts)} requests`);
  });
});
