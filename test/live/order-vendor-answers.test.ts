import assert from 'node:assert/strict';
import type { OrderBehaviourName } from '../../src/sandbox/behaviours.js';
import { OrdersRig } from './orders-rig.js';

describe('orders in a real Node-RED, at vendors that answer in ways of their own', () => {
  let rig: OrdersRig;
  before(async () => {
    rig = await OrdersRig.start();
  });
  after(() => rig?.stop());

  const vendors = () => (['v4', 'v5'] as const).map((version) => rig.sandbox.orders(version));
  const lines = (id: string) => rig.compared(id).items;
  const line = (id: string, number: string) => lines(id).find((one) => one.line === number);
  const agree = (id: string) => lines(id).every((one) => one.verdict === 'same' && one.at.length > 0);
  const place = async (name: OrderBehaviourName): Promise<string> => {
    for (const desk of vendors()) {
      desk.behaviours.clear();
      desk.cancels.decision = 'accept';
      desk.behaviours.add({ name, ms: 300 });
    }
    const id = rig.place(name, ['phone', 'cover', 'sim'], '2');
    await rig.until('the vendors’ orders', () => lines(id).every((one) => one.at.length > 0 && one.number));
    await rig.quiet();
    return id;
  };
  const move = (id: string, state: string) => {
    for (const order of new Set(lines(id).flatMap((one) => one.at.map((item) => item.order))))
      vendors()
        .find((desk) => desk.order(order))
        ?.setState(order, state);
  };
  const inProgress = async (id: string) => {
    move(id, 'inProgress');
    await rig.until('lines in progress', () => lines(id).every((one) => one.state === 'in_progress'));
    await rig.quiet();
  };

  it('completed: the order is completed when its lines are completed by the answers to the creates', async () => {
    const id = await place('completed');
    assert.ok(lines(id).every((one) => one.state === 'completed'));
    await rig.until('the completed order', () => rig.order(id).state === 'completed');
  });

  it('splitOrder: the further orders of a vendor are told with their states, and order nothing twice', async () => {
    const id = await place('splitOrder');
    await inProgress(id);
    const further = /has made a further order of it, (PO-\d+): (\w+)/;
    const told = () => rig.comments(id).flatMap((text) => further.exec(text)?.slice(1).join(' ') ?? []);
    await rig.until('the states of the further orders', () => told().filter((text) => text.endsWith(' inProgress')).length === 2);
    assert.equal(new Set(told()).size, told().length, 'each once');
    assert.equal(
      rig.sandbox.servicenow.rows('sn_ind_tmt_orm_order').filter((row) => row.short_description === 'splitOrder').length,
      1,
    );
    assert.deepEqual(await rig.failures(), []);
  });

  it('ownWords: states in words that nobody has mapped are shown on the lines', async () => {
    const id = await place('ownWords');
    move(id, 'inProgress');
    const notes = (line: string) => rig.sandbox.servicenow.journal(rig.lines(id)[line]!.sys_id).map((row) => row.value ?? '');
    await rig.until('the vendor’s word at the customer', () =>
      ['1', '2', '3'].every((one) => notes(one).some((text) => /inFulfilment/.test(text))),
    );
  });

  it('cancelPretended: an item that is still there after a confirmed cancellation is told', async () => {
    const id = await place('cancelPretended');
    await inProgress(id);
    rig.updateLine(id, '2', { state: 'canceled' });
    await rig.until('the notice', () => rig.comments(id).some((text) => /item 2, but did not cancel it/.test(text)));
    await rig.until('the line as it is', () => line(id, '2')?.state === 'in_progress');
  });

  for (const name of ['cancelIgnored'] as const)
    it(`${name}: an order that goes on after a confirmed cancellation is told, and shown as it is`, async () => {
      const id = await place(name);
      await inProgress(id);
      rig.updateOrder(id, { state: 'canceled' });
      await rig.until('confirmed cancellations', () => lines(id).every((one) => one.at.every((item) => item.cancellation)));
      move(id, 'completed');
      await rig.until('completed items', () => agree(id) && lines(id).every((one) => one.state === 'completed'));
      await rig.until('the notice', () => rig.comments(id).some((text) => /cancel/i.test(text)));
    });
});
