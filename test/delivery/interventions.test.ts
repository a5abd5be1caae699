import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EntityRequest } from '../../src/conversation/entity-request.js';
import type { Edit } from '../../src/delivery/edits.js';
import { type DecisionKind, SwitchboardError } from '../../src/errors.js';
import type { DeliveryRecord, DeliveryState } from '../../src/store/store.js';
import { until } from '../live/node-red.js';
import { pathOf } from '../store/any-state.js';
import { Rig } from './rig.js';

const ANNA = { name: 'anna' };

describe('manual actions', () => {
  let folder: string;
  let rig: Rig;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'switchboard-hands-'));
    rig = await new Rig(folder).start();
  });
  afterEach(async () => {
    await rig.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const hands = () => rig.broker.interventions;
  const audit = async () => (await rig.broker.audit.list(100)).map(({ by, action, target }) => `${by} ${action} ${target.kind}`);
  const inState = async (state: DeliveryRecord['state']) => (await rig.deliveries()).filter((d) => d.state === state);

  /** A create that the provider refused. */
  async function deadLetter(title = 'one'): Promise<DeliveryRecord> {
    rig.provider.faults.push('refused');
    await rig.receive('customer', { id: 'A', version: '1', fields: { title } });
    return until('the dead letter', async () => (await inState('failed'))[0]);
  }

  async function restart(): Promise<void> {
    await rig.stop();
    const { customer, provider } = rig;
    rig = new Rig(folder);
    Object.assign(rig, { customer, provider });
    await rig.start();
  }

  describe('skipping', () => {
    it('unblocks the deliveries behind, and can be undone, which restores the former state', async () => {
      const failed = await deadLetter();
      await hands().skipDelivery(failed.id, 'Done by phone.', ANNA);
      const skipped = (await rig.store.delivery(failed.id))!;
      assert.deepEqual([skipped.state, skipped.error?.message], ['skipped', 'Done by phone.']);
      const [{ target, endpoint } = assert.fail()] = await rig.broker.audit.list(1);
      const { name } = rig.broker.client(failed.endpoint)!;
      assert.deepEqual([target.kind, target.name, endpoint], ['delivery', 'A', name], 'the log names its ticket and partner');
      await hands().undoDelivery(failed.id, ANNA);
      const back = (await rig.store.delivery(failed.id))!;
      assert.deepEqual(
        [back.state, back.error, back.blocking, back.undo],
        [failed.state, failed.error, failed.blocking, undefined],
      );
      await assert.rejects(hands().undoDelivery(failed.id, ANNA), { code: 'SWB_PAYLOAD' });
      assert.deepEqual(await audit(), ['anna undo delivery', 'anna skip delivery']);
    });

    it('a message can be undone too, and its replay still works', async () => {
      rig.flow = async () => {
        throw new Error('no');
      };
      await rig.receive('customer', { id: 'A', version: '1', fields: { title: 'one' } });
      const failed = await until('the failure', async () => (await rig.messages()).find((m) => m.state === 'failed'));
      await hands().skipMessage(failed.id, 'A test.', ANNA);
      await hands().undoMessage(failed.id, ANNA);
      const back = (await rig.store.message(failed.id))!;
      assert.deepEqual([back.state, back.error?.message, back.reason], ['failed', 'no', undefined]);
      rig.flow = (payload, record) => rig.forward(payload, record);
      await hands().replayMessage(failed.id, ANNA);
      await rig.idle();
      assert.equal(rig.provider.tickets.length, 1);
    });

    it('does not block the deliveries again, when undone, if the ticket exists meanwhile', async () => {
      const failed = await deadLetter();
      await hands().skipDelivery(failed.id, '', ANNA);
      await rig.receive('customer', { id: 'A', version: '2', fields: { title: 'two' } });
      await rig.idle();
      assert.equal(rig.provider.tickets.length, 1);
      await hands().undoDelivery(failed.id, ANNA);
      await rig.receive('customer', { id: 'A', version: '3', fields: { title: 'three' } });
      await until('the next update', () => rig.provider.tickets[0]?.fields.title === 'three');
    });
  });

  describe('suspending an endpoint', () => {
    it('holds its deliveries, also after a restart, and sends them in order when resumed', async () => {
      await rig.receive('customer', { id: 'A', version: '1', fields: { state: '1' } });
      await rig.idle();
      await hands().suspend('provider', 'Maintenance until six.', ANNA);
      for (const state of ['2', '3', '4']) await rig.receive('customer', { id: 'A', version: state, fields: { state } });
      await until('all deliveries to wait', async () => (await inState('pending')).length === 3);
      await restart();
      const { suspended } = rig.broker.worker('provider')!.status;
      await until('the suspension to be known', () => rig.broker.worker('provider')!.status.suspended);
      assert.equal((await inState('pending')).length, 3, String(suspended));
      assert.equal(rig.broker.worker('provider')!.status.suspended?.reason, 'Maintenance until six.');
      assert.deepEqual(
        rig.provider.calls.filter((c) => c.startsWith('update')),
        [],
      );
      await hands().resume('provider', ANNA);
      await rig.idle();
      assert.deepEqual(
        rig.provider.calls.filter((c) => c.startsWith('update')),
        ['2', '3', '4'].map((state) => `update {"state":"${state}"}`),
      );
      assert.deepEqual(await audit(), ['anna resume endpoint', 'anna suspend endpoint']);
    });

    it('does not affect the other direction, and a replay that waits can be undone', async () => {
      const failed = await deadLetter();
      await hands().suspend('provider', '', ANNA);
      await hands().replayDelivery(failed.id, ANNA);
      assert.equal((await rig.store.delivery(failed.id))?.state, 'inDoubt');
      await hands().undoDelivery(failed.id, ANNA);
      const back = (await rig.store.delivery(failed.id))!;
      assert.deepEqual([back.state, back.tries, back.error], ['failed', 1, failed.error]);
      await hands().resume('provider', ANNA);
      await rig.receive('provider', { id: 'P', version: '1', fields: { title: 'theirs' } });
      await until('the other direction', () => rig.customer.tickets.length === 1);
      assert.equal(rig.provider.tickets.length, 0, 'an undone replay is not sent');
    });
  });

  describe('editing', () => {
    it('sends the edited payload, and records who edited what', async () => {
      const failed = await deadLetter();
      await hands().editDelivery(failed.id, { title: 'mended' }, ANNA);
      await rig.idle();
      assert.equal(rig.provider.tickets[0]?.fields.title, 'mended');
      const bodies = await rig.store.bodies('delivery', failed.id);
      assert.deepEqual((bodies.request as EntityRequest).fields, { title: 'mended' });
      assert.deepEqual(bodies.original, { title: 'one' });
      const [edit] = bodies.edits as Edit[];
      assert.deepEqual([edit?.by, edit?.fields], ['anna', [{ path: 'title', from: 'one', to: 'mended' }]]);
      assert.deepEqual(await audit(), ['anna edit delivery']);
    });

    it('queues nothing that the partner would reject', async () => {
      const failed = await deadLetter();
      await assert.rejects(hands().editDelivery(failed.id, { forbidden: 1 }, ANNA), /forbidden is not allowed/);
      await assert.rejects(hands().editDelivery(failed.id, 'text', ANNA), /not a JSON object/);
      assert.deepEqual(await rig.store.delivery(failed.id), failed);
      assert.deepEqual(await audit(), []);
    });

    it('applies edits to a ticket that an earlier try had created after all', async () => {
      rig.provider.faults.push('lost');
      let open = () => {};
      rig.provider.gate = () => new Promise((resolve) => (open = resolve));
      await rig.receive('customer', { id: 'A', version: '1', fields: { title: 'one' } });
      await until('the try', () => rig.provider.calls.includes('create'));
      await hands().suspend('provider', '', ANNA);
      rig.provider.gate = async () => {};
      open();
      const doubtful = await until('the doubt', async () => (await inState('inDoubt'))[0]);
      await hands().editDelivery(doubtful.id, { title: 'mended' }, ANNA);
      await hands().resume('provider', ANNA);
      await rig.idle();
      assert.deepEqual(
        rig.provider.tickets.map((t) => t.fields.title),
        ['mended'],
      );
    });

    it('writes manual edits even if something newer has been sent', async () => {
      await rig.receive('customer', { id: 'A', version: '1', fields: { state: '1' } });
      await rig.idle();
      rig.provider.faults.push('refused');
      await rig.receive('customer', { id: 'A', version: '2', fields: { state: '2' } });
      const failed = await until('the dead letter', async () => (await inState('failed'))[0]);
      await rig.receive('customer', { id: 'A', version: '3', fields: { state: '3' } });
      await rig.idle();
      await hands().editDelivery(failed.id, { state: 'manual' }, ANNA);
      await rig.idle();
      assert.equal(rig.provider.tickets[0]?.fields.state, 'manual');
    });

    it('emits an edited incoming payload, unless it is about another entity', async () => {
      rig.flow = async (payload, record) => {
        if (payload.fields.title === 'bad') throw new Error('bad title');
        await rig.forward(payload, record);
      };
      const payload = { id: 'A', version: '1', fields: { title: 'bad' } };
      await rig.receive('customer', payload);
      const failed = await until('the failure', async () => (await rig.messages()).find((m) => m.state === 'failed'));
      await assert.rejects(hands().editMessage(failed.id, { ...payload, id: 'B' }, ANNA), /is about B, not about A/);
      await hands().editMessage(failed.id, { ...payload, fields: { title: 'good' } }, ANNA);
      await rig.idle();
      assert.equal(rig.provider.tickets[0]?.fields.title, 'good');
      const bodies = await rig.store.bodies('message', failed.id);
      assert.deepEqual((bodies.edits as Edit[])[0]?.fields, [{ path: 'fields.title', from: 'bad', to: 'good' }]);
    });
  });

  describe('answering a decision', () => {
    /** A delivery that needs a decision, as after a lost answer. */
    async function undecided(decision: DecisionKind): Promise<DeliveryRecord> {
      const failed = await deadLetter();
      await hands().suspend('provider', '', ANNA);
      const asked: DeliveryRecord = {
        ...failed,
        state: 'needsDecision',
        decision,
        blocking: true,
        tries: 3,
        lookLeft: 1_000,
        doubtAt: decision === 'addressChanged' ? 'https://old.example' : 'http://partner',
        error: { code: 'SWB_DECISION', message: 'Is it there?', at: failed.updatedAt },
      };
      const states = pathOf('delivery', failed.state, 'needsDecision') as DeliveryState[];
      await rig.store.commit(
        states.map((state, n) => ({ kind: 'delivery', record: { ...asked, state, version: asked.version + n } })),
      );
      return { ...asked, version: asked.version + states.length };
    }
    const summary = ({ state, tries, decision, blocking, lookLeft, doubtAt, error }: DeliveryRecord) => ({
      state,
      tries,
      decision,
      blocking,
      lookLeft,
      doubtAt,
      error: error?.message,
    });
    const now = async (id: string) => summary((await rig.store.delivery(id))!);
    const OPEN = { decision: undefined, blocking: undefined, doubtAt: 'http://partner', error: undefined };

    it('starts the lookup over, and restores the decision when that is undone', async () => {
      const asked = await undecided('unresolved');
      await hands().replayDelivery(asked.id, ANNA);
      assert.deepEqual(await now(asked.id), { ...OPEN, state: 'inDoubt', tries: 0, lookLeft: undefined });
      await hands().undoDelivery(asked.id, ANNA);
      assert.deepEqual(await now(asked.id), summary(asked));
      assert.equal((await rig.store.conversation(asked.conversation))?.state, 'open');
    });

    it('sends it again after one more lookup, at the current address of the endpoint', async () => {
      const asked = await undecided('addressChanged');
      await hands().sendAgain(asked.id, ANNA);
      assert.deepEqual(await now(asked.id), { ...OPEN, state: 'inDoubt', tries: 0, lookLeft: 0 });
      await hands().undoDelivery(asked.id, ANNA);
      assert.deepEqual(await now(asked.id), summary(asked));
      await hands().sendAgain(asked.id, ANNA);
      await hands().resume('provider', ANNA);
      await rig.idle();
      assert.equal(rig.provider.tickets.length, 1);
      assert.deepEqual(
        (await audit()).filter((line) => line.endsWith('delivery')),
        ['anna sendAgain delivery', 'anna undo delivery', 'anna sendAgain delivery'],
      );
    });

    it('unblocks the deliveries behind it when it is skipped, and blocks them again when that is undone', async () => {
      const asked = await undecided('items');
      await hands().skipDelivery(asked.id, 'It is there.', ANNA);
      const skipped = await now(asked.id);
      assert.deepEqual([skipped.state, skipped.decision, skipped.blocking], ['skipped', undefined, undefined]);
      await hands().undoDelivery(asked.id, ANNA);
      assert.deepEqual(await now(asked.id), summary(asked));
    });

    it('names both ways to send the deliveries behind a skipped create', async () => {
      rig.provider.faults.push('refused');
      await rig.receive('customer', { id: 'A', version: '1', fields: { title: 'one' }, comments: ['late'] });
      const create = await until('the failure', async () => (await rig.deliveries()).find((d) => d.state === 'failed'));
      await hands().skipDelivery(create.id, 'It is there.', ANNA);
      const late = await until('the comment', async () =>
        (await rig.deliveries()).find((d) => d.part === 'comment:late' && d.state === 'failed'),
      );
      assert.match(late.error?.message ?? '', /link it in the Conversations view; otherwise replay .* Then replay this one\./);
    });

    it('accepts an edited payload as the answer', async () => {
      const asked = await undecided('wrongEntity');
      await hands().editDelivery(asked.id, { title: 'mended' }, ANNA);
      assert.deepEqual(await now(asked.id), { ...OPEN, state: 'inDoubt', tries: 0, lookLeft: undefined });
      await hands().resume('provider', ANNA);
      await rig.idle();
      assert.equal(rig.provider.tickets[0]?.fields.title, 'mended');
    });

    it('is refused where it does not answer the decision', async () => {
      const asked = await undecided('items');
      await assert.rejects(hands().sendAgain(asked.id, ANNA), { code: 'SWB_PAYLOAD' });
      await assert.rejects(hands().undoDelivery(asked.id, ANNA), { code: 'SWB_PAYLOAD' });
      assert.deepEqual(await now(asked.id), summary(asked));
    });

    it('is refused for a failed delivery, which is replayed instead', async () => {
      const failed = await deadLetter();
      await assert.rejects(hands().sendAgain(failed.id, ANNA), { code: 'SWB_PAYLOAD' });
    });

    it('is possible for a message about the wrong record, which can be skipped, restored and replayed', async () => {
      let wrong = true;
      rig.flow = async (payload, record) => {
        if (wrong) throw new SwitchboardError('SWB_WRONG_ENTITY', 'It carries another reference.');
        await rig.forward(payload, record);
      };
      await rig.receive('customer', { id: 'A', version: '1', fields: { title: 'one' } });
      const asked = await until('the question', async () => (await rig.messages()).find((m) => m.state === 'needsDecision'));
      assert.deepEqual([asked.decision, asked.error?.message], ['wrongEntity', 'It carries another reference.']);
      await hands().skipMessage(asked.id, 'A copy.', ANNA);
      assert.equal((await rig.store.message(asked.id))?.decision, undefined);
      await hands().undoMessage(asked.id, ANNA);
      const back = (await rig.store.message(asked.id))!;
      assert.deepEqual([back.state, back.decision, back.error], ['needsDecision', 'wrongEntity', asked.error]);
      wrong = false;
      await hands().replayMessage(asked.id, ANNA);
      await rig.idle();
      const settled = (await rig.store.message(asked.id))!;
      assert.deepEqual([settled.state, settled.decision, settled.error], ['settled', undefined, undefined]);
    });
  });

  describe('marking a warning as seen', () => {
    const warned = async () => (await rig.store.counts()).warned;

    it('removes the warning of a delivery from the counts, and can be undone', async () => {
      await rig.receive('customer', { id: 'A', version: '1', fields: { title: 'one' } });
      await rig.idle();
      rig.provider.drops = 9;
      await rig.receive('customer', { id: 'A', version: '2', fields: { title: 'two' } });
      const { id, error } = await until('the warning', async () => (await inState('delivered')).find((d) => d.error));
      assert.deepEqual(await warned(), { messages: 0, deliveries: 1 });
      await hands().markDeliverySeen(id, ANNA);
      assert.deepEqual(await warned(), { messages: 0, deliveries: 0 });
      const seen = (await rig.store.delivery(id))!;
      assert.deepEqual([seen.state, seen.error?.message, seen.error?.seen?.by], ['delivered', error?.message, 'anna']);
      await assert.rejects(hands().markDeliverySeen(id, ANNA), { code: 'SWB_PAYLOAD' });
      await hands().undoDelivery(id, ANNA);
      assert.deepEqual([(await rig.store.delivery(id))?.error, await warned()], [error, { messages: 0, deliveries: 1 }]);
      await assert.rejects(hands().undoDelivery(id, ANNA), { code: 'SWB_PAYLOAD' });
      assert.deepEqual(await audit(), ['anna undo delivery', 'anna seen delivery']);
    });

    it('removes the warning of a message from the counts, and can be undone', async () => {
      rig.flow = async (_payload, { id }) => {
        const place = { mapping: 'Acme', direction: 'in' as const };
        rig.broker.countUnmapped({ messageId: id }, place, [
          { level: 'warning', code: 'unmapped', field: 'state', value: '9', text: 'state "9" has no row.' },
        ]);
      };
      await rig.receive('customer', { id: 'A', version: '1', fields: { title: 'one' } });
      const { id, warning } = await until('the warning', async () => (await rig.messages()).find((m) => m.warning));
      await hands().markMessageSeen(id, ANNA);
      assert.deepEqual(await warned(), { messages: 0, deliveries: 0 });
      await hands().undoMessage(id, ANNA);
      assert.deepEqual([(await rig.store.message(id))?.warning, await warned()], [warning, { messages: 1, deliveries: 0 }]);
      assert.deepEqual(await audit(), ['anna undo message', 'anna seen message']);
    });

    it('is refused where there is no warning', async () => {
      await rig.receive('customer', { id: 'A', version: '1', fields: { title: 'one' } });
      await rig.idle();
      const [message, delivery] = [(await rig.messages())[0]!, (await rig.deliveries())[0]!];
      await assert.rejects(hands().markMessageSeen(message.id, ANNA), { code: 'SWB_PAYLOAD' });
      await assert.rejects(hands().markDeliverySeen(delivery.id, ANNA), { code: 'SWB_PAYLOAD' });
    });
  });
});
