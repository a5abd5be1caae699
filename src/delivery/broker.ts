import { conflictText, restoreRequest, withNewestWriter } from '../conversation/conflict.js';
import { ConversationQueue } from '../conversation/conversation-queue.js';
import { Conversations } from '../conversation/conversations.js';
import { type CorrelationResult, Correlator, type SavedChanges, savedChanges } from '../conversation/correlator.js';
import type { InboundMessage } from '../conversation/inbound-message.js';
import { LinkEditor } from '../conversation/link-editor.js';
import { DEFAULT_RULES, type PartyRules } from '../conversation/ownership.js';
import type { EndpointClient } from '../endpoints/endpoint.js';
import { DecisionError, type ErrorCode, type SwitchboardError } from '../errors.js';
import type { Problem } from '../mapping/mapping.js';
import type { Json } from '../model/message.js';
import { monotonicWallClock, steadyClock } from '../steady-clock.js';
import { createIdSource, timeOf } from '../store/id.js';
import type { Change, MessageRecord, Store } from '../store/store.js';
import { AuditLog } from './audit.js';
import { carried, goneInWords, type Told } from './carry.js';
import { lackIn } from './freshness.js';
import { IdentityGuard } from './identity-guard.js';
import { Inbox, type InFlow } from './inbox.js';
import { IntakeTroubles } from './intake-troubles.js';
import { Interventions } from './interventions.js';
import { Legs } from './legs.js';
import { type Leg, Outbox, type Taken } from './outbox.js';
import { type Lost, lostBy, withoutLost } from './put-back.js';
import { DEFAULT_SETTLING, type RetryPolicy } from './retry.js';
import { Spool } from './spool.js';
import { type MappingPlace, UnmappedCounter } from './unmapped-counter.js';
import { answeredDelivery, errorRecord, Worker, type WorkerStatus } from './worker.js';

export interface BrokerOptions {
  id: string;
  name: string;
  store: Store;
  /** The wall clock: for what people read, and what partners say. */
  clock?: () => number;
  /** What nobody sets (src/steady-clock.ts): for what is awaited. */
  steady?: () => number;
  random?: () => number;
  log?: (level: 'info' | 'warn' | 'error', text: string) => void;
  inboxLimit: number;
  /** Milliseconds. */
  flowTimeout: number;
}

/** Begins the key of a hint that is read once nothing of ours is in doubt there. */
const AFTER_DOUBT = 'afterDoubt|';

export interface EndpointSettings {
  concurrency: number;
  /** How long a lost answer is looked up before anything is written again, milliseconds. */
  settling?: number;
  retry?: Partial<RetryPolicy>;
  rules?: Partial<PartyRules>;
}

/** Everything that moves messages for one store: inbox, correlation, outbox, and a worker per endpoint. Knows nothing of Node-RED. */
export class Broker {
  readonly id: string;
  readonly name: string;
  readonly store: Store;
  readonly inbox: Inbox;
  readonly outbox: Outbox;
  readonly conversations: Conversations;
  readonly correlator: Correlator;
  readonly legs: Legs;
  readonly conversationQueue = new ConversationQueue();
  /** Mends links by hand. */
  readonly linkEditor: LinkEditor;
  readonly clock: () => number;
  readonly steady: () => number;
  readonly spool: Spool;
  private readonly endpoints = new Map<string, { client: EndpointClient; worker: Worker; rules?: Partial<PartyRules> }>();
  private readonly guard = new IdentityGuard();
  private readonly ids: () => string;
  private readonly random: () => number;
  private readonly log: (level: 'info' | 'warn' | 'error', text: string) => void;
  readonly unmapped: UnmappedCounter;
  readonly audit: AuditLog;
  readonly intakeTroubles: IntakeTroubles;
  /** What a person may do by hand. */
  readonly interventions: Interventions;

  /** `store` must be open. */
  constructor(options: BrokerOptions) {
    this.id = options.id;
    this.name = options.name;
    this.store = options.store;
    this.clock = options.clock ?? Date.now;
    this.steady = options.steady ?? steadyClock(this.clock, undefined, timeOf(this.store.newestId));
    this.random = options.random ?? Math.random;
    this.log = options.log ?? (() => undefined);
    this.ids = createIdSource(monotonicWallClock(this.clock, this.steady), this.random, this.store.newestId);
    this.unmapped = new UnmappedCounter(this.store);
    this.intakeTroubles = new IntakeTroubles(this.clock);
    this.spool = new Spool(this.store.spool);
    this.conversations = new Conversations(this.store, this.clock);
    this.correlator = new Correlator(
      this.store,
      this.conversations,
      (id) => this.client(id),
      this.clock,
      (endpoint, delivery) => this.worker(endpoint)?.underWay(delivery),
      (endpoint) => this.rules(endpoint),
    );
    this.outbox = new Outbox(this.store, this.conversations, this.ids, this.clock, (id) => this.client(id));
    this.audit = new AuditLog(this.store, this.clock);
    this.interventions = new Interventions({
      store: this.store,
      conversations: this.conversations,
      clock: this.clock,
      audit: this.audit,
      client: (id) => this.client(id),
    });
    this.inbox = new Inbox({
      store: this.store,
      conversations: this.conversations,
      ids: this.ids,
      clock: this.clock,
      steady: this.steady,
      random: this.random,
      log: this.log,
      limit: options.inboxLimit,
      flowTimeout: options.flowTimeout,
      lacks: (record, read, age) => lackIn(this.store, this.client(record.endpoint), record, read, age),
      gone: (record) => this.gone(record),
      waits: async (record) => record.key.startsWith(AFTER_DOUBT) && (await this.correlator.isInDoubt(record)),
      onSettled: (message) => this.conversationQueue.leave(message),
    });
    this.linkEditor = new LinkEditor(this.store, this.conversations, this.conversationQueue, this.clock);
    this.legs = new Legs(this.store, this.conversations, this.inbox, (id) => this.client(id)?.name, this.clock);
  }

  /** Clears away files of deliveries that are over; to be called before endpoints are added. */
  sweepSpool(): Promise<void> {
    return this.spool.sweep(async (delivery) => {
      const record = await this.store.delivery(delivery);
      return record !== undefined && record.state !== 'delivered' && record.state !== 'skipped';
    });
  }

  /** Begins to send what waits for this endpoint. */
  addEndpoint(client: EndpointClient, { rules, ...settings }: EndpointSettings): Worker {
    const worker = new Worker({
      store: this.store,
      conversations: this.conversations,
      client,
      endpoint: (id) => this.client(id),
      guard: this.guard,
      spool: this.spool,
      clock: this.clock,
      steady: this.steady,
      random: this.random,
      ids: this.ids,
      rules: (id) => this.rules(id),
      log: this.log,
      settling: DEFAULT_SETTLING,
      ...settings,
    });
    this.endpoints.set(client.id, { client, worker, rules });
    return worker;
  }

  async removeEndpoint(id: string): Promise<void> {
    const endpoint = this.endpoints.get(id);
    this.endpoints.delete(id);
    await endpoint?.worker.stop();
  }

  client(id: string): EndpointClient | undefined {
    return this.endpoints.get(id)?.client;
  }

  /** All endpoints of the flows, with how the sending to them stands. */
  workers(): { client: EndpointClient; status: WorkerStatus }[] {
    return [...this.endpoints.values()].map(({ client, worker }) => ({ client, status: worker.status }));
  }

  /** Clients of all endpoints of the flows. */
  clients(): EndpointClient[] {
    return [...this.endpoints.values()].map(({ client }) => client);
  }

  /** How the party at an endpoint is dealt with. */
  rules(id: string): PartyRules {
    const { client, rules } = this.endpoints.get(id) ?? {};
    return { ...DEFAULT_RULES, ...(client?.side && { side: client.side }), ...rules };
  }

  worker(id: string): Worker | undefined {
    return this.endpoints.get(id)?.worker;
  }

  /**
   * Waits for the message's turn in its conversation, then says what is new in it. Notes what is to happen when its flow has gone quiet.
   * Resolves with undefined when the message has left its flow meanwhile.
   */
  async correlate(messageId: string, incoming: InboundMessage): Promise<CorrelationResult | undefined> {
    await this.enter(messageId, incoming);
    const flow = this.inbox.inFlow(messageId);
    if (!flow) return undefined;
    this.inbox.touch(messageId);
    const answerTo = answeredDelivery(flow.record);
    // What was not read tells of the time it came.
    const readAt = flow.record.readAt ?? messageId;
    const found = await this.correlator
      .correlate({ ...incoming, ...(answerTo ? { answerTo } : { readAt }) }, flow.replay as SavedChanges | undefined)
      .catch((error: unknown) => {
        if (error instanceof DecisionError) flow.decision = error.kind;
        throw error;
      });
    const client = this.client(incoming.message.source.endpoint);
    const lost = await lostBy(this.store, client, flow.record, found, this.clock());
    const correlated = lost ? withoutLost(found) : found;
    flow.conversation = correlated.conversation.id;
    flow.advance = correlated.advance;
    flow.told = this.told(correlated, incoming);
    this.decide(flow, correlated, incoming, lost);
    flow.correlated = savedChanges(correlated) as unknown as Json;
    if (correlated.output === 'ignored') flow.ignored = correlated.reason ?? 'Nothing new.';
    return correlated;
  }

  private async gone({ endpoint, entityType, entityId }: MessageRecord): Promise<Json | undefined> {
    const known = await this.store.conversationByLink(endpoint, entityType, entityId);
    return known && (this.client(endpoint)?.gone?.(entityType, entityId) as Json | undefined);
  }

  private told({ message, asMade }: CorrelationResult, incoming: InboundMessage): Told {
    const { source, removed } = message;
    const { at } = this.correlator.originOf(incoming);
    const from = this.client(source.endpoint)?.name ?? source.endpoint;
    return { from, number: source.number ?? source.id, deleted: incoming.deleted, removed, asMade, at };
  }

  /** What both sides changed at once is shown; where a write of ours may have gone over what stands, that is written again. */
  private decide(
    flow: InFlow,
    { link, conflicts = [], rereadNeeded, waitsForDoubt }: CorrelationResult,
    incoming: InboundMessage,
    { back }: Lost = {},
  ): void {
    const { record } = flow;
    const also: Change[] = [];
    // An answer is of the node that writes: what it may show is read after our write anyway.
    if (rereadNeeded || (waitsForDoubt && record.origin !== 'answer')) {
      const { node, endpoint, entityType, entityId, number, id } = record;
      const key = `${rereadNeeded ? 'again|' : AFTER_DOUBT}${id}`;
      const hint = { node, endpoint, entityType, entityId, number, origin: 'poll' as const, key };
      also.push(this.inbox.received({ ...hint, payload: { again: id } }));
    }
    const standing = conflicts.filter(({ partnerWins }) => partnerWins);
    const rival = standing.at(-1)?.competing;
    // One delivery for all of them: a message has one to each entity.
    const restore = rival && { request: restoreRequest(standing, incoming), record: this.outbox.restore(record.id, rival) };
    if (restore) also.push({ kind: 'delivery', record: restore.record, bodies: { request: restore.request }, ifAbsent: true });
    if (back) {
      also.push({
        kind: 'delivery',
        record: this.outbox.putBack(record.id, back.after),
        bodies: { request: back.request },
        ifAbsent: true,
      });
    }
    if (flow.told?.deleted) {
      const { number, from } = flow.told;
      this.warn(flow, 'SWB_DELETED', `${number} was deleted at ${from}, or is hidden from us.`);
    }
    if (conflicts.length > 0) this.warn(flow, 'SWB_BOTH_CHANGED', conflictText(conflicts));
    if (also.length === 0 || !link) return;
    const advance = flow.advance;
    flow.also = also;
    flow.advance = (latest) => {
      const next = advance?.(latest) ?? latest;
      return restore ? withNewestWriter(next, link, restore.request.changed, restore.record.id) : next;
    };
  }

  /** Waits for the message's turn. While it waited the conversation may have become another one, by hand: then it waits for a turn there. */
  private async enter(messageId: string, { message }: InboundMessage): Promise<void> {
    for (;;) {
      const key = await this.correlator.keyOf(message.source);
      const waited = await this.conversationQueue.enter(key, messageId);
      if (!waited || (await this.correlator.keyOf(message.source)) === key) return;
      this.conversationQueue.leave(messageId);
    }
  }

  /** The message cannot go on as it is: it fails once its flow is quiet, whatever else becomes of it. */
  reject(messageId: string, error: SwitchboardError): void {
    const flow = this.inbox.inFlow(messageId);
    if (flow) flow.error ??= errorRecord(error, this.now());
  }

  /** Counts values that had no row in their value map, so that a person can add the rows, and marks the message that had them. */
  countUnmapped(messageId: string, where: MappingPlace, problems: Problem[]): void {
    const unmapped = problems.filter(({ code }) => code === 'unmapped');
    for (const { field, value } of unmapped) this.unmapped.count({ ...where, field, value: value ?? '' });
    const flow = this.inbox.inFlow(messageId);
    const message = unmapped.map(({ text }) => text).join(' ');
    if (flow && message) this.warn(flow, 'SWB_UNMAPPED', message);
  }

  /** An id greater than all that were made before it. */
  nextId(): string {
    return this.ids();
  }

  /** Something that a person should see; what was there before is not forgotten. */
  private warn(flow: InFlow, code: ErrorCode, message: string): void {
    const { warning } = flow;
    if (warning?.message.includes(message)) return;
    flow.warning = {
      code: warning?.code ?? code,
      message: [warning?.message, message].filter(Boolean).join(' '),
      at: this.now(),
    };
  }

  /** Takes a leg over for an out node. */
  async take(leg: Leg): Promise<Taken> {
    const flow = this.inbox.inFlow(leg.message);
    const told = flow?.told;
    const given = told ? carried(leg, this.rules(leg.endpoint), told) : leg;
    const taken = await this.outbox.take({ ...given, again: flow?.again ?? true });
    if (flow) {
      if (taken.deliveries > 0 || !taken.reason) flow.legs++;
      else flow.ignored ??= (told && goneInWords(told)) ?? taken.reason;
    }
    return taken;
  }

  /** Takes nothing new and waits until nothing is in a flow or being sent, but no longer than `milliseconds`. */
  async drain(milliseconds: number): Promise<void> {
    this.inbox.refuse();
    const busy = () => this.inbox.busy || [...this.endpoints.values()].some(({ worker }) => worker.status.inFlight > 0);
    const end = this.steady() + milliseconds;
    while (busy() && this.steady() < end) await new Promise((resolve) => setTimeout(resolve, 20));
  }

  /** Takes nothing new, finishes what is being sent, lets go of the store. */
  async close(): Promise<void> {
    await this.inbox.close();
    this.conversationQueue.clear();
    await Promise.all([...this.endpoints.keys()].map((id) => this.removeEndpoint(id)));
    await this.store.close();
  }

  private now(): string {
    return new Date(this.clock()).toISOString();
  }
}
