import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RouteRules } from '../../src/conversation/route-rules.js';
import { Broker } from '../../src/delivery/broker.js';
import { genericMessage } from '../../src/mapping/catalog/generic.js';
import type { GenericFields, GenericMessage, Json } from '../../src/model/message.js';
import { LowdbStore } from '../../src/store/lowdb-store.js';
import { intakeQueue } from '../../src/store/message-queue.js';
import type { MessageRecord } from '../../src/store/store.js';
import { until } from '../live/node-red.js';
import { PATIENCE } from '../patience.js';
import { Partner } from './partner.js';

const RULES: RouteRules = {
  parties: ['acme', 'globex', 'north', 'south'],
  matches: 'all',
  rules: [
    { from: '', when: [{ field: 'category', operator: 'is', value: 'line' }], to: ['north'] },
    { from: '', when: [{ field: 'severity', operator: 'is', value: 'critical' }], to: ['south'] },
  ],
  otherwise: '',
};

/** Two customers and two providers with one flow: correlate, route, and an out node for each party. */
class RouteRig {
  broker!: Broker;
  store!: LowdbStore;
  readonly partners = Object.fromEntries(RULES.parties.map((name) => [name, new Partner(name)]));
  rules = RULES;
  /** Parties whose map node rejects the message. */
  readonly failing = new Set<string>();
  private version = 0;

  constructor(readonly folder: string) {}

  async start(): Promise<this> {
    this.store = new LowdbStore({ folder: this.folder });
    await this.store.open();
    this.broker = new Broker({ id: 'b', name: 'test', store: this.store, inboxLimit: 100, flowTimeout: PATIENCE });
    for (const client of Object.values(this.partners))
      this.broker.addEndpoint(client, { concurrency: 4, retry: { baseDelay: 10, maxDelay: 50, maxTries: 2 } });
    for (const endpoint of Object.keys(this.partners))
      this.broker.inbox.attach(intakeQueue(endpoint, 'troubleTicket'), {
        read: async () => undefined,
        emit: (record, payload, emission, onIdle) => {
          this.flow(record, emission, payload as unknown as GenericMessage).then(
            () => onIdle(),
            (e) => onIdle({ code: e.code ?? 'SWB_FLOW', message: e.message, at: '' }),
          );
        },
      });
    return this;
  }

  private async flow({ id: messageId }: MessageRecord, emission: string, received: GenericMessage): Promise<void> {
    const reference = { messageId, emission };
    const record = received.fields as unknown as Record<string, Json>;
    const sources = Object.fromEntries(Object.keys(record).map((name) => [name, [name]]));
    const found = await this.broker.correlate(reference, { message: received, record, sources });
    if (!found || found.output === 'ignored') return;
    const decision = await this.broker.routes.decide(reference, { id: 'route', name: 'my route' }, this.rules, found.message);
    for (const endpoint of decision?.to ?? []) await this.out(reference, endpoint, found.conversation.id, found.message);
  }

  private async out(
    { messageId, emission }: { messageId: string; emission: string },
    endpoint: string,
    conversation: string,
    message: GenericMessage,
  ): Promise<void> {
    if (this.failing.has(endpoint)) throw new Error(`no payload for ${endpoint}`);
    const { endpoint: from, entityType, id: entityId } = message.source;
    const fields = message.fields as unknown as Record<string, Json>;
    await this.broker.acceptLeg({
      message: messageId,
      emission,
      conversation,
      node: `out-${endpoint}`,
      endpoint,
      entityType: 'troubleTicket',
      leg: '',
      from: { endpoint: from, entityType, entityId },
      request: {
        fields,
        changed: message.changed ?? Object.keys(fields),
        defaults: [],
        sources: Object.fromEntries(Object.keys(fields).map((name) => [name, [name]])),
        generic: fields,
      },
      comments: message.comments,
      attachments: [],
      answers: false,
    });
  }

  /** A ticket as it is at a party now; resolves with its message once that is processed. */
  async receive(endpoint: string, id: string, fields: GenericFields, comments: string[] = []): Promise<MessageRecord> {
    const key = String(++this.version);
    const { tickets } = this.partners[endpoint]!;
    if (!tickets.some((ticket) => ticket.id === id))
      tickets.push({ id, fields: { ...fields } as Record<string, Json>, comments: [], files: [], version: 1 });
    const source = { endpoint, entityType: 'troubleTicket', id, version: key };
    const payload = genericMessage({
      source,
      fields,
      comments: comments.map((text) => ({ id: text, text, visibility: 'public' })),
    });
    await this.broker.inbox.accept([
      {
        node: 'in',
        origin: 'webhook',
        endpoint,
        entityType: 'troubleTicket',
        entityId: id,
        key,
        payload: payload as unknown as Json,
      },
    ]);
    return this.processed();
  }

  /** The newest message, once it is processed and what it sends is delivered. */
  async processed(): Promise<MessageRecord> {
    return until('the message to be processed', async () => {
      const [record] = await this.store.listMessages({ limit: 1 });
      const { deliveries } = await this.store.counts();
      const isIdle = deliveries.pending + deliveries.sending + deliveries.inDoubt === 0;
      return record && record.state !== 'received' && isIdle ? record : undefined;
    });
  }

  /** Titles of the tickets that Switchboard created at each party. */
  titles(): Record<string, Json[]> {
    const created = (name: string) => this.tickets(name).filter(({ reference }) => reference);
    return Object.fromEntries(RULES.parties.map((name) => [name, created(name).map(({ fields }) => fields.title!)]));
  }

  tickets(party: string) {
    return this.partners[party]!.tickets;
  }
}

describe('routes', () => {
  let rig: RouteRig;
  beforeEach(async () => {
    rig = await new RouteRig(mkdtempSync(join(tmpdir(), 'switchboard-routes-'))).start();
  });
  afterEach(async () => {
    await rig.broker.close();
    rmSync(rig.folder, { recursive: true, force: true });
  });

  it('send a new case where the rules say, and later changes only to the parties of the conversation', async () => {
    const first = await rig.receive('acme', 'A1', { title: 'a', category: 'line' });
    await rig.receive('globex', 'G1', { title: 'g', severity: 'critical' });
    assert.deepEqual(rig.titles(), { acme: [], globex: [], north: ['a'], south: ['g'] });
    assert.deepEqual(first.routes, [{ node: 'route', to: ['north'], by: 'rule', rules: [1] }]);
    // Now a rule leads elsewhere, but the case is at its provider already.
    const update = await rig.receive('acme', 'A1', { title: 'a2', category: 'line', severity: 'critical' });
    assert.deepEqual(update.routes, [{ node: 'route', to: ['north'], by: 'conversation' }]);
    assert.deepEqual(rig.titles(), { acme: [], globex: [], north: ['a2'], south: ['g'] });
  });

  it("send a provider's update to the customer with whom the conversation began, and to nobody else", async () => {
    const receive = (id: string) => rig.receive('acme', id, { title: id, category: 'line' });
    await receive('A1');
    const { id } = rig.tickets('north')[0]!;
    const update = await rig.receive('north', id, { title: 'A1', category: 'line', state: 'inProgress' });
    assert.deepEqual([update.outcome, update.routes?.[0]?.to], ['routed', ['acme']]);
    assert.deepEqual([rig.tickets('globex').length, rig.tickets('south').length], [0, 0]);
  });

  it('report a new case that no rule matches once; when a later change matches, the whole case is sent', async () => {
    const first = await rig.receive('acme', 'A1', { title: 'a' }, ['first comment']);
    assert.deepEqual([first.outcome, first.reason], ['unrouted', 'No rule of the route node matched.']);
    const second = await rig.receive('acme', 'A1', { title: 'a', description: 'b' }, ['first comment', 'second']);
    assert.deepEqual([second.outcome, second.reason], ['ignored', 'No rule of the route node matched.']);
    const third = await rig.receive('acme', 'A1', { title: 'a', category: 'line' }, ['first comment', 'second']);
    assert.deepEqual([third.outcome, third.routes?.[0]?.to], ['routed', ['north']]);
    await until('the comments', () => rig.tickets('north')[0]!.comments.length === 2);
    assert.deepEqual(rig.tickets('north')[0]!.comments, ['first comment', 'second']);
  });

  it('send a case that no rule matched when it is replayed after a rule was added', async () => {
    const { id } = await rig.receive('acme', 'A1', { title: 'a' });
    await rig.broker.interventions.replayMessage(id, { name: 'somebody' });
    const unmatched = await rig.processed();
    assert.deepEqual([unmatched.outcome, unmatched.emissions], ['unrouted', 2], 'it stays visible');
    rig.rules = { ...RULES, otherwise: 'south' };
    await rig.broker.interventions.replayMessage(id, { name: 'somebody' });
    assert.deepEqual((await rig.processed()).routes, [{ node: 'route', to: ['south'], by: 'default' }]);
    assert.deepEqual(rig.titles().south, ['a']);
  });

  it('send a message to all its parties when it is replayed after only some of them got it', async () => {
    rig.failing.add('south');
    const { id, state } = await rig.receive('acme', 'A1', { title: 'a', category: 'line', severity: 'critical' });
    assert.equal(state, 'failed');
    assert.deepEqual(rig.titles(), { acme: [], globex: [], north: ['a'], south: [] });
    rig.failing.clear();
    await rig.broker.interventions.replayMessage(id, { name: 'somebody' });
    const replayed = await rig.processed();
    assert.deepEqual(replayed.routes, [{ node: 'route', to: ['north', 'south'], by: 'rule', rules: [1, 2] }]);
    assert.deepEqual(rig.titles(), { acme: [], globex: [], north: ['a'], south: ['a'] });
  });

  it('say which party of a conversation has no output', async () => {
    await rig.receive('acme', 'A1', { title: 'a', category: 'line' });
    rig.rules = { ...RULES, parties: ['globex', 'north', 'south'] };
    const update = await rig.receive('north', rig.tickets('north')[0]!.id, { title: 'changed' });
    assert.deepEqual([update.outcome, update.reason], ['unrouted', 'The route node has no output for acme.']);
  });

  it('fail the message, not the node, when an expression fails', async () => {
    const when = [{ field: '', operator: 'expression' as const, value: '$error("no")' }];
    rig.rules = { ...RULES, rules: [{ from: '', when, to: ['north'] }] };
    const { state, error } = await rig.receive('acme', 'A1', { title: 'a' });
    assert.deepEqual([state, error?.code], ['failed', 'SWB_EXPRESSION']);
    assert.match(error?.message ?? '', /^my route, rule 1: .* Fix the expression, deploy, then replay the message\.$/);
  });

  it('send updates in spite of an invalid rule, and fail the new cases that reach it, with its number', async () => {
    await rig.receive('acme', 'A1', { title: 'a', category: 'line' });
    const when = [{ field: '', operator: 'expression' as const, value: 'fields.title =' }];
    rig.rules = { ...RULES, matches: 'first', rules: [RULES.rules[0]!, { from: '', when, to: ['south'] }] };
    const update = await rig.receive('north', rig.tickets('north')[0]!.id, { title: 'a', state: 'inProgress' });
    assert.deepEqual([update.outcome, update.routes?.[0]?.to], ['routed', ['acme']]);
    const before = await rig.receive('globex', 'G1', { title: 'g', category: 'line' });
    assert.deepEqual([before.outcome, before.routes?.[0]?.to], ['routed', ['north']]);
    const { state, error } = await rig.receive('globex', 'G2', { title: 'h' });
    assert.deepEqual([state, error?.code], ['failed', 'SWB_CONFIG']);
    assert.match(error?.message ?? '', /^my route, rule 2: The expression "fields\.title =" is invalid/);
  });
});
