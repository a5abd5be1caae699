import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Broker } from '../../src/delivery/broker.js';
import type { GenericMessage, Json } from '../../src/model/message.js';
import { LowdbStore } from '../../src/store/lowdb-store.js';
import type { DeliveryRecord, ErrorRecord, MessageRecord } from '../../src/store/store.js';
import { until } from '../live/node-red.js';
import { Partner } from './partner.js';

interface Payload {
  id: string;
  fields: Record<string, Json>;
  version?: string;
  comments?: string[];
  attachments?: string[];
  reference?: string;
}

/** A broker with a customer, a provider and a flow that takes every news of one to the other, as nodes would. */
class Rig {
  broker!: Broker;
  store!: LowdbStore;
  customer = new Partner('customer');
  provider = new Partner('provider');
  emitted: string[] = [];
  /** What the flow does with a message instead, by its id at the source. */
  flow: (payload: Payload, record: MessageRecord) => Promise<void> = (payload, record) => this.forward(payload, record);
  private detach: (() => Promise<void>)[] = [];
  constructor(readonly folder: string) {}

  async start(): Promise<this> {
    this.store = new LowdbStore({ folder: this.folder });
    await this.store.open();
    this.broker = new Broker({
      id: 'b',
      name: 'test',
      store: this.store,
      inboxLimit: 100,
      flowTimeout: 2_000,
      random: () => 0.5,
    });
    for (const client of [this.customer, this.provider])
      this.broker.addEndpoint(client, { concurrency: 4, retry: { base: 10, most: 50, maxTries: 4 } });
    for (const node of ['in-customer', 'in-provider']) {
      this.detach.push(
        this.broker.inbox.attach(node, {
          read: async () => undefined,
          emit: (record, payload, quiet) => {
            this.emitted.push(record.entityId);
            const error = (e: Error & { code?: string }): ErrorRecord => ({
              code: e.code ?? 'SWB_FLOW',
              message: e.message,
              at: '',
            });
            this.flow(payload as unknown as Payload, record).then(
              () => quiet(),
              (e) => quiet(error(e)),
            );
          },
        }),
      );
    }
    return this;
  }

  async stop(): Promise<void> {
    await this.broker.close();
  }

  async receive(from: 'customer' | 'provider', payload: Payload, key = JSON.stringify(payload)): Promise<void> {
    await this.broker.inbox.accept([
      {
        node: `in-${from}`,
        origin: 'webhook',
        endpoint: from,
        entityType: 'troubleTicket',
        entityId: payload.id,
        key,
        payload: payload as unknown as Json,
      },
    ]);
  }

  async forward(payload: Payload, record: MessageRecord, nodes = ['out']): Promise<void> {
    const from = record.endpoint;
    const to = from === 'customer' ? 'provider' : 'customer';
    const message: GenericMessage = {
      entity: 'incident',
      event: 'updated',
      source: {
        endpoint: from,
        entityType: 'troubleTicket',
        id: payload.id,
        number: payload.id,
        version: payload.version,
        reference: payload.reference,
      },
      fields: payload.fields as GenericMessage['fields'],
      comments: (payload.comments ?? []).map((text) => ({ id: text, text, visibility: 'public' })),
      attachments: (payload.attachments ?? []).map((name) => ({ id: name, name, mimeType: 'text/plain' })),
      relations: [],
    };
    const names = Object.keys(payload.fields);
    const sources = Object.fromEntries(names.map((n) => [n, [n]]));
    const found = await this.broker.correlate(record.id, { message, record: payload.fields, sources });
    if (!found || found.output === 'ignored') return;
    for (const node of nodes) {
      await this.broker.take({
        message: record.id,
        conversation: found.conversation.id,
        node: `${node}-${to}`,
        endpoint: to,
        entityType: 'troubleTicket',
        leg: node === 'out' ? '' : node,
        from: { endpoint: from, entityType: 'troubleTicket', entityId: payload.id },
        request: {
          fields: payload.fields,
          changed: found.message.changed ?? names,
          defaults: [],
          sources,
          generic: payload.fields,
        },
        comments: found.message.comments,
        attachments: found.message.attachments,
        answers: false,
      });
    }
  }

  async quiet(): Promise<void> {
    await until('the broker to come to rest', async () => {
      const { messages, deliveries } = await this.store.counts();
      return messages.received + deliveries.pending + deliveries.sending + deliveries.inDoubt === 0 && !this.broker.inbox.busy;
    });
  }

  messages(): Promise<MessageRecord[]> {
    return this.store.listMessages({ limit: 100 });
  }
  deliveries(): Promise<DeliveryRecord[]> {
    return this.store.listDeliveries({ limit: 100 });
  }
}

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
    assert.deepEqual(rig.provider.calls, ['create', 'update {"title":"two"}']);
    assert.equal(rig.provider.tickets.length, 1);
    assert.match(rig.provider.tickets[0]?.reference ?? '', /^SWB-/);
  });

  it('accepts the same key once', async () => {
    await rig.receive('customer', { id: 'A', fields: { title: 'one' } }, 'k');
    await rig.receive('customer', { id: 'A', fields: { title: 'one' } }, 'k');
    await rig.quiet();
    assert.equal((await rig.messages()).length, 1);
  });

  it('lets no echo pass, whether it comes before or after our answer', async () => {
    let open = () => {};
    rig.provider.gate = new Promise((resolve) => {
      open = resolve;
    });
    await rig.receive('customer', { id: 'A', version: '1', fields: { title: 'one' } });
    await until('the create to be under way', () => rig.provider.calls.includes('create'));
    const reference = (await rig.store.listConversations({ limit: 1 }))[0]?.reference;
    await rig.receive('provider', { id: 'T1', version: '1', reference, fields: { title: 'one' } }, 'event before the answer');
    await until('the echo to be dealt with', async () =>
      (await rig.messages()).some((m) => m.endpoint === 'provider' && m.state === 'settled'),
    );
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

  it('does not comment twice when an answer was lost', async () => {
    rig.provider.faults.push('down', 'limited');
    await rig.receive('customer', { id: 'A', version: '1', fields: { title: 'one' }, comments: ['hello'] });
    await until('the create', () => rig.provider.tickets.length === 1);
    rig.provider.faults.push('lost');
    await rig.receive('customer', { id: 'A', version: '2', fields: { title: 'one' }, comments: ['hello', 'again'] });
    await rig.quiet();
    assert.deepEqual(rig.provider.tickets[0]?.comments, ['hello', 'again']);
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
    await rig.broker.replayDelivery(failed.id);
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
    await rig.broker.replayDelivery(failed.id);
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
    const failed = (await rig.deliveries()).find((d) => d.state === 'failed')!;
    assert.equal(failed.error?.code, 'SWB_WRONG_ENTITY');
    const bodies = await rig.store.bodies('delivery', failed.id);
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
    await rig.broker.replayMessage(failed!.id);
    await rig.quiet();
    assert.equal(rig.provider.tickets.length, 1);
  });

  it('counts a message as failed when a node keeps it for ever', async () => {
    rig.flow = () => new Promise(() => {});
    await rig.receive('customer', { id: 'A', fields: {} });
    await until('failed', async () => (await rig.store.counts()).messages.failed === 1, 5_000);
    assert.match((await rig.messages())[0]?.error?.message ?? '', /did not finish within 2 s/);
  });

  it('asks senders to come again when the inbox is full', async () => {
    rig.flow = () => new Promise(() => {});
    for (let i = 0; i < 100; i++) await rig.receive('customer', { id: `A${i}`, fields: {} });
    await assert.rejects(rig.receive('customer', { id: 'B', fields: {} }), { code: 'SWB_BUSY' });
  });
});
