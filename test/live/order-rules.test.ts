import assert from 'node:assert/strict';
import type { Order } from '../../src/sandbox/tmf622-order.js';
import { OrdersRig } from './orders-rig.js';

const ORDERS = 'sn_ind_tmt_orm_order';
const itemsOf = (order: Order | undefined) =>
  (order?.productOrderItem ?? []) as { id: string; quantity?: number; state?: string }[];
const quantityOf = (order: Order | undefined, id: string) => itemsOf(order).find((item) => item.id === id)?.quantity;

describe('open orders while the rules of the fan-out node are changed and deployed', () => {
  let rig: OrdersRig;
  afterEach(async function () {
    if (this.currentTest?.state === 'failed') console.error(rig?.live.output().slice(-6_000));
    await rig?.stop();
  });
  const place = async (...kinds: Parameters<OrdersRig['place']>[1]) => {
    const id = rig.place('New colleague', kinds);
    const [devices, mobile] = [await rig.ordered('devices'), await rig.ordered('mobile')];
    await rig.until('the vendors’ numbers on the lines', () => rig.lines(id)['2']?.correlation_display?.includes(mobile));
    await rig.quiet();
    return { id, devices, mobile };
  };

  it('a renamed row keeps its orders; a removed one loses nothing, and its vendor still reports', async () => {
    rig = await OrdersRig.start();
    const { id, devices } = await place('phone', 'sim', 'cover');
    await rig.deploy(({ legs }) => ({
      legs: legs.map((leg) => (leg.name === 'devices' ? { ...leg, name: 'phones', id: 'devices' } : leg)),
    }));
    rig.updateLine(id, '1', { quantity: '2' });
    await rig.until('two phones at the vendor', () => quantityOf(rig.vendor('devices'), '1') === 2);
    assert.equal(rig.vendor('devices')?.id, devices, 'its order, under the old name');
    assert.deepEqual(rig.vendorOrders('phones'), []);

    let row = 0;
    let removed: { leg: Parameters<Parameters<OrdersRig['deploy']>[0]>[0]['legs'][number]; wires: string[] } | undefined;
    await rig.deploy(({ legs, wires }) => {
      row = legs.findIndex(({ name }) => name === 'phones');
      removed = { leg: legs[row]!, wires: wires[row]! };
      const others = legs.map((leg) => ({ ...leg, after: leg.after?.filter((other) => other.leg !== 'phones') }));
      return { legs: others.toSpliced(row, 1), wires: wires.toSpliced(row, 1), outputs: legs.length };
    });
    rig.desk('devices').setItemState(devices, '3', 'inProgress');
    await rig.until('what its vendor reports', () => rig.states(id)['3'] === 'in_progress');
    rig.updateLine(id, '1', { quantity: '3' });
    await rig.until('the error', async () => (await rig.failures()).length > 0);
    assert.match((await rig.failures()).join(), /The order has a leg "devices", which this node no longer has/);
    assert.equal(quantityOf(rig.vendor('devices'), '1'), 2);

    await rig.deploy(({ legs, wires }) => ({
      legs: legs.toSpliced(0, 0, removed!.leg),
      wires: wires.toSpliced(0, 0, removed!.wires),
      outputs: legs.length + 2,
    }));
    await rig.replayFailed();
    await rig.until('three phones at the vendor', () => quantityOf(rig.vendor('devices'), '1') === 3);
    await rig.quiet();
    assert.deepEqual(await rig.failures(), []);
    assert.equal(rig.vendor('devices')?.id, devices);
  });

  it('a changed failure rule holds for what a vendor reports next', async () => {
    rig = await OrdersRig.start({ onFailure: 'keep' });
    const { mobile } = await place('phone', 'sim');
    await rig.deploy(() => ({ onFailure: 'cancelRest' }));
    rig.desk('mobile').setState(mobile, 'rejected', 'No credit');
    await rig.until('the device vendor to be asked', () => rig.desk('devices').cancels.all().length === 1);
    assert.match(String(rig.desk('devices').cancels.all()[0]?.cancellationReason), /mobile was rejected/);
  });

  it('an answer goes to whom it names of several who have asked; otherwise the customer is asked', async () => {
    rig = await OrdersRig.start();
    const { id, devices, mobile } = await place('phone', 'sim');
    rig.desk('devices').addNote(devices, 'Which colour?', 'sales desk');
    rig.desk('mobile').addNote(mobile, 'Which number?', 'sales desk');
    const shows = (pattern: RegExp) => () => rig.comments(id).some((text) => pattern.test(text));
    await rig.until('both questions', () => shows(/Which colour/)() && shows(/Which number/)());
    const answer = (text: string) => rig.sandbox.servicenow.comment(ORDERS, id, text, 'agent');
    const notes = (leg: 'mobile' | 'devices') => JSON.stringify(rig.vendor(leg)?.note ?? []);
    answer('Black');
    await rig.until('the question whom it is for', shows(/Several vendors have written: .*does not say whom it is for/));
    answer('devices: Black');
    await rig.until('the answer at the device vendor', () => notes('devices').includes('Black'));
    // The other question is the only one left.
    answer('The old one');
    await rig.until('the answer at the mobile vendor', () => notes('mobile').includes('The old one'));
    await rig.quiet();
    assert.deepEqual([notes('mobile').includes('Black'), notes('devices').includes('The old one')], [false, false]);
    assert.equal(rig.comments(id).filter((text) => text.includes('whom it is for')).length, 1, 'asked once');
    assert.deepEqual(await rig.failures(), []);
  });
});
