import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LegMessage } from '../../src/conversation/fan-out.js';
import type { FanOutRules } from '../../src/conversation/fan-out-rules.js';
import { DEFAULT_ROLL_UP } from '../../src/conversation/roll-up.js';
import { Broker } from '../../src/delivery/broker.js';
import type { Compensation } from '../../src/delivery/legs.js';
import type { ParsedEntity, RawEntity } from '../../src/endpoints/endpoint.js';
import type { GenericFields, GenericMessage, Json } from '../../src/model/message.js';
import { LowdbStore } from '../../src/store/lowdb-store.js';
import { intakeQueue } from '../../src/store/message-queue.js';
import type { FailurePolicy, MessageRecord } from '../../src/store/store.js';
import { ITEMS, RULES, says } from '../conversation/orders.js';
import { until } from '../live/node-red.js';
import { PATIENCE } from '../patience.js';
import { Partner } from './partner.js';

const VENDORS = ['mobile', 'devices', 'delivery'];

/** A vendor whose orders do not say when they were changed, as those of TMF622 need not. */
class WithoutVersions extends Partner {
  override parse(raw: RawEntity): ParsedEntity {
    const parsed = super.parse(raw);
    return { ...parsed, source: { ...parsed.source, version: undefined } };
  }
}

function report(source: GenericMessage['source'], fields: GenericFields): GenericMessage {
  return { entity: 'order', event: 'updated', source, fields, comments: [], attachments: [], relations: [] };
}

/** A customer's order that is fanned out to three vendors, with a flow that works like the nodes. */
class OrderRig {
  broker!: Broker;
  store!: LowdbStore;
  readonly customer = new Partner('customer');
  readonly vendors = Object.fromEntries(VENDORS.map((v) => [v, new Partner(v)])) as Record<string, Partner>;
  readonly received: { state?: Json; progress?: Json; reason?: Json }[] = [];
  /** The out nodes are wired on: answers of the vendors become messages. */
  answers = false;
  private version = 0;

  constructor(
    readonly folder: string,
    readonly onFailure: FailurePolicy = 'keep',
  ) {}

  async start(): Promise<this> {
    this.store = new LowdbStore({ folder: this.folder });
    await this.store.open();
    this.broker = new Broker({
      id: 'b',
      name: 'test',
      store: this.store,
      inboxLimit: 100,
      flowTimeout: PATIENCE,
      random: () => 0.5,
    });
    for (const client of [this.customer, ...Object.values(this.vendors)])
      this.broker.addEndpoint(client, { concurrency: 4, retry: { baseDelay: 10, maxDelay: 50, maxTries: 4 } });
    this.listen(intakeQueue('customer', 'troubleTicket'), (record, payload) =>
      this.ordered(record, payload as unknown as GenericMessage),
    );
    for (const vendor of VENDORS)
      this.listen(intakeQueue(vendor, 'troubleTicket'), (record, payload) =>
        this.answered(record, payload as unknown as GenericMessage),
      );
    this.listen('fan-out', async (record, payload) => {
      for (const leg of await this.broker.legs.cancelRest({ messageId: record.id }, payload as unknown as Compensation))
        await this.take(record, record.conversation!, leg);
    });
    return this;
  }

  private listen(queue: string, flow: (record: MessageRecord, payload: Json) => Promise<void>): void {
    this.broker.inbox.attach(queue, {
      read: async ({ origin, endpoint, entityId }) =>
        origin === 'poll' ? ((await this.vendorReport(endpoint, entityId)) as unknown as Json) : undefined,
      emit: (record, payload, _emission, onIdle) => {
        flow(record, payload).then(
          () => onIdle(),
          (e) => onIdle({ code: e.code ?? 'SWB_FLOW', message: e.message, at: '' }),
        );
      },
    });
  }

  private async ordered(record: MessageRecord, message: GenericMessage): Promise<void> {
    const found = await this.correlate(record, message);
    if (!found) return;
    const rules: FanOutRules = { ...RULES, onFailure: this.onFailure };
    const shared = await this.broker.legs.fanOut({ messageId: record.id }, 'fan-out', rules, found.message, () => false, false);
    for (const leg of shared?.legs ?? []) await this.take(record, found.conversation.id, leg);
  }

  private async answered(record: MessageRecord, report: GenericMessage): Promise<void> {
    const found = await this.correlate(record, report);
    if (!found) return;
    const message = await this.broker.legs.rollUp({ messageId: record.id }, DEFAULT_ROLL_UP, found.message);
    const { fields } = message;
    this.received.push({ state: fields.state, reason: fields.stateReason, progress: fields.progress as unknown as Json });
    if (this.customer.tickets.length) await this.take(record, found.conversation.id, { leg: '', message });
  }

  private async correlate(record: MessageRecord, message: GenericMessage) {
    const names = Object.keys(message.fields);
    const sources = Object.fromEntries(names.map((n) => [n, [n]]));
    const fields = message.fields as unknown as Record<string, Json>;
    const found = await this.broker.correlate({ messageId: record.id }, { message, record: fields, sources });
    return found?.output === 'ignored' ? undefined : found;
  }

  private async take(record: MessageRecord, conversation: string, { leg, message }: LegMessage): Promise<void> {
    const { items, progress, ...rest } = message.fields;
    const fields = { ...rest, ...(items && { items }), ...(progress && { progress }) } as unknown as Record<string, Json>;
    await this.broker.acceptLeg({
      message: record.id,
      conversation,
      node: `out-${leg}`,
      endpoint: leg || 'customer',
      entityType: 'troubleTicket',
      leg,
      from: { endpoint: record.endpoint, entityType: record.entityType, entityId: record.entityId },
      request: {
        fields,
        changed: message.changed ?? Object.keys(fields),
        defaults: [],
        sources: Object.fromEntries(Object.keys(fields).map((n) => [n, [n]])),
        generic: fields,
      },
      comments: message.comments,
      attachments: [],
      answers: this.answers,
    });
  }

  /** A vendor's order as it is read. */
  private async vendorReport(endpoint: string, id: string): Promise<GenericMessage> {
    const vendor = this.vendors[endpoint]!;
    const { source, record } = vendor.parse(await vendor.read('troubleTicket', id));
    return report(source, record as GenericFields);
  }

  /** Starts to emit the answers of the vendors, as their out nodes do once they have been deployed. */
  takeAnswers(): void {
    for (const [name, vendor] of Object.entries(this.vendors))
      this.listen(`out-${name}`, (record, payload) => {
        const { source, record: read } = vendor.parse(payload as RawEntity);
        return this.answered(record, report(source, read as GenericFields));
      });
  }

  async order(fields: GenericFields = {}): Promise<void> {
    await this.receive('customer', 'O1', { title: 'New colleague', items: ITEMS, ...fields });
  }

  /** A vendor reports the state of its order. */
  async vendor(name: string, fields: GenericFields): Promise<void> {
    const [ticket] = this.vendors[name]!.tickets;
    assert.ok(ticket, `${name} has an order`);
    await this.receive(name, ticket.id, fields, ticket.reference);
  }

  private async receive(from: string, id: string, fields: GenericFields, reference?: string): Promise<void> {
    const version = String(++this.version + 100);
    const shown = this.vendors[from] instanceof WithoutVersions ? undefined : version;
    const source = { endpoint: from, entityType: 'troubleTicket', id, number: id, ...(reference && { reference }) };
    const message = report({ ...source, ...(shown && { version: shown }) }, fields);
    await this.broker.inbox.accept([
      {
        node: `in-${from}`,
        origin: 'webhook',
        endpoint: from,
        entityType: 'troubleTicket',
        entityId: id,
        key: version,
        payload: message as unknown as Json,
      },
    ]);
    await this.idle();
  }

  /** Waits until nothing is under way. Deliveries that wait for another leg, or behind a failed create, do not count. */
  async idle(): Promise<void> {
    await until('the broker to be idle', async () => {
      const received = await this.store.listMessages({ limit: 100, states: ['received'] });
      const all = await this.store.listDeliveries({ limit: 100 });
      const stuck = new Set(all.filter((d) => d.blocking).map((d) => d.lane));
      const open = all.filter((d) => ['pending', 'sending', 'inDoubt'].includes(d.state) && !d.waitsFor && !stuck.has(d.lane));
      const due = received.filter(({ origin, node }) => origin !== 'answer' || this.broker.inbox.isAttached(node));
      return due.length + open.length === 0 && !this.broker.inbox.busy;
    });
  }

  orders(): Record<string, number> {
    return Object.fromEntries(VENDORS.map((v) => [v, this.vendors[v]!.tickets.length]));
  }
  cancelled(): string[] {
    return VENDORS.filter((v) => this.vendors[v]!.tickets[0]?.fields.state === 'cancelled');
  }
  async messages(): Promise<MessageRecord[]> {
    return this.store.listMessages({ limit: 100 });
  }
}

describe('an order over several vendors', () => {
  let folder: string;
  let rig: OrderRig;
  const start = async (onFailure?: FailurePolicy) => {
    rig = await new OrderRig(folder, onFailure).start();
    await rig.order({ state: 'acknowledged' });
  };
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'switchboard-legs-'));
  });
  afterEach(async () => {
    await rig.broker.close().catch(() => undefined);
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
    const { customer, vendors } = rig;
    rig = Object.assign(new OrderRig(folder), { customer, vendors, version: 1_000 });
    await rig.start();
    await rig.vendor('mobile', { state: 'completed' });
    assert.deepEqual(rig.orders(), { mobile: 1, devices: 1, delivery: 1 });
  });

  it('reports the state of the whole order to the customer', async () => {
    await start();
    await rig.vendor('mobile', { state: 'completed' });
    await rig.vendor('devices', { state: 'inProgress', progress: says(['1', 'completed'], ['3', 'held', 'no stock']) });
    const last = rig.received.at(-1)!;
    assert.equal(last.state, 'inProgress');
    assert.deepEqual(
      (last.progress as { id: string; state: string; vendor: string }[]).map((p) => [p.id, p.state, p.vendor]),
      [
        ['1', 'completed', 'devices'],
        ['3', 'held', 'devices'],
        ['2', 'completed', 'mobile'],
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
    assert.deepEqual(sentItems(), ['1', '3', '2', '4'], 'all items at first');
    await rig.vendor('devices', { state: 'inProgress', progress: says(['1', 'inProgress'], ['3', 'acknowledged']) });
    assert.deepEqual(sentItems(), ['1']);
    // The ordered quantity is independent of the state.
    await rig.order({ items: ITEMS.map((item) => (item.id === '2' ? { ...item, quantity: 2 } : item)) });
    await rig.vendor('devices', { state: 'inProgress', progress: says(['1', 'held'], ['3', 'acknowledged']) });
    assert.deepEqual(sentItems(), ['1']);
    // Once the customer's change of an item is known, the vendor's state is sent again: it may have refused.
    await rig.order({ progress: says(['1', 'held'], ['2', 'inProgress'], ['3', 'cancelled'], ['4', 'acknowledged']) });
    await rig.vendor('devices', { state: 'inProgress', progress: says(['1', 'completed'], ['3', 'acknowledged']) });
    assert.deepEqual(sentItems(), ['1', '3']);
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
    assert.equal(rig.received.at(-1)?.state, 'failed');
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
