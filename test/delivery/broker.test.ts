import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PartnerError } from '../../src/errors.js';
import { until } from '../live/node-red.js';
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
    await rig.quiet();
    await rig.receive('customer', { id: 'A', version: '2', fields: { title: 'two', state: 'acknowledged' } });
    await rig.quiet();
    assert.deepEqual(rig.provider.calls, ['create', 'read T1', 'update {"title":"two"}']);
    assert.equal(rig.provider.tickets.length, 1);
    assert.match(rig.provider.tickets[0]?.reference ?? '', /^SWB-/);
  });

  it('stays in doubt while the look-up fails: nothing is created twice', async () => {
    rig.provider.faults.push('lost');
    rig.provider.lookUpFaults.push('down', 'limited', 'down');
    await rig.receive('customer', { id: 'A', fields: { title: 'one' } });
    await rig.quiet();
    assert.equal(rig.provider.tickets.length, 1, rig.provider.calls.join());
    assert.deepEqual(
      rig.provider.calls.map((c) => c.split(' ')[0]),
      ['create', 'find', 'find', 'find', 'find'],
    );
  });

  it('puts a create aside whose ticket somebody told of without our reference: it is in another conversation', async () => {
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
    await until('the stranger to be known', async () => (await rig.store.listConversations({ limit: 5 })).length === 2);
    open();
    await until('the delivery to wait for a person', async () =>
      (await rig.deliveries()).some((d) => d.state === 'needsDecision'),
    );
    const [delivery] = await rig.deliveries();
    assert.equal(delivery?.error?.code, 'SWB_WRONG_ENTITY');
    assert.match(delivery?.error?.message ?? '', /T1 was created, but stands in the conversation SWB-/);
    assert.equal(rig.provider.tickets.length, 1);
  });

  it('accepts the same key once', async () => {
    await rig.receive('customer', { id: 'A', fields: { title: 'one' } }, 'k');
    await rig.receive('customer', { id: 'A', fields: { title: 'one' } }, 'k');
    await rig.quiet();
    assert.equal((await rig.messages()).length, 1);
  });

  it('lets no echo pass, whether it comes before or after our answer', async () => {
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
    await rig.quiet();
    await rig.receive('provider', { id: 'T1', version: '2', reference, fields: { title: 'one' } }, 'event after the answer');
    await rig.quiet();
    assert.deepEqual(rig.customer.calls, []);
    assert.equal(rig.provider.tickets.length, 1);
    const echoes = (await rig.messages()).filter((m) => m.endpoint === 'provider');
    assert.deepEqual(
      echoes.map((m) => m.outcome),
      ['ignored', 'ignored'],
    );
  });

  it('tells the other side what the partner made of our write', async () => {
    rig.customer.tickets.push({ id: 'A', fields: {}, comments: [], files: [], version: 1 });
    await rig.receive('customer', { id: 'A', version: '1', fields: { title: 'one' } });
    await rig.quiet();
    await rig.receive('provider', { id: 'T1', version: '2', fields: { title: 'one', state: 'inProgress' } });
    await rig.quiet();
    assert.deepEqual(
      rig.customer.calls.filter((c) => c.startsWith('update')),
      ['update {"state":"inProgress"}'],
    );
  });

  it('takes an old reading of a field that we have written since for no news, but believes it about the others', async () => {
    await rig.receive('customer', { id: 'A', version: '1', fields: { title: 'one', state: 'acknowledged' } });
    await rig.quiet();
    rig.customer.tickets.push({ id: 'A', fields: { title: 'one', state: 'acknowledged' }, comments: [], files: [], version: 1 });
    for (const [version, state] of [
      ['2', 'pending'],
      ['3', 'inProgress'],
    ] as const) {
      Object.assign(rig.provider.tickets[0]!.fields, { state });
      await rig.receive('provider', { id: 'T1', version, fields: { title: 'one', state } });
      await rig.quiet();
    }
    assert.equal(rig.customer.tickets[0]?.version, 3);
    const before = rig.provider.calls.length;
    // Read between our two writes, told after the second; somebody had changed the title by then.
    await rig.receive('customer', { id: 'A', version: '2', fields: { title: 'two', state: 'pending' } }, 'read late');
    await rig.quiet();
    assert.deepEqual(rig.provider.calls.slice(before), ['read T1', 'update {"title":"two"}']);
    await rig.receive('customer', { id: 'A', version: '3', fields: { title: 'two', state: 'inProgress' } }, 'the echo');
    await rig.quiet();
    await rig.receive('customer', { id: 'A', version: '4', fields: { title: 'two', state: 'closed' } }, 'real news');
    await rig.quiet();
    const calls = ['read T1', 'update {"title":"two"}', 'read T1', 'update {"state":"closed"}'];
    assert.deepEqual(rig.provider.calls.slice(before), calls);
  });

  it('goes back to a value while the write away from it is under way', async () => {
    await rig.receive('customer', { id: 'A', version: '1', fields: { title: 'one', state: 'inProgress' } });
    await rig.quiet();
    let open = () => {};
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    rig.provider.gate = () => gate;
    await rig.receive('customer', { id: 'A', version: '2', fields: { title: 'one', state: 'resolved' } });
    await until('the write to be under way', () => rig.provider.calls.includes('update {"state":"resolved"}'));
    await rig.receive('customer', { id: 'A', version: '3', fields: { title: 'one', state: 'inProgress' } });
    await until('the next to be taken', async () => (await rig.store.counts()).messages.received === 0 && !rig.broker.inbox.busy);
    open();
    await rig.quiet();
    assert.equal(rig.provider.tickets[0]?.fields.state, 'inProgress');
  });

  it('looks before it creates again when an answer was lost', async () => {
    rig.provider.faults.push('lost');
    await rig.receive('customer', { id: 'A', fields: { title: 'one' } });
    await rig.quiet();
    assert.equal(rig.provider.tickets.length, 1);
    assert.match(rig.provider.calls.join(), /^create,find SWB-/);
    const [delivery] = await rig.deliveries();
    assert.equal(delivery?.state, 'delivered');
    assert.match(delivery?.attempts.at(-1)?.what ?? '', /found T1/);
  });

  it('creates nothing twice that the partner has accepted but does not show yet', async () => {
    rig.provider.faults.push('queued');
    await rig.receive('customer', { id: 'C1', fields: { title: 'Down' } });
    await until('it was looked for', () => rig.provider.calls.filter((call) => call.startsWith('find')).length >= 2);
    rig.provider.release();
    await rig.quiet();
    assert.equal(rig.provider.tickets.length, 1);
    assert.equal(rig.provider.calls.filter((call) => call === 'create').length, 1);
  });

  it('does not comment twice when an answer was lost', async () => {
    rig.provider.faults.push('down', 'limited');
    await rig.receive('customer', { id: 'A', version: '1', fields: { title: 'one' }, comments: ['hello'] });
    await until('the create', () => rig.provider.tickets.length === 1);
    rig.provider.faults.push('lost');
    await rig.receive('customer', { id: 'A', version: '2', fields: { title: 'one' }, comments: ['hello', 'again'] });
    await rig.quiet();
    assert.deepEqual(rig.provider.tickets[0]?.comments, ['hello', 'again']);
  });

  it('takes a comment once that two messages bring, also when a crash came between them', async () => {
    await rig.receive('customer', { id: 'A', version: '1', fields: { title: 'one' } });
    await rig.quiet();
    // The flow of the first is killed after its comment was taken; after the start the other one comes before it.
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
    let open = () => {};
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    let emitted = 0;
    rig.flow = async (payload, record) => {
      if (emitted++ === 0) await gate;
      await rig.forward(payload, record);
    };
    await rig.start();
    await rig.receive('customer', { id: 'A', version: '2', fields: { title: 'one' }, comments: ['hello'] }, 'poll');
    await until('the other one to be settled', async () =>
      (await rig.messages()).some((m) => m.key.startsWith('poll|') && m.state === 'settled'),
    );
    open();
    await rig.quiet();
    assert.deepEqual(provider.tickets[0]?.comments, ['hello']);
  });

  it('takes a webhook for a hint, whatever version it names: the same again is a reason to look again', async () => {
    await rig.receive('customer', { id: 'A', version: '1', fields: { title: 'one' } }, 'evt|1');
    await rig.quiet();
    await rig.receive('customer', { id: 'A', version: '1', fields: { title: 'two' } }, 'evt|1');
    await rig.quiet();
    assert.equal(rig.provider.tickets[0]?.fields.title, 'two');
  });

  it('reads once for webhooks that say the same while none of them was read', async () => {
    await rig.stop();
    rig = await new Rig(folder).start({ flows: false });
    for (let i = 0; i < 3; i++) await rig.receive('customer', { id: 'A', version: '1', fields: { title: 'one' } }, 'evt|1');
    await rig.receive('customer', { id: 'A', version: '1', fields: { title: 'one' } }, 'evt|2');
    assert.equal((await rig.messages()).length, 2);
  });

  it('reads, and tells, once what polls found before, and again for what was found since', async () => {
    const hint = (key: string) => {
      const about = { endpoint: 'customer', entityType: 'troubleTicket', entityId: 'A' };
      return { node: 'in-poll', origin: 'poll' as const, ...about, key, payload: {} };
    };
    const { inbox } = rig.broker;
    await inbox.accept(['a', 'b', 'c'].map(hint));
    let reads = 0;
    const emitted: unknown[] = [];
    const detach = inbox.attach('in-poll', {
      read: async () => {
        if (++reads === 1) await inbox.accept([hint('d')]);
        return { id: 'A', version: '1', fields: { reads } };
      },
      emit: ({ key }, payload, quiet) => {
        emitted.push([key, (payload as { fields: { reads: number } }).fields.reads]);
        quiet();
      },
    });
    await until('all to be settled', async () => (await rig.store.counts()).messages.settled === 4);
    await detach();
    assert.deepEqual(emitted, [
      ['a', 1],
      ['d', 2],
    ]);
  });

  it('makes no alarm of a record that is not shown whole for a moment, but of a partner that cannot be read', async () => {
    const { inbox } = rig.broker;
    const about = { endpoint: 'customer', entityType: 'troubleTicket', entityId: 'A' };
    await inbox.accept([{ node: 'in-poll', origin: 'poll', ...about, key: 'a', payload: {} }]);
    let [reads, troubles] = [0, 0];
    let concernsRecord = true;
    const detach = inbox.attach('in-poll', {
      read: async () => {
        reads++;
        throw new PartnerError('SWB_PARTNER_ANSWER', 'less than a moment ago', {
          outcome: 'notDone',
          retry: true,
          concernsRecord,
        });
      },
      emit: () => assert.fail('it was not read'),
      trouble: () => troubles++,
    });
    await until('two reads', () => reads >= 2);
    assert.equal(troubles, 0);
    concernsRecord = false;
    await until('the alarm', () => troubles > 0);
    await detach();
  });

  it('keeps the order of one conversation and does not let another wait', async () => {
    rig.provider.faults.push('down', 'down', 'down');
    await rig.receive('customer', { id: 'A', version: '1', fields: { state: '1' } });
    for (let i = 2; i <= 6; i++) await rig.receive('customer', { id: 'A', version: String(i), fields: { state: String(i) } });
    await rig.receive('customer', { id: 'B', version: '1', fields: { state: '1' } });
    await rig.quiet();
    const states = rig.provider.calls.filter((c) => c.startsWith('update')).map((c) => Number(/\d/.exec(c)?.[0]));
    assert.deepEqual(states, [2, 3, 4, 5, 6]);
    assert.equal(rig.provider.tickets.length, 2);
  });

  it('does not take it for the other party’s fault when a file cannot be had', async () => {
    await rig.receive('customer', { id: 'A', version: '1', fields: { title: 'one' } });
    await rig.quiet();
    let tries = 0;
    for (const code of ['SWB_PARTNER_UNAVAILABLE', 'SWB_PARTNER_LIMIT', 'SWB_PARTNER_ANSWER'] as const) {
      tries = 0;
      rig.customer.download = async () => {
        tries++;
        throw new PartnerError(code, 'no', { outcome: 'notDone', retry: true, retryAfter: 20 });
      };
      await rig.receive('customer', { id: 'A', version: code, fields: { title: 'one' }, attachments: [`${code}.txt`] });
      await until('several tries', () => tries >= 6);
      assert.equal(rig.broker.worker('provider')?.status.circuit, 'closed', code);
    }
    await rig.receive('customer', { id: 'B', version: '1', fields: { title: 'other' } });
    await until('the other conversation', () => rig.provider.tickets.some((t) => t.fields.title === 'other'));
  });

  it('puts a refused create aside, holds back only its own conversation, and goes on after replay', async () => {
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
    await rig.quiet();
    const ticket = rig.provider.tickets.find((t) => t.fields.title === 'two');
    assert.ok(ticket, 'created, then updated');
    assert.deepEqual(ticket.files, [{ name: 'f.txt', size: 'content of f.txt'.length }]);
  });

  it('does not overwrite newer values when an old update is replayed', async () => {
    await rig.receive('customer', { id: 'A', version: '1', fields: { state: '1', title: 'one' } });
    await rig.quiet();
    rig.provider.faults.push('refused');
    await rig.receive('customer', { id: 'A', version: '2', fields: { state: '2', title: 'two' } });
    await until('the dead letter', async () => (await rig.store.counts()).deliveries.failed === 1);
    await rig.receive('customer', { id: 'A', version: '3', fields: { state: '3', title: 'two' } });
    await rig.quiet();
    const failed = (await rig.store.listDeliveries({ limit: 5, states: ['failed'] }))[0]!;
    await rig.broker.interventions.replayDelivery(failed.id, { name: '' });
    await rig.quiet();
    assert.deepEqual(rig.provider.tickets[0]?.fields, { state: '3', title: 'two' });
  });

  it('refuses to write to an entity that is not the one of the conversation', async () => {
    await rig.receive('customer', { id: 'A', version: '1', fields: { title: 'one' } });
    await rig.quiet();
    await rig.stop();
    rig.provider.tickets[0]!.reference = 'SWB-SOMEBODYELSE';
    const calls = rig.provider;
    rig = new Rig(folder);
    rig.provider = calls;
    await rig.start();
    await rig.receive('customer', { id: 'A', version: '2', fields: { title: 'two' } });
    await rig.quiet();
    assert.equal(rig.provider.tickets[0]?.fields.title, 'one');
    const quarantined = (await rig.deliveries()).find((d) => d.state === 'needsDecision')!;
    assert.equal(quarantined.error?.code, 'SWB_WRONG_ENTITY');
    const bodies = await rig.store.bodies('delivery', quarantined.id);
    assert.ok(bodies.ours && bodies.theirs, 'both records are shown');
  });

  it('never tells an entity its own news', async () => {
    rig.flow = (payload, record) => rig.forward(payload, { ...record, endpoint: 'customer' });
    await rig.receive('customer', { id: 'A', version: '1', fields: { title: 'one' } });
    await rig.quiet();
    assert.deepEqual(rig.customer.calls, []);
  });

  it('emits again what was not settled, and does not take a leg twice', async () => {
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
    await rig.quiet();
    assert.deepEqual(rig.provider.tickets.map((t) => t.reference?.split('/')[1]).sort(), ['first', 'second']);
  });

  it('shows a message that no out node took, and one whose flow failed, and replays it', async () => {
    rig.flow = async () => {};
    await rig.receive('customer', { id: 'A', fields: {} });
    await until('unrouted', async () => (await rig.messages())[0]?.outcome === 'unrouted');
    rig.flow = async () => {
      throw Object.assign(new Error('state «9» has no row'), { code: 'SWB_UNMAPPED' });
    };
    await rig.receive('customer', { id: 'B', version: '1', fields: { title: 'b' } });
    await until('failed', async () => (await rig.store.counts()).messages.failed === 1);
    const [failed] = await rig.store.listMessages({ limit: 1, states: ['failed'] });
    assert.deepEqual([failed?.error?.code, failed?.error?.message], ['SWB_UNMAPPED', 'state «9» has no row']);
    rig.flow = (payload, record) => rig.forward(payload, record);
    await rig.broker.interventions.replayMessage(failed!.id, { name: '' });
    await rig.quiet();
    assert.equal(rig.provider.tickets.length, 1);
  });

  it('counts a message as failed when a node keeps it for ever', async () => {
    await rig.stop();
    rig.flowTimeout = 1_000;
    await rig.start();
    rig.flow = () => new Promise(() => {});
    await rig.receive('customer', { id: 'A', fields: {} });
    await until('failed', async () => (await rig.store.counts()).messages.failed === 1);
    assert.match((await rig.messages())[0]?.error?.message ?? '', /did not finish within 1 s/);
  });

  it('asks senders to come again when the inbox is full', async () => {
    rig.flow = () => new Promise(() => {});
    for (let i = 0; i < 100; i++) await rig.receive('customer', { id: `A${i}`, fields: {} });
    await assert.rejects(rig.receive('customer', { id: 'B', fields: {} }), { code: 'SWB_BUSY' });
  });
});
