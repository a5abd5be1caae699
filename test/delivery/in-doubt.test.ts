import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Habits } from '../../src/endpoints/habits.js';
import { until } from '../live/node-red.js';
import { Rig } from './rig.js';

const NOBODY = { name: '' };

describe('deliveries, by the answers of the partner', () => {
  let folder: string;
  let rig: Rig;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'switchboard-doubt-'));
    rig = new Rig(folder);
  });
  afterEach(async () => {
    await rig.stop().catch(() => undefined);
    rmSync(folder, { recursive: true, force: true });
  });

  describe('a delivery in doubt', () => {
    const opened = () => rig.receive('customer', { id: 'A', version: '1', fields: { title: 'one' } });
    const calls = (name: string) => rig.provider.calls.filter((call) => call.startsWith(name)).length;
    const delivery = async () => (await rig.deliveries())[0]!;
    const inState = (state: string) => until(`it to be ${state}`, async () => (await delivery())?.state === state);

    it('is looked up with what an earlier process has learnt about the partner', async () => {
      await rig.start();
      const { customer, provider } = rig;
      const key = `habits|provider|${provider.address}`;
      const kept = async () => JSON.stringify(await rig.store.setting(key));
      await rig.idle();
      provider.habits.learn({ keepsAuthors: true });
      await until('it to be kept', async () => (await kept()) === '{"keepsAuthors":true}');
      await rig.stop();
      provider.habits = new Habits();
      rig = Object.assign(new Rig(folder), { customer, provider });
      await rig.start();
      await until('it to be known', async () => provider.habits.keepsAuthors === true);
      provider.habits.learn({ keepsAuthors: false });
      await until('the change to be kept', async () => (await kept()) === '{"keepsAuthors":false}');
    });

    it('is looked up during the settling time before anything is created again', async () => {
      rig.settling = 400;
      await rig.start();
      rig.provider.faults.push('lost');
      rig.provider.hidden.add('T1');
      await opened();
      await until('the second lookup', () => calls('find') >= 2);
      const waiting = await delivery();
      assert.match(waiting.error?.message ?? '', /a troubleTicket with our reference SWB-\w+ is not shown yet/);
      assert.ok((waiting.lookLeft ?? 0) > 0);
      rig.provider.hidden.clear();
      await rig.idle();
      assert.deepEqual([calls('create'), rig.provider.tickets.length], [1, 1]);
    });

    it('needs a decision where the system has no look-up, and is sent again only if a user says so', async () => {
      rig.provider.find = undefined;
      await rig.start();
      rig.provider.faults.push('lost');
      await opened();
      await inState('needsDecision');
      assert.equal((await delivery())?.decision, 'unresolved');
      assert.deepEqual([calls('create'), rig.provider.tickets.length], [1, 1]);
      rig.provider.tickets.length = 0;
      await rig.broker.interventions.sendAgain((await delivery())!.id, NOBODY);
      await rig.idle();
      assert.deepEqual([calls('create'), rig.provider.tickets.length], [2, 1]);
    });

    it('is sent again once it is certainly not there', async () => {
      await rig.start();
      rig.provider.faults.push('queued');
      await opened();
      await rig.idle();
      assert.deepEqual([calls('create'), rig.provider.tickets.length], [2, 1]);
      assert.ok(calls('find') >= 1, rig.provider.calls.join());
    });

    it('is not in doubt where nothing was sent: it is sent at once, without a lookup', async () => {
      rig.settling = 60_000;
      await rig.start();
      rig.provider.faults.push('down');
      await opened();
      await rig.idle();
      assert.deepEqual([calls('create'), calls('find')], [2, 0]);
    });

    it('is delivered when an event reports the entity, and deliveries behind it continue', async () => {
      rig.settling = 60_000;
      await rig.start();
      rig.provider.faults.push('lost');
      rig.provider.hidden.add('T1');
      await rig.receive('customer', { id: 'A', version: '1', fields: { title: 'one' }, attachments: ['f.txt'] });
      await until('the lookup', () => calls('find') >= 1);
      const [conversation] = await rig.store.listConversations({ limit: 1 });
      await rig.receive('provider', { id: 'T1', version: '1', reference: conversation?.reference, fields: { title: 'one' } });
      await rig.idle();
      assert.deepEqual([calls('create'), rig.provider.tickets.length], [1, 1]);
      assert.deepEqual(
        rig.provider.tickets[0]?.files.map(({ name }) => name),
        ['f.txt'],
      );
    });

    it('holds back comments that may be ours, and sends the others once that is known', async () => {
      rig.settling = 60_000;
      await rig.start();
      await rig.customer.create('', {}, 'A');
      await rig.receive('customer', { id: 'T1', version: '1', fields: { title: 'one' } });
      await rig.idle();
      rig.provider.hidden.add('T1');
      rig.provider.faults.push('lost');
      await rig.receive('customer', { id: 'T1', version: '2', fields: { title: 'one' }, comments: ['Done.'] });
      await until('it to be in doubt', async () => (await rig.store.counts()).deliveries.inDoubt === 1);
      const { comments } = rig.provider.tickets[0]!;
      comments.push('Done.');
      const notes = comments.map((text, index): [string, string] => [`n${index}`, text]);
      await rig.receive('provider', { id: 'T1', version: '1', fields: { title: 'one' }, notes });
      await until('it to be read', async () => (await rig.messages()).some(({ outcome }) => outcome === 'ignored'));
      rig.provider.hidden.clear();
      await rig.idle();
      assert.deepEqual([comments.length, calls('comment')], [2, 1]);
      assert.deepEqual(rig.customer.tickets[0]?.comments, ['Done.']);
    });

    it('is looked up when the partner answers that it exists already', async () => {
      rig.settling = 0;
      await rig.start();
      rig.provider.faults.push('lost', 'conflict');
      rig.provider.hidden.add('T1');
      rig.provider.onCreate = () => undefined;
      await opened();
      await until('the conflict', () => calls('create') === 2);
      rig.provider.hidden.clear();
      await rig.idle();
      assert.equal((await delivery()).state, 'delivered');
      assert.equal(rig.provider.tickets.length, 1);
    });

    it('needs a decision when the address of the endpoint has changed', async () => {
      rig.settling = 60_000;
      await rig.start();
      rig.provider.faults.push('lost');
      rig.provider.hidden.add('T1');
      await opened();
      await inState('inDoubt');
      await rig.stop();
      const { provider } = rig;
      rig = new Rig(folder);
      rig.provider = provider;
      provider.address = 'http://elsewhere';
      await rig.start();
      await rig.broker.interventions.replayDelivery((await delivery()).id, NOBODY).catch(() => undefined);
      await inState('needsDecision');
      assert.equal((await delivery()).decision, 'addressChanged');
      assert.match(
        (await delivery()).error?.message ?? '',
        /written at http:\/\/partner\. The address of the endpoint is now http:\/\/elsewhere/,
      );
      assert.equal(calls('create'), 1);
    });

    it('needs another decision after "look again" at another address, and is looked up when the endpoint is back at the first one', async () => {
      await rig.start();
      rig.provider.faults.push('unshown');
      await opened();
      await inState('needsDecision');
      rig.provider.address = 'http://elsewhere';
      await rig.broker.interventions.replayDelivery((await delivery()).id, NOBODY);
      await until('the decision', async () => (await delivery()).decision === 'addressChanged');
      assert.match((await delivery()).error?.message ?? '', /written at http:\/\/partner\. .* is now http:\/\/elsewhere/);
      await rig.stop();
      const { provider } = rig;
      rig = new Rig(folder);
      rig.provider = provider;
      provider.address = 'http://partner';
      const before = calls('find');
      await rig.start();
      await until('the decision about the missing ticket', async () => (await delivery()).decision === 'unresolved');
      assert.ok(calls('find') > before);
      assert.equal(calls('create'), 1);
    });

    it('is looked up, and sent, at the address that a user has confirmed', async () => {
      await rig.start();
      rig.provider.faults.push('unshown');
      await opened();
      await inState('needsDecision');
      rig.provider.address = 'http://elsewhere';
      const { interventions } = rig.broker;
      await interventions.replayDelivery((await delivery()).id, NOBODY);
      await until('the decision', async () => (await delivery()).decision === 'addressChanged');
      const before = calls('find');
      await interventions.replayDelivery((await delivery()).id, NOBODY);
      await until('the lookup', async () => (await delivery()).decision === 'unresolved');
      assert.ok(calls('find') > before);
      await interventions.sendAgain((await delivery()).id, NOBODY);
      await rig.idle();
      assert.deepEqual([calls('create'), rig.provider.tickets.length], [2, 1]);
    });

    it('needs a decision when the partner never gives proof', async () => {
      await rig.start();
      rig.provider.faults.push('lost', 'lost', 'lost', 'lost', 'lost', 'lost');
      rig.provider.tickets.push = () => 0;
      await opened();
      await inState('needsDecision');
      assert.equal((await delivery()).decision, 'unresolved');
      assert.match(
        (await delivery()).error?.message ?? '',
        /After 4 attempts it is unclear whether it was written\. Look there for a troubleTicket with our reference SWB-/,
      );
      assert.equal((await delivery()).blocking, true);
    });

    it('needs a decision when the partner keeps giving invalid answers to lookups', async () => {
      await rig.start();
      rig.provider.faults.push('queued');
      rig.provider.lookUpFaults.push(...Array<'strange'>(20).fill('strange'));
      await opened();
      await inState('needsDecision');
      assert.deepEqual([(await delivery()).decision, calls('create')], ['unresolved', 1]);
    });

    for (const fault of ['refused', 'tooLarge', 'moved'] as const) {
      it(`is looked up again when a look-up is answered: ${fault}`, async () => {
        await rig.start();
        rig.provider.faults.push('lost');
        rig.provider.lookUpFaults.push(fault, fault);
        await opened();
        await inState('delivered');
        assert.deepEqual([calls('create'), rig.provider.tickets.length, rig.provider.lookUpFaults.length], [1, 1, 0]);
        assert.match((await delivery()).attempts[1]?.error ?? '', /The record will be looked up before a retry\.$/);
      });

      it(`stays in doubt when what exists already cannot be looked up: ${fault}`, async () => {
        await rig.start();
        rig.provider.faults.push('conflictDone');
        rig.provider.lookUpFaults.push(fault);
        await opened();
        await inState('delivered');
        assert.deepEqual([calls('create'), rig.provider.tickets.length], [1, 1]);
      });

      it(`of a comment is looked up again when a look-up is answered: ${fault}`, async () => {
        await rig.start();
        await opened();
        await rig.idle();
        rig.provider.faults.push('lost');
        rig.provider.lookUpFaults.push(fault, fault);
        await rig.receive('customer', { id: 'A', version: '2', fields: { title: 'one' }, comments: ['hello'] });
        await until('the comment', async () =>
          (await rig.deliveries()).some(({ part, state }) => part.startsWith('comment:') && state === 'delivered'),
        );
        assert.deepEqual([calls('comment'), rig.provider.lookUpFaults.length], [1, 0]);
      });

      it(`needs a decision when every look-up is answered: ${fault}`, async () => {
        await rig.start();
        rig.provider.faults.push('lost');
        rig.provider.lookUpFaults.push(...Array<typeof fault>(20).fill(fault));
        await opened();
        await inState('needsDecision');
        assert.deepEqual([(await delivery()).decision, calls('create')], ['unresolved', 1]);
      });
    }

    it('fails when the partner refuses it, once it is certainly not there', async () => {
      await rig.start();
      rig.provider.faults.push('lost', 'refused');
      rig.provider.tickets.push = () => 0;
      await opened();
      await inState('failed');
      assert.equal(calls('create'), 2);
    });

    it('needs a decision, and is not sent again, when it was confirmed but is not shown', async () => {
      await rig.start();
      rig.provider.faults.push('unshown');
      await opened();
      await inState('needsDecision');
      assert.ok(calls('find') >= 1, rig.provider.calls.join());
      assert.deepEqual([(await delivery()).decision, calls('create')], ['unresolved', 1]);
      assert.match((await delivery()).error?.message ?? '', /does not show a troubleTicket with our reference SWB-/);
    });

    it('quotes the answer to the write once in the decision, however often the lookup is repeated', async () => {
      await rig.start();
      rig.provider.faults.push('unshown');
      await opened();
      for (let lookups = 0; lookups < 2; lookups++) {
        await inState('needsDecision');
        const { error, attempts } = await delivery();
        assert.equal(error?.message.split(`Last failed attempt: "${attempts[0]?.error}"`).length, 2, error?.message);
        assert.equal(error?.message.split('does not show').length, 2, error?.message);
        assert.equal(attempts.at(-1)?.what, 'not found: needs a decision');
        await rig.broker.interventions.replayDelivery((await delivery()).id, NOBODY);
        await until('the lookup', async () => (await delivery()).attempts.length > attempts.length);
      }
    });

    it('is delivered when a confirmed write is shown a little later', async () => {
      rig.settling = 60_000;
      await rig.start();
      await opened();
      await rig.idle();
      rig.provider.faults.push('unshown');
      await rig.receive('customer', { id: 'A', version: '2', fields: { title: 'one' }, comments: ['late'] });
      await until('it to be in doubt', async () => (await rig.deliveries()).some((d) => d.state === 'inDoubt'));
      rig.provider.tickets[0]!.comments.push('late');
      await rig.idle();
      assert.deepEqual(rig.provider.tickets[0]?.comments, ['late']);
      assert.equal(calls('comment'), 1);
    });

    it('is only looked up after "look again"; only "send again" sends it', async () => {
      await rig.start();
      rig.provider.faults.push('unshown');
      await opened();
      await inState('needsDecision');
      for (const state of ['pending', 'skipped']) {
        if (state === 'skipped') await rig.broker.interventions.skipDelivery((await delivery()).id, '', NOBODY);
        const before = calls('find');
        await rig.broker.interventions.replayDelivery((await delivery()).id, NOBODY);
        await inState('needsDecision');
        assert.ok(calls('find') > before);
        assert.equal(calls('create'), 1);
      }
      await rig.broker.interventions.sendAgain((await delivery()).id, NOBODY);
      await rig.idle();
      assert.deepEqual([calls('create'), rig.provider.tickets.length], [2, 1]);
    });

    it('is written nowhere after "look at the new address"', async () => {
      await rig.start();
      rig.provider.faults.push('queued');
      rig.provider.lookUpFaults.push('strange');
      await opened();
      await inState('inDoubt');
      rig.provider.address = 'http://elsewhere';
      await inState('needsDecision');
      await rig.broker.interventions.replayDelivery((await delivery()).id, NOBODY);
      await until('the answer', async () => (await delivery()).decision === 'unresolved');
      assert.deepEqual([calls('create'), rig.provider.tickets.length], [1, 0]);
    });

    it('is only compared after "look again", if it is an update', async () => {
      await rig.start();
      await opened();
      await rig.idle();
      rig.provider.faults.push('queued', 'queued', 'queued', 'queued');
      await rig.receive('customer', { id: 'A', version: '2', fields: { title: 'two' } });
      const open = () => until('a decision', async () => (await rig.deliveries()).find((d) => d.state === 'needsDecision'));
      const { id } = await open();
      const written = calls('update');
      await rig.broker.interventions.replayDelivery(id, NOBODY);
      await until('the lookup', async () => (await rig.store.delivery(id))?.state === 'needsDecision');
      assert.equal(calls('update'), written);
      rig.provider.release();
      await rig.broker.interventions.replayDelivery(id, NOBODY);
      await rig.idle();
      assert.equal((await rig.store.delivery(id))?.state, 'delivered');
    });
  });

  describe('an update that was confirmed, but changed nothing', () => {
    const updates = () => rig.provider.calls.filter((call) => call.startsWith('update')).length;
    const change = async () => {
      await rig.receive('customer', { id: 'A', version: '1', fields: { title: 'one' } });
      await rig.idle();
      await rig.receive('customer', { id: 'A', version: '2', fields: { title: 'two' } });
      await rig.idle();
    };

    it('is sent again', async () => {
      await rig.start();
      rig.provider.drops = 1;
      await change();
      assert.deepEqual([updates(), rig.provider.tickets[0]?.fields.title], [2, 'two']);
    });

    it('leads to a warning where that does not help, and does not come back as a change by the partner', async () => {
      await rig.start();
      rig.provider.drops = 9;
      await change();
      assert.equal(updates(), 3);
      const delivery = (await rig.deliveries()).find((d) => d.error);
      assert.deepEqual([delivery?.state, delivery?.error?.code], ['delivered', 'SWB_PARTNER_DROPPED']);
      const { reference } = rig.provider.tickets[0]!;
      await rig.receive('provider', { id: 'T1', version: '3', reference, fields: { title: 'one' } });
      await rig.idle();
      assert.deepEqual(rig.customer.calls, []);
    });
  });

  describe('a crash while a write in doubt is sent again', () => {
    it('starts the settling time over: one lookup without a result is no proof', async () => {
      await rig.start();
      let open = () => {};
      const gate = new Promise<void>((resolve) => {
        open = resolve;
      });
      rig.provider.faults.push('queued');
      await rig.receive('customer', { id: 'A', version: '1', fields: { title: 'one' } });
      await until('it to be in doubt', async () => (await rig.deliveries())[0]?.state === 'inDoubt');
      rig.provider.gate = () => gate;
      await until('the second create', () => rig.provider.calls.filter((call) => call === 'create').length === 2);
      const [sending] = await rig.deliveries();
      assert.equal(sending?.state, 'sending');
      assert.equal(sending?.lookLeft, rig.settling, 'the record left by the crash holds the whole settling time');
      open();
      await rig.idle();
    });
  });

  describe('a record with our reference', () => {
    beforeEach(async () => {
      await rig.start();
    });

    it('does not take the link of the ticket that our create returns', async () => {
      let open = () => {};
      const gate = new Promise<void>((resolve) => {
        open = resolve;
      });
      rig.provider.gate = () => gate;
      await rig.receive('customer', { id: 'A', version: '1', fields: { title: 'one' } });
      await until('the create to be under way', () => rig.provider.calls.includes('create'));
      const [conversation] = await rig.store.listConversations({ limit: 1 });
      await rig.receive('provider', { id: 'CHILD', version: '1', reference: conversation?.reference, fields: { title: 'part' } });
      await until('the event to be in its flow', () => rig.emitted.includes('CHILD'));
      open();
      await until('the ticket', async () => (await rig.deliveries()).some((d) => d.state === 'delivered'));
      await until('the event to be settled', async () => (await rig.messages()).every((m) => m.state !== 'received'));
      const [latest] = await rig.store.listConversations({ limit: 1 });
      assert.deepEqual(
        latest?.links.filter((l) => l.endpoint === 'provider').map((l) => l.id),
        ['T1'],
      );
      assert.deepEqual(rig.customer.calls, []);
    });

    it('is followed to its new id when the old one no longer exists', async () => {
      await rig.receive('customer', { id: 'A', version: '1', fields: { title: 'one' } });
      await rig.idle();
      rig.provider.tickets[0]!.id = 'T1-merged';
      await rig.receive('customer', { id: 'A', version: '2', fields: { title: 'two' } });
      await rig.idle();
      assert.deepEqual(
        rig.provider.tickets.map(({ id, fields }) => [id, fields.title]),
        [['T1-merged', 'two']],
      );
      const [conversation] = await rig.store.listConversations({ limit: 1 });
      assert.equal(conversation?.links.find((l) => l.endpoint === 'provider')?.id, 'T1-merged');
    });

    it('is not followed while the old one exists: a user has to decide', async () => {
      await rig.receive('customer', { id: 'A', version: '1', fields: { title: 'one' } });
      await rig.idle();
      const { reference } = rig.provider.tickets[0]!;
      await rig.receive('provider', { id: 'COPY', version: '1', reference, fields: { title: 'copied' } });
      await until('the event to be refused', async () =>
        (await rig.messages()).some((m) => m.error?.code === 'SWB_WRONG_ENTITY'),
      );
      const [conversation] = await rig.store.listConversations({ limit: 1 });
      assert.equal(conversation?.links.find((l) => l.endpoint === 'provider')?.id, 'T1');
    });
  });
});
