import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Broker } from '../../src/delivery/broker.js';
import type { GenericMessage, Json } from '../../src/model/message.js';
import { LowdbStore } from '../../src/store/lowdb-store.js';
import { intakeQueue } from '../../src/store/message-queue.js';
import type { MessageRecord } from '../../src/store/store.js';
import { until } from '../live/node-red.js';
import { PATIENCE } from '../patience.js';
import { Partner } from './partner.js';

interface Ticket {
  id: string;
  version: string;
  title?: string;
  comments?: string[];
}

/** An out node in the flow, as `<node>@<endpoint>`, and its options. */
interface Out {
  at: string;
  leg?: string;
  joinsOthers?: boolean;
}

/** Two customers that share a provider, in a flow whose out nodes a test chooses. */
class SharedProvider {
  readonly partners = { east: new Partner('east'), west: new Partner('west'), provider: new Partner('provider') };
  store!: LowdbStore;
  broker!: Broker;
  /** The out nodes that a message from an endpoint reaches. */
  outs: (from: string) => Out[] = (from) => [{ at: `out@${from === 'provider' ? 'east' : 'provider'}` }];
  /** Why the flow drops its messages on purpose. */
  dropped?: string;
  /** Runs after each out node. */
  afterOut: () => Promise<void> = async () => undefined;

  constructor(private readonly folder: string) {}

  async start(): Promise<this> {
    this.store = new LowdbStore({ folder: this.folder });
    await this.store.open();
    this.broker = new Broker({
      id: 'b',
      name: 'b',
      store: this.store,
      inboxLimit: 100,
      flowTimeout: PATIENCE,
      random: () => 0.5,
    });
    for (const [id, client] of Object.entries(this.partners)) {
      this.broker.addEndpoint(client, { concurrency: 4, retry: { baseDelay: 10, maxDelay: 50, maxTries: 4 } });
      this.broker.inbox.attach(intakeQueue(id, 'troubleTicket'), {
        read: async () => undefined,
        emit: (record, payload, _emission, onIdle) => {
          this.flow(record, payload as unknown as Ticket).then(
            () => onIdle(undefined, this.dropped),
            (e) => onIdle({ code: 'SWB_FLOW', message: e.message, at: '' }),
          );
        },
      });
    }
    return this;
  }

  private async flow(record: MessageRecord, { id, version, title, comments = [] }: Ticket): Promise<void> {
    const { endpoint, entityType } = record;
    const fields = { ...(title && { title }), createdAt: '2200-01-01T00:00:00.000Z' };
    const message: GenericMessage = {
      entity: 'incident',
      event: 'updated',
      source: { endpoint, entityType, id, number: id, version },
      fields,
      comments: comments.map((text) => ({ id: text, text, visibility: 'public' as const })),
      attachments: [],
      relations: [],
    };
    const sources = { title: ['title'] };
    const found = await this.broker.correlate({ messageId: record.id }, { message, record: fields, sources });
    if (!found || found.output === 'ignored') return;
    for (const { at, leg = '', joinsOthers } of this.outs(endpoint)) {
      const [node = '', to = ''] = at.split('@');
      await this.broker.acceptLeg({
        message: record.id,
        conversation: found.conversation.id,
        node,
        endpoint: to,
        entityType,
        leg,
        from: { endpoint, entityType, entityId: id },
        request: {
          fields: { ...(title && { title }) },
          changed: found.message.changed?.filter((name) => name === 'title') ?? ['title'],
          defaults: [],
          sources,
          generic: { ...(title && { title }) },
        },
        comments: found.message.comments,
        attachments: [],
        answers: false,
        joinsOthers,
      });
      await this.afterOut();
    }
  }

  async receive(from: keyof SharedProvider['partners'], ticket: Ticket): Promise<void> {
    await this.broker.inbox.accept([
      {
        node: `in-${from}`,
        origin: 'webhook',
        endpoint: from,
        entityType: 'troubleTicket',
        entityId: ticket.id,
        key: `${ticket.id}|${ticket.version}`,
        payload: ticket as unknown as Json,
      },
    ]);
    await until('the broker to be idle', async () => {
      const { messages, deliveries } = await this.store.counts();
      const open = messages.received + deliveries.pending + deliveries.sending + deliveries.inDoubt;
      return open === 0 && !this.broker.inbox.busy;
    });
  }

  async newest(): Promise<Pick<MessageRecord, 'outcome' | 'reason' | 'id'>> {
    const [message] = await this.store.listMessages({ limit: 1 });
    assert.ok(message);
    return message;
  }
}

describe('the parties of a conversation', () => {
  let folder: string;
  let rig: SharedProvider;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'switchboard-parties-'));
    rig = await new SharedProvider(folder).start();
  });
  afterEach(async () => {
    await rig.broker.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const begin = async (from: 'east' | 'west') => {
    rig.partners[from].tickets.push({ id: 'A', fields: { title: 'one' }, comments: [], files: [], version: 1 });
    await rig.receive(from, { id: 'A', version: '1', title: 'one' });
    const [ticket] = rig.partners.provider.tickets;
    assert.ok(ticket, 'a ticket at the provider');
    return ticket;
  };

  it('are not joined by another customer of the provider, and the update stays visible until its party gets it', async () => {
    const { id } = await begin('west');
    await rig.receive('provider', { id, version: '5', title: 'two' });
    assert.deepEqual(rig.partners.east.calls, [], 'east has nothing to do with it');
    const message = await rig.newest();
    assert.equal(message.outcome, 'unrouted');
    assert.equal(message.reason, 'east is not a party of this conversation. No out node of its parties was reached.');

    rig.outs = () => [{ at: 'out@east' }, { at: 'out@west' }];
    await rig.broker.interventions.replayMessage(message.id, { name: '' });
    await until('west to get it', () => rig.partners.west.tickets[0]?.fields.title === 'two');
    assert.deepEqual(rig.partners.east.calls, []);
    await until('the message to be settled', async () => (await rig.newest()).outcome === 'routed');
  });

  it('are joined by a party to which the customer’s own flow leads only later', async () => {
    rig.outs = () => [];
    rig.partners.east.tickets.push({ id: 'A', fields: { title: 'one' }, comments: [], files: [], version: 1 });
    await rig.receive('east', { id: 'A', version: '1', title: 'one' });
    rig.outs = () => [{ at: 'out@provider' }];
    await rig.receive('east', { id: 'A', version: '2', title: 'assigned' });
    assert.deepEqual(
      rig.partners.provider.tickets.map(({ fields }) => fields.title),
      ['assigned'],
    );
  });

  it('are joined at the wish of the flow: by a planned leg, or an out node that joins conversations of others', async () => {
    const { id } = await begin('west');
    rig.outs = () => [{ at: 'out@east', leg: 'copy' }];
    await rig.receive('provider', { id, version: '5', title: 'two' });
    assert.equal(rig.partners.east.tickets.length, 1);
    await rig.receive('east', { id: 'other', version: '1', title: 'mine' });
    rig.outs = () => [{ at: 'out@west', joinsOthers: true }];
    const mine = rig.partners.provider.tickets.at(-1)!;
    await rig.receive('provider', { id: mine.id, version: '9', title: 'for west too' });
    assert.equal(rig.partners.west.tickets.at(-1)?.fields.title, 'for west too');
  });

  it('get each comment and write once, in order, however many out nodes lead to one of them', async () => {
    const { id } = await begin('west');
    const { provider, west } = rig.partners;
    rig.outs = (from) =>
      (from === 'west' ? ['a', 'b', 'c'] : ['d', 'e']).map((node) => ({
        at: `${node}@${from === 'west' ? 'provider' : 'west'}`,
      }));
    Object.assign(west.tickets[0]!.fields, { title: 'two' });
    await rig.receive('west', { id: 'A', version: '2', title: 'two', comments: ['first', 'second'] });
    assert.deepEqual(provider.tickets[0]?.comments, ['first', 'second']);
    await rig.receive('provider', { id, version: '50', title: 'three', comments: ['third'] });
    assert.deepEqual(west.tickets[0]?.comments, ['third']);
    const updates = (calls: string[]) => calls.filter((call) => call.startsWith('update'));
    assert.deepEqual(updates(provider.calls), ['update {"title":"two"}']);
    assert.deepEqual(updates(west.calls), ['update {"title":"three"}']);
  });

  it('get each comment once also if an out node was replaced between two emissions of its message', async () => {
    await begin('west');
    const { provider } = rig.partners;
    let fails = true;
    rig.outs = () => [{ at: `${fails ? 'old' : 'new'}@provider` }];
    rig.afterOut = async () => {
      if (fails) throw new Error('a later node failed');
    };
    await rig.receive('west', { id: 'A', version: '2', title: 'two', comments: ['first'] });
    await until('the comment', () => provider.tickets[0]?.comments.length === 1);
    fails = false;
    await rig.broker.interventions.replayMessage((await rig.newest()).id, { name: '' });
    await until('the message to be settled', async () => (await rig.newest()).outcome !== undefined);
    assert.deepEqual(provider.tickets[0]?.comments, ['first']);
  });

  it('get what was said before they took part, whether the flow dropped it on purpose or not', async () => {
    for (const reason of [undefined, 'not for the provider']) {
      const id = reason ? 'B' : 'A';
      rig.outs = () => [];
      rig.dropped = reason;
      rig.partners.east.tickets.push({ id, fields: { title: id }, comments: [], files: [], version: 1 });
      await rig.receive('east', { id, version: '1', title: id });
      await rig.receive('east', { id, version: '2', title: id, comments: ['before'] });
      rig.outs = () => [{ at: 'out@provider' }];
      rig.dropped = undefined;
      await rig.receive('east', { id, version: '3', title: id, comments: ['before', 'after'] });
      const ticket = rig.partners.provider.tickets.find(({ fields }) => fields.title === id);
      assert.deepEqual(ticket?.comments, ['before', 'after'], reason ?? 'without a word');
    }
  });
});
