import type { PartyRules } from '../../src/conversation/ownership.js';
import { Broker } from '../../src/delivery/broker.js';
import type { FilePolicy } from '../../src/delivery/file-policy.js';
import type { VirusScanner } from '../../src/delivery/virus-scanner.js';
import type { EndpointClient } from '../../src/endpoints/endpoint.js';
import type { PaceLimits } from '../../src/http/pace.js';
import type { GenericMessage, Json } from '../../src/model/message.js';
import type { Disk } from '../../src/store/disk.js';
import { LowdbStore } from '../../src/store/lowdb-store.js';
import { intakeQueue } from '../../src/store/message-queue.js';
import type { DeliveryRecord, ErrorRecord, MessageRecord } from '../../src/store/store.js';
import { until } from '../live/node-red.js';
import { PATIENCE } from '../patience.js';
import { Partner } from './partner.js';

export interface Payload {
  id: string;
  fields: Record<string, Json>;
  version?: string;
  /** Time of the change, ISO 8601. */
  at?: string;
  /** When the entity was created, ISO 8601; by default after the store. */
  createdAt?: string;
  deleted?: boolean;
  comments?: string[];
  /** Comments with their own ids. */
  notes?: [id: string, text: string][];
  attachments?: string[];
  reference?: string;
}

/** After any store of a test was created. */
const LATER = '2200-01-01T00:00:00.000Z';

/** A broker with a customer, a provider, and a flow that sends the changes of each to the other, as the nodes do. */
export class Rig {
  broker!: Broker;
  store!: LowdbStore;
  customer = new Partner('customer');
  provider = new Partner('provider');
  emitted: string[] = [];
  readonly log: string[] = [];
  /** The emission of each record that is passed to `flow`. */
  private readonly emissions = new WeakMap<MessageRecord, string>();
  private readonly lastEmissions = new Map<string, string>();
  /** Settling time, milliseconds. */
  settling = 60;
  /** The slowest transfer of a file; undefined: the default. */
  filePace?: PaceLimits;
  /** What files each party may send and get, by endpoint. */
  files: Record<string, FilePolicy> = {};
  scanner?: VirusScanner;
  /** Stores the HTTP exchanges of every attempt. */
  recordTraffic = false;
  /** Milliseconds until a message that is still in its flow counts as failed; for the next start. */
  flowTimeout = PATIENCE;
  /** Unsettled messages that are accepted; for the next start. */
  inboxLimit = 100;
  /** Rules for both parties. */
  rules: Partial<PartyRules> = {};
  clock: () => number = Date.now;
  /** When the store was restored from an older copy, ISO; for the next start. */
  restored?: string;
  /** Steady clock for the next start; undefined: the real one. */
  steady?: () => number;
  /** The mapping of the out nodes. */
  map: (fields: Record<string, Json>) => Record<string, Json> = (fields) => fields;
  /** Why the flow drops its messages on purpose. */
  dropped?: string;
  /** The out nodes are wired on: answers of the partners become messages. */
  answers = false;
  /** What the flow does with a message. */
  flow: (payload: Payload, record: MessageRecord) => Promise<void> = (payload, record) => this.forward(payload, record);
  private detach: (() => Promise<void>)[] = [];
  constructor(
    readonly folder: string,
    private readonly disk?: Disk,
  ) {}

  /** `flows`: received messages are emitted. */
  async start({ flows = true } = {}): Promise<this> {
    this.store = new LowdbStore({ folder: this.folder, clock: this.clock }, this.disk);
    await this.store.open();
    const { restored } = this;
    if (restored) Object.defineProperty(this.store, 'memory', { value: { since: restored, olderCopy: true } });
    this.broker = new Broker({
      id: 'b',
      name: 'test',
      store: this.store,
      clock: this.clock,
      steady: this.steady,
      inboxLimit: this.inboxLimit,
      flowTimeout: this.flowTimeout,
      random: () => 0.5,
      scanner: this.scanner,
      log: (_level, text) => this.log.push(text),
    });
    for (const client of [this.customer, this.provider]) this.add(client);
    const sides = flows ? ['customer', 'provider'] : [];
    // Answers are in the queue of their node.
    for (const [side, queue] of sides.flatMap((one) => [
      [one, intakeQueue(one, 'troubleTicket')] as const,
      [one, `in-${one}`] as const,
      [one, `out-${one}`] as const,
    ])) {
      this.detach.push(
        this.broker.inbox.attach(queue, {
          // The received payload is complete, unless it asks for another read.
          read: async (record, { received }) =>
            'again' in (received as object)
              ? this.reading(side === 'customer' ? this.customer : this.provider, record)
              : undefined,
          emit: (record, payload, emission, onIdle) => {
            this.emitted.push(record.entityId);
            this.emissions.set(record, emission);
            this.lastEmissions.set(record.id, emission);
            const error = (e: Error & { code?: string }): ErrorRecord => ({
              code: e.code ?? 'SWB_FLOW',
              message: e.message,
              at: '',
            });
            this.flow(payload as unknown as Payload, record).then(
              () => onIdle(undefined, this.dropped),
              (e) => onIdle(error(e)),
            );
          },
        }),
      );
    }
    return this;
  }

  /** Adds an endpoint. */
  add(client: EndpointClient): void {
    this.broker.addEndpoint(client, {
      concurrency: 4,
      settling: this.settling,
      recordTraffic: this.recordTraffic,
      ...(this.filePace && { filePace: this.filePace }),
      ...(this.files[client.id] && { files: this.files[client.id] }),
      retry: { baseDelay: 10, maxDelay: 50, maxTries: 4 },
      rules: this.rules,
    });
  }

  protected async reading(partner: Partner, { entityType, entityId }: MessageRecord): Promise<Json> {
    const { id, fields, version, reference, comments } = await partner.read(entityType, entityId);
    const notes = (comments as string[]).map((text, index) => [`n${index}`, text]);
    return { id, fields, version: String(version), reference, notes } as Json;
  }

  async stop(): Promise<void> {
    await this.broker.close();
  }

  async receive(from: string, payload: Payload, key = JSON.stringify(payload)): Promise<void> {
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
        ...(payload.at && { changedAt: payload.at }),
        reference: payload.reference,
      },
      fields: { ...payload.fields, createdAt: payload.createdAt ?? LATER } as GenericMessage['fields'],
      comments: [...(payload.notes ?? []), ...(payload.comments ?? []).map((text): [string, string] => [text, text])].map(
        ([id, text]) => ({ id, text, visibility: 'public' }),
      ),
      attachments: (payload.attachments ?? []).map((name) => ({ id: name, name, mimeType: 'text/plain' })),
      relations: [],
    };
    const names = Object.keys(payload.fields);
    const sources = Object.fromEntries(names.map((n) => [n, [n]]));
    const { deleted } = payload;
    const emission = this.emissions.get(record);
    const found = await this.broker.correlate(
      { messageId: record.id, emission },
      { message, record: payload.fields, sources, deleted },
    );
    if (!found || found.output === 'ignored') return;
    for (const node of nodes) {
      await this.broker.acceptLeg({
        message: record.id,
        emission,
        conversation: found.conversation.id,
        node: `${node}-${to}`,
        endpoint: to,
        entityType: 'troubleTicket',
        leg: node === 'out' ? '' : node,
        from: { endpoint: from, entityType: 'troubleTicket', entityId: payload.id },
        request: {
          fields: this.map(payload.fields),
          changed: found.message.changed ?? names,
          defaults: [],
          sources,
          generic: payload.fields,
        },
        comments: found.message.comments,
        attachments: found.message.attachments,
        answers: this.answers,
      });
    }
  }

  /** The last emission of a message. */
  emissionOf(message: string): string | undefined {
    return this.lastEmissions.get(message);
  }

  async idle(): Promise<void> {
    await until('the broker to be idle', async () => {
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
