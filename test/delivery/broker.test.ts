import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Broker } from '../../src/delivery/broker.js';
import { PartnerError, SwitchboardError } from '../../src/errors.js';
import type { Json } from '../../src/model/message.js';
import { intakeQueue } from '../../src/store/message-queue.js';
import { until } from '../live/node-red.js';
import { PATIENCE } from '../patience.js';
import { delivery } from '../store/records.js';
import { Rig } from './rig.js';

describe('the broker', () => {
  let folder: string;
  let rig: Rig;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'switchboard-broker-'));
    rig = await new Rig(folder).start();
  });
  afterEach(async () => {
    await rig.stop().catch(() => undefined);
    rmSync(folder, { recursive: true, force: true });
  });

  it('creates the counterpart once, then updates only what changed', async () => {
    await rig.receive('customer', { id: 'A', version: '1', fields: { title: 'one', state: 'acknowledged' } });
    await rig.idle();
    await rig.receive('customer', { id: 'A', version: '2', fields: { title: 'two', state: 'acknowledged' } });
    await rig.idle();
    assert.deepEqual(rig.provider.calls, ['create', 'read T1', 'update {"title":"two"}']);
    assert.equal(rig.provider.tickets.length, 1);
    assert.match(rig.provider.tickets[0]?.reference ?? '', /^SWB-/);
  });

  it('stays in doubt while the lookup fails, and creates nothing twice', async () => {
    rig.provider.faults.push('lost');
    rig.provider.lookUpFaults.push('down', 'limited', 'down');
    await rig.receive('customer', { id: 'A', fields: { title: 'one' } });
    await rig.idle();
    assert.equal(rig.provider.tickets.length, 1, rig.provider.calls.join());
    assert.deepEqual(
      rig.provider.calls.map((c) => c.split(' ')[0]),
      ['create', 'find', 'find', 'find', 'find'],
    );
  });

  it('stops a create whose ticket was reported without our reference and is in another conversation', async () => {
    let open = () => {};
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    rig.provider.gate = () => gate;
    await rig.receive('customer', { id: 'A', version: '1', fields: { title: 'one' } });
    await until('the create to be under way', () => rig.provider.calls.includes('create'));
    rig.flow = async (payload, record) => {
      await rig.forward(payload, record, []);
    };
    await rig.receive('provider', { id: 'T1', version: '1', fields: { title: 'one' } });
    await until('the reported ticket to be known', async () => (await rig.store.listConversations({ limit: 5 })).length === 2);
    open();
    await until('the delivery to stop', async () => (await rig.deliveries()).some((d) => d.state === 'needsDecision'));
    const [delivery] = await rig.deliveries();
    assert.equal(delivery?.error?.code, 'SWB_WRONG_ENTITY');
    assert.match(delivery?.error?.message ?? '', /T1 was created, but is already linked to the conversation SWB-/);
    assert.equal(rig.provider.tickets.length, 1);
  });

  it('accepts the same key once', async () => {
    await rig.receive('customer', { id: 'A', fields: { title: 'one' } }, 'k');
    await rig.receive('customer', { id: 'A', fields: { title: 'one' } }, 'k');
    await rig.idle();
    assert.equal((await rig.messages()).length, 1);
  });

  it('ignores an echo, whether it arrives before or after our answer', async () => {
    let open = () => {};
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    rig.provider.gate = () => gate;
    await rig.receive('customer', { id: 'A', version: '1', fields: { title: 'one' } });
    await until('the create to be under way', () => rig.provider.calls.includes('create'));
    const reference = (await rig.store.listConversations({ limit: 1 }))[0]?.reference;
    await rig.receive('provider', { id: 'T1', version: '1', reference, fields: { title: 'one' } }, 'event before the answer');
    await until('the echo to be in its flow', () => rig.emitted.includes('T1'));
    open();
    await rig.idle();
    await rig.receive('provider', { id: 'T1', version: '2', reference, fields: { title: 'one' } }, 'event after the answer');
    await rig.idle();
    assert.deepEqual(rig.customer.calls, []);
    assert.equal(rig.provider.tickets.length, 1);
    const echoes = (await rig.messages()).filter((m) => m.endpoint === 'provider');
    assert.deepEqual(
      echoes.map((m) => m.outcome),
      ['ignored', 'ignored'],
    );
  });

  it('reports to the other side what the partner changed in our write', async () => {
    rig.customer.tickets.push({ id: 'A', fields: {}, comments: [], files: [], version: 1 });
    await rig.receive('customer', { id: 'A', version: '1', fields: { title: 'one' } });
    await rig.idle();
    await rig.receive('provider', { id: 'T1', version: '2', fields: { title: 'one', state: 'inProgress' } });
    await rig.idle();
    assert.deepEqual(
      rig.customer.calls.filter((c) => c.startsWith('update')),
      ['update {"state":"inProgress"}'],
    );
  });

  it('ignores an old read of a field that we have written since, but uses its other fields', async () => {
    await rig.receive('customer', { id: 'A', version: '1', fields: { title: 'one', state: 'acknowledged' } });
    await rig.idle();
    rig.customer.tickets.push({ id: 'A', fields: { title: 'one', state: 'acknowledged' }, comments: [], files: [], version: 1 });
    for (const [version, state] of [
      ['2', 'pending'],
      ['3', 'inProgress'],
    ] as const) {
      Object.assign(rig.provider.tickets[0]!.fields, { state });
      await rig.receive('provider', { id: 'T1', version, fields: { title: 'one', state } });
      await rig.idle();
    }
    assert.equal(rig.customer.tickets[0]?.version, 3);
    const before = rig.provider.calls.length;
    // Read between our two writes, reported after the second; the title had changed by then.
    await rig.receive('customer', { id: 'A', version: '2', fields: { title: 'two', state: 'pending' } }, 'read late');
    await rig.idle();
    assert.deepEqual(rig.provider.calls.slice(before), ['read T1', 'update {"title":"two"}']);
    await rig.receive('customer', { id: 'A', version: '3', fields: { title: 'two', state: 'inProgress' } }, 'the echo');
    await rig.idle();
    await rig.receive('customer', { id: 'A', version: '4', fields: { title: 'two', state: 'closed' } }, 'real change');
    await rig.idle();
    const calls = ['read T1', 'update {"title":"two"}', 'read T1', 'update {"state":"closed"}'];
    assert.deepEqual(rig.provider.calls.slice(before), calls);
  });

  it('writes the former value again while the write that changes it is under way', async () => {
    await rig.receive('customer', { id: 'A', version: '1', fields: { title: 'one', state: 'inProgress' } });
    await rig.idle();
    let open = () => {};
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    rig.provider.gate = () => gate;
    await rig.receive('customer', { id: 'A', version: '2', fields: { title: 'one', state: 'resolved' } });
    await until('the write to be under way', () => rig.provider.calls.includes('update {"state":"resolved"}'));
    await rig.receive('customer', { id: 'A', version: '3', fields: { title: 'one', state: 'inProgress' } });
    await until(
      'the next message to be settled',
      async () => (await rig.store.counts()).messages.received === 0 && !rig.broker.inbox.busy,
    );
    open();
    await rig.idle();
    assert.equal(rig.provider.tickets[0]?.fields.state, 'inProgress');
  });

  it('looks the ticket up before it creates it again when an answer was lost', async () => {
    rig.provider.faults.push('lost');
    await rig.receive('customer', { id: 'A', fields: { title: 'one' } });
    await rig.idle();
    assert.equal(rig.provider.tickets.length, 1);
    assert.match(rig.provider.calls.join(), /^create,find SWB-/);
    const [delivery] = await rig.deliveries();
    assert.equal(delivery?.state, 'delivered');
    assert.match(delivery?.attempts.at(-1)?.what ?? '', /found T1/);
  });

  it('creates no second ticket while the partner does not show the accepted one yet', async () => {
    await rig.stop();
    rig = new Rig(folder);
    rig.settling = PATIENCE;
    await rig.start();
    rig.provider.faults.push('queued');
    await rig.receive('customer', { id: 'C1', fields: { title: 'Down' } });
    await until('the second lookup', () => rig.provider.calls.filter((call) => call.startsWith('find')).length >= 2);
    rig.provider.release();
    await rig.idle();
    assert.equal(rig.provider.tickets.length, 1);
    assert.equal(rig.provider.calls.filter((call) => call === 'create').length, 1);
  });

  it('does not comment twice when an answer was lost', async () => {
    rig.provider.faults.push('down', 'limited');
    await rig.receive('customer', { id: 'A', version: '1', fields: { title: 'one' }, comments: ['hello'] });
    await until('the create', () => rig.provider.tickets.length === 1);
    rig.provider.faults.push('lost');
    await rig.receive('customer', { id: 'A', version: '2', fields: { title: 'one' }, comments: ['hello', 'again'] });
    await rig.idle();
    assert.deepEqual(rig.provider.tickets[0]?.comments, ['hello', 'again']);
  });

  it('sends a comment that two messages contain once, also after a crash between them', async () => {
    await rig.receive('customer', { id: 'A', version: '1', fields: { title: 'one' } });
    await rig.idle();
    // The flow of the first is killed after its comment was accepted; after the restart the other one is processed first.
    rig.flow = async (payload, record) => {
      await rig.forward(payload, record);
      await new Promise(() => undefined);
    };
    await rig.receive('customer', { id: 'A', version: '2', fields: { title: 'one' }, comments: ['hello'] }, 'webhook');
    await until('the comment', () => rig.provider.tickets[0]?.comments.length === 1);
    await until('it to be recorded', async () => (await rig.deliveries()).every((d) => d.state === 'delivered'));
    await rig.stop();
    const { provider } = rig;
    rig = new Rig(folder);
    rig.provider = provider;
    let emitted = 0;
    rig.flow = async (payload, record) => {
      if (emitted++ === 0) throw new Error('not now');
      await rig.forward(payload, record);
    };
    await rig.start();
    await rig.receive('customer', { id: 'A', version: '2', fields: { title: 'one' }, comments: ['hello'] }, 'poll');
    await rig.idle();
    const failed = (await rig.messages()).filter(({ state }) => state === 'failed');
    assert.deepEqual(
      failed.map(({ key }) => key.split('|')[0]),
      ['webhook'],
    );
    await rig.broker.interventions.replayMessage(failed[0]!.id, { name: '' });
    await rig.idle();
    assert.deepEqual(provider.tickets[0]?.comments, ['hello']);
  });

  it('reads the entity again for a repeated webhook, whatever version it names', async () => {
    await rig.receive('customer', { id: 'A', version: '1', fields: { title: 'one' } }, 'evt|1');
    await rig.idle();
    await rig.receive('customer', { id: 'A', version: '1', fields: { title: 'two' } }, 'evt|1');
    await rig.idle();
    assert.equal(rig.provider.tickets[0]?.fields.title, 'two');
  });

  it('reads the entity once for repeated webhooks that arrive before the read', async () => {
    await rig.stop();
    rig = await new Rig(folder).start({ flows: false });
    for (let i = 0; i < 3; i++) await rig.receive('customer', { id: 'A', version: '1', fields: { title: 'one' } }, 'evt|1');
    await rig.receive('customer', { id: 'A', version: '1', fields: { title: 'one' } }, 'evt|2');
    assert.equal((await rig.messages()).length, 2);
  });

  it('ends a delivery whose conversation is not in the store any more as a dead letter', async () => {
    const lost = delivery('d1', { endpoint: 'provider', conversation: 'lost', part: 'entity', lane: 'lost|provider' });
    await rig.store.commit([{ kind: 'delivery', record: lost, bodies: { request: {} } }]);
    await until('the dead letter', async () => (await rig.store.counts()).deliveries.failed === 1);
    assert.match((await rig.deliveries())[0]?.error?.message ?? '', /is no longer in the store/);
  });

  it('reads and reports once the changes that polls found before the read, and reads again for later ones', async () => {
    const hint = (key: string) => {
      const about = { endpoint: 'customer', entityType: 'polled', entityId: 'A' };
      return { node: 'in-poll', origin: 'poll' as const, ...about, key, payload: {} };
    };
    const { inbox } = rig.broker;
    await inbox.accept(['a', 'b', 'c'].map(hint));
    let reads = 0;
    const emitted: unknown[] = [];
    const detach = inbox.attach(intakeQueue('customer', 'polled'), {
      read: async () => {
        if (++reads === 1) await inbox.accept([hint('d')]);
        return { id: 'A', version: '1', fields: { reads } };
      },
      emit: ({ key }, payload, _emission, onIdle) => {
        emitted.push([key, (payload as { fields: { reads: number } }).fields.reads]);
        onIdle();
      },
    });
    await until('all to be settled', async () => (await rig.store.counts()).messages.settled === 4);
    await detach();
    assert.deepEqual(emitted, [
      ['a', 1],
      ['d', 2],
    ]);
  });

  it('fails a record whose read is too large, unless it is so only for a moment', async () => {
    const { inbox } = rig.broker;
    const about = { endpoint: 'customer', entityType: 'polled' };
    const reads = new Map<string, number>();
    const detach = inbox.attach(intakeQueue('customer', 'polled'), {
      read: async ({ entityId }) => {
        const count = (reads.get(entityId) ?? 0) + 1;
        reads.set(entityId, count);
        if (entityId === 'A' && count === 4) return { fields: {} };
        throw new PartnerError('SWB_TOO_LARGE', 'too large', { outcome: 'notDone', retry: false, concernsRecord: true });
      },
      emit: (_record, _payload, _emission, onIdle) => onIdle(),
    });
    for (const entityId of ['A', 'B'])
      await inbox.accept([{ node: 'in-poll', origin: 'poll', ...about, entityId, key: entityId, payload: {} }]);
    await until('both to end', async () => {
      const { settled, failed } = (await rig.store.counts()).messages;
      return settled === 1 && failed === 1;
    });
    assert.deepEqual(Object.fromEntries(reads), { A: 4, B: 4 });
    await detach();
  });

  it('reports no failure for a record that is incomplete for a moment, but one for a partner that cannot be read', async () => {
    const { inbox } = rig.broker;
    const about = { endpoint: 'customer', entityType: 'polled', entityId: 'A' };
    await inbox.accept([{ node: 'in-poll', origin: 'poll', ...about, key: 'a', payload: {} }]);
    let [reads, troubles] = [0, 0];
    let concernsRecord = true;
    const detach = inbox.attach(intakeQueue('customer', 'polled'), {
      read: async () => {
        reads++;
        throw new PartnerError('SWB_PARTNER_ANSWER', 'less than a moment ago', {
          outcome: 'notDone',
          retry: true,
          concernsRecord,
        });
      },
      emit: () => assert.fail('it was not read'),
      readFailed: () => troubles++,
    });
    await until('two reads', () => reads >= 2);
    assert.equal(troubles, 0);
    concernsRecord = false;
    await until('the reported failure', () => troubles > 0);
    await detach();
  });

  for (const [settling, early, late] of [
    [60, 4_000, 6_000],
    [12_000, 10_000, 14_000],
    [120_000, 25_000, 40_000],
  ] as const)
    it(`ends the hint of a record that the partner does not have as a failed message, and reads it no more (settling in ${settling} ms)`, async () => {
      await rig.stop();
      let passed = 0;
      rig = new Rig(folder);
      rig.settling = settling;
      rig.steady = () => performance.now() + passed;
      await rig.start({ flows: false });
      const { inbox } = rig.broker;
      const about = { endpoint: 'customer', entityType: 'incident', entityId: 'of an event, not of a record' };
      await inbox.accept([{ node: 'in-hook', origin: 'event', ...about, key: 'a', payload: {} }]);
      let reads = 0;
      const troubles: (number | undefined)[] = [];
      const detach = inbox.attach(intakeQueue('customer', 'incident'), {
        read: async () => {
          reads++;
          throw new PartnerError('SWB_PARTNER_NOT_FOUND', 'it is not there', { outcome: 'notDone', retry: false, status: 404 });
        },
        emit: () => assert.fail('there is nothing to emit'),
        readFailed: (_record, _error, retryAt) => troubles.push(retryAt),
      });
      await until('the first read', () => reads === 1);
      passed = early;
      await until('the second read', () => {
        inbox.released();
        return reads === 2;
      });
      passed = late;
      await until('the failed message', async () => {
        inbox.released();
        return (await rig.store.counts()).messages.failed === 1;
      });
      await detach();
      assert.equal(reads, 3, 'it is read again, because replicas lag, but not for ever');
      assert.deepEqual(troubles, [undefined], 'the failure is reported once');
      assert.match((await rig.messages())[0]?.error?.message ?? '', /it is not there/);
    });

  it('fails a message whose payload can never be stored, instead of emitting it for ever', async () => {
    const deep = JSON.parse(`${'{"a":'.repeat(8_000)}1${'}'.repeat(8_000)}`) as Json;
    const round: Record<string, unknown> = {};
    round.itself = round;
    for (const [id, value] of [
      ['deep', deep],
      ['round', round as Json],
    ] as const) {
      const accept = Broker.prototype.acceptLeg;
      rig.broker.acceptLeg = (leg) =>
        accept.call(rig.broker, { ...leg, request: { ...leg.request, fields: { ...leg.request.fields, value } } });
      await rig.receive('customer', { id, version: '1', fields: { title: id } });
      const failed = async () => (await rig.store.listMessages({ search: id, states: ['failed'], limit: 1 }))[0];
      assert.match((await until('the failure', failed))?.error?.message ?? '', /nested/);
    }
  });

  describe('an event that was stored without an entity', () => {
    const event = (key: string) => ({
      node: 'in-events',
      origin: 'event' as const,
      endpoint: 'customer',
      entityType: 'polled',
      entityId: '',
      key,
      payload: { key },
    });
    const refusal = () => new SwitchboardError('SWB_PAYLOAD', 'names no ticket');
    /** Emits what is received; `identify` answers with the id, or rejects. */
    const attach = (identify: () => Promise<string>) => {
      const read: string[] = [];
      const failures: unknown[] = [];
      const detach = rig.broker.inbox.attach(intakeQueue('customer', 'polled'), {
        identify: async () => ({ entityType: 'polled', entityId: await identify() }),
        read: async ({ entityId }) => {
          read.push(entityId);
          return { id: entityId, version: '1', fields: {} };
        },
        emit: (_record, _payload, _emission, onIdle) => onIdle(),
        readFailed: (_record, _error, retryAt) => failures.push(retryAt),
      });
      return { read, failures, detach };
    };

    it('is identified, then read as any other, and found by its entity', async () => {
      await rig.broker.inbox.accept([event('a')]);
      const { read, detach } = attach(async () => 'A');
      await until('it to be settled', async () => (await rig.store.counts()).messages.settled === 1);
      await detach();
      assert.deepEqual(read, ['A']);
      assert.equal((await rig.store.listMessages({ search: 'A', limit: 5 }))[0]?.entityId, 'A');
    });

    it('fails once with the reason where it names none; a replay looks again', async () => {
      await rig.broker.inbox.accept([event('a')]);
      let names = false;
      const { read, failures, detach } = attach(async () => {
        if (names) return 'A';
        throw refusal();
      });
      await until('the failure', () => failures.length > 0);
      const [message] = await rig.store.listMessages({ limit: 5 });
      assert.deepEqual([message?.state, message?.error?.message, failures, read], ['failed', 'names no ticket', [undefined], []]);
      names = true;
      await rig.broker.interventions.replayMessage(message!.id, { name: 'ann' });
      await until('it to be settled', async () => (await rig.store.counts()).messages.settled === 1);
      await detach();
      assert.deepEqual(read, ['A']);
    });

    it('is read again as a user has edited it', async () => {
      await rig.broker.inbox.accept([event('a')]);
      const seen: unknown[] = [];
      const detach = rig.broker.inbox.attach(intakeQueue('customer', 'polled'), {
        identify: async (_record, received) => {
          seen.push(received);
          if (seen.length > 1) return { entityType: 'polled', entityId: 'A' };
          throw refusal();
        },
        read: async () => ({ id: 'A', version: '1', fields: {} }),
        emit: (_record, _payload, _emission, onIdle) => onIdle(),
      });
      await until('the failure', async () => (await rig.store.counts()).messages.failed === 1);
      const [message] = await rig.store.listMessages({ limit: 5 });
      await rig.broker.interventions.editMessage(message!.id, { ticket: 'A' }, { name: 'ann' });
      await until('it to be settled', async () => (await rig.store.counts()).messages.settled === 1);
      await detach();
      assert.deepEqual(seen, [{ key: 'a' }, { ticket: 'A' }]);
    });

    it('is identified later where its partner must be asked, and is down', async () => {
      await rig.broker.inbox.accept([event('a')]);
      let tries = 0;
      const { read, detach } = attach(async () => {
        if (++tries > 2) return 'A';
        throw new PartnerError('SWB_PARTNER_UNAVAILABLE', 'down', { outcome: 'notDone', retry: true });
      });
      await until('it to be settled', async () => (await rig.store.counts()).messages.settled === 1);
      await detach();
      assert.deepEqual([tries, read], [3, ['A']]);
    });
  });

  it('fetches a file again after a deploy has replaced the endpoint that has it', async () => {
    rig.provider.faults.push('down');
    await rig.receive('customer', { id: 'A', version: '1', fields: { title: 'one' }, attachments: ['f.txt'] });
    await until('the deliveries', async () => (await rig.deliveries()).length === 2);
    await rig.broker.removeEndpoint('customer');
    await until('a try without it', async () =>
      (await rig.deliveries()).some(({ part, tries }) => part.startsWith('attachment:') && tries > 0),
    );
    rig.broker.addEndpoint(rig.customer, { concurrency: 1 });
    await rig.idle();
    assert.deepEqual(
      rig.provider.tickets[0]?.files.map(({ name }) => name),
      ['f.txt'],
    );
  });

  it('keeps the order within a conversation, and does not delay others', async () => {
    rig.provider.faults.push('down', 'down', 'down');
    await rig.receive('customer', { id: 'A', version: '1', fields: { state: '1' } });
    for (let i = 2; i <= 6; i++) await rig.receive('customer', { id: 'A', version: String(i), fields: { state: String(i) } });
    await rig.receive('customer', { id: 'B', version: '1', fields: { state: '1' } });
    await rig.idle();
    const states = rig.provider.calls.filter((c) => c.startsWith('update')).map((c) => Number(/\d/.exec(c)?.[0]));
    assert.deepEqual(states, [2, 3, 4, 5, 6]);
    assert.equal(rig.provider.tickets.length, 2);
  });

  it('moves a refused create to the dead letters, blocks only its own conversation, and continues after a replay', async () => {
    rig.provider.faults.push('refused');
    await rig.receive('customer', { id: 'A', version: '1', fields: { title: 'one' }, attachments: ['f.txt'] });
    await until('the dead letter', async () => (await rig.store.counts()).deliveries.failed === 1);
    await rig.receive('customer', { id: 'A', version: '2', fields: { title: 'two' } });
    await rig.receive('customer', { id: 'B', version: '1', fields: { title: 'other' } });
    await until('the other conversation', () => rig.provider.tickets.some((t) => t.fields.title === 'other'));
    assert.equal(rig.provider.tickets.length, 1);
    const failed = (await rig.store.listDeliveries({ limit: 5, states: ['failed'] }))[0]!;
    assert.match(failed.error?.message ?? '', /not accepted/);
    await rig.broker.interventions.replayDelivery(failed.id, { name: '' });
    await rig.idle();
    const ticket = rig.provider.tickets.find((t) => t.fields.title === 'two');
    assert.ok(ticket, 'created, then updated');
    assert.deepEqual(ticket.files, [{ name: 'f.txt', size: 'content of f.txt'.length }]);
  });

  it('does not overwrite newer values when an old update is replayed', async () => {
    await rig.receive('customer', { id: 'A', version: '1', fields: { state: '1', title: 'one' } });
    await rig.idle();
    rig.provider.faults.push('refused');
    await rig.receive('customer', { id: 'A', version: '2', fields: { state: '2', title: 'two' } });
    await until('the dead letter', async () => (await rig.store.counts()).deliveries.failed === 1);
    await rig.receive('customer', { id: 'A', version: '3', fields: { state: '3', title: 'two' } });
    await rig.idle();
    const failed = (await rig.store.listDeliveries({ limit: 5, states: ['failed'] }))[0]!;
    await rig.broker.interventions.replayDelivery(failed.id, { name: '' });
    await rig.idle();
    assert.deepEqual(rig.provider.tickets[0]?.fields, { state: '3', title: 'two' });
  });

  it('does not write to an entity that does not belong to the conversation', async () => {
    await rig.receive('customer', { id: 'A', version: '1', fields: { title: 'one' } });
    await rig.idle();
    await rig.stop();
    rig.provider.tickets[0]!.reference = 'SWB-SOMEBODYELSE';
    const calls = rig.provider;
    rig = new Rig(folder);
    rig.provider = calls;
    await rig.start();
    await rig.receive('customer', { id: 'A', version: '2', fields: { title: 'two' } });
    await rig.idle();
    assert.equal(rig.provider.tickets[0]?.fields.title, 'one');
    const quarantined = (await rig.deliveries()).find((d) => d.state === 'needsDecision')!;
    assert.equal(quarantined.error?.code, 'SWB_WRONG_ENTITY');
    const bodies = await rig.store.bodies('delivery', quarantined.id);
    assert.ok(bodies.ours && bodies.theirs, 'both records are shown');
  });

  it('never sends an entity its own changes', async () => {
    rig.flow = (payload, record) => rig.forward(payload, { ...record, endpoint: 'customer' });
    await rig.receive('customer', { id: 'A', version: '1', fields: { title: 'one' } });
    await rig.idle();
    assert.deepEqual(rig.customer.calls, []);
  });

  it('emits unsettled messages again, and accepts no leg twice', async () => {
    let crash = true;
    rig.flow = async (payload, record) => {
      await rig.forward(payload, record, ['first']);
      if (crash) return new Promise(() => {});
      await rig.forward(payload, record, ['first', 'second']);
    };
    await rig.receive('customer', { id: 'A', version: '1', fields: { title: 'one' } });
    await until('the first leg', () => rig.provider.tickets.length === 1);
    await rig.stop();
    const { provider, flow } = rig;
    crash = false;
    rig = new Rig(folder);
    rig.provider = provider;
    rig.flow = async (payload, record) => {
      void flow;
      await rig.forward(payload, record, ['first', 'second']);
    };
    await rig.start();
    await rig.idle();
    assert.deepEqual(rig.provider.tickets.map((t) => t.reference?.split('/')[1]).sort(), ['first', 'second']);
  });

  it('shows an unrouted message, and one whose flow failed, and replays it', async () => {
    rig.flow = async () => {};
    await rig.receive('customer', { id: 'A', fields: {} });
    await until('unrouted', async () => (await rig.messages())[0]?.outcome === 'unrouted');
    rig.flow = async () => {
      throw Object.assign(new Error('state "9" has no row'), { code: 'SWB_UNMAPPED' });
    };
    await rig.receive('customer', { id: 'B', version: '1', fields: { title: 'b' } });
    await until('failed', async () => (await rig.store.counts()).messages.failed === 1);
    const [failed] = await rig.store.listMessages({ limit: 1, states: ['failed'] });
    assert.deepEqual([failed?.error?.code, failed?.error?.message], ['SWB_UNMAPPED', 'state "9" has no row']);
    rig.flow = (payload, record) => rig.forward(payload, record);
    await rig.broker.interventions.replayMessage(failed!.id, { name: '' });
    await rig.idle();
    assert.equal(rig.provider.tickets.length, 1);
  });

  it('fails a message that a node never completes', async () => {
    await rig.stop();
    rig.flowTimeout = 1_000;
    await rig.start();
    rig.flow = () => new Promise(() => {});
    await rig.receive('customer', { id: 'A', fields: {} });
    await until('failed', async () => (await rig.store.counts()).messages.failed === 1);
    assert.match((await rig.messages())[0]?.error?.message ?? '', /did not finish within 1 s/);
  });

  it('asks senders to retry when the inbox is full', async () => {
    rig.flow = () => new Promise(() => {});
    for (let i = 0; i < 100; i++) await rig.receive('customer', { id: `A${i}`, fields: {} });
    await assert.rejects(rig.receive('customer', { id: 'B', fields: {} }), { code: 'SWB_BUSY' });
  });
});
