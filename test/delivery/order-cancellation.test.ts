import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { orderNodes } from '../../src/delivery/order-nodes.js';
import type { CancellationOutcome } from '../../src/endpoints/endpoint.js';
import { DecisionError } from '../../src/errors.js';
import type { GenericComment, ItemProgress, Json } from '../../src/model/message.js';
import { ITEMS, says } from '../conversation/orders.js';
import { OrderRig } from './order-rig.js';
import type { Partner } from './partner.js';

const NOBODY = { name: '' };
const WORKING = { state: 'inProgress' as const, progress: says(['1', 'inProgress'], ['3', 'inProgress']) };

/** What a vendor says when it refuses a cancellation later. */
function refusal(task: string): { comments: GenericComment[]; cancellation: CancellationOutcome } {
  const id = `cancel|${task}|rejected`;
  return {
    comments: [{ id, text: 'Cancellation refused: Too late.', visibility: 'public' }],
    cancellation: { state: 'refused', reason: 'Too late', comment: id },
  };
}

describe('a cancellation of an order over several vendors', () => {
  let folder: string;
  let rig: OrderRig;
  let devices: Partner;
  let removeRollUp: () => void;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'switchboard-order-cancellation-'));
    removeRollUp = orderNodes.add('rollUp', 'roll-up', '');
    rig = await new OrderRig(folder).start();
    devices = rig.vendors.devices!;
    await rig.order({ state: 'acknowledged' });
    rig.customer.tickets.push({ id: 'O1', fields: {}, comments: [], files: [], version: 101 });
    await rig.vendor('devices', WORKING);
  });
  afterEach(async () => {
    await rig.broker.close().catch(() => undefined);
    removeRollUp();
    rmSync(folder, { recursive: true, force: true });
  });

  const cancelItem = (id: string) => rig.order({ progress: [{ id, state: 'cancelled' }] });
  /** The customer's order shows an item as it was written there, and the customer cancels it once more. */
  const cancelAgain = async (id: string) => {
    await rig.order({ progress: [{ id, state: 'inProgress' }] });
    await cancelItem(id);
  };
  const cancelOrder = () => rig.order({ state: 'cancelled' });
  const requests = (vendor = devices) => vendor.calls.filter((call) => /^update .*"cancelled"/.test(call)).length;
  const told = () => rig.received.flatMap(({ comments }) => comments);
  const isTold = (pattern: RegExp) =>
    assert.ok(
      told().some((text) => pattern.test(text)),
      told().join('\n'),
    );
  const shown = (id: string) => {
    const all = rig.received.flatMap(({ progress = [] }) => progress as unknown as ItemProgress[]);
    const item = all.findLast((one) => one.id === id);
    return [item?.state, item?.stateReason];
  };
  const lastWrite = () => rig.customer.calls.findLast((call) => call.startsWith('update ')) ?? '';

  describe('of an item', () => {
    it('that is refused at once shows with the reason, and can be asked for again', async () => {
      devices.answer = { refused: 'Past the point of no return' };
      await cancelItem('3');
      assert.deepEqual(shown('3'), ['inProgress', 'Cancellation refused: Past the point of no return.']);
      isTold(/Cancellation of item 3 refused: Past the point of no return\./);
      assert.equal((await rig.store.listDeliveries({ limit: 100, states: ['failed', 'needsDecision'] })).length, 0);
      devices.answer = undefined;
      await cancelAgain('3');
      assert.equal(requests(), 2);
      assert.deepEqual(rig.ordersAt('devices'), ['1 -3']);
    });

    it('that was refused is overwritten at the customer; one that the customer repeats after that is not', async () => {
      const shows = (...states: Parameters<typeof says>) => {
        rig.customer.tickets[0]!.fields.progress = says(...states) as unknown as Json;
        rig.placed!.fields = { ...rig.placed!.fields, progress: says(...states) };
      };
      devices.answer = { refused: 'No' };
      shows(['3', 'cancelled']);
      await cancelItem('3');
      assert.match(lastWrite(), /"id":"3","state":"inProgress"/);
      assert.equal(rig.rereads, 0);
      devices.answer = undefined;
      await rig.order({ state: 'inProgress', progress: [{ id: '3', state: 'inProgress' }] });
      shows(['1', 'inProgress'], ['3', 'cancelled']); // not as before our write, which might be a replica that lags
      await rig.vendor('devices', { ...WORKING, expectedCompletionAt: '2026-05-01T00:00:00Z' });
      assert.equal(rig.rereads, 1);
      assert.equal(requests(), 2);
    });

    it('that was refused is not asked for again by what else the customer changes', async () => {
      devices.answer = { refused: 'No' };
      await cancelItem('3');
      await rig.order({ items: ITEMS.map((item) => (item.id === '2' ? { ...item, quantity: 2 } : item)) });
      assert.equal(rig.vendors.mobile!.calls.filter((call) => call.startsWith('update ')).length, 1);
      assert.equal(requests(), 1);
    });

    it('that was confirmed without effect can be asked for again', async () => {
      devices.drops = 3;
      await cancelItem('3');
      assert.equal(requests(), 3, 'with two repeats');
      await cancelAgain('3');
      assert.equal(requests(), 4);
      assert.deepEqual(rig.ordersAt('devices'), ['1 -3']);
    });

    it('that a person at the vendor decides is requested once, and stays requested', async () => {
      devices.answer = { undecided: true };
      await cancelItem('3');
      await rig.vendor('devices', { ...WORKING, expectedCompletionAt: '2026-05-01T00:00:00Z' });
      assert.equal(requests(), 1);
      await rig.vendor('mobile', { state: 'inProgress' });
      assert.deepEqual(told(), []);
      await rig.vendor('devices', { ...WORKING, progress: says(['1', 'inProgress'], ['3', 'cancelled']) });
      assert.equal(shown('3')[0], 'cancelled');
    });

    it('that the vendor assesses, and goes on with, was refused', async () => {
      await cancelItem('3');
      await rig.vendor('devices', { ...WORKING, progress: says(['1', 'inProgress'], ['3', 'assessingCancellation']) });
      await rig.vendor('devices', WORKING);
      assert.deepEqual(shown('3'), ['inProgress', 'Cancellation refused.']);
      isTold(/^Cancellation of item 3 refused\.$/);
    });
  });

  describe('of all of it', () => {
    it('that is refused at once shows with the reason, and can be asked for again', async () => {
      devices.answer = { refused: 'Past the point of no return' };
      await cancelOrder();
      isTold(/Cancellation of item 1, 3 refused: Past the point of no return\./);
      assert.deepEqual(shown('1'), ['inProgress', 'Cancellation refused: Past the point of no return.']);
      await rig.vendor('mobile', { state: 'cancelled' });
      assert.equal(rig.received.at(-1)?.state, 'inProgress', 'what the rest of the order does');
      devices.answer = undefined;
      await rig.order({ state: 'inProgress' });
      await cancelOrder();
      assert.equal(requests(), 2);
      assert.ok(rig.cancelled().includes('devices'));
    });

    it('that is refused later shows with the reason; an old refusal says nothing about a new request', async () => {
      devices.answer = {};
      await cancelOrder();
      await rig.vendor('devices', WORKING, refusal('c1'));
      isTold(/Cancellation refused: Too late\./);
      assert.deepEqual(shown('3'), ['inProgress', 'Cancellation refused: Too late.']);
      await rig.order({ state: 'inProgress' });
      await cancelOrder();
      assert.equal(requests(), 2);
      await rig.vendor('devices', { ...WORKING, expectedCompletionAt: '2026-05-01T00:00:00Z' }, refusal('c1'));
      assert.equal(shown('3')[0], 'assessingCancellation');
    });

    it('that a person at the vendor decides shows at once, although the vendor reports nothing', async () => {
      devices.answer = { undecided: true };
      await cancelOrder();
      assert.deepEqual([shown('1')[0], shown('3')[0]], ['assessingCancellation', 'assessingCancellation']);
    });

    it('that is confirmed without effect is told', async () => {
      devices.drops = 1;
      await cancelOrder();
      isTold(/devices confirmed the cancellation of item 1, 3, but did not cancel it\./);
      assert.deepEqual(shown('1'), ['inProgress', 'Cancellation requested, but the vendor has not cancelled it.']);
    });

    it('that was done by deleting the order at the vendor is done', async () => {
      devices.answer = { deleted: true };
      await cancelOrder();
      assert.equal(shown('1')[0], 'cancelled');
      const conversation = await rig.store.conversationByLink('customer', 'troubleTicket', 'O1');
      assert.equal(conversation?.links.find(({ endpoint }) => endpoint === 'devices')?.gone, true);
    });

    it('for which the vendor has no such way is for a person, and told; then it is requested', async () => {
      const { update } = devices;
      devices.update = async () => {
        throw new DecisionError('cancelling', 'SWB_CONFIG', 'There are no cancellation requests.', {
          hint: 'Choose another way.',
        });
      };
      await cancelOrder();
      const [open] = await rig.store.listDeliveries({ limit: 10, states: ['needsDecision'] });
      assert.deepEqual([open?.endpoint, open?.decision], ['devices', 'cancelling']);
      isTold(/devices has not confirmed the cancellation yet/);
      assert.deepEqual(shown('1'), ['inProgress', 'Cancellation requested, but the vendor has not cancelled it.']);
      devices.update = update;
      devices.answer = { undecided: true };
      await rig.broker.interventions.replayDelivery(open!.id, NOBODY);
      await rig.idle();
      assert.equal(requests(), 1);
      await rig.vendor('devices', { ...WORKING, expectedCompletionAt: '2026-05-01T00:00:00Z' });
      assert.equal(shown('1')[0], 'assessingCancellation');
      await rig.vendor('devices', { state: 'cancelled' });
      assert.equal(shown('1')[0], 'cancelled');
    });

    it('that crosses the completion shows as completed, in words', async () => {
      await rig.vendor('devices', { state: 'completed' });
      await cancelOrder();
      assert.equal(requests(), 0);
      assert.deepEqual(shown('1'), ['completed', 'It completed before it was cancelled.']);
    });

    it('that the vendor refuses because it has completed shows as completed, in words', async () => {
      devices.answer = { refused: 'Order is completed' };
      await cancelOrder();
      await rig.vendor('devices', { state: 'completed' });
      assert.deepEqual(shown('1'), ['completed', 'Cancellation refused: Order is completed.']);
    });

    it('is not overwritten where it shows at the customer and was not reported yet', async () => {
      rig.customer.tickets[0]!.fields.state = 'cancelled';
      rig.placed!.fields = { ...rig.placed!.fields, state: 'cancelled' };
      await rig.vendor('devices', { ...WORKING, state: 'held' });
      assert.equal(rig.rereads, 1);
      assert.ok(rig.cancelled().includes('devices'));
      assert.ok(!lastWrite().includes('"state":"held"'), lastWrite());
    });

    it('is not overwritten either where the customer repeats one that was refused', async () => {
      devices.answer = { refused: 'No' };
      await cancelOrder();
      await rig.vendor('mobile', { state: 'cancelled' });
      await rig.order({ state: 'inProgress' });
      assert.equal(rig.rereads, 0);
      rig.customer.tickets[0]!.fields.state = 'cancelled';
      rig.placed!.fields = { ...rig.placed!.fields, state: 'cancelled' };
      devices.answer = undefined;
      await rig.vendor('devices', { ...WORKING, state: 'held' });
      // For a while after our own write, its former value may be that of a replica that lags behind: it is read until it is not.
      assert.ok(rig.rereads >= 1);
      assert.equal(requests(), 2);
    });
  });

  it('is not done by the deletion of an order that has ended', async () => {
    await rig.vendor('devices', { state: 'completed' });
    await rig.vendorDeletes('devices');
    await rig.vendor('mobile', { state: 'inProgress' });
    assert.equal(shown('1')[0], 'completed');
  });
});
