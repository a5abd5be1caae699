import assert from 'node:assert/strict';
import type { Order } from '../../src/sandbox/tmf622-order.js';
import { OrdersRig } from './orders-rig.js';

const itemsOf = (order: Order | undefined) =>
  ((order?.productOrderItem ?? []) as { id: string; quantity?: number; state?: string; action?: string }[]).map((i) => i);
const ids = (order: Order | undefined) => itemsOf(order).map((i) => i.id);

describe('one order over several vendors, with Node-RED killed in the middle', () => {
  let rig: OrdersRig;
  afterEach(async function () {
    if (this.currentTest?.state === 'failed') console.error(rig?.live.output().slice(-6_000));
    await rig?.stop();
  });

  it('is placed once at each, and is completed when all are done', async () => {
    rig = await OrdersRig.start();
    const id = rig.place('New colleague', ['phone', 'sim', 'cover', 'delivery', 'laptop']);
    const [devices, mobile] = [await rig.ordered('devices'), await rig.ordered('mobile')];
    await rig.until('the team’s request', () => rig.requestItems().length === 1);
    assert.deepEqual(
      [ids(rig.vendor('devices')), ids(rig.vendor('mobile')), rig.vendor('delivery')],
      [['1', '3'], ['2'], undefined],
    );
    await rig.until('the vendors’ numbers on the lines', () => rig.lines(id)['2']?.correlation_display?.includes(mobile));
    assert.ok(rig.lines(id)['1']?.correlation_display?.includes(devices));

    // A question of one vendor; the answer goes to it alone.
    rig.desk('devices').addNote(devices, 'Which colour?', 'sales desk');
    await rig.until('the question at the customer', () => rig.comments(id).some((c) => /Device vendor.*Which colour\?/s.test(c)));
    rig.sandbox.servicenow.comment('sn_ind_tmt_orm_order', id, 'Black, please', 'agent');
    const notes = (leg: 'mobile' | 'devices') => JSON.stringify(rig.vendor(leg)?.note ?? []);
    await rig.until('the answer at the vendor', () => notes('devices').includes('Black, please'));

    rig.desk('mobile').setItemState(mobile, '2', 'inProgress');
    await rig.until(
      'in progress at the customer',
      () => rig.states(id)['2'] === 'in_progress' && rig.order(id).state === 'in_progress',
    );
    await rig.crash();
    rig.desk('mobile').setItemState(mobile, '2', 'completed');
    const delivery = await rig.ordered('delivery');
    assert.deepEqual(ids(rig.vendor('delivery')), ['4']);
    for (const item of ['1', '3']) {
      rig.desk('devices').setItemState(devices, item, 'inProgress');
      rig.desk('devices').setItemState(devices, item, 'completed');
    }
    rig.desk('delivery').setState(delivery, 'inProgress');
    rig.desk('delivery').setState(delivery, 'completed');
    const [request, item] = [rig.requests()[0]!, rig.requestItems()[0]!];
    rig.sandbox.servicenow.update('sc_req_item', item.sys_id, { state: '3' }, 'agent');
    rig.sandbox.servicenow.update('sc_request', request.sys_id, { request_state: 'closed_complete' }, 'agent');
    await rig.until('the order to be completed', () => rig.order(id).state === 'completed');
    await rig.until('every line to be completed', () => Object.values(rig.states(id)).every((s) => s === 'completed'));
    await rig.quiet();

    const numbers = (rig.order(id).correlation_display ?? '').split(', ').sort();
    assert.deepEqual(numbers, [devices, mobile, delivery, request.number].sort());
    assert.deepEqual(
      [ids(rig.vendor('devices')), ids(rig.vendor('mobile')), ids(rig.vendor('delivery'))],
      [['1', '3'], ['2'], ['4']],
    );
    assert.deepEqual([rig.requests().length, rig.requestItems().length], [1, 1], 'one request with one item');
    assert.ok(!notes('mobile').includes('Black, please'), 'the answer was for one vendor alone');
    assert.equal(rig.comments(id).filter((c) => c.includes('Which colour?')).length, 1);
    assert.deepEqual(await rig.failures(), []);
  });

  it('reports a part that fails, and keeps the rest', async () => {
    rig = await OrdersRig.start();
    const id = rig.place('Half of it', ['phone', 'sim', 'delivery']);
    const [devices, mobile] = [await rig.ordered('devices'), await rig.ordered('mobile')];
    rig.desk('mobile').setState(mobile, 'inProgress');
    await rig.until('in progress at the customer', () => rig.states(id)['2'] === 'in_progress');
    rig.desk('mobile').setState(mobile, 'failed', 'No coverage at the address');
    await rig.crash();
    await rig.until('the reason at the customer', () => rig.comments(id).some((c) => c.includes('No coverage')));
    rig.desk('devices').setState(devices, 'inProgress');
    rig.desk('devices').setState(devices, 'completed');
    await rig.until('the phone to be completed', () => rig.states(id)['1'] === 'completed');
    await rig.until('the delivery to be given up', () => rig.states(id)['3'] === 'canceled');
    await rig.quiet();
    assert.equal(rig.vendor('delivery'), undefined, 'what waited for the SIM was never ordered');
    assert.equal(rig.vendor('devices')?.state, 'completed');
    assert.equal(rig.comments(id).filter((c) => c.includes('No coverage')).length >= 1, true);
    assert.deepEqual(await rig.failures(), []);
  });

  it('cancels the rest if so configured', async () => {
    rig = await OrdersRig.start({ onFailure: 'cancelRest' });
    const id = rig.place('All or nothing', ['phone', 'sim', 'delivery']);
    const [devices, mobile] = [await rig.ordered('devices'), await rig.ordered('mobile')];
    rig.desk('mobile').setState(mobile, 'rejected', 'No credit');
    await rig.crash();
    await rig.until('the device vendor to be asked', () => rig.desk('devices').cancels.all().length === 1);
    await rig.crash();
    const [task] = rig.desk('devices').cancels.all();
    assert.match(String(task?.cancellationReason), /mobile was rejected/);
    rig.desk('devices').cancels.accept(String(task?.id));
    rig.desk('devices').cancels.finish(String(task?.id));
    await rig.until('the phone to be cancelled', () => rig.states(id)['1'] === 'canceled');
    await rig.quiet();
    assert.equal(rig.desk('devices').cancels.all().length, 1, 'asked once');
    assert.equal(rig.vendor('devices')?.id, devices);
    assert.equal(rig.vendor('delivery'), undefined);
  });

  it('lets an operator decide about the rest if so configured, and applies the decision', async () => {
    rig = await OrdersRig.start({ onFailure: 'ask' });
    const id = rig.place('Ask me', ['phone', 'sim', 'delivery']);
    const [, mobile] = [await rig.ordered('devices'), await rig.ordered('mobile')];
    rig.desk('mobile').setState(mobile, 'rejected', 'No credit');
    const asked = () => rig.until('the question', async () => (await rig.decisions()).length === 1);
    await asked();
    await rig.crash();
    await asked();
    const [question] = await rig.decisions();
    assert.match(question?.reason ?? '', /mobile was rejected.*Cancel them, or let them continue\?/);
    assert.equal(rig.desk('devices').cancels.all().length, 0);
    const answer = await fetch(`${rig.live.url}/switchboard/messages/${question?.id}/replay`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
    });
    assert.equal(answer.status, 200);
    await rig.until('the device vendor to be asked', () => rig.desk('devices').cancels.all().length === 1);
    const [task] = rig.desk('devices').cancels.all();
    rig.desk('devices').cancels.accept(String(task?.id));
    rig.desk('devices').cancels.finish(String(task?.id));
    await rig.until('the phone to be cancelled', () => rig.states(id)['1'] === 'canceled');
    await rig.quiet();
    assert.deepEqual(await rig.failures(), []);
  });

  it('is cancelled halfway: waiting legs are never ordered, and rejections are reported', async () => {
    rig = await OrdersRig.start();
    const id = rig.place('Changed my mind', ['phone', 'sim', 'delivery', 'laptop']);
    const [devices, mobile] = [await rig.ordered('devices'), await rig.ordered('mobile')];
    await rig.until('the team’s request', () => rig.requestItems().length === 1);
    rig.desk('mobile').passPointOfNoReturn(mobile);
    await rig.live.kill();
    rig.updateOrder(id, { state: 'canceled' });
    await rig.crash();
    await rig.until('the device vendor to be asked', () => rig.desk('devices').cancels.all().length === 1);
    const [task] = rig.desk('devices').cancels.all();
    rig.desk('devices').cancels.accept(String(task?.id));
    rig.desk('devices').cancels.finish(String(task?.id));
    await rig.until('the refusal at the customer', () => rig.comments(id).some((c) => /Mobile vendor.*refused/is.test(c)));
    await rig.until(
      'the lines to say how they stand',
      () => rig.states(id)['1'] === 'canceled' && rig.states(id)['2'] !== 'canceled',
    );
    await rig.until('the team’s request to be cancelled', () => rig.requests()[0]?.request_state === 'closed_cancelled');
    rig.desk('mobile').setState(mobile, 'inProgress');
    rig.desk('mobile').setState(mobile, 'completed');
    await rig.until('the SIM to be completed all the same', () => rig.states(id)['2'] === 'completed');
    await rig.quiet();
    assert.equal(rig.vendor('delivery'), undefined, 'the delivery was never ordered');
    assert.deepEqual([rig.vendor('devices')?.state, rig.vendor('mobile')?.state], ['cancelled', 'completed']);
    assert.equal(rig.vendor('devices')?.id, devices);
    assert.equal(rig.desk('devices').cancels.all().length, 1);
  });

  it('is amended: quantity, one item removed, one item added, each at its own vendor', async () => {
    rig = await OrdersRig.start();
    const id = rig.place('Second thoughts', ['phone', 'sim', 'cover']);
    const [devices, mobile] = [await rig.ordered('devices'), await rig.ordered('mobile')];
    await rig.until('the vendors’ numbers on the lines', () => rig.lines(id)['2']?.correlation_display?.includes(mobile));
    await rig.quiet();
    const patches = () => rig.desk('mobile').requests.filter((r) => r.method === 'PATCH').length;
    const before = patches();
    rig.updateLine(id, '1', { quantity: '2' });
    await rig.until('two phones at the vendor', () => itemsOf(rig.vendor('devices')).find((i) => i.id === '1')?.quantity === 2);
    await rig.live.kill();
    rig.updateLine(id, '3', { state: 'canceled' });
    rig.sandbox.servicenow.create('sn_ind_tmt_orm_order_line_item', { ...rig.line('4', 'cover'), order: id }, 'agent');
    await rig.crash();
    await rig.until(
      'the old cover to be off',
      () => itemsOf(rig.vendor('devices')).find((i) => i.id === '3')?.state === 'cancelled',
    );
    await rig.until('the new cover at the vendor', () => ids(rig.vendor('devices')).includes('4'));
    await rig.quiet();
    assert.deepEqual(ids(rig.vendor('devices')).sort(), ['1', '3', '4']);
    assert.deepEqual(ids(rig.vendor('mobile')), ['2']);
    assert.equal(patches(), before, 'the mobile vendor had nothing to hear');
    assert.equal(rig.vendor('devices')?.id, devices);
    assert.deepEqual(await rig.failures(), []);
  });

  it('is amended at a team that gets requests: added lines are requests of their own, changes are comments', async () => {
    rig = await OrdersRig.start();
    const desk = rig.sandbox.servicenow;
    const id = rig.place('A place to work', ['laptop', 'laptop', 'sim']);
    const mobile = await rig.ordered('mobile');
    await rig.until('the team’s request', () => rig.requests()[0]?.correlation_id?.endsWith('/team'));
    await rig.until(
      'both numbers on the lines',
      () => rig.lines(id)['2']?.correlation_display && rig.lines(id)['3']?.correlation_display,
    );
    await rig.quiet();
    const [request] = rig.requests();
    const comments = () => desk.journal(request!.sys_id).map(({ value = '' }) => value);

    rig.updateLine(id, '1', { quantity: '3' });
    await rig.until('the change at the team', () => comments().some((c) => /item 1 .*: quantity 3 \(ordered: 1\)/.test(c)));
    await rig.until('the customer to be told', () => rig.comments(id).some((c) => /item 1 is passed on to team/.test(c)));

    // A line of their own, and a copy of one, with its id.
    const line = { ...rig.line('4', 'laptop'), order: id };
    desk.create('sn_ind_tmt_orm_order_line_item', line, 'agent');
    await rig.until('a second request', () => rig.requests()[1]?.correlation_id?.endsWith('/team-2'));
    await rig.quiet();
    const copy = desk.create('sn_ind_tmt_orm_order_line_item', line, 'agent');
    await rig.until('a third request', () => rig.requests()[2]?.correlation_id?.endsWith('/team-3'));
    await rig.quiet();
    assert.deepEqual(
      rig.requestItems().map(({ correlation_id, quantity }) => [correlation_id, quantity]),
      [
        ['1', '1'],
        ['2', '1'],
        ['4', '1'],
        [copy.number, '1'],
      ],
    );

    rig.updateLine(id, '2', { state: 'canceled' });
    await rig.until('the item to be cancelled', () => rig.requestItems()[1]?.stage === 'request_cancelled');
    assert.deepEqual(
      rig.requestItems().map(({ state }) => state),
      ['1', '4', '1', '1'],
    );

    desk.attach('sn_ind_tmt_orm_order', id, 'plan.txt', 'text/plain', Buffer.from('a plan'), 'agent');
    const notes = () =>
      JSON.stringify(
        rig
          .desk('mobile')
          .orders()
          .find((order) => order.id === mobile)?.note ?? [],
      );
    await rig.until('the file to be named to the vendor', () => /File plan\.txt \(6 bytes\) at .*ask for it there/.test(notes()));
    const files = (of: string) => desk.attachments(of).map(({ file_name }) => file_name);
    await rig.until('the file at the team', () => files(request!.sys_id).includes('plan.txt'));
    desk.attach('sc_request', request!.sys_id, 'photo.txt', 'text/plain', Buffer.from('a photo'), 'agent');
    await rig.until('the team’s file at the customer', () => files(id).includes('photo.txt'));
    await rig.quiet();
    assert.deepEqual(await rig.failures(), []);
  });

  it('is cancelled by what the customer saves while a state is being written to it', async () => {
    rig = await OrdersRig.start();
    const cancelled = { order: rig.place('All of it', ['phone']), line: rig.place('One line of it', ['phone', 'sim']) };
    await rig.until('the orders at the vendors', () => rig.vendorOrders('devices').length === 2 && rig.vendor('mobile'));
    await rig.quiet();
    const desk = rig.sandbox.servicenow;
    const line = rig.lines(cancelled.line)['2']!.sys_id;
    // The instance applies the write after it has saved what the customer saves meanwhile.
    const update = desk.update.bind(desk);
    const open = new Set([cancelled.order, line]);
    desk.update = (table, sysId, fields, as) => {
      if (as === 'switchboard' && fields.state && open.delete(sysId)) update(table, sysId, { state: 'canceled' }, 'agent');
      return update(table, sysId, fields, as);
    };
    for (const order of rig.vendorOrders('devices')) rig.desk('devices').setState(String(order.id), 'inProgress');
    rig.desk('mobile').setState(String(rig.vendor('mobile')?.id), 'inProgress');
    await rig.until('both vendors to be asked', () =>
      [rig.desk('devices'), rig.desk('mobile')].every(({ cancels }) => cancels.all().length === 1),
    );
    const asked = JSON.stringify(rig.desk('devices').cancels.all());
    const all = rig.vendorOrders('devices').find(({ description }) => description === 'All of it');
    assert.ok(asked.includes(`"${all?.id}"`), asked);
    await rig.until('the customer’s order to say so', () => /^assessing|^cancel/.test(rig.order(cancelled.order).state ?? ''));
    await rig.until('the line to say so', () => /^assessing|^cancel/.test(rig.states(cancelled.line)['2'] ?? ''));
    await rig.quiet();
    assert.equal(rig.states(cancelled.line)['1'], 'in_progress');
    assert.deepEqual(await rig.failures(), []);
  });

  it('is not ordered as far as it was cancelled before it was read', async () => {
    rig = await OrdersRig.start();
    await rig.live.kill();
    const id = rig.place('Not all of it', ['phone', 'sim', 'cover', 'laptop']);
    const none = rig.place('Nothing of it', ['phone', 'laptop']);
    rig.updateLine(id, '2', { state: 'canceled' });
    rig.updateLine(id, '3', { quantity: '0' });
    rig.updateOrder(none, { state: 'canceled' });
    await rig.crash();
    await rig.ordered('devices');
    await rig.until('the team’s request', () => rig.requests()[0]?.correlation_id?.endsWith('/team'));
    await rig.until('the line that nobody wants to be cancelled', () => rig.states(id)['3'] === 'canceled');
    await rig.quiet();
    assert.deepEqual([ids(rig.vendor('devices')), rig.vendor('mobile'), rig.requests().length], [['1'], undefined, 1]);
    assert.equal(rig.order(none).state, 'canceled');
    assert.deepEqual(await rig.failures(), []);
  });

  it('is cancelled at the vendor whose response to the create was lost', async () => {
    rig = await OrdersRig.start();
    rig.desk('mobile').faults.add({ kind: 'reset-after', method: 'POST', path: '/productOrder', times: 1 });
    // Whether it got through cannot be looked up for a while.
    rig.desk('mobile').faults.add({ kind: 'status', status: 503, method: 'GET', times: 4 });
    const id = rig.place('Never mind', ['sim']);
    const mobile = await rig.ordered('mobile');
    rig.updateOrder(id, { state: 'canceled' });
    await rig.until('the vendor to be asked', () => rig.desk('mobile').cancels.all().length === 1);
    assert.equal(rig.vendor('mobile')?.id, mobile, 'ordered once');
  });
});
