import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Change } from '../../src/store/store.js';
import { until } from '../live/node-red.js';
import { type Payload, Rig } from './rig.js';

/** A commit as the store got it. */
interface Commit {
  durable: boolean;
  changes: Change[];
}

describe('one message is one transaction', () => {
  let folder: string;
  let rig: Rig;
  let commits: Commit[];
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'switchboard-transaction-'));
    rig = await new Rig(folder).start();
    record();
  });
  afterEach(async () => {
    await rig.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  function record(): void {
    commits = [];
    const { store } = rig;
    const commit = store.commit.bind(store);
    store.commit = async (changes, options) => {
      const done = await commit(changes, options);
      // Names of endpoints and the like are written beside.
      if (changes.some(({ kind }) => kind !== 'setting'))
        commits.push({ durable: options?.durable !== false || done.started.length > 0, changes });
      return done;
    };
  }
  /** A flow that stays open after its first leg until `finish` is called. */
  function heldOpen(): { finish: () => void } {
    let finish: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      finish = resolve;
    });
    rig.flow = async (payload, record) => {
      await rig.forward(payload, record);
      await held;
    };
    return { finish };
  }
  async function restart(flow: Rig['flow'] = (payload, message) => rig.forward(payload, message)): Promise<void> {
    const { customer, provider } = rig;
    await rig.stop();
    rig = new Rig(folder);
    Object.assign(rig, { customer, provider, flow });
    await rig.start();
    record();
  }
  const titles = () => rig.provider.tickets.map(({ fields }) => fields.title);

  it('takes three durable commits and six records per new ticket', async () => {
    await rig.receive('customer', { id: 'A', fields: { title: 'one' } });
    await until('the commits', () => commits.length >= 3);
    assert.deepEqual(titles(), ['one']);
    const durable = commits.filter((commit) => commit.durable);
    const records = commits.flatMap(({ changes }) => changes).filter(({ kind }) => kind !== 'setting');
    assert.equal(durable.length, 3);
    assert.deepEqual(
      records.map((change) => change.kind),
      ['message', 'conversation', 'delivery', 'message', 'conversation', 'delivery'],
    );
    const [, sending] = commits;
    assert.ok(sending?.changes.some((change) => change.kind === 'delivery' && change.start?.state === 'sending'));
  });

  it('commits nothing while its flow runs; after a crash the message is emitted again', async () => {
    heldOpen();
    rig.flow = async (payload, message) => {
      await rig.forward(payload, message);
      await new Promise(() => undefined);
    };
    await rig.receive('customer', { id: 'A', fields: { title: 'one' } });
    await until('it to be in its flow', () => rig.emitted.length === 1);
    const [message] = await rig.messages();
    assert.deepEqual([message?.state, message?.emissions, (await rig.deliveries()).length], ['received', 0, 0]);
    assert.deepEqual(await rig.store.listConversations({ limit: 1 }), []);
    await restart();
    await rig.idle();
    assert.deepEqual(titles(), ['one']);
  });

  it('commits the legs of a flow that stays open within about a second, and never a second time', async () => {
    heldOpen();
    await rig.receive('customer', { id: 'A', fields: { title: 'one' } });
    await until('its leg to be delivered', () => titles().length === 1);
    const [message] = await rig.messages();
    assert.equal(message?.state, 'received');
    await rig.receive('customer', { id: 'A', fields: { title: 'two' } });
    await restart();
    await rig.idle();
    assert.deepEqual(titles(), ['two']);
    assert.equal((await rig.deliveries()).length, 2);
  });

  it('goes on after a crash with the payload that its committed legs were made from', async () => {
    // The second out node is reached only after the restart; by then the entity has changed again.
    const ticket = { id: 'A', fields: { title: 'one', note: 'first' }, version: '1' };
    rig.customer.tickets.push({ ...ticket, version: 1, comments: [], attachments: [] } as never);
    const slow: Rig['flow'] = async (payload, message) => {
      await rig.forward(payload, message);
      await new Promise(() => undefined);
    };
    rig.flow = slow;
    const about = { endpoint: 'customer', entityType: 'troubleTicket', entityId: 'A' };
    await rig.broker.inbox.accept([{ node: 'in-customer', origin: 'event', ...about, key: 'e', payload: { again: 1 } }]);
    await until('its leg to be delivered', () => titles().length === 1);
    Object.assign(rig.customer.tickets[0]!, { fields: { title: 'two', note: 'first' }, version: 2 });
    await restart((payload, message) => rig.forward(payload, message, ['out', 'late']));
    await until('both legs', async () => (await rig.deliveries()).length === 2);
    await rig.idle();
    assert.deepEqual(titles(), ['one', 'one']);
  });

  it('commits the good legs of a flow in which one branch fails; a replay sends the rest', async () => {
    let broken = true;
    rig.flow = async (payload, message) => {
      await rig.forward(payload, message, ['good']);
      if (broken) throw new Error('the other branch is broken');
      await rig.forward(payload, message, ['other']);
    };
    await rig.receive('customer', { id: 'A', fields: { title: 'one' } });
    await rig.idle();
    const [message] = await rig.messages();
    assert.deepEqual([message?.state, titles()], ['failed', ['one']]);
    broken = false;
    await rig.broker.interventions.replayMessage(message!.id, { name: '' });
    await rig.idle();
    assert.deepEqual([(await rig.messages())[0]?.state, titles()], ['settled', ['one', 'one']]);
  });

  it('commits what is staged when the flow time-out is over', async () => {
    await restart();
    await rig.stop();
    const { customer, provider } = rig;
    rig = new Rig(folder);
    Object.assign(rig, { customer, provider, flowTimeout: 200 });
    await rig.start();
    heldOpen();
    await rig.receive('customer', { id: 'A', fields: { title: 'one' } });
    await until('the time-out', async () => (await rig.messages())[0]?.state === 'failed');
    await until('the leg', () => titles().length === 1);
  });

  it('does not wait for an emission that a deploy ended before it was its turn in the conversation', async () => {
    rig.customer.tickets.push({ id: 'A', fields: {}, comments: [], files: [], version: 1 });
    await rig.receive('customer', { id: 'A', fields: { title: 'one' } });
    await rig.idle();
    const [ticket] = rig.provider.tickets;
    const finish: (() => void)[] = [];
    rig.flow = async (payload, message) => {
      await rig.forward(payload, message);
      if (payload.id === 'A') await new Promise<void>((resolve) => finish.push(resolve));
    };
    // The first emission of the comment has not entered the queue of its conversation yet when the deploy begins.
    const { correlator } = rig.broker;
    const keyOf = correlator.keyOf.bind(correlator);
    const enter: (() => void)[] = [];
    correlator.keyOf = async (source) => {
      if (source.endpoint === 'provider') await new Promise<void>((resolve) => enter.push(resolve));
      return keyOf(source);
    };
    await rig.receive('customer', { id: 'A', version: '2', fields: { title: 'two' } });
    await until('the first to be in its flow', () => finish.length === 1);
    await rig.receive('provider', { id: ticket!.id, version: '9', fields: { title: 'two' }, comments: ['hello'] });
    await until('the second to be in its flow', () => enter.length === 1);
    rig.broker.inbox.pause();
    rig.broker.inbox.resume();
    await until('the first to be in its flow again', () => finish.length === 2);
    await until('the second to be in its flow again', () => enter.length === 2);
    correlator.keyOf = keyOf;
    for (const go of enter) {
      go();
      await new Promise(setImmediate);
    }
    for (const end of finish) end();
    await rig.idle();
    assert.deepEqual(rig.customer.tickets[0]?.comments, ['hello']);
  });

  it('is emitted again where a deploy interrupts its flow; what nodes still do with the old emission does not count', async () => {
    const emissions: string[] = [];
    const finish: (() => void)[] = [];
    rig.flow = async (payload, message) => {
      emissions.push(rig.broker.inbox.flows.inFlow({ messageId: message.id })?.emission ?? '');
      await new Promise<void>((resolve) => finish.push(resolve));
      await rig.forward(payload, message);
    };
    await rig.receive('customer', { id: 'A', fields: { title: 'one' } });
    await until('it to be in its flow', () => finish.length === 1);
    rig.broker.inbox.pause();
    await rig.receive('customer', { id: 'B', fields: { title: 'other' } });
    const message = (await rig.messages()).find(({ entityId }) => entityId === 'A')!;
    const late = await rig.broker.acceptLeg({
      message: message.id,
      emission: emissions[0],
      conversation: 'none',
      node: 'out',
      endpoint: 'provider',
      entityType: 'troubleTicket',
      leg: '',
      from: { endpoint: 'customer', entityType: 'troubleTicket', entityId: 'A' },
      request: { fields: { title: 'late' }, changed: ['title'], defaults: [], sources: {}, generic: {} },
      comments: [],
      attachments: [],
      answers: false,
    });
    assert.equal(late.deliveries, 0);
    finish[0]!();
    assert.equal(rig.emitted.length, 1, 'nothing is emitted before the flows have started');
    rig.broker.inbox.resume();
    await until('both to be in their flows', () => finish.length === 3);
    for (const end of finish) end();
    await rig.idle();
    assert.deepEqual(titles().sort(), ['one', 'other']);
    assert.equal(new Set(emissions).size, 3);
  });

  it('sends what reached no out node with the next message, and nothing of it again when it is replayed', async () => {
    let isRouted = false;
    rig.flow = (payload, message) => rig.forward(payload, message, isRouted ? ['out'] : []);
    await rig.receive('customer', { id: 'A', version: '1', fields: { title: 'one', note: 'n' }, comments: ['hello'] });
    await rig.idle();
    const [unrouted] = await rig.messages();
    assert.deepEqual([unrouted?.state, unrouted?.outcome], ['settled', 'unrouted']);
    isRouted = true;
    await rig.receive('customer', { id: 'A', version: '2', fields: { title: 'two', note: 'n' }, comments: ['hello', 'again'] });
    await rig.idle();
    await rig.broker.interventions.replayMessage(unrouted!.id, { name: '' });
    await rig.idle();
    assert.deepEqual([titles(), rig.provider.tickets[0]?.comments], [['two'], ['hello', 'again']]);
  });

  it('does not count what nodes do with an interrupted emission after the message was settled', async () => {
    const emissions: (string | undefined)[] = [];
    rig.flow = async (payload, message) => {
      emissions.push(rig.emissionOf(message.id));
      if (emissions.length === 1) return await new Promise(() => undefined);
      await rig.forward(payload, message, ['first']);
    };
    await rig.receive('customer', { id: 'A', fields: { title: 'one' } });
    await until('it to be in its flow', () => emissions.length === 1);
    rig.broker.inbox.pause();
    rig.broker.inbox.resume();
    await rig.idle();
    const [message] = await rig.messages();
    assert.equal(message?.state, 'settled');
    // An out node that a deploy has removed since.
    const late = await rig.broker.acceptLeg({
      message: message.id,
      emission: emissions[0],
      conversation: message.conversation ?? '',
      node: 'former',
      endpoint: 'provider',
      entityType: 'troubleTicket',
      leg: 'former',
      from: { endpoint: 'customer', entityType: 'troubleTicket', entityId: 'A' },
      request: { fields: { title: 'late' }, changed: ['title'], defaults: [], sources: {}, generic: {} },
      comments: [],
      attachments: [],
      answers: false,
    });
    await rig.idle();
    assert.deepEqual([late.deliveries, titles()], [0, ['one']]);
  });

  it('queues a delivery to an endpoint that is suspended', async () => {
    await rig.broker.interventions.suspend('provider', '', { name: '' });
    await rig.receive('customer', { id: 'A', fields: { title: 'one' } });
    await until('the delivery', async () => (await rig.deliveries()).length === 1);
    assert.equal((await rig.deliveries())[0]?.state, 'pending');
    await rig.broker.interventions.resume('provider', { name: '' });
    await rig.idle();
    assert.deepEqual(titles(), ['one']);
  });

  it('sends in order what one conversation queues for one endpoint', async () => {
    const payloads: Payload[] = ['one', 'two', 'three'].map((title, n) => ({
      id: 'A',
      fields: { title },
      version: String(n + 1),
    }));
    for (const payload of payloads) await rig.receive('customer', payload);
    await rig.idle();
    assert.deepEqual(titles(), ['three']);
  });
});
