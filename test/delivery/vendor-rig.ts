import type { FanOutRules } from '../../src/conversation/fan-out-rules.js';
import { fieldsRead, genericMessage } from '../../src/conversation/generic-message.js';
import type { LegMessage } from '../../src/conversation/leg-messages.js';
import { genericValues } from '../../src/conversation/outgoing.js';
import { DEFAULT_ROLL_UP } from '../../src/conversation/roll-up.js';
import { Broker } from '../../src/delivery/broker.js';
import type { OrderNotice } from '../../src/delivery/order-notices.js';
import { type ReceivedItem, receivedHint } from '../../src/delivery/received-item.js';
import type { EndpointClient, RawEntity } from '../../src/endpoints/endpoint.js';
import type { PostedEvent } from '../../src/endpoints/posted-events.js';
import { compileMapping, preset } from '../../src/endpoints/registry.js';
import type { CompiledMapping } from '../../src/mapping/compile.js';
import { sourcesOf } from '../../src/mapping/sources.js';
import { fitToSchema } from '../../src/model/fit.js';
import type { GenericFields, GenericMessage, ItemProgress, Json, OrderItem } from '../../src/model/message.js';
import { LowdbStore } from '../../src/store/lowdb-store.js';
import { intakeQueue } from '../../src/store/message-queue.js';
import type { DeliveryRecord, MessageRecord } from '../../src/store/store.js';
import { until } from '../live/node-red.js';
import { PATIENCE } from '../patience.js';
import { Partner } from './partner.js';
import { TmfVendor, type Tongue, type VendorOrder } from './tmf-vendor.js';

/** The vendors: the name of the leg is that of the endpoint, and the category of the items that it gets. */
export const VENDORS = { north: 'v4', south: 'v5', west: 'servicenow' } as const satisfies Record<string, Tongue>;
export type VendorName = keyof typeof VENDORS;
const NAMES = Object.keys(VENDORS) as VendorName[];

const RULES: FanOutRules = {
  by: 'item',
  onFailure: 'keep',
  legs: NAMES.map((name) => ({ name, takes: [{ field: 'category', is: [name] }] })),
};

export function thing(id: string, category: VendorName, name: string, quantity = 1): OrderItem {
  return {
    id,
    action: 'add',
    quantity,
    category,
    offering: { id: name.toUpperCase(), name },
    specification: { id: `S-${name}` },
  };
}

/** A customer's order at vendors that are reached over HTTP by their real clients, with a flow that works like the nodes. */
export class VendorRig {
  broker!: Broker;
  store!: LowdbStore;
  readonly customer = new Partner('customer');
  readonly vendors = {} as Record<VendorName, TmfVendor>;
  /** What the customer's out node got. */
  readonly received: GenericMessage[] = [];
  /** Messages that entered the fan-out. */
  fannedOut = 0;
  private readonly clients = {} as Record<VendorName, EndpointClient>;
  private readonly mappings = {} as Record<VendorName, CompiledMapping>;
  private placed: GenericMessage | undefined;
  private version = 0;

  constructor(readonly folder: string) {}

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
    const retry = { baseDelay: 10, maxDelay: 50, maxTries: 4 };
    this.broker.addEndpoint(this.customer, { concurrency: 4, retry });
    for (const name of NAMES) {
      this.vendors[name] = await TmfVendor.start(VENDORS[name]);
      this.clients[name] = this.vendors[name].client(name, titleOf(name));
      this.mappings[name] = compileMapping(preset('tmf622', 'productOrder', VENDORS[name]));
      this.broker.addEndpoint(this.clients[name], { concurrency: 4, retry, settling: 8_000 });
    }
    this.listen(intakeQueue('customer', 'troubleTicket'), (record, payload) =>
      this.ordered(record, payload as unknown as GenericMessage),
    );
    for (const name of NAMES) {
      const answered = (record: MessageRecord, payload: Json) => this.answered(name, record, payload as unknown as RawEntity);
      this.listen(intakeQueue(name, 'productOrder'), answered);
      this.listen(`out-${name}`, answered);
    }
    this.listen('roll-up', async (record, payload) => {
      const notice = payload as unknown as OrderNotice;
      const message = await this.broker.legs.notify({ messageId: record.id }, 'roll-up', DEFAULT_ROLL_UP, notice);
      if (message) await this.report(record, message);
    });
    return this;
  }

  async stop(): Promise<void> {
    await this.broker.close().catch(() => undefined);
    await Promise.all(Object.values(this.vendors).map((vendor) => vendor.close()));
  }

  private listen(queue: string, flow: (record: MessageRecord, payload: Json) => Promise<void>): void {
    this.broker.inbox.attach(queue, {
      read: async (record, bodies, known) => (await this.read(record, bodies.received as Json, known)) as Json | undefined,
      emit: (record, payload, _emission, onIdle) => {
        flow(record, payload).then(
          () => onIdle(),
          (e) => onIdle({ code: e.code ?? 'SWB_FLOW', message: e.message, at: '' }),
        );
      },
    });
  }

  private async read({ endpoint, entityType, entityId, origin }: MessageRecord, received: Json, known?: Json) {
    const client = this.clients[endpoint as VendorName];
    if (endpoint === 'customer' && origin === 'poll')
      return { ...this.placed!, source: { ...this.placed!.source, version: String(++this.version + 100) } };
    if (!client || origin === 'answer' || origin === 'plan') return undefined;
    if (origin === 'event') return client.hub!.readForEvent(entityType, entityId, received, known as RawEntity | undefined);
    return client.read(entityType, entityId);
  }

  private async ordered(record: MessageRecord, message: GenericMessage): Promise<void> {
    const fields = message.fields as unknown as Record<string, Json>;
    const sources = Object.fromEntries(Object.keys(fields).map((name) => [name, [name]]));
    const found = await this.broker.correlate({ messageId: record.id }, { message, record: fields, sources });
    if (!found || found.output === 'ignored') return;
    this.fannedOut++;
    const shared = await this.broker.legs.fanOut({ messageId: record.id }, 'fan-out', RULES, found.message, {
      fits: () => false,
      leads: () => true,
      spare: false,
    });
    for (const leg of shared?.legs ?? []) await this.toVendor(record, found.conversation.id, leg);
  }

  private async toVendor(record: MessageRecord, conversation: string, { leg, row, message }: LegMessage): Promise<void> {
    const { body, changed, defaults, trace } = await this.mappings[row as VendorName].fromGeneric(message);
    const sources = sourcesOf(trace);
    await this.broker.acceptLeg({
      message: record.id,
      conversation,
      node: `out-${row}`,
      endpoint: row,
      entityType: 'productOrder',
      leg,
      from: { endpoint: record.endpoint, entityType: record.entityType, entityId: record.entityId },
      request: { fields: body, changed, defaults, sources, generic: genericValues(message, sources) },
      comments: message.comments,
      attachments: [],
      answers: true,
    });
  }

  private async answered(name: VendorName, record: MessageRecord, raw: RawEntity): Promise<void> {
    const client = this.clients[name];
    const parsed = client.parse(raw);
    const { fields, emptied, trace, problems } = await this.mappings[name].toGeneric(parsed.record);
    const errors = problems.filter(({ level }) => level === 'error');
    if (errors.length > 0) throw Object.assign(new Error(errors.map(({ text }) => text).join(' ')), { code: 'SWB_PAYLOAD' });
    const { message } = fitToSchema(genericMessage(client.system, parsed, fields, record));
    const sources = sourcesOf(trace);
    const incoming = { message, record: fieldsRead(parsed, { ...sources, ...emptied }), sources, emptied };
    const deleted = parsed.deleted ? { deleted: true } : {};
    const found = await this.broker.correlate({ messageId: record.id }, { ...incoming, ...deleted });
    if (!found || found.output === 'ignored') return;
    const whole = await this.broker.legs.rollUp({ messageId: record.id }, 'roll-up', DEFAULT_ROLL_UP, found.message);
    if (whole) await this.report(record, whole);
  }

  private async report(record: MessageRecord, message: GenericMessage): Promise<void> {
    this.received.push(structuredClone(message));
    const fields = message.fields as unknown as Record<string, Json>;
    const conversation = await this.store.conversationByLink('customer', 'troubleTicket', 'O1');
    await this.broker.acceptLeg({
      message: record.id,
      conversation: conversation!.id,
      node: 'out-customer',
      endpoint: 'customer',
      entityType: 'troubleTicket',
      leg: '',
      from: { endpoint: record.endpoint, entityType: record.entityType, entityId: record.entityId },
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

  /** The customer places its order, or changes it. */
  async order(fields: GenericFields): Promise<void> {
    const source = {
      endpoint: 'customer',
      entityType: 'troubleTicket',
      id: 'O1',
      number: 'O1',
      version: String(++this.version + 100),
    };
    const title = 'New colleague';
    const all = { title, ...this.placed?.fields, ...fields };
    this.placed = { entity: 'order', event: 'updated', source, fields: all, comments: [], attachments: [], relations: [] };
    if (this.customer.tickets.length === 0)
      this.customer.tickets.push({ id: 'O1', fields: {}, comments: [], files: [], version: 101 });
    await this.broker.inbox.accept([
      {
        node: 'in-customer',
        origin: 'webhook',
        endpoint: 'customer',
        entityType: 'troubleTicket',
        entityId: 'O1',
        key: source.version,
        payload: this.placed as unknown as Json,
      },
    ]);
    await this.idle();
  }

  /** A vendor announces a state of one of its orders, whatever changed there. */
  async event(name: VendorName, order: VendorOrder = this.vendors[name].order): Promise<void> {
    const { id, externalId } = order;
    const payload = {
      eventId: `e${++this.version}`,
      eventType: 'ProductOrderStateChangeEvent',
      event: { productOrder: { id, ...(externalId !== undefined && { externalId }) } },
    } as unknown as PostedEvent;
    const hint = this.clients[name].hub!.hintOf(payload, '');
    await this.accept(receivedHint(hint, { node: `in-${name}`, origin: 'event', endpoint: name }));
  }

  /** A poll, or a reading that a user asks for, finds one of a vendor's orders changed. */
  async poll(name: VendorName, order: VendorOrder = this.vendors[name].order): Promise<void> {
    const key = `p${++this.version}`;
    const { id } = order;
    const known = { node: `in-${name}`, origin: 'poll' as const, endpoint: name, entityType: 'productOrder', entityId: id };
    await this.accept({ ...known, number: id, key, payload: { id } });
  }

  private async accept(item: ReceivedItem): Promise<void> {
    await this.broker.inbox.accept([item]);
    await this.idle();
  }

  /** Waits until nothing is under way. What waits for a create that needs a person does not count. */
  async idle(): Promise<void> {
    await until('the broker to be idle', async () => {
      const received = await this.store.listMessages({ limit: 100, states: ['received'] });
      const all = await this.store.listDeliveries({ limit: 100 });
      const stuck = new Set(all.filter((d) => d.blocking).map((d) => d.lane));
      const isHeld = ({ waitsFor, lane }: DeliveryRecord) => waitsFor || stuck.has(lane);
      const open = all.filter((d) => ['pending', 'sending', 'inDoubt'].includes(d.state) && !isHeld(d));
      return received.length + open.length === 0 && !this.broker.inbox.busy;
    });
  }

  /** What was last said of each item. */
  shown(): Record<string, ItemProgress> {
    const all = this.received.flatMap(({ fields }) => fields.progress ?? []);
    return Object.fromEntries(all.map((item) => [item.id, item]));
  }

  states(): Record<string, string> {
    return Object.fromEntries(Object.entries(this.shown()).map(([id, { state }]) => [id, state ?? '']));
  }

  /** The prices that the customer was last shown, by item. */
  prices(): Record<string, OrderItem['price']> {
    const all = this.received.flatMap(({ fields }) => fields.items ?? []);
    return Object.fromEntries(all.map(({ id, price }) => [id, price]));
  }

  /** Every comment that the customer got, with its author. */
  comments(): string[] {
    return this.customer.tickets.flatMap(({ comments }) => comments);
  }

  /** What waits for a person: messages and deliveries. */
  async troubles(): Promise<string[]> {
    const states = ['failed', 'needsDecision'] as const;
    const messages = await this.store.listMessages({ limit: 100, states: [...states] });
    const deliveries = await this.store.listDeliveries({ limit: 100, states: [...states] });
    return [...messages, ...deliveries].map(({ endpoint, error }) => `${endpoint}: ${error?.message}`);
  }
}

function titleOf(name: VendorName): string {
  return `${name.charAt(0).toUpperCase()}${name.slice(1)}`;
}
