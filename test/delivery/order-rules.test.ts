import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FanOutLeg } from '../../src/conversation/fan-out-rules.js';
import { orderNodes } from '../../src/delivery/order-nodes.js';
import type { GenericComment, OrderItem } from '../../src/model/message.js';
import type { FailurePolicy } from '../../src/store/store.js';
import { ITEMS, RULES, says } from '../conversation/orders.js';
import { OrderRig } from './order-rig.js';

const NOBODY = { name: '' };

describe('an open order whose fan-out rules change', () => {
  let folder: string;
  let rig: OrderRig;
  let removeNodes: (() => void)[];
  const start = async (onFailure?: FailurePolicy) => {
    rig = await new OrderRig(folder, onFailure).start();
    await rig.order({ state: 'acknowledged' });
    rig.customer.tickets.push({ id: 'O1', fields: {}, comments: [], files: [], version: 101 });
  };
  const rows = (legs: FanOutLeg[]) => {
    rig.rules = { ...RULES, legs };
  };
  const change = (id: string, more: Partial<OrderItem>) =>
    rig.order({ items: ITEMS.map((item) => (item.id === id ? { ...item, ...more } : item)) });
  const failedMessage = async () => (await rig.store.listMessages({ limit: 10, states: ['failed'] }))[0];
  const replay = async () => {
    await rig.broker.interventions.replayMessage((await failedMessage())!.id, NOBODY);
    await rig.idle();
  };
  const quantity = (vendor: string, item: string) =>
    (rig.vendors[vendor]!.tickets[0]!.fields.items as unknown as OrderItem[]).find(({ id }) => id === item)?.quantity;
  const commentsAt = (vendor: string) => rig.vendors[vendor]!.tickets[0]!.comments;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'switchboard-order-rules-'));
    removeNodes = [orderNodes.add('rollUp', 'roll-up', '')];
  });
  afterEach(async () => {
    await rig.broker.close().catch(() => undefined);
    for (const remove of removeNodes) remove();
    rmSync(folder, { recursive: true, force: true });
  });

  describe('with a row that is renamed', () => {
    beforeEach(async () => {
      await start();
      rows(RULES.legs.map((row) => (row.name === 'devices' ? { ...row, name: 'phones', id: 'devices' } : row)));
    });

    it('is changed where it is, under the name that its vendor knows', async () => {
      await change('1', { quantity: 2 });
      assert.equal(quantity('devices', '1'), 2);
      assert.match(rig.vendors.devices!.tickets[0]!.reference ?? '', /\/devices$/);
      assert.deepEqual([rig.orders().devices, await failedMessage()], [1, undefined]);
    });
  });

  describe('with a row that is removed', () => {
    beforeEach(async () => {
      await start();
      rows(RULES.legs.filter(({ name }) => name !== 'devices'));
    });

    it('still reports what its vendor says', async () => {
      await rig.vendor('devices', { state: 'inProgress', progress: says(['1', 'completed'], ['3', 'inProgress']) });
      assert.deepEqual([rig.shown()['1'], rig.shown()['3']], ['completed', 'inProgress']);
    });

    it('loses no change: one that reached nobody is sent by a replay once the row is back', async () => {
      await change('1', { quantity: 2 });
      assert.deepEqual([quantity('devices', '1'), (await failedMessage())?.error?.code], [1, 'SWB_CONFIG']);
      rows(RULES.legs);
      await replay();
      assert.deepEqual([quantity('devices', '1'), await failedMessage()], [2, undefined]);
    });

    it('loses no cancellation', async () => {
      await rig.order({ state: 'cancelled' });
      assert.deepEqual([rig.cancelled(), (await failedMessage())?.error?.code], [['mobile'], 'SWB_CONFIG']);
      rows(RULES.legs);
      await replay();
      assert.deepEqual(rig.cancelled(), ['mobile', 'devices']);
      assert.equal(rig.vendors.mobile!.calls.filter((call) => call.startsWith('update')).length, 1, 'cancelled once');
    });

    it('loses no answer, and gives it to nobody else', async () => {
      await rig.vendor('devices', { state: 'pending' });
      const black: GenericComment = { id: 'c1', text: 'Black', visibility: 'public' };
      await rig.comment(black);
      assert.equal((await failedMessage())?.error?.code, 'SWB_CONFIG');
      rows(RULES.legs);
      await replay();
      assert.deepEqual([commentsAt('devices'), commentsAt('mobile')], [['Black'], []]);
    });
  });

  it('gets an item to the row that takes it, with the next reading', async () => {
    const sandwich: OrderItem = { id: '5', action: 'add', quantity: 1, category: 'catering' };
    rig = await new OrderRig(folder).start();
    rig.outputs = { ...rig.outputs, spare: true };
    await rig.order({ items: [...ITEMS, sandwich] });
    assert.deepEqual(rig.ordersAt('devices'), ['1 3']);
    rows(RULES.legs.map((row) => (row.name === 'devices' ? { ...row, takes: [{ field: 'category', is: ['*'] }] } : row)));
    await rig.order({ items: [...ITEMS, { ...sandwich, quantity: 2 }] });
    assert.deepEqual(rig.ordersAt('devices'), ['1 3 5']);
  });

  describe('with another failure rule', () => {
    const failMobile = () => rig.vendor('mobile', { state: 'rejected', stateReason: 'no credit' });
    const setRule = (onFailure: FailurePolicy) => removeNodes.push(orderNodes.add('fanOut', 'fan-out', '', onFailure));

    it('cancels the rest where it was to be kept', async () => {
      await start('keep');
      setRule('cancelRest');
      await failMobile();
      await rig.idle();
      assert.deepEqual(rig.cancelled(), ['devices']);
    });

    it('keeps the rest where it was to be cancelled', async () => {
      await start('cancelRest');
      setRule('keep');
      await failMobile();
      await rig.idle();
      assert.deepEqual(rig.cancelled(), []);
      assert.equal(rig.shown()['4'], 'cancelled', 'what waited for it is not ordered');
    });

    it('asks where it did not, also about an order that a vendor refuses', async () => {
      rig = await new OrderRig(folder, 'keep').start();
      setRule('ask');
      rig.vendors.mobile!.faults.push('refused');
      await rig.order();
      rig.customer.tickets.push({ id: 'O1', fields: {}, comments: [], files: [], version: 101 });
      const [question] = await rig.store.listMessages({ limit: 10, states: ['needsDecision'] });
      assert.match(question?.error?.message ?? '', /mobile was rejected.*let them continue/);
      assert.deepEqual(rig.cancelled(), []);
    });
  });
});
