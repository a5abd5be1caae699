import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { orderNodes } from '../../src/delivery/order-nodes.js';
import type { GenericFields, Json } from '../../src/model/message.js';
import type { FailurePolicy } from '../../src/store/store.js';
import { ITEMS, says } from '../conversation/orders.js';
import { OrderRig, WithoutVersions } from './order-rig.js';

describe('an order over several vendors', () => {
  let folder: string;
  let rig: OrderRig;
  const start = async (onFailure?: FailurePolicy) => {
    rig = await new OrderRig(folder, onFailure).start();
    await rig.order({ state: 'acknowledged' });
  };
  let removeRollUp: () => void;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'switchboard-legs-'));
    removeRollUp = orderNodes.add('rollUp', 'roll-up', '');
  });
  afterEach(async () => {
    await rig.broker.close().catch(() => undefined);
    removeRollUp();
    rmSync(folder, { recursive: true, force: true });
  });

  it('is sent to each once; the delivery leg waits until the SIM is active', async () => {
    await start();
    assert.deepEqual(rig.orders(), { mobile: 1, devices: 1, delivery: 0 });
    assert.match(rig.vendors.mobile!.tickets[0]!.reference ?? '', /^SWB-[0-9A-Z]+\/mobile$/);
    await rig.vendor('mobile', { state: 'inProgress' });
    assert.equal(rig.orders().delivery, 0);
    await rig.vendor('mobile', { state: 'completed', progress: says(['2', 'completed']) });
    assert.deepEqual(rig.orders(), { mobile: 1, devices: 1, delivery: 1 });
  });

  it('continues to wait after a restart, and is completed then', async () => {
    await start();
    await rig.broker.close();
    const { customer, vendors, placed } = rig;
    rig = Object.assign(new OrderRig(folder), { customer, vendors, placed, version: 1_000 });
    await rig.start();
    await rig.vendor('mobile', { state: 'completed' });
    assert.deepEqual(rig.orders(), { mobile: 1, devices: 1, delivery: 1 });
    assert.equal(rig.rereads, 1, 'the customer may have cancelled it meanwhile');
  });

  it('reports the state of the whole order to the customer', async () => {
    await start();
    await rig.vendor('mobile', { state: 'completed' });
    await rig.vendor('devices', { state: 'inProgress', progress: says(['1', 'completed'], ['3', 'held', 'no stock']) });
    const last = rig.received.at(-1)!;
    assert.equal(last.state, 'held');
    assert.deepEqual(
      (last.progress as { id: string; state: string; vendor: string }[]).map((p) => [p.id, p.state, p.vendor]),
      [
        ['1', 'completed', 'devices'],
        ['2', 'completed', 'mobile'],
        ['3', 'held', 'devices'],
        ['4', 'acknowledged', 'delivery'],
      ],
    );
  });

  it('reports only items that have changed, so that unknown changes by the customer are kept', async () => {
    await start();
    rig.customer.tickets.push({ id: 'O1', fields: {}, comments: [], files: [], version: 101 });
    const sentItems = () => {
      const last = rig.customer.calls.filter((call) => call.startsWith('update ')).at(-1) ?? '';
      return (JSON.parse(last.slice('update '.length)).progress as { id: string }[]).map((p) => p.id);
    };
    await rig.vendor('mobile', { state: 'inProgress', progress: says(['2', 'inProgress']) });
    assert.deepEqual(sentItems(), ['1', '2', '3', '4'], 'all items at first');
    await rig.vendor('devices', { state: 'inProgress', progress: says(['1', 'inProgress'], ['3', 'acknowledged']) });
    assert.deepEqual(sentItems(), ['1']);
    // The ordered quantity is independent of the state.
    await rig.order({ items: ITEMS.map((item) => (item.id === '2' ? { ...item, quantity: 2 } : item)) });
    await rig.vendor('devices', { state: 'inProgress', progress: says(['1', 'held'], ['3', 'acknowledged']) });
    assert.deepEqual(sentItems(), ['1']);
    // What the customer has cancelled is not overwritten while its vendor has not decided.
    await rig.order({ progress: says(['1', 'held'], ['2', 'inProgress'], ['3', 'cancelled'], ['4', 'acknowledged']) });
    await rig.vendor('devices', { state: 'inProgress', progress: says(['1', 'completed'], ['3', 'acknowledged']) });
    assert.deepEqual(sentItems(), ['1']);
    await rig.vendor('devices', { state: 'inProgress', progress: says(['1', 'completed'], ['3', 'completed']) });
    assert.deepEqual(sentItems(), ['3'], 'it was too late');
  });

  it('is not ordered on a leg that was still waiting when it was cancelled', async () => {
    await start();
    await rig.order({ state: 'cancelled' });
    assert.deepEqual(rig.cancelled(), ['mobile', 'devices']);
    await rig.vendor('mobile', { state: 'completed' });
    assert.equal(rig.orders().delivery, 0);
    const [skipped] = await rig.store.listDeliveries({ limit: 10, states: ['skipped'] });
    assert.match(skipped?.error?.message ?? '', /cancelled before it was ordered/);
  });

  it('is cancelled once a create that was not confirmed yet is', async () => {
    rig = await new OrderRig(folder).start();
    rig.vendors.mobile!.faults.push('down', 'lost');
    await rig.order();
    await rig.order({ state: 'cancelled' });
    assert.deepEqual(rig.cancelled(), ['mobile', 'devices']);
    assert.equal(rig.orders().mobile, 1);
  });

  it('is not created only to be cancelled, where the create failed permanently', async () => {
    rig = await new OrderRig(folder).start();
    rig.vendors.mobile!.faults.push('refused');
    await rig.order();
    await rig.order({ state: 'cancelled' });
    const [failed] = await rig.store.listDeliveries({ limit: 10, states: ['failed'] });
    await rig.broker.interventions.skipDelivery(failed!.id, 'not needed any more', { name: '' });
    await rig.idle();
    assert.equal(rig.orders().mobile, 0);
  });

  it('keeps the other legs when one fails and that is the rule, but drops legs that can never start', async () => {
    await start('keep');
    await rig.vendor('mobile', { state: 'failed', stateReason: 'no coverage' });
    assert.deepEqual(rig.cancelled(), []);
    assert.equal(rig.orders().delivery, 0);
    assert.match(String(rig.received.at(-1)?.reason), /mobile failed at mobile: no coverage. delivery was not ordered/);
    await rig.vendor('devices', { state: 'completed' });
    assert.equal(rig.received.at(-1)?.state, 'partial');
  });

  it('cancels the other legs when one fails and that is the rule', async () => {
    await start('cancelRest');
    await rig.vendor('mobile', { state: 'rejected', stateReason: 'no credit' });
    assert.deepEqual(rig.cancelled(), ['devices']);
    assert.equal(rig.vendors.devices!.tickets[0]!.fields.stateReason, 'mobile was rejected: no credit');
    assert.equal(rig.orders().delivery, 0);
    await rig.vendor('devices', { state: 'cancelled' });
    assert.equal(rig.received.at(-1)?.state, 'rejected');
  });

  it('needs a decision when one fails and that is the rule, and follows it', async () => {
    await start('ask');
    await rig.vendor('mobile', { state: 'failed' });
    assert.deepEqual(rig.cancelled(), []);
    const [question] = await rig.store.listMessages({ limit: 5, states: ['needsDecision'] });
    assert.deepEqual([question?.error?.code, question?.decision], ['SWB_DECISION', 'legFailed']);
    assert.match(question?.error?.message ?? '', /Still open: devices, delivery. Cancel them, or let them continue/);
    await rig.broker.interventions.replayMessage(question!.id, { name: '' });
    await rig.idle();
    assert.deepEqual(rig.cancelled(), ['devices']);
    assert.deepEqual(await rig.store.listDeliveries({ limit: 5, states: ['pending'] }), [], 'the delivery leg was dropped');
  });

  it('accepts the state of a vendor’s order before the vendor has answered the create', async () => {
    rig = await new OrderRig(folder).start();
    const { mobile } = rig.vendors;
    mobile!.onCreate = (ticket) => {
      ticket.fields = { ...ticket.fields, state: 'inProgress', progress: [{ id: '2', state: 'completed' }] };
    };
    await rig.order();
    const { state, progress } = mobile!.tickets[0]!.fields;
    await rig.vendor('mobile', { items: ITEMS.slice(1, 2), state, progress } as GenericFields);
    const sim = (rig.received.at(-1)!.progress as { id: string; state: string }[]).find((p) => p.id === '2');
    assert.equal(sim?.state, 'completed');
  });

  it('keeps the state that a vendor has reported since it answered the create, however late the answer is processed', async () => {
    rig = new OrderRig(folder);
    const mobile = new WithoutVersions('mobile');
    mobile.onCreate = (ticket) => Object.assign(ticket.fields, { state: 'inProgress', progress: says(['2', 'inProgress']) });
    rig.vendors.mobile = mobile;
    rig.answers = true;
    await rig.start();
    await rig.order();
    const states = (progress: Json = []) =>
      Object.fromEntries((progress as { id: string; state: string }[]).map(({ id, state }) => [id, state]));
    const completed: GenericFields = { state: 'completed', progress: says(['2', 'completed']) };
    await rig.vendor('mobile', completed);
    Object.assign(mobile.tickets[0]!.fields, completed);
    rig.takeAnswers();
    await rig.idle();
    assert.deepEqual(await rig.store.listMessages({ limit: 1, states: ['failed'] }), []);
    assert.equal(mobile.calls.filter((call) => call.startsWith('read')).length, 1, 'the answer differs: it is read again');
    await rig.vendor('devices', { state: 'inProgress' });
    assert.equal(states(rig.received.at(-1)!.progress)['2'], 'completed');
  });

  it('is neither planned nor sent when an item matches no leg', async () => {
    rig = await new OrderRig(folder).start();
    await rig.order({ items: [...ITEMS, { id: '9', category: 'catering' }] });
    const [failed] = await rig.messages();
    assert.equal(failed?.error?.code, 'SWB_UNASSIGNED');
    assert.deepEqual(rig.orders(), { mobile: 0, devices: 0, delivery: 0 });
    assert.equal((await rig.store.conversation(failed?.conversation ?? ''))?.plan, undefined);
  });

  it('is not sent while it is a draft', async () => {
    rig = await new OrderRig(folder).start();
    await rig.order({ state: 'draft' });
    assert.deepEqual(rig.orders(), { mobile: 0, devices: 0, delivery: 0 });
    await rig.order({ state: 'acknowledged' });
    assert.deepEqual(rig.orders(), { mobile: 1, devices: 1, delivery: 0 });
  });
});
