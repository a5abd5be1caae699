import assert from 'node:assert/strict';
import { type FanOutRules, rowIdOf } from '../../src/conversation/fan-out-rules.js';
import type { LegMessage } from '../../src/conversation/leg-messages.js';
import { DEFAULT_ROLL_UP } from '../../src/conversation/roll-up.js';
import { Broker } from '../../src/delivery/broker.js';
import type { FanOutOutputs } from '../../src/delivery/fan-out-outputs.js';
import type { Compensation } from '../../src/delivery/legs.js';
import type { OrderNotice } from '../../src/delivery/order-notices.js';
import type { CancellationOutcome, ParsedEntity, RawEntity } from '../../src/endpoints/endpoint.js';
import { SwitchboardError } from '../../src/errors.js';
import type {
  GenericAttachment,
  GenericComment,
  GenericFields,
  GenericMessage,
  ItemProgress,
  Json,
} from '../../src/model/message.js';
import { LowdbStore } from '../../src/store/lowdb-store.js';
import { intakeQueue } from '../../src/store/message-queue.js';
import type { DeliveryRecord, FailurePolicy, MessageRecord } from '../../src/store/store.js';
import { ITEMS, RULES } from '../conversation/orders.js';
import { until } from '../live/node-red.js';
import { PATIENCE } from '../patience.js';
import { Partner } from './partner.js';

const VENDORS = ['mobile', 'devices', 'delivery'];

/** A vendor whose orders do not say when they were changed, as those of TMF622 need not. */
export class WithoutVersions extends Partner {
  override parse(raw: RawEntity): ParsedEntity {
    const parsed = super.parse(raw);
    return { ...parsed, source: { ...parsed.source, version: undefined } };
  }
}

/** What a vendor reports beside the fields of its order. */
interface Report extends GenericMessage {
  cancellation?: CancellationOutcome;
  deleted?: boolean;
}

function report(source: GenericMessage['source'], fields: GenericFields): GenericMessage {
  return { entity: 'order', event: 'updated', source, fields, comments: [], attachments: [], relations: [] };
}

/** What a vendor is sent: one list of items with their states, as mappings make it. */
function asOneList({ items = [], progress = [], ...rest }: GenericFields): Record<string, Json> {
  const stateOf = (id: string) => progress.find((item) => item.id === id)?.state;
  const list = items.map((item) => ({ ...item, ...(stateOf(item.id) && { state: stateOf(item.id) }) }));
  return { ...rest, ...(list.length > 0 && { items: list }) } as unknown as Record<string, Json>;
}

/** A customer's order that is fanned out to three vendors, with a flow that works like the nodes. */
export class OrderRig {
  broker!: Broker;
  store!: LowdbStore;
  readonly customer = new Partner('customer');
  readonly vendors = Object.fromEntries(VENDORS.map((v) => [v, new Partner(v)])) as Record<string, Partner>;
  readonly received: { state?: Json; progress?: Json; reason?: Json; comments: string[] }[] = [];
  /** The out nodes are wired on: answers of the vendors become messages. */
  answers = false;
  /** The rules of the fan-out node; its failure rule apart. */
  rules: FanOutRules = RULES;
  /** What the fan-out node knows of its outputs: all rows are wired, the last output is not. */
  outputs: FanOutOutputs = {
    fits: () => true,
    leads: (row) => this.rules.legs.some((leg) => rowIdOf(leg) === row),
    spare: false,
  };
  /** An asynchronous node between the roll-up node and the customer's out node, for what no vendor's message brought. */
  afterNotice?: () => Promise<void>;
  /** Endpoints to which nothing is sent now. */
  readonly suspended = new Set<string>();
  /** How often the customer's order was read again. */
  rereads = 0;
  placed: GenericMessage | undefined;
  /** The files of the customer's order. */
  readonly files: GenericAttachment[] = [];
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
      if (!(await this.broker.takeTurn({ messageId: record.id }))) return;
      for (const leg of await this.broker.legs.cancelRest({ messageId: record.id }, payload as unknown as Compensation))
        await this.take(record, record.conversation!, leg);
    });
    this.listen('roll-up', async (record, payload) => {
      if (!(await this.broker.takeTurn({ messageId: record.id }))) return;
      const notice = payload as unknown as OrderNotice;
      const message = await this.broker.legs.notify({ messageId: record.id }, 'roll-up', DEFAULT_ROLL_UP, notice);
      await this.afterNotice?.();
      if (message) await this.report(record, message);
    });
    return this;
  }

  private listen(queue: string, flow: (record: MessageRecord, payload: Json) => Promise<void>): void {
    this.broker.inbox.attach(queue, {
      read: async ({ origin, endpoint, entityId }) =>
        origin === 'poll' ? ((await this.read(endpoint, entityId)) as unknown as Json) : undefined,
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
    const rules: FanOutRules = { ...this.rules, onFailure: this.onFailure };
    const shared = await this.broker.legs.fanOut({ messageId: record.id }, 'fan-out', rules, found.message, this.outputs);
    for (const leg of shared?.legs ?? []) await this.take(record, found.conversation.id, leg);
    if (shared?.unreached.length) throw new SwitchboardError('SWB_CONFIG', `No row ${shared.unreached.join(', ')}.`);
  }

  private async answered(record: MessageRecord, report: GenericMessage): Promise<void> {
    const found = await this.correlate(record, report);
    if (!found) return;
    const whole = await this.broker.legs.rollUp({ messageId: record.id }, 'roll-up', DEFAULT_ROLL_UP, found.message);
    if (whole) await this.report(record, whole);
  }

  /** What the customer's out node gets. */
  private async report(record: MessageRecord, message: GenericMessage): Promise<void> {
    const { fields, comments } = message;
    const { state, stateReason: reason, progress } = fields;
    this.received.push({ state, reason, progress: progress as unknown as Json, comments: comments.map(({ text }) => text) });
    const conversation =
      (await this.store.message(record.id))?.conversation ??
      (await this.store.conversationByLink('customer', 'troubleTicket', 'O1'))?.id;
    if (this.customer.tickets.length) await this.take(record, conversation!, { leg: '', message });
  }

  private async correlate(record: MessageRecord, { cancellation, deleted, ...message }: Report) {
    const names = Object.keys(message.fields);
    const sources = Object.fromEntries(names.map((n) => [n, [n]]));
    const fields = message.fields as unknown as Record<string, Json>;
    const found = await this.broker.correlate(
      { messageId: record.id },
      { message, record: fields, sources, cancellation, deleted },
    );
    return found?.output === 'ignored' ? undefined : found;
  }

  private async take(
    record: MessageRecord,
    conversation: string,
    { leg, row, message }: Pick<LegMessage, 'leg' | 'message'> & Partial<LegMessage>,
  ): Promise<void> {
    const generic = message.fields as unknown as Record<string, Json>;
    const fields = row === undefined ? generic : asOneList(message.fields);
    const sourcesOf = (name: string) => (name === 'items' ? ['items', 'progress'] : [name]);
    const changed = (message.changed ?? Object.keys(fields)).map((name) => (row && name === 'progress' ? 'items' : name));
    await this.broker.acceptLeg({
      message: record.id,
      conversation,
      node: `out-${row ?? ''}`,
      endpoint: row ?? 'customer',
      entityType: 'troubleTicket',
      leg,
      from: { endpoint: record.endpoint, entityType: record.entityType, entityId: record.entityId },
      request: {
        fields,
        changed: [...new Set(changed)],
        defaults: [],
        sources: Object.fromEntries(Object.keys(fields).map((name) => [name, sourcesOf(name)])),
        generic,
      },
      comments: message.comments,
      attachments: message.attachments,
      answers: this.answers,
    });
  }

  /** An order as it is read: the customer's as it was last changed. */
  private async read(endpoint: string, id: string): Promise<GenericMessage> {
    if (endpoint === 'customer') {
      this.rereads++;
      return report({ ...this.placed!.source, version: this.nextVersion() }, this.placed!.fields);
    }
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

  /** A vendor reports the state of its order (`which`: of several), and what it says in `more`. */
  async vendor(
    name: string,
    fields: GenericFields,
    more: Pick<Partial<Report>, 'comments' | 'cancellation'> = {},
    which = 0,
  ): Promise<void> {
    const ticket = this.vendors[name]!.tickets[which];
    assert.ok(ticket, `${name} has an order`);
    await this.receive(name, ticket.id, fields, ticket.reference, more);
  }

  /** A vendor reports that its order was deleted there. */
  async vendorDeletes(name: string): Promise<void> {
    const [{ id, reference }] = this.vendors[name]!.tickets as [Partner['tickets'][number]];
    await this.receive(name, id, { state: 'cancelled' }, reference, { event: 'deleted', deleted: true });
  }

  /** The customer comments on the order. */
  async comment(comment: GenericComment): Promise<void> {
    await this.receive('customer', 'O1', {}, undefined, { comments: [comment] });
  }

  /** A change at the customer is newer than what was written there before. */
  private nextVersion(): string {
    const [ticket] = this.customer.tickets;
    this.version = Math.max(this.version, (ticket?.version ?? 0) - 100) + 1;
    return String(this.version + 100);
  }

  private async receive(
    from: string,
    id: string,
    fields: GenericFields,
    reference?: string,
    more: Partial<Report> = {},
  ): Promise<void> {
    const version = this.nextVersion();
    const shown = this.vendors[from] instanceof WithoutVersions ? undefined : version;
    const source = { endpoint: from, entityType: 'troubleTicket', id, number: id, ...(reference && { reference }) };
    const attachments = from === 'customer' ? this.files : [];
    const message = { ...report({ ...source, ...(shown && { version: shown }) }, fields), attachments, ...more };
    if (from === 'customer') this.placed = { ...message, fields: { ...this.placed?.fields, ...fields } };
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
      const stuck = new Set(all.filter((d) => d.blocking || d.waitsFor).map((d) => d.lane));
      const isHeld = ({ waitsFor, lane, endpoint }: DeliveryRecord) =>
        waitsFor || stuck.has(lane) || this.suspended.has(endpoint);
      const open = all.filter((d) => ['pending', 'sending', 'inDoubt'].includes(d.state) && !isHeld(d));
      const due = received.filter(({ origin, node }) => origin !== 'answer' || this.broker.inbox.isAttached(node));
      if (due.length + open.length === 0 && !this.broker.inbox.busy) return true;
      const what = [...due, ...open].map(({ id, state, error, endpoint }) => [id, endpoint, state, error?.message].join(' '));
      throw new Error(`The broker is not idle: ${what.join(', ')}`);
    });
  }

  /** Sends nothing to an endpoint until it is resumed. */
  async suspend(endpoint: string): Promise<void> {
    this.suspended.add(endpoint);
    await this.broker.interventions.suspend(endpoint, '', { name: '' });
    await until(`${endpoint} to be suspended`, () => this.broker.worker(endpoint)?.status.suspended);
  }

  async resume(endpoint: string): Promise<void> {
    this.suspended.delete(endpoint);
    await this.broker.interventions.resume(endpoint, { name: '' });
    await this.idle();
  }

  /** What a vendor has in each of its orders: the ids of the items, and those that are cancelled with a minus. */
  ordersAt(vendor: string): string[] {
    return this.vendors[vendor]!.tickets.map(({ fields }) => {
      const isGone = (item: ItemProgress) => [fields.state, item.state].includes('cancelled');
      return ((fields.items ?? []) as unknown as ItemProgress[]).map((item) => `${isGone(item) ? '-' : ''}${item.id}`).join(' ');
    });
  }

  /** The last state of each item that the customer was sent. */
  shown(): Record<string, string> {
    const all = this.received.flatMap(({ progress = [] }) => progress as unknown as ItemProgress[]);
    return Object.fromEntries(all.map(({ id, state }) => [id, state ?? '']));
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
