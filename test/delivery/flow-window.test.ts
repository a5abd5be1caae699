import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Json } from '../../src/model/message.js';
import { intakeQueue } from '../../src/store/message-queue.js';
import type { MessageRecord } from '../../src/store/store.js';
import { until } from '../live/node-red.js';
import { type Payload, Rig } from './rig.js';

/** Milliseconds after which a message of these tests has been in its flow for too long. */
const SHORT = 200;

describe('the messages of an in node that may be in the flow at once', () => {
  let folder: string;
  let rig: Rig;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'switchboard-window-'));
    rig = new Rig(folder);
    rig.inboxLimit = 5_000;
  });
  afterEach(async () => {
    await rig.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const never = () => new Promise<void>(() => undefined);
  const titles = () => rig.provider.tickets.map(({ fields }) => fields.title);
  const counts = async () => (await rig.store.counts()).messages;
  const ticket = (id: string, title = id): Payload => ({ id, fields: { title } });
  /** Messages whose flow goes on when the test says so, by entity. */
  function heldFlow(isHeld: (payload: Payload) => boolean): Map<string, () => void> {
    const held = new Map<string, () => void>();
    rig.flow = async (payload, record) => {
      if (isHeld(payload)) await new Promise<void>((go) => held.set(payload.id, go));
      await rig.forward(payload, record);
    };
    return held;
  }
  /** Hints of a poll, which are read. */
  function hints(entityId: string, keys: readonly string[]): Promise<void> {
    const about = { node: 'in-customer', endpoint: 'customer', entityType: 'troubleTicket', entityId };
    return rig.broker.inbox.accept(keys.map((key) => ({ ...about, origin: 'poll', key, payload: { again: key } })));
  }

  it('is bounded, and those whose flow never ends give back their place', async () => {
    rig.flowTimeout = SHORT;
    await rig.start();
    let inFlow = 0;
    rig.flow = async (payload, record) => {
      if (payload.id !== 'good') {
        inFlow++;
        return await never();
      }
      await rig.forward(payload, record);
    };
    for (let i = 0; i < 150; i++) await rig.receive('customer', ticket(`stuck ${i}`));
    await rig.receive('customer', ticket('good'));
    await until('the 151st', () => titles().includes('good'));
    await until('the others to fail', async () => (await counts()).failed === 150);
    assert.equal(inFlow, 150);
    assert.equal(rig.broker.inbox.busy, false);
    assert.deepEqual(titles(), ['good']);
  });

  it('what their nodes do after the time-out no longer counts; a replay does all of it', async () => {
    rig.flowTimeout = SHORT;
    await rig.start();
    const held = heldFlow(({ id }) => id === 'A' && !held.has('A'));
    await rig.receive('customer', ticket('A', 'one'));
    await until('the time-out', async () => (await counts()).failed === 1);
    held.get('A')?.();
    // A message that comes later has passed all that the late nodes did.
    await rig.receive('customer', ticket('B', 'other'));
    await rig.idle();
    assert.deepEqual(titles(), ['other']);
    const stuck = (await rig.messages()).find(({ entityId }) => entityId === 'A') as MessageRecord;
    assert.deepEqual([stuck.state, stuck.error?.code, stuck.conversation], ['failed', 'SWB_FLOW', undefined]);
    await rig.broker.interventions.replayMessage(stuck.id, { name: '' });
    await rig.idle();
    assert.deepEqual(titles(), ['other', 'one']);
  });

  it('an out node that is reached after the time-out adds nothing to what was committed', async () => {
    rig.flowTimeout = SHORT;
    await rig.start();
    const go: (() => void)[] = [];
    rig.flow = async (payload, record) => {
      await rig.forward(payload, record);
      await new Promise<void>((late) => go.push(late));
      await rig.forward(payload, record, ['late']).catch(() => undefined);
    };
    await rig.receive('customer', ticket('A', 'one'));
    await until('the time-out', async () => (await counts()).failed === 1);
    await until('its first leg', () => titles().length === 1);
    const [message] = await rig.messages();
    const late = await rig.broker.acceptLeg({
      message: message!.id,
      emission: rig.emissionOf(message!.id),
      conversation: message!.conversation ?? '',
      node: 'late-provider',
      endpoint: 'provider',
      entityType: 'troubleTicket',
      leg: 'late',
      from: { endpoint: 'customer', entityType: 'troubleTicket', entityId: 'A' },
      request: { fields: { title: 'late' }, changed: ['title'], defaults: [], sources: {}, generic: {} },
      comments: [],
      attachments: [],
      answers: false,
    });
    assert.equal(late.deliveries, 0);
    assert.equal((await rig.deliveries()).length, 1);
    go[0]?.();
  });

  it('one that waits for its turn in the conversation does not take too long: the one before does', async () => {
    rig.flowTimeout = SHORT;
    await rig.start();
    rig.customer.tickets.push({ id: 'A', fields: {}, comments: [], files: [], version: 1 });
    await rig.receive('customer', ticket('A', 'one'));
    await rig.idle();
    const [known] = rig.provider.tickets;
    rig.flow = async (payload, record) => {
      await rig.forward(payload, record);
      if (payload.id === 'A') await never();
    };
    await rig.receive('customer', { ...ticket('A', 'two'), version: '2' });
    await until('it to be in its flow', () => rig.emitted.length === 2);
    await rig.receive('provider', { id: known!.id, version: '9', fields: { title: 'two' }, comments: ['hello'] });
    await until('both to have left their flows', () => !rig.broker.inbox.busy);
    await rig.idle();
    const states = (await rig.messages()).map(({ endpoint, state }) => [endpoint, state]);
    assert.deepEqual(states, [
      ['provider', 'settled'],
      ['customer', 'failed'],
      ['customer', 'settled'],
    ]);
    assert.deepEqual(rig.customer.tickets[0]?.comments, ['hello']);
  });

  it('one busy ticket does not fill the window of all others', async () => {
    await rig.start();
    const busy = Array.from({ length: 400 }, (_, i) => ({ ...ticket('busy', `${i}`), version: String(i + 1) }));
    const held = heldFlow(({ id, version }) => id === 'busy' && version === '1');
    for (const payload of busy) await rig.receive('customer', payload);
    await until('the busy ticket to be in its flow', () => held.size === 1);
    await rig.receive('customer', ticket('other'));
    await until('the other ticket', () => titles().includes('other'));
    assert.equal((await counts()).received, 400);
    held.get('busy')?.();
    await rig.idle();
    assert.deepEqual(titles().sort(), ['399', 'other']);
  });

  it('hints of a busy ticket do not each read it while others wait', async () => {
    await rig.start();
    rig.customer.tickets.push({ id: 'busy', fields: { title: 'last' }, comments: [], files: [], version: 1 });
    const held = heldFlow(({ id }) => id === 'first');
    await rig.receive('customer', ticket('first'));
    const reads = countReads();
    const keys = Array.from({ length: 500 }, (_, i) => `k${i}`);
    await hints('busy', keys);
    await until('the busy ticket', () => titles().includes('last'));
    held.get('first')?.();
    await rig.idle();
    assert.ok(reads.count < 20, `${reads.count} reads`);
  });

  function countReads(): { count: number } {
    const reads = { count: 0 };
    const read = rig.customer.read.bind(rig.customer);
    rig.customer.read = (type, id) => {
      reads.count++;
      return read(type, id);
    };
    return reads;
  }
});

describe('messages of an in node that stops', () => {
  let folder: string;
  let rig: Rig;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'switchboard-stop-'));
    rig = new Rig(folder);
    await rig.start({ flows: false });
    emitted.splice(0);
  });
  afterEach(async () => {
    await rig.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  const emitted: string[] = [];
  const settling = {
    read: async () => undefined,
    emit: ({ key }: MessageRecord, _payload: Json, _emission: string, onIdle: () => void) => {
      emitted.push(key);
      onIdle();
    },
  };
  const poll = (entityId: string, key: string) => ({
    node: 'in',
    origin: 'poll' as const,
    endpoint: 'customer',
    entityType: 'troubleTicket',
    entityId,
    key: `${entityId}${key}`,
    payload: {},
  });

  it('while they are being claimed can be claimed by the next one', async () => {
    const { store, broker } = rig;
    await broker.inbox.accept([poll('A', '1')]);
    const claim = store.claimMessages.bind(store);
    let go: () => void = () => undefined;
    let begun = 0;
    store.claimMessages = async (...of) => {
      const claimed = await claim(...of);
      if (begun++ === 0) await new Promise<void>((resolve) => (go = resolve));
      return claimed;
    };
    const stop = broker.inbox.attach(intakeQueue('customer', 'troubleTicket'), settling);
    await until('a claim', () => begun === 1);
    const stopped = stop();
    go();
    await stopped;
    assert.deepEqual(emitted, []);
    broker.inbox.attach(intakeQueue('customer', 'troubleTicket'), settling);
    await rig.idle();
    assert.deepEqual(emitted, ['A1']);
  });

  it('are taken over where its last read ends only after the next one has started', async () => {
    const { broker } = rig;
    await broker.inbox.accept([poll('A', '1'), poll('A', '2')]);
    let end: () => void = () => undefined;
    let reading = false;
    const stop = broker.inbox.attach(intakeQueue('customer', 'troubleTicket'), {
      ...settling,
      read: async () => {
        reading = true;
        await new Promise<void>((resolve) => (end = resolve));
        return {};
      },
    });
    await until('the read', () => reading);
    const stopped = stop();
    // Node-RED waits a limited time only.
    broker.inbox.attach(intakeQueue('customer', 'troubleTicket'), settling);
    await broker.inbox.accept([poll('B', '1')]);
    await until('another message', () => emitted.includes('B1'));
    end();
    await stopped;
    await rig.idle();
    assert.deepEqual(emitted, ['B1', 'A1', 'A2']);
  });

  it('are emitted in order where a deploy interrupts one while the next one is read', async () => {
    const { broker } = rig;
    const ends: (() => void)[] = [];
    broker.inbox.attach(intakeQueue('customer', 'troubleTicket'), {
      read: async (_record, { received }) => {
        if (received === '2' && ends.length === 0) await new Promise<void>((resolve) => ends.push(resolve));
        return received as Json;
      },
      emit: (_record, payload, _emission, onIdle) => {
        emitted.push(String(payload));
        // The first one is interrupted in its flow.
        if (emitted.length > 1) onIdle();
      },
    });
    const events = ['1', '2', '3'].map((n) => ({ ...poll('A', n), origin: 'webhook' as const, payload: n }));
    await broker.inbox.accept(events);
    await until('the first', () => emitted.length === 1);
    broker.inbox.pause();
    broker.inbox.resume();
    await until('the read of the second', () => ends.length === 1);
    broker.inbox.pause();
    broker.inbox.resume();
    ends[0]?.();
    await rig.idle();
    assert.deepEqual(emitted, ['1', '1', '2', '3']);
  });

  it('are not covered by the read of one that was interrupted', async () => {
    const { broker } = rig;
    let onIdle: () => void = () => undefined;
    broker.inbox.attach(intakeQueue('customer', 'troubleTicket'), {
      read: async () => ({}),
      emit: ({ key }, _payload, _emission, idle) => {
        emitted.push(key);
        onIdle = idle;
      },
    });
    await broker.inbox.accept([poll('A', '1'), poll('A', '2')]);
    await until('the first', () => emitted.length === 1);
    broker.inbox.pause();
    broker.inbox.resume();
    await until('it again', () => emitted.length === 2);
    assert.deepEqual(emitted, ['A1', 'A1']);
    onIdle();
    await rig.idle();
  });
});
