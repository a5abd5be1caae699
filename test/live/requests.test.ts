import assert from 'node:assert/strict';
import { until } from './node-red.js';
import { KINDS, OrdersRig } from './orders-rig.js';
import { countRequests, requestTable, total } from './request-counts.js';
import { LiveRig } from './rig.js';

/** The desks whose requests are counted from now on. The poll that follows a registration is none of an order's. */
async function begin({ sandbox }: OrdersRig) {
  const desks = { customer: sandbox.servicenow, mobile: sandbox.orders('v5'), devices: sandbox.orders('v4') };
  const polled = ({ requests }: { requests: { query: string }[] }) => requests.some((r) => r.query.includes('offset=0'));
  await until('the first polls', () => polled(desks.mobile) && polled(desks.devices));
  for (const { requests } of Object.values(desks)) requests.length = 0;
  return desks;
}

/** Partners count our requests. The tables are printed; a limit is what was measured, with room for another order of events. */
describe('requests to partners', () => {
  let rig: OrdersRig | LiveRig | undefined;
  afterEach(async () => {
    await rig?.stop();
    rig = undefined;
  });

  for (const batches of [true, false])
    it(`for an order of three items over three vendors, until it is acknowledged: at most 40, ${batches ? 'with' : 'without'} ServiceNow's Batch API`, async () => {
      const legs = (['mobile', 'devices', 'delivery'] as const).map((name) => ({
        name,
        takes: [
          { field: 'category', is: Object.values(KINDS).flatMap(({ category, vendor }) => (vendor === name ? category : [])) },
        ],
      }));
      const orders = await OrdersRig.start({ legs }, { poll: false });
      rig = orders;
      orders.sandbox.servicenow.batches = batches;
      const desks = await begin(orders);
      const id = orders.place('Count me', ['phone', 'sim', 'delivery']);
      const numbers = await Promise.all(legs.map(({ name }) => orders.ordered(name)));
      await orders.until('the vendors’ numbers', () =>
        numbers.every((number) => orders.order(id).correlation_display?.includes(number)),
      );
      await orders.quiet();
      assert.deepEqual(await orders.failures(), []);
      const counts = countRequests(desks);
      console.log(requestTable('An order over three vendors, acknowledged', counts));
      assert.ok(total(counts) <= 40, `${total(counts)} requests`);
    });

  for (const { batches, limit } of [
    { batches: true, limit: 40 },
    { batches: false, limit: 95 },
  ])
    it(`for an order over three vendors, from creation to completion: at most ${limit}, ${batches ? 'with' : 'without'} ServiceNow's Batch API`, async () => {
      const orders = await OrdersRig.start({}, { poll: false });
      rig = orders;
      orders.sandbox.servicenow.batches = batches;
      const desks = await begin(orders);
      const id = orders.place('Count me', ['phone', 'sim', 'delivery']);
      const [devices, mobile] = [await orders.ordered('devices'), await orders.ordered('mobile')];
      await orders.until('the vendors’ numbers', () =>
        [devices, mobile].every((number) => orders.order(id).correlation_display?.includes(number)),
      );
      await orders.quiet();
      const complete = (leg: 'mobile' | 'devices' | 'delivery', order: string) => {
        orders.desk(leg).setState(order, 'inProgress');
        orders.desk(leg).setState(order, 'completed');
      };
      complete('mobile', mobile);
      complete('devices', devices);
      const delivery = await orders.ordered('delivery');
      await orders.until('its number', () => orders.order(id).correlation_display?.includes(delivery));
      await orders.quiet();
      complete('delivery', delivery);
      await orders.until('the order to be completed', () => orders.order(id).state === 'completed');
      await orders.quiet();
      assert.ok(Object.values(orders.states(id)).every((state) => state === 'completed'));
      assert.deepEqual(await orders.failures(), []);
      const counts = countRequests(desks);
      console.log(requestTable('An order over three vendors', counts));
      // The order is as young as the store, so each of the three creates is preceded by a look-up.
      assert.ok(total(counts) <= limit + 3, `${total(counts)} requests`);
    });

  it('for a ticket with updates, comments and a file from both sides: at most 90', async () => {
    const tickets = await LiveRig.start({ version: 'v4', customer: 'webhook', provider: 'hub' });
    rig = tickets;
    const { servicenow } = tickets.sandbox;
    const desks = { customer: servicenow, provider: tickets.sandbox.tmf('v4') };
    for (const { requests } of Object.values(desks)) requests.length = 0;
    const { sys_id } = tickets.open('Count me');
    const ticket = () => tickets.tickets('Count me')[0];
    await until('the ticket', () => ticket());
    await tickets.quiet();
    for (const text of ['one', 'two', 'three']) servicenow.comment('incident', sys_id, text);
    servicenow.attach('incident', sys_id, 'log.txt', 'text/plain', Buffer.from('a log'));
    for (const urgency of ['1', '3', '1']) servicenow.update('incident', sys_id, { urgency });
    await until('all of it at the provider', () => {
      const { note = [], attachment = [] } = ticket() as unknown as { note?: unknown[]; attachment?: unknown[] };
      return note.length === 3 && attachment.length === 1;
    });
    await tickets.quiet();
    const id = String(ticket()?.id);
    tickets.sandbox.tmf('v4').addNote(id, 'working on it', 'provider');
    tickets.sandbox.tmf('v4').addNote(id, 'nearly done', 'provider');
    await until('the answers', () => servicenow.journal(sys_id).some((row) => row.value?.includes('nearly done')));
    await tickets.quiet();
    const texts = servicenow.journal(sys_id).map((row) => row.value);
    assert.equal(texts.length, 5, texts.join());
    const counts = countRequests(desks);
    console.log(requestTable('A ticket with three updates, five comments and a file', counts));
    assert.ok(total(counts) <= 90, `${total(counts)} requests`);
  });
});
