import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { orderNodes } from '../../src/delivery/order-nodes.js';
import type { ItemProgress, OrderItem } from '../../src/model/message.js';
import type { FailurePolicy } from '../../src/store/store.js';
import { ITEMS, says } from '../conversation/orders.js';
import { until } from '../live/node-red.js';
import { OrderRig } from './order-rig.js';

const NOBODY = { name: '' };
const CASE: OrderItem = { id: '5', action: 'add', quantity: 1, category: 'device', offering: { id: 'CASE', name: 'Case' } };

describe('an item of an order over several vendors', () => {
  let folder: string;
  let rig: OrderRig;
  let removeRollUp: () => void;
  const start = async (onFailure?: FailurePolicy, begin = async () => {}) => {
    rig = await new OrderRig(folder, onFailure).start();
    await begin();
    await rig.order({ state: 'acknowledged' });
    rig.customer.tickets.push({ id: 'O1', fields: {}, comments: [], files: [], version: 101 });
  };
  const add = (...items: OrderItem[]) => rig.order({ items: [...ITEMS, ...items] });
  const change = (id: string, more: Partial<OrderItem>) =>
    rig.order({ items: ITEMS.map((item) => (item.id === id ? { ...item, ...more } : item)) });
  const cancel = (...ids: string[]) => rig.order({ progress: ids.map((id) => ({ id, state: 'cancelled' as const })) });
  const comments = () => rig.received.flatMap((one) => one.comments);
  const failed = async () => (await rig.store.listDeliveries({ limit: 10, states: ['failed'] }))[0]!;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'switchboard-order-life-'));
    removeRollUp = orderNodes.add('rollUp', 'roll-up', '');
  });
  afterEach(async () => {
    await rig.broker.close().catch(() => undefined);
    removeRollUp();
    rmSync(folder, { recursive: true, force: true });
  });

  it('that fails while others go on is told with its reason; the state of the order does not show it', async () => {
    await start();
    await rig.vendor('mobile', { state: 'inProgress' });
    await rig.vendor('devices', { state: 'failed', stateReason: 'Sold out' });
    await rig.vendor('devices', { state: 'failed', stateReason: 'Sold out.' });
    assert.deepEqual(comments(), ['devices failed at devices: Sold out.']);
    assert.equal(rig.received.at(-1)?.state, 'inProgress');
  });

  it('that fails is told once where the others are cancelled for it', async () => {
    await start('cancelRest');
    await rig.vendor('mobile', { state: 'inProgress' });
    await rig.vendor('devices', { state: 'failed', stateReason: 'Sold out' });
    assert.equal(comments().filter((text) => /Sold out/.test(text)).length, 1, comments().join());
  });

  it('of which less than nothing is ordered is stopped in words; corrected, it is ordered', async () => {
    await start();
    await change('1', { quantity: -2 });
    const [stopped] = await rig.store.listMessages({ limit: 5, states: ['failed'] });
    assert.match(stopped?.error?.message ?? '', /The quantity of item 1 \(-2\) is less than 0/);
    await change('1', { quantity: 2 });
    assert.equal(rig.vendors.devices!.tickets.length, 1);
    const items = rig.vendors.devices!.tickets[0]!.fields.items as unknown as OrderItem[];
    assert.equal(items.find(({ id }) => id === '1')?.quantity, 2);
  });

  describe('that is added', () => {
    it('is ordered with the open order of its vendor', async () => {
      await start();
      await add(CASE);
      assert.deepEqual(rig.ordersAt('devices'), ['1 3 5']);
    });

    it('is ordered once more at its vendor when the order there is over', async () => {
      await start();
      await rig.vendor('devices', { state: 'completed' });
      await add(CASE);
      assert.deepEqual(rig.ordersAt('devices'), ['1 3', '5']);
      assert.match(rig.vendors.devices!.tickets[1]!.reference ?? '', /\/devices-2$/);
    });

    it('is ordered once more when the vendor refuses to take it into the open order', async () => {
      await start();
      rig.vendors.devices!.faults.push('refused');
      await add(CASE);
      assert.deepEqual(rig.ordersAt('devices'), ['1 3', '5']);
      assert.equal(rig.vendors.devices!.tickets[1]!.fields.state, undefined);
    });

    it('is reported as rejected when the vendor refuses that, too', async () => {
      await start();
      rig.vendors.devices!.faults.push('refused', 'refused');
      await add(CASE);
      assert.deepEqual(rig.ordersAt('devices'), ['1 3']);
      assert.equal(rig.shown()['5'], 'rejected');
    });
  });

  describe('that waits for another that has ended without what it waits for', () => {
    const parcel: OrderItem = { ...CASE, id: '6', category: 'logistics', offering: { id: 'DELIVERY', name: 'Delivery' } };

    it('is not ordered, which the customer reads at once where it was added since', async () => {
      await start();
      await rig.vendor('mobile', { state: 'failed' });
      await add(parcel);
      assert.equal(rig.shown()['6'], 'cancelled');
      assert.match(String(rig.received.at(-1)?.reason), /delivery-2 was not ordered: mobile failed/);
      assert.equal(rig.orders().delivery, 0);
    });

    it('is ordered where another one has taken the place of the one that failed', async () => {
      await start();
      await rig.vendor('mobile', { state: 'failed' });
      const sim: OrderItem = { ...CASE, id: '5', category: 'connectivity' };
      await add(sim);
      assert.deepEqual(rig.ordersAt('mobile'), ['2', '5']);
      await add(sim, parcel);
      assert.equal(rig.orders().delivery, 0, 'it waits for the new one');
      await rig.vendor('mobile', { state: 'completed' }, {}, 1);
      assert.deepEqual(rig.ordersAt('delivery'), ['6']);
    });

    it('is reported where a message brings that out that changes nothing else', async () => {
      await start('ask');
      await rig.vendor('mobile', { state: 'failed' });
      const removeFanOut = orderNodes.add('fanOut', 'fan-out', '', 'keep');
      await rig.vendor('mobile', { state: 'failed' });
      removeFanOut();
      assert.equal(rig.shown()['4'], 'cancelled');
    });
  });

  describe('that the customer cancels', () => {
    it('is not ordered where its order could not be sent yet', async () => {
      await start(undefined, () => rig.suspend('devices'));
      await cancel('3');
      await rig.resume('devices');
      assert.deepEqual(rig.ordersAt('devices'), ['1']);
      assert.deepEqual(
        rig.vendors.devices!.calls.filter((call) => call.startsWith('update')),
        [],
      );
    });

    it('is not ordered where nothing is left of its order', async () => {
      await start(undefined, () => rig.suspend('devices'));
      await cancel('1');
      await cancel('1', '3');
      await rig.resume('devices');
      assert.deepEqual(rig.ordersAt('devices'), []);
      await rig.vendor('mobile', { state: 'completed' });
      await rig.vendor('delivery', { state: 'completed' });
      assert.equal(rig.received.at(-1)?.state, 'completed');
    });

    it('is cancelled where a try of its order may have reached the vendor', async () => {
      rig = await new OrderRig(folder).start();
      rig.vendors.devices!.faults.push('lost');
      rig.vendors.devices!.lookUpFaults.push('down');
      const ordered = rig.order();
      await until('the order to be sent', () => rig.vendors.devices!.calls.includes('create'));
      await cancel('3');
      await ordered;
      assert.deepEqual(rig.ordersAt('devices'), ['1 -3']);
    });

    it('does not hold back what waits for it', async () => {
      await start(undefined, () => rig.suspend('mobile'));
      await cancel('2');
      await rig.resume('mobile');
      assert.deepEqual(rig.orders(), { mobile: 0, devices: 1, delivery: 1 });
    });

    it('is not overwritten by a state that was queued before', async () => {
      await start();
      await rig.suspend('customer');
      await rig.vendor('devices', { state: 'inProgress', progress: says(['1', 'inProgress'], ['3', 'inProgress']) });
      await cancel('3');
      await rig.resume('customer');
      const written = rig.customer.calls.filter((call) => call.startsWith('update ')).map((call) => JSON.parse(call.slice(7)));
      const ids = written.flatMap(({ progress = [] }) => (progress as { id: string }[]).map(({ id }) => id));
      assert.ok(ids.includes('1') && !ids.includes('3'), JSON.stringify(written));
    });

    it('is not overwritten where it shows at the customer and was not reported yet', async () => {
      await start();
      Object.assign(rig.customer.tickets[0]!, { fields: { progress: [{ id: '3', state: 'cancelled' }] }, version: 102 });
      rig.placed!.fields = { ...rig.placed!.fields, progress: says(['3', 'cancelled']) };
      await rig.vendor('devices', { state: 'inProgress', progress: says(['1', 'inProgress'], ['3', 'inProgress']) });
      assert.equal(rig.rereads, 1);
      assert.deepEqual(rig.ordersAt('devices'), ['1 -3']);
      const written = rig.customer.calls.filter((call) => call.startsWith('update ')).join('\n');
      assert.ok(written.includes('"id":"1"') && !written.includes('"id":"3"'), written);
    });

    it('is shown as it is where its vendor had completed it', async () => {
      await start();
      await rig.vendor('devices', { state: 'inProgress', progress: says(['1', 'completed'], ['3', 'inProgress']) });
      await cancel('1');
      const { progress } = rig.received.at(-1)!;
      const item = (progress as { id: string; state: string; stateReason: string }[]).find(({ id }) => id === '1');
      assert.deepEqual([item?.state, item?.stateReason], ['completed', 'It completed before it was cancelled.']);
    });

    it('goes on where its vendor refuses, and the customer is told at once', async () => {
      await start();
      await rig.vendor('devices', { state: 'inProgress', progress: says(['1', 'inProgress'], ['3', 'inProgress']) });
      rig.vendors.devices!.faults.push('refused');
      await cancel('3');
      assert.equal(rig.shown()['3'], 'inProgress');
      assert.ok(
        comments().some((text) => /Cancellation of item 3 refused: .*is not accepted/.test(text)),
        comments().join(),
      );
    });

    it('goes on where its vendor confirms and does nothing, and the customer is told', async () => {
      await start();
      await rig.vendor('devices', { state: 'inProgress', progress: says(['1', 'inProgress'], ['3', 'inProgress']) });
      rig.vendors.devices!.drops = 5;
      await cancel('3');
      assert.equal(rig.shown()['3'], 'inProgress');
      assert.ok(
        comments().some((text) => /devices confirmed the cancellation of item 3, but did not/.test(text)),
        comments().join(),
      );
      await rig.vendor('devices', { state: 'inProgress', progress: says(['1', 'inProgress'], ['3', 'cancelled']) });
      assert.equal(rig.shown()['3'], 'cancelled', 'later all the same');
    });
  });

  it('whose line was deleted stays ordered, which the customer reads once, and is not written any more', async () => {
    await start();
    const without = () => rig.order({ items: ITEMS.filter(({ id }) => id !== '3') });
    await without();
    await without();
    const missing = () => comments().filter((text) => /^Item 3 is no longer in the order, but it is not cancelled/.test(text));
    assert.deepEqual([missing().length, rig.ordersAt('devices')], [1, ['1 3']]);
    await rig.vendor('devices', { state: 'inProgress', progress: says(['1', 'inProgress'], ['3', 'completed']) });
    const last = rig.received.at(-1)!.progress as { id: string }[];
    assert.deepEqual(last.map(({ id }) => id).sort(), ['1', '2', '4']);
    await rig.order({ items: ITEMS });
    await without();
    assert.equal(missing().length, 1, 'its vendor is done with it');
  });

  it('that has the id of another stops the order in words, because it would go to the wrong vendor', async () => {
    rig = await new OrderRig(folder).start();
    await rig.order({ items: [...ITEMS, { ...CASE, id: '2' }] });
    const [message] = await rig.messages();
    assert.deepEqual([message?.state, rig.orders()], ['needsDecision', { mobile: 0, devices: 0, delivery: 0 }]);
    assert.match(message?.error?.message ?? '', /Several items have the id 2/);
  });

  it('whose change comes too late is reported to the customer, once', async () => {
    await start();
    await rig.vendor('mobile', { state: 'completed' });
    await change('2', { quantity: 3 });
    const late = () => comments().filter((text) => /change of item 2 was not passed on: mobile completed/.test(text)).length;
    assert.equal(late(), 1);
    await rig.order({ items: ITEMS.map((item) => (item.id === '2' ? { ...item, quantity: 3 } : item)), title: 'New title' });
    assert.equal(late(), 1);
  });

  describe('at a vendor whose system takes no changes of items', () => {
    const ordered = () =>
      start(undefined, async () => {
        rig.vendors.devices!.fixed = true;
      });
    const told = () => rig.vendors.devices!.tickets[0]!.comments;

    it('is ordered once more where it is added', async () => {
      await ordered();
      await add(CASE, { ...CASE, id: '6' });
      assert.deepEqual(rig.ordersAt('devices'), ['1 3', '5 6']);
      assert.deepEqual(told(), []);
    });

    it('is ordered once more where it is added before the order has reached the vendor', async () => {
      await start(undefined, async () => {
        rig.vendors.devices!.fixed = true;
        await rig.suspend('devices');
      });
      await add(CASE);
      await rig.resume('devices');
      assert.deepEqual(rig.ordersAt('devices'), ['1 3', '5']);
    });

    it('has its change passed on as a comment, once, and the customer reads that it is', async () => {
      await ordered();
      await change('1', { quantity: 3 });
      assert.deepEqual(told(), ['Changed in the order: item 1 (Phone 15): quantity 3 (ordered: 1).']);
      assert.ok(
        comments().some((text) => /change of item 1 is passed on to devices in a comment/.test(text)),
        comments().join(),
      );
      await rig.order({ items: [...rig.placed!.fields.items!.filter(({ id }) => id !== '2'), { ...ITEMS[1]!, quantity: 2 }] });
      assert.equal(told().length, 1);
      await change('1', { quantity: 4 });
      await change('1', {});
      assert.deepEqual(told().slice(1), [
        'Changed in the order: item 1 (Phone 15): quantity 4 (ordered: 1).',
        'Changed back: item 1 (Phone 15) is wanted as it was ordered.',
      ]);
      assert.deepEqual(
        rig.vendors.devices!.calls.filter((call) => call.startsWith('update') && call.includes('items')),
        [],
      );
    });

    it('is cancelled there all the same, beside the change of another', async () => {
      await ordered();
      const items = ITEMS.map((item) => (item.id === '1' ? { ...item, quantity: 3 } : item));
      await rig.order({ items, progress: [{ id: '3', state: 'cancelled' }] });
      const written = rig.vendors.devices!.calls.filter((call) => call.startsWith('update'));
      assert.equal(written.length, 1);
      const { items: sent } = JSON.parse(written[0]!.slice('update '.length)) as { items: ItemProgress[] };
      assert.deepEqual(
        sent.map(({ id, state }) => [id, state]),
        [['3', 'cancelled']],
      );
      assert.deepEqual(told(), ['Changed in the order: item 1 (Phone 15): quantity 3 (ordered: 1).']);
    });

    it('has the customer told where the vendor does not take the comment, and where a user skips it', async () => {
      await ordered();
      rig.vendors.devices!.faults.push('refused');
      await change('1', { quantity: 3 });
      const last = () => comments().at(-1) ?? '';
      assert.match(last(), /^The change of item 1 was not passed on to devices: .*is not accepted\.$/);
      await rig.suspend('devices');
      await change('1', { quantity: 5 });
      const [pending] = await rig.store.listDeliveries({ limit: 5, states: ['pending'] });
      await rig.broker.interventions.skipDelivery(pending!.id, 'told them on the phone', NOBODY);
      await rig.resume('devices');
      assert.equal(last(), 'The change of item 1 was not passed on to devices: told them on the phone.');
    });
  });

  describe('and a file of its customer', () => {
    const attach = async (name: string) => {
      rig.files.push({ id: name, name, mimeType: 'application/pdf', size: 19 });
      await rig.order();
    };
    const NOTE = /^File plan\.pdf \(19 bytes\) at customer, O1: it cannot be passed on to this system\./;

    it('is passed on to the vendors that take files, and named to the others', async () => {
      await start(undefined, async () => {
        rig.vendors.devices!.takesFiles = false;
      });
      await attach('plan.pdf');
      const [devices, mobile] = [rig.vendors.devices!.tickets[0]!, rig.vendors.mobile!.tickets[0]!];
      assert.deepEqual([devices.files.length, devices.comments.length], [0, 1]);
      assert.match(devices.comments[0]!, NOTE);
      assert.deepEqual([mobile.files.map(({ name }) => name), mobile.comments], [['plan.pdf'], []]);
      assert.deepEqual(await rig.store.listDeliveries({ limit: 5, states: ['failed'] }), []);
    });

    it('is named once its vendor has the order, where it came with the order', async () => {
      await start(undefined, async () => {
        rig.vendors.delivery!.takesFiles = false;
        rig.files.push({ id: 'plan.pdf', name: 'plan.pdf', mimeType: 'application/pdf', size: 19 });
      });
      await rig.vendor('mobile', { state: 'completed' });
      assert.match(rig.vendors.delivery!.tickets[0]!.comments[0] ?? '', NOTE);
    });

    it('has the customer told where a vendor gets neither the file nor its name', async () => {
      await start(undefined, async () => {
        rig.vendors.devices!.takesFiles = false;
      });
      rig.vendors.devices!.faults.push('refused');
      rig.vendors.mobile!.faults.push('refused');
      await attach('plan.pdf');
      const told = comments().sort();
      assert.match(told[0] ?? '', /^Not passed on to devices \(is not accepted\): File plan\.pdf/);
      assert.match(told[1] ?? '', /^The file plan\.pdf was not passed on to mobile: is not accepted\.$/);
    });
  });

  it('is not shown in an earlier state that a notice about another one still had', async () => {
    await start();
    let release = () => {};
    let isHeld = false;
    rig.afterNotice = () => {
      isHeld = true;
      return new Promise((resolve) => {
        release = resolve;
      });
    };
    rig.vendors.devices!.faults.push('refused');
    const amended = change('1', { quantity: 2 });
    await until('the notice that the change was refused', () => isHeld);
    const reported = rig.vendor('mobile', { state: 'inProgress', progress: says(['2', 'inProgress']) });
    const waits = async () => {
      const open = await rig.store.listMessages({ limit: 10, states: ['received'] });
      return open.some(({ id }) => rig.broker.conversationQueue.before(id) !== undefined);
    };
    await until('the report of the vendor', async () => (await waits()) || rig.shown()['2'] === 'inProgress');
    release();
    await Promise.all([amended, reported]);
    const last = rig.customer.calls.findLast((call) => call.startsWith('update ') && call.includes('"id":"2"')) ?? '';
    assert.ok(last.includes('inProgress'), last);
  });

  describe('whose vendor does not take the order', () => {
    it('is rejected, with the reason', async () => {
      await start('keep', async () => void rig.vendors.mobile!.faults.push('refused'));
      assert.equal(rig.shown()['2'], 'rejected');
      assert.match(String(rig.received.at(-1)?.reason), /mobile was refused: .*is not accepted/);
      assert.match(String(rig.received.at(-1)?.reason), /delivery waits for a decision about mobile\./);
      assert.equal(rig.orders().devices, 1);
    });

    it('does not keep it from what was added since: that is ordered once more', async () => {
      await start('keep', async () => {
        await rig.suspend('devices');
        rig.vendors.devices!.faults.push('refused');
      });
      await add(CASE);
      await rig.resume('devices');
      await rig.idle();
      assert.deepEqual(rig.ordersAt('devices'), ['5']);
      assert.deepEqual([rig.shown()['1'], rig.shown()['5']], ['rejected', 'acknowledged']);
    });

    it('has the others cancelled if that is the rule', async () => {
      await start('cancelRest', async () => void rig.vendors.mobile!.faults.push('refused'));
      assert.deepEqual(rig.cancelled(), ['devices']);
      assert.equal(rig.orders().delivery, 0);
    });

    it('is neither rejected nor a failure where its order cannot be sent for a reason of ours', async () => {
      await start('cancelRest', async () => void rig.vendors.mobile!.faults.push('missing'));
      assert.deepEqual(rig.cancelled(), []);
      assert.equal(rig.orders().devices, 1);
      assert.deepEqual(comments(), ['mobile could not be ordered yet. It is being looked into.']);
      assert.deepEqual([rig.shown()['2'], rig.received.at(-1)?.state], ['acknowledged', 'acknowledged']);
      await rig.broker.interventions.replayDelivery((await failed()).id, NOBODY);
      await rig.idle();
      assert.deepEqual(rig.ordersAt('mobile'), ['2']);
    });

    it('holds back nothing once the customer cancels it, although its order could not be sent for a reason of ours', async () => {
      await start('keep', async () => void rig.vendors.mobile!.faults.push('missing'));
      assert.equal(rig.orders().delivery, 0);
      await cancel('2');
      assert.equal(rig.orders().delivery, 1);
      await rig.broker.interventions.replayDelivery((await failed()).id, NOBODY);
      await rig.idle();
      assert.equal(rig.orders().mobile, 0);
    });

    it('has the customer told at once of what was cancelled before it was sent', async () => {
      await start('cancelRest', async () => {
        await rig.suspend('mobile');
        rig.vendors.devices!.faults.push('refused');
      });
      assert.equal(rig.shown()['4'], 'cancelled');
      assert.match(
        comments().join('\n'),
        /devices was rejected: .*is not accepted\. Cancelled because of that: mobile, delivery\./,
      );
      await rig.resume('mobile');
      await rig.idle();
      assert.equal(rig.orders().delivery, 0);
    });

    it('is not cancelled when another fails, too: no vendor has it', async () => {
      await start('cancelRest', async () => {
        rig.vendors.mobile!.faults.push('refused');
        rig.vendors.devices!.faults.push('refused');
      });
      assert.deepEqual(rig.cancelled(), []);
      assert.deepEqual(rig.orders(), { mobile: 0, devices: 0, delivery: 0 });
      assert.deepEqual([rig.shown()['1'], rig.shown()['2'], rig.shown()['4']], ['rejected', 'rejected', 'cancelled']);
      const open = await rig.store.listDeliveries({ limit: 20, states: ['pending', 'inDoubt', 'failed'] });
      assert.deepEqual(open.map(({ leg, state }) => [leg, state]).sort(), [
        ['devices', 'failed'],
        ['mobile', 'failed'],
      ]);
      assert.equal(rig.received.at(-1)?.state, 'rejected');
    });

    it('has a user asked if that is the rule; what waits for it goes on if the others are to continue', async () => {
      await start('ask', async () => void rig.vendors.mobile!.faults.push('refused'));
      const [question] = await rig.store.listMessages({ limit: 5, states: ['needsDecision'] });
      assert.match(question?.error?.message ?? '', /mobile was rejected: .*Still open: devices, delivery/);
      await rig.broker.interventions.skipMessage(question!.id, 'let them', NOBODY);
      await rig.idle();
      assert.deepEqual(rig.orders(), { mobile: 0, devices: 1, delivery: 1 });
    });

    it('goes on once the order is accepted after all', async () => {
      await start('keep', async () => void rig.vendors.mobile!.faults.push('refused'));
      await rig.broker.interventions.replayDelivery((await failed()).id, NOBODY);
      await rig.idle();
      assert.deepEqual(rig.ordersAt('mobile'), ['2']);
      await rig.vendor('mobile', { state: 'inProgress' });
      assert.equal(rig.shown()['2'], 'inProgress');
    });

    it('stays rejected when a user skips the order, and drops what waits for it', async () => {
      await start('keep', async () => void rig.vendors.mobile!.faults.push('refused'));
      await rig.broker.interventions.skipDelivery((await failed()).id, 'no such SIM', NOBODY);
      await rig.idle();
      assert.deepEqual([rig.shown()['2'], rig.shown()['4']], ['rejected', 'cancelled']);
      await rig.vendor('devices', { state: 'completed' });
      assert.equal(rig.received.at(-1)?.state, 'partial');
      assert.equal((await rig.store.conversationByLink('customer', 'troubleTicket', 'O1'))?.state, 'closed');
    });
  });
});
